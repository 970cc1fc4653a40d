//! The least that an HTTP server can do, so that a bench measures its client: every request is answered with the
//! same 199 bytes of JSON over a kept connection. `benches/compare.sh` runs it; it prints its address and serves
//! until it is killed. An optional argument names the port.

#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "an example is a program of its own")]

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A believable small resource.
const BODY: &str = concat!(
    r#"{"id":471,"name":"Snowball the cat","status":"available","tags":["white","calm"],"price":129.5,"#,
    r#""owner":{"id":12,"email":"ann@example.com"},"created":"2024-02-29T12:00:00Z","note":null,"photos":[1,2]}"#
);
const _: () = assert!(BODY.len() == 199);

fn main() -> io::Result<()> {
    let port = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(0);
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(serve(port))
}

async fn serve(port: u16) -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("http://{}", listener.local_addr()?);
    let answer =
        format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{BODY}", BODY.len());
    let answer: &'static [u8] = answer.leak().as_bytes();
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(connection(stream, answer));
    }
}

/// Answers as many requests as have come whole, with one write.
async fn connection(mut stream: TcpStream, answer: &'static [u8]) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(16 << 10);
    let mut answers = Vec::with_capacity(answer.len());
    while stream.read_buf(&mut buffer).await? > 0 {
        let mut taken = 0;
        while let Some(length) = request_length(&buffer[taken..]).filter(|length| taken + length <= buffer.len()) {
            taken += length;
            answers.extend_from_slice(answer);
        }
        buffer.drain(..taken);
        stream.write_all(&answers).await?;
        answers.clear();
    }
    Ok(())
}

/// The length of the request at the start of these bytes, if its head is whole.
fn request_length(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let lines = bytes[..head].split(|byte| *byte == b'\n');
    let mut length = lines.filter_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let is_length = line[..colon].eq_ignore_ascii_case(b"content-length");
        is_length.then(|| std::str::from_utf8(&line[colon + 1..]).ok()?.trim().parse::<usize>().ok())?
    });
    Some(head + length.next_back().unwrap_or(0))
}
