//! Which operation a recorded request is of. Main function: [`find`].

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;

use super::session::Plan;
use crate::api::{Api, Operation};
use crate::scenario::fits_path;
use crate::wire::Request;

/// What may stand before a recorded path, the longest first.
pub(super) fn bases(plan: &Plan<'_>) -> Vec<String> {
    let path_of = |server: &String| match url::Url::parse(server) {
        Ok(url) => url.path().to_owned(),
        Err(_) => server.split(['?', '#']).next().unwrap_or_default().to_owned(),
    };
    let mut bases: Vec<String> = match plan.recorded_path {
        Some(path) => vec![path.to_owned()],
        None => plan.api.servers.iter().map(path_of).chain([plan.base_path.to_owned(), String::new()]).collect(),
    };
    for base in &mut bases {
        base.truncate(base.trim_end_matches('/').len());
    }
    bases.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    bases.dedup();
    bases
}

/// The most specific operation of a request, and its target below what stands before every path.
pub(super) fn find<'a>(
    api: &'a Api,
    bases: &[String],
    request: &Request,
) -> Result<(&'a Arc<Operation>, Bytes), String> {
    let mut others: BTreeSet<&str> = BTreeSet::new();
    for base in bases {
        let Some(below) = request.target.strip_prefix(base.as_bytes()) else { continue };
        if !base.is_empty() && !matches!(below.first(), None | Some(b'/' | b'?')) {
            continue;
        }
        let below = if below.starts_with(b"/") { below.to_vec() } else { [b"/", below].concat() };
        let fits = api.operations.iter().filter(|operation| fits_path(operation, &below));
        let (same, other): (Vec<_>, Vec<_>) = fits.partition(|operation| operation.method == request.method);
        if let Some(operation) = same.into_iter().min_by_key(|operation| generality(&operation.path)) {
            return Ok((operation, below.into()));
        }
        others.extend(other.iter().map(|operation| operation.method.as_str()));
    }
    Err(match others.len() {
        0 => "no operation of the document has such a path".to_owned(),
        _ => format!("the document has no {} there, only {}", request.method, Vec::from_iter(others).join(", ")),
    })
}

/// Which segments of a template are names; of two that fit, the one with the later names is meant.
fn generality(template: &str) -> Vec<bool> {
    template.split('/').map(|segment| segment.contains('{')).collect()
}
