//! From a case to the bytes that are sent. Main function: [`encode`].
//!
//! Every case becomes a request, also one that no client library would write. Parameters are written in their styles
//! (OpenAPI 3.1 section 4.8.12), bodies as their media type asks. What is text is percent-encoded byte by byte
//! (RFC 3986), so that values never change the structure of the request; a case that means to do that says so in the
//! operation's path template or with a raw body.

mod body;
mod form;
mod header_cookie;
mod media;
mod multipart;
mod path_query;
mod percent;
#[cfg(test)]
mod properties;
#[cfg(test)]
pub(crate) mod samples;
mod style;
mod xml;

use bytes::Bytes;

use super::{Argument, Case, Datum};
use crate::api::{Location, Parameter};
use crate::wire::Request;

pub(crate) use header_cookie::is_sendable;
pub(crate) use media::{Kind, kind};

/// The case as a request, without credentials. `base_path` is put before the operation's path.
pub fn encode(case: &Case, base_path: &str) -> Request {
    let mut request = Request::new(case.operation.method.clone(), path_query::target(case, base_path));
    let written = case.body.as_ref().map(|body| body::write(&case.operation, body));
    header_cookie::push_all(case, written.as_ref().map(|written| written.media_type.as_str()), &mut request.headers);
    if let Some(written) = written {
        request.body = Bytes::from(written.bytes);
    }
    request
}

/// Writes the target of the case's request anew, after parameters of the path or the query have changed.
pub fn retarget(request: &mut Request, case: &Case, base_path: &str) {
    request.target = path_query::target(case, base_path);
}

/// The case's arguments in this place, in the case's order.
fn arguments(case: &Case, location: Location) -> impl Iterator<Item = (&Parameter, &Datum)> {
    case.arguments.iter().filter_map(move |Argument { parameter, value }| {
        let parameter = case.operation.parameters.get(*parameter)?;
        (parameter.location == location).then_some((parameter, value))
    })
}

#[cfg(test)]
mod tests;
