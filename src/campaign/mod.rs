//! The library's front door: one fuzzing run from a specification to a summary.
//!
//! Main types: [`Options`], [`Error`], function [`run()`]. It owns the order of things; each thing is done elsewhere.

mod afterwards;
mod alarms;
mod book;
mod budget;
mod ending;
mod error;
mod falls;
mod keep;
mod lineage;
mod options;
mod pipeline;
mod proof;
mod proving;
mod reach;
mod renewed;
mod results;
mod run;
mod shares;
mod standing;
mod summary;
mod target;
mod throttle;
mod time;
mod witness;

use std::sync::Arc;

pub use error::Error;
pub use options::{Filter, Options, Protection, Target, TransportKind};
pub(crate) use shares::planner;
pub(crate) use target::{check_reachable, executor};

use crate::api::{Api, Operation};
use crate::engine::Ledger;
use crate::generate;
use crate::report::{Event, Reporter, Summary};
use crate::resource::Graph;
use crate::spec::Loaded;

/// Fuzzes the API and tells the reporter what happens.
pub async fn run(loaded: &Loaded, options: Options, reporter: &mut dyn Reporter) -> Result<Summary, Error> {
    let operations = operations(&loaded.api, &options)?;
    let graph = Arc::new(Graph::with_links(&operations, &options.links));
    let mut executor = executor(&options)?;
    if options.protection.clean_up {
        let generators = generate::standard(&options.values);
        let ledger = Ledger::new(&operations, Arc::clone(&graph), generators, &options.target.base_path);
        executor.ledger = Some(Arc::new(ledger));
    }
    let operations: Vec<_> = operations.into_iter().filter(|operation| options.concerns(operation)).collect();
    if operations.is_empty() {
        let reason = "of those with a recorded request none passes --include and --exclude";
        return Err(Error::NoOperation(reason.to_owned()));
    }
    check_reachable(&executor, &options).await?;
    reporter.event(&Event::Started {
        api: &loaded.api,
        base_url: &options.target.base_url(),
        seed: options.seed,
        operations: operations.len(),
    })?;
    // It is large, and callers need not know.
    Box::pin(run::Run::new(loaded, operations, graph, executor, &options, reporter)?.finish(loaded)).await
}

/// The operations that are meant: at least one.
pub(crate) fn operations(api: &Api, options: &Options) -> Result<Vec<Arc<Operation>>, Error> {
    let operations: Vec<_> = api.operations.iter().filter(|one| options.selects(one)).cloned().collect();
    if operations.is_empty() {
        let all = api.operations.len();
        return Err(Error::NoOperation(format!("of {all} in the document none passes --include and --exclude")));
    }
    Ok(operations)
}
