//! What a process writes, as far as it is kept. Main type: [`Output`], a ring of lines.
//!
//! Whatever the process writes is taken from it at once, so that it is never held up; only the last lines are kept.

use std::collections::VecDeque;
use std::io::Read;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::CrashReport;

/// How many lines are kept, and how many bytes of one.
const MOST_LINES: usize = 2_000;
const MOST_OF_A_LINE: usize = 2_000;

/// The last lines of standard output and standard error, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Output {
    lines: Mutex<Ring>,
    noticed: AtomicU64,
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

    /// Takes all that the stream gives, until its end.
    pub(super) fn drain(&self, mut stream: impl Read) {
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
        output.drain(&b"one\r\ntwo\n"[..]);
        let mark = output.mark();
        output.drain(&b"three\nfour"[..]);
        assert_eq!(output.since(mark), ["three", "four"]);
        assert_eq!(output.since(0).len(), 4);
        assert!(output.contains("tw") && !output.contains("five"));
        assert_eq!(output.noticed(), 0);
        output.drain(&b"a.c:1:2: runtime error: x\n"[..]);
        assert_eq!(output.noticed(), 1);
    }

    #[test]
    fn a_flood_is_bounded() {
        let output = Output::default();
        let mark = output.mark();
        output.drain("x\n".repeat(MOST_LINES + 7).as_bytes());
        assert_eq!(output.since(mark).len(), MOST_LINES);
        assert_eq!(output.mark(), MOST_LINES as u64 + 7);
        assert!(output.since(output.mark() + 1).is_empty());
        output.drain(&vec![b'y'; 1 << 20][..]);
        assert_eq!(output.since(output.mark() - 1)[0].len(), MOST_OF_A_LINE);
    }
}
