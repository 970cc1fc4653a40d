//! One request and its answer over one open connection. Main type: [`Call`]. It opens no connection and tries
//! nothing twice.

use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use tokio::time::timeout;

use super::body::{Body, Progress};
use super::connection::{Closed, Connection, Dialogue};
use super::head::{Head, Parsed, parse};
use crate::transport::Limits;
use crate::transport::limits::PARTIAL;
use crate::wire::{Ending, Fault, FaultKind, Outcome, Response};

/// What is sent, and how its answer is read.
pub(super) struct Call<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) method: &'a str,
    pub(super) timeout: Duration,
    pub(super) limits: Limits,
}

/// What came back, and whether the connection is good for one more request.
pub(super) struct Reply {
    pub(super) outcome: Outcome,
    pub(super) is_reusable: bool,
}

/// How the reading of a body ended.
pub(super) enum End {
    Whole,
    Enough,
    TimeUp,
    Closed(Closed),
    Malformed(&'static str),
}

impl Call<'_> {
    /// Sends the request and reads its answer.
    pub(super) async fn perform(&self, connection: &mut Connection) -> Reply {
        let mut dialogue = Dialogue::new(connection, self.bytes);
        let mut reader = HeadReader::default();
        let head = match timeout(self.timeout, reader.read(&mut dialogue, self.limits.head)).await {
            Ok(Ok(head)) => head,
            Ok(Err(fault)) => return fault.into(),
            Err(_) => return timed_out(dialogue.buffer(), self.timeout).into(),
        };
        match head.framing(self.method) {
            Ok(framing) => self.read_body(&mut dialogue, head, Body::new(framing, self.limits)).await,
            Err(detail) => unparsable(detail, &[&head.raw, dialogue.buffer()]).into(),
        }
    }

    /// Most bodies came together with their head: no timer is set for those.
    async fn read_body(&self, dialogue: &mut Dialogue<'_>, head: Head, mut body: Body) -> Reply {
        let end = match progress_to_end(body.feed(dialogue.buffer())) {
            Some(end) => end,
            None => timeout(self.timeout, read_rest(dialogue, &mut body)).await.unwrap_or(End::TimeUp),
        };
        let is_reusable =
            matches!(end, End::Whole) && head.keeps_alive() && dialogue.is_sent() && dialogue.buffer().is_empty();
        Reply { outcome: conclude(head, body, end), is_reusable }
    }
}

impl From<Fault> for Reply {
    fn from(fault: Fault) -> Self {
        Self { outcome: Outcome::Fault(fault), is_reusable: false }
    }
}

/// Reads up to the final head, over any interim ones.
#[derive(Default)]
pub(super) struct HeadReader {
    /// Bytes of interim answers read over.
    skipped: usize,
    /// Buffered bytes in which the end of a head was sought.
    searched: usize,
    /// Buffered bytes at which parsing is worth while even without such an end.
    worthwhile: usize,
}

impl HeadReader {
    async fn read(&mut self, dialogue: &mut Dialogue<'_>, limit: usize) -> Result<Head, Fault> {
        loop {
            if let Err(closed) = dialogue.read().await {
                return Err(self.cut_off(&closed, dialogue.buffer()));
            }
            if let Some(head) = self.take(dialogue.buffer(), limit)? {
                return Ok(head);
            }
        }
    }

    /// Takes the final head, if it is there.
    pub(super) fn take(&mut self, buffer: &mut BytesMut, limit: usize) -> Result<Option<Head>, Fault> {
        while self.is_worthwhile(buffer) {
            match parse(buffer) {
                Parsed::Head(head) if self.skipped + head.raw.len() > limit => break,
                Parsed::Head(head) => {
                    buffer.advance(head.raw.len());
                    (self.searched, self.worthwhile) = (0, 0);
                    if !head.is_interim() {
                        return Ok(Some(head));
                    }
                    self.skipped += head.raw.len();
                }
                Parsed::Partial => {
                    self.worthwhile = 2 * buffer.len();
                    break;
                }
                Parsed::Malformed(detail) => return Err(fault(FaultKind::Unparsable, detail, &[buffer])),
            }
        }
        if self.skipped + buffer.len() > limit {
            let detail = format!("the head is longer than {limit} bytes");
            return Err(fault(FaultKind::Unparsable, detail, &[buffer]));
        }
        Ok(None)
    }

    /// A head that comes in drops would be parsed again for each of them: once its beginning is known to be sound,
    /// it is parsed when it may have ended or has doubled.
    fn is_worthwhile(&mut self, buffer: &[u8]) -> bool {
        let fresh = &buffer[self.searched.saturating_sub(2).min(buffer.len())..];
        self.searched = buffer.len();
        let may_have_ended = || fresh.windows(3).any(|bytes| bytes == b"\n\r\n" || bytes.ends_with(b"\n\n"));
        !buffer.is_empty() && (buffer.len() >= self.worthwhile || may_have_ended())
    }

    pub(super) fn cut_off(&self, closed: &Closed, buffer: &[u8]) -> Fault {
        // A head that came in drops may not have been looked at since; what it is must not depend on the drops.
        if let Parsed::Malformed(detail) = parse(buffer) {
            return unparsable(detail, &[buffer]);
        }
        let nothing_came = buffer.is_empty() && self.skipped == 0;
        let kind = if nothing_came { FaultKind::Closed } else { FaultKind::Truncated };
        fault(kind, closed.detail.as_str(), &[buffer])
    }
}

async fn read_rest(dialogue: &mut Dialogue<'_>, body: &mut Body) -> End {
    loop {
        if let Err(closed) = dialogue.read().await {
            return End::Closed(closed);
        }
        if let Some(end) = progress_to_end(body.feed(dialogue.buffer())) {
            return end;
        }
    }
}

pub(super) fn progress_to_end(progress: Progress) -> Option<End> {
    match progress {
        Progress::More => None,
        Progress::Whole => Some(End::Whole),
        Progress::Enough => Some(End::Enough),
        Progress::Malformed(detail) => Some(End::Malformed(detail)),
    }
}

pub(super) fn conclude(head: Head, body: Body, end: End) -> Outcome {
    let ending = match end {
        End::Whole => Ending::Complete,
        End::Closed(closed) if closed.is_orderly && body.ends_with_connection() => Ending::Complete,
        End::Enough => Ending::Bounded,
        End::TimeUp => Ending::Streaming,
        End::Closed(closed) => {
            return Outcome::Fault(fault(FaultKind::Truncated, closed.detail, &[&head.raw, body.kept()]));
        }
        End::Malformed(detail) => {
            return Outcome::Fault(fault(FaultKind::Unparsable, detail, &[&head.raw, body.kept()]));
        }
    };
    let (bytes, length, ending) = body.finish(ending);
    Outcome::Response(Response::ended(head.status, head.headers, bytes, length, ending))
}

/// The fault of an answer that is no HTTP.
pub(super) fn unparsable(detail: impl Into<String>, parts: &[&[u8]]) -> Fault {
    fault(FaultKind::Unparsable, detail, parts)
}

fn timed_out(buffer: &[u8], limit: Duration) -> Fault {
    let what = if buffer.is_empty() { "no answer" } else { "no whole head of an answer" };
    fault(FaultKind::TimedOut, format!("{what} within {limit:?}"), &[buffer])
}

fn fault(kind: FaultKind, detail: impl Into<String>, parts: &[&[u8]]) -> Fault {
    let partial: Bytes = parts.iter().flat_map(|part| part.iter().copied()).take(PARTIAL).collect();
    Fault { kind, detail: detail.into(), partial }
}
