//! Ends what was made at the target. Main functions: [`clean_up`], [`clean_up_all`]. What that is,
//! [`Ledger::left`](super::Ledger::left) tells.

use std::time::Duration;

use futures_util::stream::{Stream, StreamExt, TryStreamExt};

use super::{Error, Executor};
use crate::scenario::Scenario;
use crate::seed::Seed;

/// Sends what ends things, in this order: so many at once, each after a pause. Gives the number of requests that each took;
/// whoever asks for no more of them ends it there.
pub fn clean_up(
    executor: &Executor,
    things: Vec<Scenario>,
    seed: Seed,
    width: usize,
    pause: Duration,
) -> impl Stream<Item = Result<u64, Error>> + use<> {
    let executor = executor.clone();
    let end = move |scenario| end(executor.clone(), scenario, seed, pause);
    futures_util::stream::iter(things).map(end).buffer_unordered(width)
}

/// Ends all that the executor's ledger knows, one after the other; without a ledger nothing.
pub async fn clean_up_all(executor: &Executor, seed: Seed) -> Result<(), Error> {
    let left = executor.ledger.as_ref().map(|ledger| ledger.left()).unwrap_or_default();
    clean_up(executor, left, seed, 1, Duration::ZERO).try_for_each(|_| async { Ok(()) }).await
}

async fn end(executor: Executor, scenario: Scenario, seed: Seed, pause: Duration) -> Result<u64, Error> {
    tokio::time::sleep(pause).await;
    let exchanges = executor.run(&scenario, seed).await?.exchanges;
    for exchange in &exchanges {
        // Somebody else ended it: nothing of it is left.
        if let (Some(404 | 410), Some(ledger)) = (exchange.outcome.status(), &executor.ledger) {
            ledger.gone(&exchange.request);
        }
    }
    Ok(exchanges.len() as u64)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::engine::Ledger;
    use crate::identity::Identities;
    use crate::resource::Graph;
    use crate::scenario::{ANONYMOUS, IdentityName, Step};
    use crate::spec::load_bytes;
    use crate::transport::{Canned, Options, canned};
    use crate::wire::Request;

    const NOTES: &str = "\
openapi: 3.1.0
info: {title: Notes, version: '1'}
paths:
  /notes:
    post: {responses: {'201': {description: made}}}
  /notes/{id}:
    delete:
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      responses: {'204': {description: gone}}
";

    /// Makes a note and cleans up, where a deletion is answered like this; what is left is checked.
    #[track_caller]
    fn check(answer: u16, left: usize) {
        let api = load_bytes("notes.yaml", NOTES.as_bytes()).unwrap().api;
        let graph = Arc::new(Graph::with_links(&api.operations, &[]));
        let ledger = Arc::new(Ledger::new(&api.operations, graph, ""));
        let status = move |request: &Request| if &*request.method == "POST" { 201 } else { answer };
        let executor = Executor {
            transport: Arc::new(Canned::new(move |request: &Request| canned::json(status(request), &json!({"id": 7})))),
            identities: Arc::new(Identities::new()),
            options: Options { timeout: Duration::from_secs(1), fresh_connection: false },
            ledger: Some(Arc::clone(&ledger)),
            process: None,
        };
        let made = Scenario::single(Step {
            operation: api.operations[0].id.clone(),
            identity: IdentityName::new(ANONYMOUS),
            request: Arc::new(Request::new("POST", "/notes")),
            fresh: vec![],
            captures: vec![],
            case: None,
            at_once: false,
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let requests: Vec<u64> = runtime.block_on(async {
            executor.run(&made, Seed::new(1)).await.unwrap();
            clean_up(&executor, ledger.left(), Seed::new(1), 2, Duration::ZERO).try_collect().await.unwrap()
        });
        assert_eq!((requests, ledger.left().len()), (vec![1], left), "{answer}");
    }

    #[test]
    fn what_was_deleted_or_is_not_there_is_not_left() {
        check(204, 0);
        check(404, 0);
        check(410, 0);
        check(403, 1);
    }
}
