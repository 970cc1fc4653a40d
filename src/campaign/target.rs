//! The way to the target, and whether somebody listens there. Main function: [`executor`].

use std::sync::Arc;

use super::{Error, Options, TransportKind};
use crate::engine::{self, Executor, Manner, Supervised};
use crate::transport::{self, Transport};
use crate::wire::{Exchange, FaultKind, Request};

/// The way to the target that the options ask for.
pub(crate) fn executor(options: &Options) -> Result<Executor, Error> {
    let origin = options.target.origin.clone();
    let transport: Arc<dyn Transport> = match (options.transport, &options.proxy) {
        (TransportKind::Reqwest, proxy) => transport::reqwest(origin, proxy.as_deref())?,
        (TransportKind::Auto, Some(proxy)) => transport::reqwest(origin, Some(proxy))?,
        (TransportKind::Auto | TransportKind::Http1, _) => transport::http1(origin),
    };
    let identities = Arc::new(options.identities.clone());
    identities.require(&options.identity).map_err(engine::Error::from)?;
    let process = options.process.clone().map(|watch| Supervised { watch, manner: Manner::Beside });
    let options = transport::Options { timeout: options.timeout, fresh_connection: false };
    Ok(Executor { transport, identities, options, ledger: None, process })
}

/// Asks for the base URL, only to see whether somebody listens.
pub(super) async fn probe(executor: &Executor, options: &Options) -> Result<Exchange, Error> {
    let request = Request::new("GET", format!("{}/", options.target.base_path));
    let options = transport::Options { fresh_connection: true, ..executor.options };
    Ok(executor.transport.send(Arc::new(request), options).await?)
}

/// Whether no connection was taken.
pub(super) fn is_refused(exchange: &Exchange) -> bool {
    exchange.outcome.is_fault(FaultKind::Refused)
}

/// An error if nobody takes connections.
pub(crate) async fn check_reachable(executor: &Executor, options: &Options) -> Result<(), Error> {
    let exchange = probe(executor, options).await?;
    match exchange.outcome.fault() {
        Some(fault) if fault.kind == FaultKind::Refused => {
            Err(Error::Unreachable { base_url: options.target.base_url(), reason: fault.detail.clone() })
        }
        _ => Ok(()),
    }
}
