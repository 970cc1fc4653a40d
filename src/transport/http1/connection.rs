//! One connection with its read buffer, and the sending of one request over it while its answer may already come.
//! Main types: [`Connection`], [`Dialogue`]. It parses nothing.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWrite};

use super::stream::Stream;

/// Room made for each read, if there is less than a quarter of it left.
const READ: usize = 16 << 10;

/// An open connection.
pub(super) struct Connection {
    stream: Stream,
    buffer: BytesMut,
}

/// A request on its way out and the bytes of its answer.
pub(super) struct Dialogue<'a> {
    connection: &'a mut Connection,
    unsent: &'a [u8],
    is_flushed: bool,
    broken: Option<io::Error>,
}

/// The connection has ended.
#[derive(Debug)]
pub(super) struct Closed {
    /// In the system's words.
    pub(super) detail: String,
    /// Whether it was closed, not reset.
    pub(super) is_orderly: bool,
}

impl Connection {
    pub(super) fn new(stream: Stream) -> Self {
        Self { stream, buffer: BytesMut::with_capacity(READ) }
    }

    /// Whether nothing came that nobody asked for, the end of the connection included.
    pub(super) fn is_quiet(&mut self) -> bool {
        self.buffer.is_empty() && self.poll_read(&mut Context::from_waker(Waker::noop())).is_pending()
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.buffer.capacity() - self.buffer.len() < READ / 4 {
            self.buffer.reserve(READ);
        }
        pin!(self.stream.read_buf(&mut self.buffer)).poll(cx)
    }
}

impl<'a> Dialogue<'a> {
    pub(super) fn new(connection: &'a mut Connection, request: &'a [u8]) -> Self {
        Self { connection, unsent: request, is_flushed: false, broken: None }
    }

    /// The bytes that came and were not taken yet.
    pub(super) fn buffer(&mut self) -> &mut BytesMut {
        &mut self.connection.buffer
    }

    /// Whether the request went out whole.
    pub(super) fn is_sent(&self) -> bool {
        self.is_flushed && self.broken.is_none()
    }

    /// Waits for bytes and adds them to the buffer; meanwhile sends what is left of the request. A failure to send
    /// is kept back: a server may answer early and close, and its answer counts.
    pub(super) async fn read(&mut self) -> Result<(), Closed> {
        let read = poll_fn(|cx| {
            self.poll_send(cx);
            self.connection.poll_read(cx)
        });
        match read.await {
            Ok(0) => Err(self.closed(None)),
            Ok(_) => Ok(()),
            Err(error) => Err(self.closed(Some(error))),
        }
    }

    fn poll_send(&mut self, cx: &mut Context<'_>) {
        while !self.is_flushed && self.broken.is_none() {
            match self.poll_send_once(cx) {
                Poll::Pending => return,
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => self.broken = Some(error),
            }
        }
    }

    fn poll_send_once(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let stream = Pin::new(&mut self.connection.stream);
        if self.unsent.is_empty() {
            return stream.poll_flush(cx).map_ok(|()| self.is_flushed = true);
        }
        stream.poll_write(cx, self.unsent).map(|written| match written? {
            0 => Err(io::ErrorKind::WriteZero.into()),
            length => {
                self.unsent = &self.unsent[length..];
                Ok(())
            }
        })
    }

    /// A TLS peer that leaves without saying so is treated as one of plain TCP: only the framing tells the end.
    fn closed(&mut self, error: Option<io::Error>) -> Closed {
        let error = error.filter(|error| error.kind() != io::ErrorKind::UnexpectedEof);
        let is_orderly = error.is_none();
        let detail = match error.or_else(|| self.broken.take()) {
            Some(error) => error.to_string(),
            None => "the connection was closed".to_owned(),
        };
        Closed { detail, is_orderly }
    }
}
