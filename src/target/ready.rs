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

/// How much of an answer is read, and for how long after its first byte.
const MOST_HEARD: usize = 256 << 10;
const HEARD: Duration = Duration::from_millis(300);

/// Whether the target takes requests now.
pub(super) async fn is_ready(ready: &Ready, process: &Process, origin: &Origin) -> bool {
    match ready {
        Ready::Port => listens(origin).await,
        Ready::Path(_) | Ready::Url(_) => {
            let (origin, path) = ready.place(origin);
            timeout(LOOK, answers(&path, &origin)).await.unwrap_or(false)
        }
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
    let Ok(mut stream) = asked(path, origin).await else { return false };
    let mut line = [0; "HTTP/1.1 200".len()];
    let is_good = stream.read_exact(&mut line).await.is_ok() && status(&line).is_some_and(|status| status < 500);
    hear_out(stream, line.to_vec()).await;
    is_good
}

/// Sends a GET; what comes back is read by the caller.
async fn asked(path: &str, origin: &Origin) -> std::io::Result<TcpStream> {
    let mut request = Request::new("GET", path.to_owned());
    request.headers.push("Connection", "close");
    let mut stream = connect(origin).await?;
    stream.write_all(&request.to_http1(origin)).await?;
    Ok(stream)
}

/// Reads an answer that began like this to its end, and lets go of the connection in order: a server that is cut short
/// writes of it, and that would stand as evidence beside what somebody else sent. It is soon over: what is long or slow is
/// cut short all the same.
async fn hear_out(mut stream: TcpStream, mut begun: Vec<u8>) {
    let rest = async {
        let mut buffer = [0; 4 << 10];
        while begun.len() < MOST_HEARD && !is_whole(&begun) {
            match stream.read(&mut buffer).await {
                Ok(length @ 1..) => begun.extend_from_slice(&buffer[..length]),
                _ => break,
            }
        }
        // Nobody waits for what comes of that.
        let _ = stream.shutdown().await;
        // The server closes as it was asked to; what it sends until then is taken from it.
        while begun.len() < MOST_HEARD && stream.read(&mut buffer).await.is_ok_and(|length| length > 0) {
            begun.push(0);
        }
    };
    let _ = timeout(HEARD, rest).await;
}

/// Whether these bytes are a whole answer, as far as it says so itself (RFC 9112 section 6); one that does not ends with its
/// connection.
fn is_whole(bytes: &[u8]) -> bool {
    let mut fields = [httparse::EMPTY_HEADER; 96];
    let mut head = httparse::Response::new(&mut fields);
    let Ok(httparse::Status::Complete(length)) = head.parse(bytes) else { return false };
    let field = |name: &str| head.headers.iter().find(|field| field.name.eq_ignore_ascii_case(name));
    let text = |name: &str| std::str::from_utf8(field(name)?.value).ok();
    if matches!(head.code, Some(204 | 304)) {
        return true;
    }
    if text("transfer-encoding").is_some_and(|coding| coding.to_ascii_lowercase().contains("chunked")) {
        return bytes.ends_with(b"0\r\n\r\n");
    }
    let body = text("content-length").and_then(|number| number.trim().parse::<usize>().ok());
    body.is_some_and(|body| bytes.len() - length >= body)
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
    let (place, path) = ready.place(origin);
    // Somebody else may answer at another port.
    let path = if place.port == origin.port { &path } else { "/" };
    let look = async {
        let mut byte = [0];
        let mut stream = asked(path, origin).await?;
        stream.read_exact(&mut byte).await?;
        Ok::<_, std::io::Error>((stream, byte.to_vec()))
    };
    match timeout(within, look).await {
        Ok(Ok((stream, begun))) => {
            hear_out(stream, begun).await;
            Sign::Answered
        }
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

    /// What a server hears after it has answered one connection like this, which ends neither of the two.
    async fn heard(ready: Ready, answer: Vec<u8>) -> std::io::Result<usize> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await?);
            }
            // In pieces, as a server that writes its head before its body.
            for piece in answer.chunks(answer.len().div_ceil(3)) {
                stream.write_all(piece).await?;
                stream.flush().await?;
            }
            stream.read(&mut [0; 8]).await
        };
        let asked = async {
            match ready {
                Ready::Port => assert_eq!(sign(&ready, &origin, LOOK).await, Sign::Answered),
                _ => assert!(answers("/", &origin).await),
            }
        };
        tokio::join!(asked, server).1
    }

    #[tokio::test]
    async fn an_answer_is_heard_out_and_the_connection_ends_in_order() {
        let body = "x".repeat(100_000);
        let whole = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let chunked = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n186a0\r\n{body}\r\n0\r\n\r\n");
        for answer in [whole, chunked, "HTTP/1.1 204 No Content\r\n\r\n".to_owned()] {
            for ready in [Ready::Port, Ready::Path("/".into())] {
                // A connection that is cut short is an error for whoever reads from it or writes to it.
                assert_eq!(heard(ready, answer.clone().into_bytes()).await.ok(), Some(0));
            }
        }
    }

    #[test]
    fn an_answer_says_where_it_ends() {
        assert!(is_whole(b"HTTP/1.1 304 Not Modified\r\n\r\n"));
        assert!(is_whole(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"));
        assert!(!is_whole(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\no"));
        assert!(!is_whole(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n"));
        assert!(!is_whole(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok"));
        assert!(!is_whole(b"HTTP/1.0 200 OK\r\n\r\nok"), "it ends with its connection");
    }

    #[test]
    fn a_status_line_is_read() {
        assert_eq!(status(b"HTTP/1.1 204"), Some(204));
        assert_eq!(status(b"HTTP/1.0 503"), Some(503));
        assert_eq!(status(b"SSH-2.0-Open"), None);
    }
}
