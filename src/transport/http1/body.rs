//! Finds the end of a body (RFC 9112 sections 6 and 7) and keeps its bytes up to a bound. Main type: [`Body`].
//! It decodes chunks, but no content coding, and reads from no connection.

use bytes::{Buf, Bytes, BytesMut};
use httparse::Status;

use crate::transport::Limits;
use crate::wire::Ending;

/// A chunk's size with its extensions is shorter than this, or it is no such line.
const MAX_CHUNK_LINE: usize = 4 << 10;

/// How the end of a body is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// So many bytes.
    Length(u64),
    Chunked,
    UntilClose,
}

/// A body on its way in.
pub(super) struct Body {
    state: State,
    kept: Vec<u8>,
    seen: u64,
    declared: u64,
    limits: Limits,
}

/// What is to come next.
#[derive(Clone, Copy, Debug)]
enum State {
    Plain(u64),
    UntilClose,
    ChunkSize,
    Chunk(u64),
    ChunkEnd,
    /// Trailer fields; so many bytes of them have come.
    Trailer(usize),
    End,
}

/// How far the body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// More bytes are needed.
    More,
    /// The body has ended; what is left in the buffer is not its own.
    Whole,
    /// It goes on beyond the bound on reading.
    Enough,
    /// The chunks are broken.
    Malformed(&'static str),
}

impl Body {
    pub(super) fn new(framing: Framing, limits: Limits) -> Self {
        let (state, declared) = match framing {
            Framing::Length(length) => (State::Plain(length), length),
            Framing::Chunked => (State::ChunkSize, 0),
            Framing::UntilClose => (State::UntilClose, 0),
        };
        let expected = usize::try_from(declared).unwrap_or(usize::MAX).min(limits.kept);
        Self { state, kept: Vec::with_capacity(expected), seen: 0, declared, limits }
    }

    /// Whether the end of the connection is the end of the body.
    pub(super) fn ends_with_connection(&self) -> bool {
        matches!(self.state, State::UntilClose)
    }

    /// Takes what belongs to the body out of the buffer.
    pub(super) fn feed(&mut self, buffer: &mut BytesMut) -> Progress {
        loop {
            if self.is_beyond_bound() {
                return Progress::Enough;
            }
            match self.step(buffer) {
                Ok(true) => {}
                Ok(false) if matches!(self.state, State::End) => return Progress::Whole,
                Ok(false) => return Progress::More,
                Err(detail) => return Progress::Malformed(detail),
            }
        }
    }

    /// The bytes kept, the length as far as it was read or declared, and how the body ended after this progress.
    pub(super) fn finish(self, ending: Ending) -> (Bytes, u64, Ending) {
        let cut = self.seen > self.kept.len() as u64;
        let ending = if cut && ending == Ending::Complete { Ending::Bounded } else { ending };
        (self.kept.into(), self.seen.max(self.declared), ending)
    }

    /// The bytes kept so far.
    pub(super) fn kept(&self) -> &[u8] {
        &self.kept
    }

    /// A body that is declared longer than will be read is not read beyond what is kept: the connection is lost
    /// either way.
    fn is_beyond_bound(&self) -> bool {
        let hopeless = self.declared > self.limits.read && self.kept.len() == self.limits.kept;
        hopeless || self.seen > self.limits.read
    }

