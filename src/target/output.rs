//! What a process writes, as far as it is kept. Main type: [`Output`], a ring of lines.
//!
//! Whatever the process writes is taken from it at once, so that it is never held up; only the last lines are kept. A mark
//! that is put into the stream behind what was written tells when all of it has been taken.

use std::collections::VecDeque;
use std::io::Read;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::CrashReport;

/// How many lines are kept, and how many bytes of one.
const MOST_LINES: usize = 2_000;
const MOST_OF_A_LINE: usize = 2_000;

/// The last lines of standard output and standard error, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Output {
    lines: Mutex<Ring>,
    noticed: AtomicU64,
    /// The last mark that came, of each stream.
    reached: [watch::Sender<u64>; 2],
}

/// What encloses the number of a mark: no line of text has it.
const BEFORE: &[u8] = b"\0gadfly ";
const AFTER: u8 = 0;

/// The bytes of a mark.
pub(super) fn mark(number: u64) -> Vec<u8> {
    [BEFORE, number.to_string().as_bytes(), &[AFTER]].concat()
}

/// Takes the first mark out of a line.
fn take_mark(line: &mut Vec<u8>) -> Option<u64> {
    let start = line.windows(BEFORE.len()).position(|window| window == BEFORE)?;
    let number = &line[start + BEFORE.len()..];
    let length = number.iter().position(|byte| *byte == AFTER)?;
    let number = std::str::from_utf8(&number[..length]).ok()?.parse().ok()?;
    line.drain(start..=start + BEFORE.len() + length);
    Some(number)
}

#[derive(Debug, Default)]
struct Ring {
    /// The number of the first line that is kept.
    first: u64,
    lines: VecDeque<String>,
}

impl Output {
    /// The number of the next line: what is written from now on has this number or a higher one.
    pub(super) fn mark(&self) -> u64 {
        let ring = self.ring();
        ring.first + ring.lines.len() as u64
    }

    /// The lines from this number on, as far as they are kept.
    pub(super) fn since(&self, mark: u64) -> Vec<String> {
        let ring = self.ring();
        let skipped = usize::try_from(mark.saturating_sub(ring.first)).unwrap_or(usize::MAX);
        ring.lines.iter().skip(skipped).cloned().collect()
    }

    /// How many lines came that may begin a report.
    pub(super) fn noticed(&self) -> u64 {
        self.noticed.load(Ordering::SeqCst)
    }

    /// Whether a kept line holds this text.
    pub(super) fn contains(&self, text: &str) -> bool {
        self.ring().lines.iter().any(|line| line.contains(text))
    }

    /// Waits until this mark, or a later one, came in each stream.
    pub(super) async fn reach(&self, number: u64) {
        for stream in &self.reached {
            // The sender is our own, so that it can't be gone.
            let _ = stream.subscribe().wait_for(|reached| *reached >= number).await;
        }
    }

    /// Takes all that the stream gives, until its end: 0 is standard output, 1 is standard error.
    pub(super) fn drain(&self, number: usize, mut stream: impl Read) {
        let mut buffer = vec![0; 16 << 10];
        let mut line = Vec::new();
        loop {
            let bytes = match stream.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => &buffer[..length],
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(_) => break,
            };
            for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
                let room = MOST_OF_A_LINE.saturating_sub(line.len());
                line.extend_from_slice(&piece[..piece.len().min(room)]);
                while let Some(mark) = take_mark(&mut line) {
                    self.reached[number].send_replace(mark);
                }
                if piece.ends_with(b"\n") {
                    self.push(&std::mem::take(&mut line));
                }
            }
        }
        if !line.is_empty() {
            self.push(&line);
        }
    }

    fn push(&self, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        let may_begin = CrashReport::may_begin(&text);
        let mut ring = self.ring();
        // The line is there before it is counted, for whoever looks without the lock.
        ring.lines.push_back(text.trim_end_matches(['\n', '\r']).to_owned());
        if ring.lines.len() > MOST_LINES {
            ring.lines.pop_front();
            ring.first += 1;
        }
        self.noticed.fetch_add(u64::from(may_begin), Ordering::SeqCst);
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_kept_from_a_mark_on() {
        let output = Output::default();
        output.drain(0, &b"one\r\ntwo\n"[..]);
        let mark = output.mark();
        output.drain(0, &b"three\nfour"[..]);
        assert_eq!(output.since(mark), ["three", "four"]);
        assert_eq!(output.since(0).len(), 4);
        assert!(output.contains("tw") && !output.contains("five"));
        assert_eq!(output.noticed(), 0);
        output.drain(0, &b"a.c:1:2: runtime error: x\n"[..]);
        assert_eq!(output.noticed(), 1);
    }

    #[tokio::test]
    async fn a_mark_tells_that_all_before_it_was_taken() {
        let output = Output::default();
        output.drain(0, &[b"one\ntw", &mark(7)[..], b"o\n", &mark(8)[..]].concat()[..]);
        output.drain(1, &[&mark(7)[..], &mark(8)[..], b"\0three\n"].concat()[..]);
        output.reach(8).await;
        assert_eq!(output.since(0), ["one", "two", "\0three"]);
    }

    #[test]
    fn a_flood_is_bounded() {
        let output = Output::default();
        let mark = output.mark();
        output.drain(1, "x\n".repeat(MOST_LINES + 7).as_bytes());
        assert_eq!(output.since(mark).len(), MOST_LINES);
        assert_eq!(output.mark(), MOST_LINES as u64 + 7);
        assert!(output.since(output.mark() + 1).is_empty());
        output.drain(0, &vec![b'y'; 1 << 20][..]);
        assert_eq!(output.since(output.mark() - 1)[0].len(), MOST_OF_A_LINE);
    }
}
