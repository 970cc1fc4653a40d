//! A server that plays scripts, byte for byte, for the tests of this module. Main type: [`Server`].
//! It knows no HTTP but where a request ends.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{Options, Transport};
use crate::wire::{Origin, Request};

/// Long enough for any loaded machine, short enough to wait for.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// One thing that the server does on a connection. After the last one it closes it.
#[derive(Clone, Debug)]
pub(super) enum Act {
    /// Reads a request: a head, and as many bytes as its `Content-Length` says.
    Receive,
    /// Reads a head and leaves the body unread.
    ReceiveHead,
    Send(Vec<u8>),
    /// Waits until so many requests were received on all connections together.
    Gather(usize),
    /// Sends each byte on its own.
    Drip(Vec<u8>),
    /// Sends this again and again until the client goes.
    Flood(Vec<u8>),
    /// Says nothing until the client goes.
    Silence,
    /// Resets the connection instead of closing it.
    Reset,
}

/// Receives a request and answers with these bytes.
pub(super) fn answer(bytes: &str) -> Vec<Act> {
    vec![Act::Receive, Act::Send(bytes.into())]
}

/// Plays the first script on the first connection, and so on; then it no longer listens.
pub(super) struct Server {
    pub(super) origin: Origin,
    received: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Server {
    pub(super) async fn start(scripts: Vec<Vec<Act>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let received: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
        let log = Arc::clone(&received);
        tokio::spawn(async move {
            for script in scripts {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                tokio::spawn(play(stream, script, Arc::clone(&log)));
            }
        });
        Self { origin, received }
    }

    /// The requests that were received so far.
    pub(super) fn received(&self) -> Vec<Vec<u8>> {
        self.received.lock().unwrap().clone()
    }
}

/// Two requests at once through the transport that is made for this server: each is written before either is answered.
pub(super) async fn check_at_once<T: Transport>(transport: impl FnOnce(&Server) -> T) {
    let script = |body: &str| {
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{body}");
        vec![Act::Receive, Act::Gather(2), Act::Send(answer.into())]
    };
    let server = Server::start(vec![script("a"), script("b")]).await;
    let requests = ["/1", "/2"].map(|target| Arc::new(Request::new("GET", target))).to_vec();
    let options = Options { timeout: PATIENCE, fresh_connection: false };
    let exchanges = transport(&server).send_at_once(requests, options).await.unwrap();
    let targets: Vec<_> = exchanges.iter().map(|exchange| exchange.request.target_text().into_owned()).collect();
    assert_eq!(targets, ["/1", "/2"], "outcomes come in the order of the requests");
    let mut bodies: Vec<_> =
        exchanges.iter().map(|exchange| exchange.outcome.response().unwrap().text().into_owned()).collect();
    bodies.sort();
    assert_eq!(bodies, ["a", "b"], "each has a connection of its own");
    assert_eq!(server.received().len(), 2);
}

async fn play(mut stream: TcpStream, script: Vec<Act>, log: Arc<Mutex<Vec<Vec<u8>>>>) {
    for act in script {
        // A failure means that the client has gone, which is its good right.
        if perform(&mut stream, act, &log).await.is_err() {
            return;
        }
    }
}

async fn perform(stream: &mut TcpStream, act: Act, log: &Mutex<Vec<Vec<u8>>>) -> std::io::Result<()> {
    match act {
        Act::Receive | Act::ReceiveHead => {
            let request = receive(stream, matches!(act, Act::Receive)).await?;
            log.lock().unwrap().push(request);
        }
        Act::Send(bytes) => stream.write_all(&bytes).await?,
        Act::Gather(count) => {
            while log.lock().unwrap().len() < count {
                tokio::task::yield_now().await;
            }
        }
        Act::Drip(bytes) => {
            for byte in bytes {
                stream.write_all(&[byte]).await?;
                tokio::task::yield_now().await;
            }
        }
        Act::Flood(bytes) => loop {
            stream.write_all(&bytes).await?;
        },
        Act::Silence => while stream.read(&mut [0; 1024]).await? > 0 {},
        Act::Reset => stream.set_zero_linger()?,
    }
    Ok(())
}

async fn receive(stream: &mut TcpStream, with_body: bool) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
    let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next()?.parse().ok());
    let mut body = vec![0; length.filter(|_| with_body).unwrap_or(0)];
    stream.read_exact(&mut body).await?;
    bytes.extend(body);
    Ok(bytes)
}
