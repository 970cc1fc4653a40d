//! Which connection carries which request. Main type: [`Http1`].

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use rustls::ClientConfig;

use super::connect::{ConnectError, Connector};
use super::connection::Connection;
use super::exchange::{Call, Reply};
use super::ordinary::is_ordinary;
use super::pool::Pool;
use crate::clock::Stopwatch;
use crate::transport::{Error, Limits, Options, Transport};
use crate::wire::{Exchange, Fault, FaultKind, Origin, Outcome, Request};

/// The fast lane: HTTP/1.1 over kept connections, byte for byte.
pub struct Http1 {
    connector: Connector,
    pool: Pool,
    limits: Limits,
}

impl Http1 {
    /// Sends to this origin. Nothing is opened before the first request.
    pub fn new(origin: Origin, limits: Limits) -> Self {
        Self::with(Connector::new(origin), limits)
    }

    /// Sends to this origin and trusts what this configuration trusts instead of the operating system.
    pub fn with_tls(origin: Origin, limits: Limits, config: Arc<ClientConfig>) -> Self {
        Self::with(Connector::with_tls(origin, config), limits)
    }

    fn with(connector: Connector, limits: Limits) -> Self {
        Self { connector, pool: Pool::new(limits.idle), limits }
    }

    async fn exchange(&self, request: Arc<Request>, options: Options) -> Result<Exchange, Error> {
        let sent = Bytes::from(request.to_http1(self.connector.origin()));
        let call = Call { bytes: &sent, method: &request.method, timeout: options.timeout, limits: self.limits };
        let is_shared = !options.fresh_connection && is_ordinary(&request);
        let (outcome, elapsed) = match self.on_kept_connection(&call, is_shared).await {
            Some(done) => done,
            None => match self.connector.connect(options.timeout).await {
                Ok(stream) => self.on_connection(&call, Connection::new(stream), is_shared).await,
                Err(ConnectError::Refused(detail)) => (refused(detail), Duration::ZERO),
                Err(ConnectError::Ours(reason)) => return Err(Error::new(self.name(), &request, reason)),
            },
        };
        Ok(Exchange { request, sent, outcome, elapsed })
    }

    /// `None` if there is no such connection, or if it was closed before a byte of the answer: the server may have
    /// closed it while it was idle, so this says nothing about the request. On a new connection it would.
    async fn on_kept_connection(&self, call: &Call<'_>, is_shared: bool) -> Option<(Outcome, Duration)> {
        let connection = if is_shared { self.pool.take()? } else { return None };
        let done = self.on_connection(call, connection, true).await;
        let is_stale = done.0.is_fault(FaultKind::Closed);
        (!is_stale).then_some(done)
    }

    async fn on_connection(&self, call: &Call<'_>, mut connection: Connection, is_shared: bool) -> (Outcome, Duration) {
        let watch = Stopwatch::start();
        let Reply { outcome, is_reusable } = call.perform(&mut connection).await;
        let elapsed = watch.elapsed();
        if is_shared && is_reusable {
            self.pool.put(connection);
        }
        (outcome, elapsed)
    }
}

impl Transport for Http1 {
    fn name(&self) -> &'static str {
        "http1"
    }

    fn send(&self, request: Arc<Request>, options: Options) -> BoxFuture<'_, Result<Exchange, Error>> {
        Box::pin(self.exchange(request, options))
    }
}

fn refused(detail: String) -> Outcome {
    Outcome::Fault(Fault { kind: FaultKind::Refused, detail, partial: Bytes::new() })
}
