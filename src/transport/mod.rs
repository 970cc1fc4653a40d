//! Ways to send a request.
//!
//! Main type: trait [`Transport`]. One file per way. A transport adds no credentials, follows no redirects and
//! retries nothing but what [`Options`] say; what the target does is an [`Exchange`], never an `Err`.

pub mod canned;
mod http1;
mod limited;
mod limits;
mod local;
mod reqwest;
#[cfg(test)]
mod testing;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt, try_join_all};

pub use self::canned::Canned;
pub use self::http1::{Http1, recorded};
pub use self::limited::limited;
pub use self::limits::Limits;
pub use self::reqwest::{FetchError, Reqwest, fetch};
use crate::wire::{Exchange, Origin, Request};

/// How one request is to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The time until the first byte of the answer, and again until its end.
    pub timeout: Duration,
    /// Whether a connection of its own is opened and closed for this request: proof is done this way, so that no
    /// neighbour on a kept connection is blamed.
    pub fresh_connection: bool,
}

/// What we could not do: no answer of the target's, but a request that can't be sent this way.
#[derive(Debug, thiserror::Error)]
#[error("failed to send {method} {target} through {transport}: {reason}")]
pub struct Error {
    /// The transport's name.
    pub transport: &'static str,
    /// The request's method.
    pub method: String,
    /// The request's target.
    pub target: String,
    /// Why it can't be sent.
    pub reason: String,
}

/// A transport that can't be used at all, whatever is sent.
#[derive(Debug, thiserror::Error)]
#[error("failed to set up the transport {transport}: {reason}")]
pub struct SetUpError {
    /// The transport's name.
    pub transport: &'static str,
    /// Why.
    pub reason: String,
}

impl Error {
    fn new(transport: &'static str, request: &Request, reason: impl Into<String>) -> Self {
        let target = request.target_text().into_owned();
        Self { transport, method: request.method.clone(), target, reason: reason.into() }
    }
}

/// Sends requests to one origin.
pub trait Transport: Send + Sync {
    /// Its name: `http1`, `reqwest`, `canned`.
    fn name(&self) -> &'static str;

    /// Sends the request and waits for its outcome.
    fn send(&self, request: Arc<Request>, options: Options) -> BoxFuture<'_, Result<Exchange, Error>>;

    /// Sends them at once, each on a connection of its own, and waits for all outcomes, which come in the order of the
    /// requests. A transport that can tell writes all of them before it reads the first answer.
    fn send_at_once(
        &self,
        requests: Vec<Arc<Request>>,
        options: Options,
    ) -> BoxFuture<'_, Result<Vec<Exchange>, Error>> {
        let options = Options { fresh_connection: true, ..options };
        try_join_all(requests.into_iter().map(move |request| self.send(request, options))).boxed()
    }
}

/// Our own HTTP/1.1 client, with the usual limits.
pub fn http1(origin: Origin) -> Arc<dyn Transport> {
    Arc::new(Http1::new(origin, Limits::default()))
}

/// HTTP/2 where the target speaks it, and proxies, with the usual limits.
pub fn reqwest(origin: Origin, proxy: Option<&str>) -> Result<Arc<dyn Transport>, SetUpError> {
    Ok(Arc::new(Reqwest::new(origin, proxy)?))
}
