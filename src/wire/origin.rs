//! Where a target listens. Main type: [`Origin`] (RFC 6454: scheme, host, port). It holds no path.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// `http` or `https`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scheme {
    /// Plain TCP.
    Http,
    /// TLS.
    Https,
}

/// Scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// `http` or `https`.
    pub scheme: Scheme,
    /// Host name or address, without the brackets of IPv6.
    pub host: String,
    /// Port number.
    pub port: u16,
}

/// A URL that names no HTTP origin.
#[derive(Debug, thiserror::Error)]
#[error("{url:?} is no http or https URL with a host: {reason}")]
pub struct OriginError {
    url: String,
    reason: String,
}

impl Origin {
    /// Whether the host is this machine: a loopback address, or `localhost`.
    pub fn is_loopback(&self) -> bool {
        self.host.eq_ignore_ascii_case("localhost") || self.host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }

    /// `host` or `host:port`, as a `Host` header has it (RFC 9110 section 7.2).
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let default = match self.scheme {
            Scheme::Http => 80,
            Scheme::Https => 443,
        };
        if self.port == default { host } else { format!("{host}:{}", self.port) }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        };
        write!(f, "{scheme}://{}", self.authority())
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    /// Reads the origin of a URL; path, query and user information are ignored.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = |reason: String| OriginError { url: text.to_owned(), reason };
        let url = url::Url::parse(text).map_err(|error| refuse(error.to_string()))?;
        let scheme = match url.scheme() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            other => return Err(refuse(format!("the scheme is {other:?}"))),
        };
        let host = url.host_str().ok_or_else(|| refuse("it has no host".to_owned()))?;
        let port = url.port_or_known_default().ok_or_else(|| refuse("it has no port".to_owned()))?;
        Ok(Self { scheme, host: host.trim_matches(['[', ']']).to_owned(), port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, shown: &str, loopback: bool) {
        let origin: Origin = url.parse().unwrap();
        assert_eq!(origin.to_string(), shown);
        assert_eq!(origin.is_loopback(), loopback);
    }

    #[test]
    fn urls_become_origins() {
        check("http://127.0.0.1:8080/v1?x#y", "http://127.0.0.1:8080", true);
        check("http://LOCALHOST", "http://localhost", true);
        check("https://[::1]:443/", "https://[::1]", true);
        check("http://10.0.0.1/", "http://10.0.0.1", false);
        check("https://user:pw@api.example.com", "https://api.example.com", false);
    }

    #[test]
    fn other_urls_are_refused() {
        for url in ["", "/v1", "ftp://x", "127.0.0.1:80", "http://"] {
            assert!(url.parse::<Origin>().is_err(), "{url:?}");
        }
    }
}
