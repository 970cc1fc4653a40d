//! What a part of the end of a run may take. Main function: [`before`].

use std::pin::Pin;
use std::time::Duration;

use futures_util::future::{FusedFuture, FutureExt};

/// Sleeps, or for ever where there is no limit. It may be asked again when it is over.
pub(super) fn left(duration: Duration) -> impl FusedFuture<Output = ()> {
    sleep(duration).fuse()
}

/// What comes of it, unless the time is over before, or was already.
pub(super) async fn before<T>(
    mut time: Pin<&mut impl FusedFuture<Output = ()>>,
    work: impl Future<Output = T>,
) -> Option<T> {
    if time.is_terminated() {
        return None;
    }
    tokio::select! {
        biased;
        () = &mut time => None,
        done = work => Some(done),
    }
}

/// Sleeps, or for ever where there is no limit.
pub(super) async fn sleep(duration: Duration) {
    if duration == Duration::MAX {
        std::future::pending::<()>().await;
    }
    tokio::time::sleep(duration).await;
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use super::*;

    #[tokio::test]
    async fn when_the_time_is_over_nothing_more_is_begun() {
        let mut time = pin!(left(Duration::ZERO));
        assert_eq!(before(time.as_mut(), std::future::pending::<()>()).await, None);
        assert_eq!(before(time.as_mut(), std::future::ready(1)).await, None);
        let mut ever = pin!(left(Duration::MAX));
        assert_eq!(before(ever.as_mut(), std::future::ready(1)).await, Some(1));
    }
}
