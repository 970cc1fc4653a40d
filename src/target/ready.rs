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
    let mut line = [0; "HTTP/1.1 200".len()];
    let Ok(mut stream) = asked(path, origin).await else { return false };
    stream.read_exact(&mut line).await.is_ok() && status(&line).is_some_and(|status| status < 500)
}

/// Sends a GET; what comes back is read by the caller.
async fn asked(path: &str, origin: &Origin) -> std::io::Result<TcpStream> {
    let mut request = Request::new("GET", path.to_owned());
    request.headers.push("Connection", "close");
    let mut stream = connect(origin).await?;
    stream.write_all(&request.to_http1(origin)).await?;
    Ok(stream)
}

/// What a harmless request shows of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// It wrote something: it lives.
    Answered,
    /// It took the request and is silent.
    Silent,
    /// The connection is refused or lost. A process that is ending takes connections until the system has closed its
    /// sockets, but it answers none.
    Gone,
}

/// Sends a harmless request, and looks for the first byte that comes back within this time.
pub(super) async fn sign(ready: &Ready, origin: &Origin, within: Duration) -> Sign {
    let path = if let Ready::Path(path) = ready { path } else { "/" };
    let look = async {
        let mut byte = [0];
        asked(path, origin).await?.read_exact(&mut byte).await
    };
    match timeout(within, look).await {
        Ok(Ok(_)) => Sign::Answered,
        Ok(Err(_)) => Sign::Gone,
        Err(_) => Sign::Silent,
    }
}

/// The status of an answer that begins like this (RFC 9112 section 4).
fn status(line: &[u8]) -> Option<u16> {
    let rest = std::str::from_utf8(line).ok()?.strip_prefix("HTTP/1.")?;
    rest.split_once(' ')?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// What a server shows that does this with its first connection.
    async fn check(answer: Option<&'static [u8]>, expected: Sign) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = [0; 8];
            stream.read_exact(&mut head).await.unwrap();
            if let Some(answer) = answer {
                stream.write_all(answer).await.unwrap();
            }
        };
        let (sign, ()) = tokio::join!(sign(&Ready::Port, &origin, LOOK), server);
        assert_eq!(sign, expected);
    }

    #[tokio::test]
    async fn only_an_answer_shows_life() {
        check(Some(b"HTTP/1.1 404 Not Found\r\n\r\n"), Sign::Answered).await;
        check(None, Sign::Gone).await;
        let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", nobody.local_addr().unwrap()).parse().unwrap();
        drop(nobody);
        assert_eq!(sign(&Ready::Port, &origin, LOOK).await, Sign::Gone);
    }

    #[test]
    fn a_status_line_is_read() {
        assert_eq!(status(b"HTTP/1.1 204"), Some(204));
        assert_eq!(status(b"HTTP/1.0 503"), Some(503));
        assert_eq!(status(b"SSH-2.0-Open"), None);
    }
}
