//! The way to the target, and whether somebody listens there. Main function: [`executor`].

use std::sync::Arc;

use super::{Error, Options, TransportKind};
use crate::engine::{self, Executor, Manner, Supervised};
use crate::transport::{self, Http1, Limits, Reqwest, Transport};
use crate::wire::{Exchange, FaultKind, Request, RunId};

/// How often a target that is watched is started anew before the first request.
const STARTS: u32 = 5;

/// The way to the target that the options ask for.
pub(crate) fn executor(options: &Options) -> Result<Executor, Error> {
    let origin = options.target.origin.clone();
    let run_id = run_id(options);
    let reqwest = |proxy| Ok::<_, Error>(Reqwest::new(origin.clone(), proxy)?.with_run_id(run_id.clone()));
    let transport: Arc<dyn Transport> = match (options.transport, &options.proxy) {
        (TransportKind::Reqwest, proxy) => Arc::new(reqwest(proxy.as_deref())?),
        (TransportKind::Auto, Some(proxy)) => Arc::new(reqwest(Some(proxy))?),
        (TransportKind::Auto | TransportKind::Http1, _) => {
            Arc::new(Http1::new(origin, Limits::default()).with_run_id(run_id.clone()))
        }
    };
    let identities = Arc::new(options.identities.clone());
    identities.require(&options.identity).map_err(engine::Error::from)?;
    let (manner, lingers) = (Manner::Beside, false);
    let process = options.process.clone().map(|watch| Supervised { watch, manner, lingers, run_id });
    let options = transport::Options { timeout: options.timeout, fresh_connection: false };
    Ok(Executor { transport, identities, options, ledger: None, process })
}

/// What names the requests in the target's log, if they are named. It is the same in each run with this seed, since it may
/// come back in an answer.
pub(super) fn run_id(options: &Options) -> Option<RunId> {
    let run = u32::try_from(options.seed.child("run id", 0).number() >> 32).unwrap_or_default();
    options.run_id.of_run(run, options.process.is_some())
}

/// Asks for the base URL, only to see whether somebody listens.
pub(super) async fn probe(executor: &Executor, options: &Options) -> Result<Exchange, Error> {
    let request = Request::new("GET", format!("{}/", options.target.base_path));
    let options = transport::Options { fresh_connection: true, ..executor.options };
    Ok(executor.transport.send(Arc::new(request), options).await?)
}

/// The same of a target that is started anew first, if it is watched and down.
async fn probe_up(executor: &Executor, options: &Options) -> Result<Exchange, Error> {
    if let Some(process) = &executor.process {
        process.watch.settle().await;
    }
    probe(executor, options).await
}

/// Whether no connection was taken.
pub(super) fn is_refused(exchange: &Exchange) -> bool {
    exchange.outcome.is_fault(FaultKind::Refused)
}

/// An error if nobody takes connections. A target that is watched may be down for a moment, since somebody else who uses it
/// has just ended it.
pub(crate) async fn check_reachable(executor: &Executor, options: &Options) -> Result<(), Error> {
    let mut exchange = probe_up(executor, options).await?;
    for _ in 0..STARTS {
        let is_down = executor.process.as_ref().is_some_and(|process| !process.watch.supervisor().is_up());
        if !is_down || !is_refused(&exchange) {
            break;
        }
        exchange = probe_up(executor, options).await?;
    }
    match exchange.outcome.fault() {
        Some(fault) if fault.kind == FaultKind::Refused => {
            Err(Error::Unreachable { base_url: options.target.base_url(), reason: fault.detail.clone() })
        }
        _ => Ok(()),
    }
}