    /// One step; whether there was enough in the buffer for it.
    fn step(&mut self, buffer: &mut BytesMut) -> Result<bool, &'static str> {
        match self.state {
            State::End => return Ok(false),
            State::Plain(0) => self.state = State::End,
            State::Chunk(0) => self.state = State::ChunkEnd,
            State::Plain(_) | State::Chunk(_) | State::UntilClose if buffer.is_empty() => return Ok(false),
            State::UntilClose => _ = self.keep(buffer, u64::MAX),
            State::Plain(left) => self.state = State::Plain(left - self.keep(buffer, left)),
            State::Chunk(left) => self.state = State::Chunk(left - self.keep(buffer, left)),
            State::ChunkSize => return self.chunk_size(buffer),
            State::ChunkEnd => return self.chunk_end(buffer),
            State::Trailer(length) => return self.trailer(buffer, length),
        }
        Ok(true)
    }

    /// Takes at most this much and says how much it was.
    fn keep(&mut self, buffer: &mut BytesMut, at_most: u64) -> u64 {
        let length = usize::try_from(at_most).unwrap_or(usize::MAX).min(buffer.len());
        let room = self.limits.kept - self.kept.len();
        self.kept.extend_from_slice(&buffer[..length.min(room)]);
        buffer.advance(length);
        self.seen += length as u64;
        length as u64
    }

    fn chunk_size(&mut self, buffer: &mut BytesMut) -> Result<bool, &'static str> {
        // The parser would take an empty line for a size of zero.
        if buffer.first().is_some_and(|byte| !byte.is_ascii_hexdigit()) {
            return Err("a chunk does not begin with its size");
        }
        match httparse::parse_chunk_size(buffer) {
            Ok(Status::Complete((length, size))) => {
                buffer.advance(length);
                self.state = if size == 0 { State::Trailer(0) } else { State::Chunk(size) };
                Ok(true)
            }
            Ok(Status::Partial) if buffer.len() < MAX_CHUNK_LINE => Ok(false),
            Ok(Status::Partial) => Err("a chunk's size line has no end"),
            Err(_) => Err("a chunk's size is no hexadecimal number"),
        }
    }

    fn chunk_end(&mut self, buffer: &mut BytesMut) -> Result<bool, &'static str> {
        match &buffer[..] {
            [b'\r', b'\n', ..] => {
                buffer.advance(2);
                self.state = State::ChunkSize;
                Ok(true)
            }
            [] | [b'\r'] => Ok(false),
            _ => Err("a chunk is longer than its size"),
        }
    }

    /// Trailer fields are read over: RFC 9110 section 6.5.1 forbids to merge them with the header fields unseen.
    fn trailer(&mut self, buffer: &mut BytesMut, length: usize) -> Result<bool, &'static str> {
        if length + buffer.len().min(self.limits.head) > self.limits.head {
            return Err("the trailer section has no end");
        }
        let Some(end) = buffer.iter().position(|byte| *byte == b'\n') else { return Ok(false) };
        let is_last = matches!(&buffer[..end], [] | [b'\r']);
        buffer.advance(end + 1);
        self.state = if is_last { State::End } else { State::Trailer(length + end + 1) };
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SMALL: Limits = Limits { head: 64, kept: 8, read: 16, idle: 1 };

    /// Feeds the bytes in pieces of this size; gives the progress, what was kept and what was left over.
    fn read(framing: Framing, bytes: &[u8], piece: usize) -> (Progress, String, String) {
        let mut body = Body::new(framing, SMALL);
        let mut buffer = BytesMut::new();
        let mut progress = body.feed(&mut buffer);
        for piece in bytes.chunks(piece) {
            buffer.extend_from_slice(piece);
            if progress == Progress::More {
                progress = body.feed(&mut buffer);
            }
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (progress, text(body.kept()), text(&buffer))
    }

    #[track_caller]
    fn check(framing: Framing, bytes: &str, expected: (Progress, &str, &str)) {
        for piece in 1..=bytes.len().max(1) {
            let (progress, kept, left) = read(framing, bytes.as_bytes(), piece);
            assert_eq!((progress, kept.as_str()), (expected.0, expected.1), "{bytes:?} in pieces of {piece}");
            if progress == Progress::Whole {
                assert_eq!(left, expected.2, "{bytes:?} in pieces of {piece}");
            }
        }
    }

    #[test]
    fn bodies_end_where_their_framing_says() {
        use Framing::{Chunked, Length, UntilClose};
        use Progress::{Enough, More, Whole};
        check(Length(0), "HTTP", (Whole, "", "HTTP"));
        check(Length(3), "abcde", (Whole, "abc", "de"));
        check(Length(3), "ab", (More, "ab", ""));
        check(Length(10), "0123456789x", (Whole, "01234567", "x"));
        check(UntilClose, "abc", (More, "abc", ""));
        check(UntilClose, "0123456789abcdefg", (Enough, "01234567", ""));
        check(Length(17), "0123456789", (Enough, "01234567", "89"));
        check(Chunked, "3\r\nabc\r\n0\r\n\r\nx", (Whole, "abc", "x"));
        check(Chunked, "0003;a=\"b\"\r\nabc\r\nB \r\n0123456789a\r\n0\r\n\r\n", (Whole, "abc01234", ""));
        check(Chunked, "0\r\nDigest: x\r\nA: b\r\n\r\n!", (Whole, "", "!"));
        check(Chunked, "0\r\n\r\n", (Whole, "", ""));
        check(Chunked, "3\r\nabc\r\n0\r\n", (More, "abc", ""));
        check(Chunked, "ff\r\n0123456789abcdefg", (Enough, "01234567", ""));
    }

    #[test]
    fn broken_chunks_are_malformed() {
        use Progress::Malformed;
        let no_size = Malformed("a chunk does not begin with its size");
        check(Framing::Chunked, "\r\n\r\n", (no_size, "", ""));
        check(Framing::Chunked, "{\"a\":1}", (no_size, "", ""));
        let no_number = Malformed("a chunk's size is no hexadecimal number");
        check(Framing::Chunked, "12345678901234567\r\n", (no_number, "", ""));
        check(Framing::Chunked, "1x\r\n", (no_number, "", ""));
        check(Framing::Chunked, "3\r\nabcd\r\n", (Malformed("a chunk is longer than its size"), "abc", ""));
        check(
            Framing::Chunked,
            &format!("0\r\n{}", "A: b\r\n".repeat(20)),
            (Malformed("the trailer section has no end"), "", ""),
        );
        check(
            Framing::Chunked,
            &format!("1;{}", "x".repeat(5000)),
            (Malformed("a chunk's size line has no end"), "", ""),
        );
    }

    #[test]
    fn lengths_are_the_longer_of_read_and_declared() {
        let mut body = Body::new(Framing::Length(12), SMALL);
        assert_eq!(body.feed(&mut BytesMut::from("0123456789")), Progress::More);
        let (kept, length, ending) = body.finish(Ending::Streaming);
        assert_eq!((&kept[..], length, ending), (&b"01234567"[..], 12, Ending::Streaming));
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_pieces_give_one_result(
            lines in proptest::collection::vec("([0-9a-fA-F]{1,2}(;[a-z]*)?)?\r?\n?|[ -~]{0,9}|0\r\n\r\n", 0..8), piece in 1_usize..9,
        ) {
            let bytes = lines.concat();
            let whole = read(Framing::Chunked, bytes.as_bytes(), bytes.len().max(1));
            let pieces = read(Framing::Chunked, bytes.as_bytes(), piece);
            prop_assert_eq!((whole.0, whole.1), (pieces.0, pieces.1));
        }

        #[test]
        fn chunked_bodies_come_back(chunks in proptest::collection::vec("[a-z]{1,20}", 0..6)) {
            let limits = Limits { read: 1000, kept: 1000, ..SMALL };
            let encode = |chunk: &String| format!("{:X}\r\n{chunk}\r\n", chunk.len());
            let encoded = chunks.iter().map(encode).collect::<Vec<_>>().concat();
            let mut buffer = BytesMut::from(format!("{encoded}0\r\n\r\n").as_str());
            let mut body = Body::new(Framing::Chunked, limits);
            prop_assert_eq!(body.feed(&mut buffer), Progress::Whole);
            let decoded = chunks.concat();
            prop_assert_eq!(body.kept(), decoded.as_bytes());
        }
    }
}
