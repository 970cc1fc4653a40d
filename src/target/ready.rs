//! Whether the target takes requests. Main function: [`is_ready`].

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Ready;
use super::process::Process;
use crate::wire::{Origin, Request};

/// How long one look may take.
const LOOK: Duration = Duration::from_secs(2);

/// Whether the target takes requests now.
pub(super) async fn is_ready(ready: &Ready, process: &Process, origin: &Origin) -> bool {
    match ready {
        Ready::Port => listens(origin).await,
        Ready::Path(path) => timeout(LOOK, answers(path, origin)).await.unwrap_or(false),
        Ready::Line(text) => process.output.contains(text),
    }
}

/// Whether somebody takes connections there.
pub(super) async fn listens(origin: &Origin) -> bool {
    matches!(timeout(LOOK, connect(origin)).await, Ok(Ok(_)))
}

async fn connect(origin: &Origin) -> std::io::Result<TcpStream> {
    TcpStream::connect((origin.host.as_str(), origin.port)).await
}

async fn answers(path: &str, origin: &Origin) -> bool {
    let mut request = Request::new("GET", path.to_owned());
    request.headers.push("Connection", "close");
    let Ok(mut stream) = connect(origin).await else { return false };
    let mut line = [0; "HTTP/1.1 200".len()];
    let is_answered =
        stream.write_all(&request.to_http1(origin)).await.is_ok() && stream.read_exact(&mut line).await.is_ok();
    is_answered && status(&line).is_some_and(|status| status < 500)
}

/// The status of an answer that begins like this (RFC 9112 section 4).
fn status(line: &[u8]) -> Option<u16> {
    let rest = std::str::from_utf8(line).ok()?.strip_prefix("HTTP/1.")?;
    rest.split_once(' ')?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_line_is_read() {
        assert_eq!(status(b"HTTP/1.1 204"), Some(204));
        assert_eq!(status(b"HTTP/1.0 503"), Some(503));
        assert_eq!(status(b"SSH-2.0-Open"), None);
    }
}
