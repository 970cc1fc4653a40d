//! Sending through the crate `reqwest`. Main type: [`Reqwest`].

use std::sync::Arc;
use std::time::Duration;

use ::reqwest::{Client, Proxy, Request as Foreign, Response as Answer, redirect};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use rustls::ClientConfig;
use tokio::time::timeout;

use super::express::express;
use super::fault;
use crate::clock::Stopwatch;
use crate::transport::{Error, Limits, Options, SetUpError, Transport, tls};
use crate::wire::{Ending, Exchange, Fault, FaultKind, Headers, Origin, Outcome, Request, Response, RunId, Scheme};

const NAME: &str = "reqwest";

/// HTTP/2 where the target speaks it, else HTTP/1.1, directly or through a proxy. It follows no redirects, keeps
/// no cookies and decodes no content coding.
pub struct Reqwest {
    origin: Origin,
    kept: Client,
    /// Keeps no connection from one request to the next.
    fresh: Client,
    limits: Limits,
    run_id: Option<RunId>,
}

impl Reqwest {
    /// Sends to this origin, through the proxy if one is given. No proxy is taken from the environment.
    pub fn new(origin: Origin, proxy: Option<&str>) -> Result<Self, SetUpError> {
        let needs_tls = origin.scheme == Scheme::Https || proxy.is_some_and(|url| !url.starts_with("http://"));
        let config = if needs_tls { tls::config(&["h2", "http/1.1"]) } else { tls::unused() };
        let config = config.map_err(|error| set_up(format!("TLS: {error}")))?;
        Self::with_tls(origin, proxy, Limits::default(), &config)
    }

    /// Trusts what this configuration trusts and speaks the protocols that it offers (ALPN).
    pub fn with_tls(
        origin: Origin,
        proxy: Option<&str>,
        limits: Limits,
        tls: &ClientConfig,
    ) -> Result<Self, SetUpError> {
        let client = |idle| client(proxy, tls.clone(), idle).map_err(|error| set_up(fault::explain(error)));
        Ok(Self { kept: client(limits.idle)?, fresh: client(0)?, origin, limits, run_id: None })
    }

    /// The same that names each request for the target's log.
    #[must_use]
    pub fn with_run_id(self, run_id: Option<RunId>) -> Self {
        Self { run_id, ..self }
    }

    async fn exchange(&self, request: Arc<Request>, options: Options) -> Result<Exchange, Error> {
        let refuse = |reason: String| Error::new(NAME, &request, reason);
        let foreign = express(&request, &self.origin, self.run_id.as_ref()).map_err(refuse)?;
        let again = if options.fresh_connection { None } else { foreign.try_clone() };
        let first = if options.fresh_connection { &self.fresh } else { &self.kept };
        let mut watch = Stopwatch::start();
        let mut outcome = self.perform(first, foreign, options.timeout).await.map_err(refuse)?;
        // The crate does not say whether the connection had been kept, and so may have been closed while idle: a
        // second try on a new one tells.
        if let Some(again) = again.filter(|_| is_closed(&outcome)) {
            watch = Stopwatch::start();
            outcome = self.perform(&self.fresh, again, options.timeout).await.map_err(refuse)?;
        }
        let elapsed = watch.elapsed();
        Ok(Exchange { request, sent: Bytes::new(), outcome, elapsed })
    }

    /// `Err` is what our own machine could not do.
    async fn perform(&self, client: &Client, request: Foreign, limit: Duration) -> Result<Outcome, String> {
        match timeout(limit, client.execute(request)).await {
            Ok(Ok(answer)) => Ok(self.read(answer, limit).await),
            Ok(Err(error)) => match fault::local_limit(&error) {
                Some(reason) => Err(reason),
                None => Ok(Outcome::Fault(fault::before_head(error))),
            },
            Err(_) => Ok(Outcome::Fault(timed_out(limit))),
        }
    }

    async fn read(&self, mut answer: Answer, limit: Duration) -> Outcome {
        let status = answer.status().as_u16();
        let headers = headers(&answer);
        let mut body = Body { kept: Vec::new(), seen: 0, declared: answer.content_length().unwrap_or(0) };
        let ending = match timeout(limit, body.read(&mut answer, &self.limits)).await {
            Ok(Ok(ending)) => ending,
            Ok(Err(error)) => return Outcome::Fault(fault::within_body(error)),
            Err(_) => Ending::Streaming,
        };
        let length = body.seen.max(if ending == Ending::Complete { 0 } else { body.declared });
        Outcome::Response(Response::ended(status, headers, body.kept.into(), length, ending))
    }
}

impl Transport for Reqwest {
    fn name(&self) -> &'static str {
        NAME
    }

    fn send(&self, request: Arc<Request>, options: Options) -> BoxFuture<'_, Result<Exchange, Error>> {
        Box::pin(self.exchange(request, options))
    }
}

/// A body on its way in.
struct Body {
    kept: Vec<u8>,
    seen: u64,
    declared: u64,
}

impl Body {
    async fn read(&mut self, answer: &mut Answer, limits: &Limits) -> Result<Ending, ::reqwest::Error> {
        while let Some(chunk) = answer.chunk().await? {
            let room = limits.kept - self.kept.len();
            self.kept.extend_from_slice(&chunk[..chunk.len().min(room)]);
            self.seen += chunk.len() as u64;
            let hopeless = self.declared > limits.read && self.kept.len() == limits.kept;
            if hopeless || self.seen > limits.read {
                return Ok(Ending::Bounded);
            }
        }
        Ok(if self.seen > self.kept.len() as u64 { Ending::Bounded } else { Ending::Complete })
    }
}

fn client(proxy: Option<&str>, tls: ClientConfig, idle: usize) -> Result<Client, ::reqwest::Error> {
    let builder = Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(redirect::Policy::none())
        .referer(false)
        .pool_max_idle_per_host(idle)
        .no_proxy();
    match proxy {
        Some(url) => builder.proxy(Proxy::all(url)?).build(),
        None => builder.build(),
    }
}

fn headers(answer: &Answer) -> Headers {
    let fields = answer.headers().iter();
    fields.map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect()
}

fn is_closed(outcome: &Outcome) -> bool {
    outcome.is_fault(FaultKind::Closed)
}

fn timed_out(limit: Duration) -> Fault {
    let detail = format!("no answer within {limit:?}");
    Fault { kind: FaultKind::TimedOut, detail, partial: Bytes::new() }
}

fn set_up(reason: String) -> SetUpError {
    SetUpError { transport: NAME, reason }
}
