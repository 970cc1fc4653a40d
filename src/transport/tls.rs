//! Who is trusted over TLS: what the operating system trusts, checked by rustls with ring. It opens no connection.

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};
use rustls_platform_verifier::BuilderVerifierExt;

/// Trusts the operating system's authorities and offers these protocols (ALPN, RFC 7301), most wanted first.
/// Reading the authorities takes milliseconds, and fails on a machine that has none.
pub(super) fn config(protocols: &[&str]) -> Result<ClientConfig, rustls::Error> {
    let mut config = builder()?.with_platform_verifier()?.with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    Ok(config)
}

/// Trusts nobody: for clients that want a configuration but will never use TLS.
pub(super) fn unused() -> Result<ClientConfig, rustls::Error> {
    Ok(builder()?.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

fn builder() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, rustls::Error> {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rustls::ServerConfig;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio_rustls::TlsAcceptor;
    use tokio_rustls::server::TlsStream;

    use super::*;
    use crate::transport::{Http1, Limits, Options, Reqwest, Transport};
    use crate::wire::{Ending, FaultKind, Origin, Outcome, Request};

    const OPTIONS: Options = Options { timeout: Duration::from_secs(30), fresh_connection: false };
    const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    /// A server with a certificate of its own, and a client configuration that trusts it.
    struct Secure {
        listener: TcpListener,
        origin: Origin,
        acceptor: TlsAcceptor,
        trusting: ClientConfig,
    }

    impl Secure {
        async fn new(protocol: &str) -> Self {
            let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
            let certificate: CertificateDer<'static> = certified.cert.into();
            let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
            let mut server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(vec![certificate.clone()], key)
                .unwrap();
            server.alpn_protocols = vec![protocol.into()];
            let mut roots = RootCertStore::empty();
            roots.add(certificate).unwrap();
            let mut trusting = builder().unwrap().with_root_certificates(roots).with_no_client_auth();
            trusting.alpn_protocols = vec![protocol.into()];
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let origin = format!("https://localhost:{}", listener.local_addr().unwrap().port()).parse().unwrap();
            Self { listener, origin, acceptor: TlsAcceptor::from(Arc::new(server)), trusting }
        }

        async fn accept(&self) -> std::io::Result<TlsStream<TcpStream>> {
            self.acceptor.accept(self.listener.accept().await.unwrap().0).await
        }
    }

    async fn receive(stream: &mut TlsStream<TcpStream>) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
    }

    async fn get(transport: &dyn Transport) -> Outcome {
        transport.send(Arc::new(Request::new("GET", "/")), OPTIONS).await.unwrap().outcome
    }

    #[tokio::test]
    async fn http1_keeps_connections_over_tls() {
        let secure = Secure::new("http/1.1").await;
        let http1 = Http1::with_tls(secure.origin.clone(), Limits::default(), Arc::new(secure.trusting.clone()));
        let serve = async {
            let mut stream = secure.accept().await.unwrap();
            for answer in [OK, b"HTTP/1.1 201 Created\r\n\r\nnot ended by close_notify"] {
                receive(&mut stream).await;
                stream.write_all(answer).await.unwrap();
                stream.flush().await.unwrap();
            }
        };
        let ask = async { [get(&http1).await, get(&http1).await] };
        let (outcomes, ()) = tokio::join!(ask, serve);
        let shown = outcomes.map(|outcome| outcome.response().map(|answer| (answer.status, answer.ending)));
        assert_eq!(shown, [Some((200, Ending::Complete)), Some((201, Ending::Complete))]);
    }

    #[tokio::test]
    async fn unknown_authorities_are_not_trusted() {
        let (secure, other) = (Secure::new("http/1.1").await, Secure::new("http/1.1").await);
        let http1 = Http1::with_tls(secure.origin.clone(), Limits::default(), Arc::new(other.trusting.clone()));
        let reqwest = Reqwest::with_tls(secure.origin.clone(), None, Limits::default(), &other.trusting).unwrap();
        for transport in [&http1 as &dyn Transport, &reqwest] {
            let (outcome, accepted) = tokio::join!(get(transport), secure.accept());
            let fault = outcome.fault().unwrap();
            assert_eq!((fault.kind, accepted.is_err()), (FaultKind::Refused, true), "{}", transport.name());
            assert!(fault.detail.contains("certificate"), "{}", fault.detail);
        }
    }

    #[tokio::test]
    async fn a_wrong_scheme_is_told() {
        let secure = Secure::new("http/1.1").await;
        let plain = format!("http://{}", secure.listener.local_addr().unwrap()).parse().unwrap();
        let http1 = Http1::new(plain, Limits::default());
        let (outcome, _) = tokio::join!(get(&http1), secure.accept());
        let fault = outcome.fault().unwrap();
        assert_eq!(fault.kind, FaultKind::Unparsable);
        assert!(fault.detail.contains("looks like TLS"), "{}", fault.detail);
    }

    /// Answers the first request, or resets its stream; then drives the connection until the client has gone.
    async fn serve_http2(stream: TlsStream<TcpStream>, body: Option<&'static str>) {
        let mut connection = h2::server::handshake(stream).await.unwrap();
        let (_, mut answer) = connection.accept().await.unwrap().unwrap();
        match body {
            Some(body) => {
                let mut stream = answer.send_response(hyper::Response::new(()), false).unwrap();
                stream.send_data(body.into(), true).unwrap();
            }
            None => answer.send_reset(h2::Reason::INTERNAL_ERROR),
        }
        while let Some(Ok(_)) = connection.accept().await {}
    }

    #[tokio::test]
    async fn reqwest_speaks_http2() {
        let secure = Secure::new("h2").await;
        let reqwest = Reqwest::with_tls(secure.origin.clone(), None, Limits::default(), &secure.trusting).unwrap();
        let serve = async {
            for body in [Some("ok"), None] {
                tokio::spawn(serve_http2(secure.accept().await.unwrap(), body));
            }
        };
        let ask = async {
            let fresh = Options { fresh_connection: true, ..OPTIONS };
            let reset = reqwest.send(Arc::new(Request::new("GET", "/")), fresh);
            (get(&reqwest).await, reset.await.unwrap().outcome)
        };
        let ((answered, reset), ()) = tokio::join!(ask, serve);
        assert_eq!(answered.response().map(|answer| answer.text().into_owned()).as_deref(), Some("ok"));
        assert_eq!(reset.fault().map(|fault| fault.kind), Some(FaultKind::Closed), "{reset:?}");
    }
}
