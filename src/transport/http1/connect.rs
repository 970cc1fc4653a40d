//! Opens connections to one origin. Main type: [`Connector`]. It keeps none, and sends no request.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::stream::Stream;
use crate::transport::{local, tls};
use crate::wire::{Origin, Scheme};

/// Knows the way to one origin.
pub(super) struct Connector {
    origin: Origin,
    /// The address that was reached last: a fresh connection per proof shall not cost a look-up each.
    reached: Mutex<Option<SocketAddr>>,
    /// Set up at the first need: reading the system's certificates takes milliseconds that plain targets never owe.
    tls: OnceLock<Result<Arc<ClientConfig>, String>>,
}

/// Why there is no connection.
#[derive(Debug)]
pub(super) enum ConnectError {
    /// The target's doing, or the network's.
    Refused(String),
    /// Our machine's: out of file descriptors or ports, no certificates to trust.
    Ours(String),
}

impl Connector {
    pub(super) fn new(origin: Origin) -> Self {
        Self { origin, reached: Mutex::default(), tls: OnceLock::new() }
    }

    /// Trusts what this configuration trusts.
    pub(super) fn with_tls(origin: Origin, config: Arc<ClientConfig>) -> Self {
        let connector = Self::new(origin);
        connector.tls.get_or_init(|| Ok(config));
        connector
    }

    pub(super) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Opens a connection, TLS included, within this time.
    pub(super) async fn connect(&self, limit: Duration) -> Result<Stream, ConnectError> {
        match timeout(limit, self.open()).await {
            Ok(result) => result,
            Err(_) => Err(ConnectError::Refused(format!("no connection within {limit:?}"))),
        }
    }

    async fn open(&self) -> Result<Stream, ConnectError> {
        let tcp = self.reach().await?;
        // This fails only on a connection that is broken already, which the first read will tell better.
        let _ = tcp.set_nodelay(true);
        match self.origin.scheme {
            Scheme::Http => Ok(Stream::Plain(tcp)),
            Scheme::Https => self.handshake(tcp).await,
        }
    }

    /// Tries the address that worked last, then all others in turn.
    async fn reach(&self) -> Result<TcpStream, ConnectError> {
        let last = *self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        let mut failure = None;
        if let Some(address) = last {
            match TcpStream::connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => failure = Some(error),
            }
        }
        for address in self.resolve().await?.into_iter().filter(|address| Some(*address) != last) {
            match TcpStream::connect(address).await {
                Ok(stream) => {
                    *self.reached.lock().unwrap_or_else(PoisonError::into_inner) = Some(address);
                    return Ok(stream);
                }
                Err(error) => failure = Some(error),
            }
        }
        Err(failure
            .map_or_else(|| ConnectError::Refused("the name has no address".to_owned()), |error| classify(&error)))
    }

    /// `localhost` never leaves this machine, whatever a resolver says (RFC 6761 section 6.3).
    async fn resolve(&self) -> Result<Vec<SocketAddr>, ConnectError> {
        let Origin { host, port, .. } = &self.origin;
        if let Ok(ip) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(ip, *port)]);
        }
        if host.eq_ignore_ascii_case("localhost") {
            let both: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
            return Ok(both.map(|ip| SocketAddr::new(ip, *port)).to_vec());
        }
        let found = tokio::net::lookup_host((host.as_str(), *port)).await.map_err(|error| classify(&error))?;
        Ok(found.collect())
    }

    async fn handshake(&self, tcp: TcpStream) -> Result<Stream, ConnectError> {
        let config = self.tls.get_or_init(|| tls::config(&["http/1.1"]).map(Arc::new).map_err(|e| e.to_string()));
        let config = config.clone().map_err(|reason| ConnectError::Ours(format!("TLS can't be set up: {reason}")))?;
        let name = ServerName::try_from(self.origin.host.clone()).map_err(|error| {
            ConnectError::Ours(format!("{:?} can't be asked for by TLS: {error}", self.origin.host))
        })?;
        let stream = TlsConnector::from(config).connect(name, tcp).await;
        stream.map(|stream| Stream::Tls(Box::new(stream))).map_err(|error| refused_by_tls(&error))
    }
}

fn classify(error: &io::Error) -> ConnectError {
    local::limit(error).map_or_else(|| ConnectError::Refused(error.to_string()), ConnectError::Ours)
}

fn refused_by_tls(error: &io::Error) -> ConnectError {
    let hint = match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(_)) => "; a test's own authority is trusted through SSL_CERT_FILE",
        _ => "",
    };
    ConnectError::Refused(format!("TLS: {error}{hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn localhost_is_tried_in_both_families() {
        let resolve = async |url: &str| Connector::new(url.parse().unwrap()).resolve().await.unwrap();
        let shown = |addresses: Vec<SocketAddr>| addresses.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(shown(resolve("http://LocalHost:81").await), ["127.0.0.1:81", "[::1]:81"]);
        assert_eq!(shown(resolve("http://[::1]:82").await), ["[::1]:82"]);
        assert_eq!(shown(resolve("http://127.0.0.2").await), ["127.0.0.2:80"]);
    }
}
