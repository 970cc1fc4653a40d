//! At most so many requests at once, whoever sends them. Main function: [`limited`]. It knows nothing of rates.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::Semaphore;

use super::{Error, Options, Transport};
use crate::wire::{Exchange, Request};

struct Limited {
    inner: Arc<dyn Transport>,
    turns: Semaphore,
    most: u32,
}

/// The same transport with at most so many requests under way; one that waits for its turn has not begun, so that its time
/// does not run. Requests that go out at once wait until all of them may.
pub fn limited(inner: Arc<dyn Transport>, most: u32) -> Arc<dyn Transport> {
    let most = most.max(1);
    Arc::new(Limited { inner, turns: Semaphore::new(most as usize), most })
}

impl Transport for Limited {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn send(&self, request: Arc<Request>, options: Options) -> BoxFuture<'_, Result<Exchange, Error>> {
        async move {
            // Nobody closes it: there is always a turn to come.
            let _turn = self.turns.acquire().await;
            self.inner.send(request, options).await
        }
        .boxed()
    }

    fn send_at_once(
        &self,
        requests: Vec<Arc<Request>>,
        options: Options,
    ) -> BoxFuture<'_, Result<Vec<Exchange>, Error>> {
        async move {
            let number = u32::try_from(requests.len()).unwrap_or(u32::MAX).min(self.most);
            let _turns = self.turns.acquire_many(number).await;
            self.inner.send_at_once(requests, options).await
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use futures_util::future::join_all;

    use super::*;
    use crate::transport::canned;

    /// Yields while requests are under way, and counts them.
    #[derive(Default)]
    struct Busy {
        now: AtomicU32,
        most: AtomicU32,
    }

    impl Transport for Busy {
        fn name(&self) -> &'static str {
            "busy"
        }

        fn send(&self, request: Arc<Request>, _: Options) -> BoxFuture<'_, Result<Exchange, Error>> {
            async move {
                let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
                self.most.fetch_max(now, Ordering::SeqCst);
                for _ in 0..10 {
                    tokio::task::yield_now().await;
                }
                self.now.fetch_sub(1, Ordering::SeqCst);
                let outcome = canned::json(200, &serde_json::json!({}));
                Ok(Exchange { request, sent: bytes::Bytes::new(), outcome, elapsed: Duration::ZERO })
            }
            .boxed()
        }
    }

    #[tokio::test]
    async fn no_more_than_so_many_are_under_way() {
        let options = Options { timeout: Duration::from_secs(1), fresh_connection: true };
        let request = || Arc::new(Request::new("GET", "/"));
        for (most, group, expected) in [(3, 1, 3), (0, 1, 1), (4, 2, 4), (1, 2, 2)] {
            let busy = Arc::new(Busy::default());
            let transport = limited(Arc::clone(&busy) as Arc<dyn Transport>, most);
            assert_eq!(transport.name(), "busy");
            let send = |_| async {
                if group == 1 {
                    transport.send(request(), options).await.map(|one| vec![one])
                } else {
                    transport.send_at_once((0..group).map(|_| request()).collect(), options).await
                }
            };
            let all = join_all((0..20).map(send)).await;
            assert!(all.iter().all(|sent| sent.as_ref().is_ok_and(|exchanges| exchanges.len() == group)));
            assert_eq!(busy.most.load(Ordering::SeqCst), expected, "{most} {group}");
        }
    }
}
