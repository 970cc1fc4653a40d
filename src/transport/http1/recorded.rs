//! An answer that was recorded, read as if it came over a connection that ends after it. Main function: [`recorded`].
//! It opens no connection.

use bytes::BytesMut;

use super::body::Body;
use super::connection::Closed;
use super::exchange::{End, HeadReader, conclude, progress_to_end, unparsable};
use crate::transport::Limits;
use crate::wire::Outcome;

/// What the wire client makes of these bytes as the answer to a request with this method; each piece is what one read
/// gives, and after the last one the connection is closed.
pub fn recorded(method: &str, pieces: &[&[u8]], limits: Limits) -> Outcome {
    let mut pieces = pieces.iter().filter(|piece| !piece.is_empty());
    let mut buffer = BytesMut::new();
    let mut reader = HeadReader::default();
    let closed = || Closed { detail: "the connection was closed".to_owned(), is_orderly: true };
    let head = loop {
        let Some(piece) = pieces.next() else { return Outcome::Fault(reader.cut_off(&closed(), &buffer)) };
        buffer.extend_from_slice(piece);
        match reader.take(&mut buffer, limits.head) {
            Ok(Some(head)) => break head,
            Ok(None) => {}
            Err(fault) => return Outcome::Fault(fault),
        }
    };
    let mut body = match head.framing(method) {
        Ok(framing) => Body::new(framing, limits),
        Err(detail) => return Outcome::Fault(unparsable(detail, &[&head.raw, &buffer])),
    };
    let end = loop {
        if let Some(end) = progress_to_end(body.feed(&mut buffer)) {
            break end;
        }
        let Some(piece) = pieces.next() else { break End::Closed(closed()) };
        buffer.extend_from_slice(piece);
    };
    conclude(head, body, end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Ending, FaultKind};

    #[track_caller]
    fn check(answer: &[u8], expected: Result<(u16, &[u8], Ending), FaultKind>) {
        for size in [1, 2, 7, answer.len().max(1)] {
            let pieces: Vec<&[u8]> = answer.chunks(size).collect();
            let found = match recorded("GET", &pieces, Limits::default()) {
                Outcome::Response(response) => Ok((response.status, response.body.to_vec(), response.ending)),
                Outcome::Fault(fault) => Err(fault.kind),
            };
            assert_eq!(found, expected.map(|(status, body, ending)| (status, body.to_vec(), ending)), "{size}");
        }
    }

    #[test]
    fn answers_are_read_alike_in_any_pieces() {
        check(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", Ok((200, b"ok", Ending::Complete)));
        check(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No\r\n\r\n", Ok((204, b"", Ending::Complete)));
        check(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            Ok((200, b"abc", Ending::Complete)),
        );
        check(b"HTTP/1.1 200 OK\r\n\r\nto the end", Ok((200, b"to the end", Ending::Complete)));
        check(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", Err(FaultKind::Truncated));
        check(b"HTTP/1.1 200 OK\r\n", Err(FaultKind::Truncated));
        check(b"", Err(FaultKind::Closed));
        check(b"HTTP/1.1 200 OK\nA:b\n\xcf\xfa\nx", Err(FaultKind::Unparsable));
        check(b"SSH-2.0-OpenSSH\r\n\r\n", Err(FaultKind::Unparsable));
    }
}
