//! Errors of the crate `reqwest` as faults of the target. It decides nothing but the class.

use std::error::Error as StdError;
use std::io;

use bytes::Bytes;

use crate::transport::local;
use crate::wire::{Fault, FaultKind};

/// The fault behind an error that came before the answer's head did.
pub(super) fn before_head(error: ::reqwest::Error) -> Fault {
    let kind = if error.is_connect() {
        FaultKind::Refused
    } else if is_unparsable(&error) {
        FaultKind::Unparsable
    } else {
        // hyper does not tell whether it had seen a part of the head.
        FaultKind::Closed
    };
    fault(kind, error)
}

/// The fault behind an error in the body.
pub(super) fn within_body(error: ::reqwest::Error) -> Fault {
    let kind = if is_unparsable(&error) { FaultKind::Unparsable } else { FaultKind::Truncated };
    fault(kind, error)
}

/// What to do about it, if the error is our machine's.
pub(super) fn local_limit(error: &::reqwest::Error) -> Option<String> {
    causes(error).find_map(|cause| cause.downcast_ref::<io::Error>().and_then(local::limit))
}

/// Chunks that are none come as an `io::Error` inside hyper's.
fn is_unparsable(error: &::reqwest::Error) -> bool {
    causes(error).any(|cause| {
        let by_hyper = cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse);
        let kind = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        by_hyper || matches!(kind, Some(io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData))
    })
}

/// The URL may hold a secret; and what the causes say is not in the error's own text.
pub(super) fn explain(error: ::reqwest::Error) -> String {
    let error = error.without_url();
    let mut texts: Vec<String> = causes(&error).map(ToString::to_string).collect();
    texts.dedup();
    texts.join(": ")
}

fn causes(error: &::reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    let first: &(dyn StdError + 'static) = error;
    std::iter::successors(Some(first), |error| (*error).source())
}

fn fault(kind: FaultKind, error: ::reqwest::Error) -> Fault {
    Fault { kind, detail: explain(error), partial: Bytes::new() }
}
