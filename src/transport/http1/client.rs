//! Which connection carries which request. Main type: [`Http1`].

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt, join_all, try_join_all};
use rustls::ClientConfig;

use super::connect::{ConnectError, Connector};
use super::connection::Connection;
use super::exchange::{Call, Reply};
use super::ordinary::is_ordinary;
use super::pool::Pool;
use crate::clock::Stopwatch;
use crate::transport::{Error, Limits, Options, Transport};
use crate::wire::{Exchange, Fault, FaultKind, Origin, Outcome, Request, RunId};

/// The fast lane: HTTP/1.1 over kept connections, byte for byte.
pub struct Http1 {
    connector: Connector,
    pool: Pool,
    limits: Limits,
    run_id: Option<RunId>,
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
        Self { connector, pool: Pool::new(limits.idle), limits, run_id: None }
    }

    /// The same that names each request for the target's log.
    #[must_use]
    pub fn with_run_id(self, run_id: Option<RunId>) -> Self {
        Self { run_id, ..self }
    }

    async fn exchange(&self, request: Arc<Request>, options: Options) -> Result<Exchange, Error> {
        let sent = Bytes::from(request.to_http1_as(self.connector.origin(), self.run_id.as_ref()));
        let call = Call { bytes: &sent, method: &request.method, timeout: options.timeout, limits: self.limits };
        let is_shared = !options.fresh_connection && is_ordinary(&request);
        let (outcome, elapsed) = match self.on_kept_connection(&call, is_shared).await {
            Some(done) => done,
            None => match self.open(&request, options.timeout).await? {
                Ok(connection) => self.on_connection(&call, connection, is_shared).await,
                Err(detail) => (refused(detail), Duration::ZERO),
            },
        };
        Ok(Exchange { request, sent, outcome, elapsed })
    }

    /// All connections are open before the first request is written, and each request is written, as far as the network
    /// takes it, before the first answer is read: what differs is nothing but the way to the target.
    async fn exchange_at_once(&self, requests: Vec<Arc<Request>>, options: Options) -> Result<Vec<Exchange>, Error> {
        let open = requests.iter().map(|request| self.open(request, options.timeout));
        let connections = try_join_all(open).await?;
        let pairs = requests.into_iter().zip(connections);
        Ok(join_all(pairs.map(|(request, connection)| self.alone(request, connection, options))).await)
    }

    /// A new connection, or why there is none.
    async fn open(&self, request: &Request, limit: Duration) -> Result<Result<Connection, String>, Error> {
        match self.connector.connect(limit).await {
            Ok(stream) => Ok(Ok(Connection::new(stream))),
            Err(ConnectError::Refused(detail)) => Ok(Err(detail)),
            Err(ConnectError::Ours(reason)) => Err(Error::new(self.name(), request, reason)),
        }
    }

    async fn alone(&self, request: Arc<Request>, open: Result<Connection, String>, options: Options) -> Exchange {
        let sent = Bytes::from(request.to_http1(self.connector.origin()));
        let call = Call { bytes: &sent, method: &request.method, timeout: options.timeout, limits: self.limits };
        let (outcome, elapsed) = match open {
            Ok(connection) => self.on_connection(&call, connection, false).await,
            Err(detail) => (refused(detail), Duration::ZERO),
        };
        Exchange { request, sent, outcome, elapsed }
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

    fn send_at_once(
        &self,
        requests: Vec<Arc<Request>>,
        options: Options,
    ) -> BoxFuture<'_, Result<Vec<Exchange>, Error>> {
        self.exchange_at_once(requests, options).boxed()
    }
}

fn refused(detail: String) -> Outcome {
    Outcome::Fault(Fault { kind: FaultKind::Refused, detail, partial: Bytes::new() })
}
