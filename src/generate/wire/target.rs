//! Odd paths and queries: bytes that are no text, broken percent-encoding, parameters in forms nobody declared.
//!
//! What can't be said as a value is written into the operation's path template, which goes out as it is.

use std::sync::Arc;

use bytes::Bytes;

use crate::api::Location;
use crate::generate::plan::{Origin, Place, Plan};
use crate::scenario::{Case, Datum, Intent};

/// An odd path value as template text, which is sent as it stands.
const PATHS: &[(u8, &str)] = &[
    (1, "%"),
    (1, "%00"),
    (1, "%ff"),
    (2, "%c0%af"),
    (2, "%2F"),
    (2, "%zz"),
    (3, "%2e%2e"),
    (3, ""),
    (3, "%20"),
    (3, "%0d%0a"),
    (3, "a%00b"),
    (3, ";a=b"),
    (3, "%ed%a0%80"),
    (3, "%f4%90%80%80"),
    (3, "%252e%252e%252f"),
    (3, "%5c"),
];

/// An odd query in place of a parameter's, `p` standing for its name.
const QUERIES: &[(u8, &str)] = &[
    (1, "p=%"),
    (1, "p=%ff"),
    (1, "p=%00"),
    (2, "p[]=1"),
    (2, "p[a]=1"),
    (2, "p=1&p=2"),
    (3, "p"),
    (3, "p=%zz"),
    (3, "p[a][b][c]=1"),
    (3, "p[]=1&p[a]=2"),
    (3, "p[=1"),
    (3, "p=%c3%28"),
    (3, "p=%ed%a0%80"),
    (3, "p=+"),
    (3, "p=1;p=2"),
    (3, "p[__proto__]=1"),
    (3, "P=1"),
];

/// Odd queries for every operation.
const ANY_QUERY: &[(u8, &str)] = &[(3, "%"), (3, "&&=&"), (3, "=1"), (3, "%ff=%ff"), (3, "gadfly%00=1"), (3, "?")];

/// One oddity of the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Odd {
    /// The path parameter of the first index has the text of the second.
    Path(u16, u8),
    /// The path parameter is very long.
    LongPath(u16),
    /// The query parameter of the first index has the form of the second.
    Query(u16, u8),
    /// One of the queries for every operation.
    Any(u8),
    /// The query parameter stands there very many times.
    Many(u16),
}

/// The oddities of a plan's target.
pub(super) fn odds(plan: &Plan) -> Vec<(u8, Odd)> {
    let mut out = Vec::new();
    for (index, parameter) in plan.operation.parameters.iter().enumerate() {
        let index = u16::try_from(index).unwrap_or(u16::MAX);
        match parameter.location {
            Location::Path => {
                out.extend(PATHS.iter().enumerate().map(|(text, (rank, _))| (*rank, Odd::Path(index, byte(text)))));
                out.push((2, Odd::LongPath(index)));
            }
            Location::Query => {
                out.extend(QUERIES.iter().enumerate().map(|(form, (rank, _))| (*rank, Odd::Query(index, byte(form)))));
                out.push((3, Odd::Many(index)));
            }
            _ => {}
        }
    }
    out.extend(ANY_QUERY.iter().enumerate().map(|(index, (rank, _))| (*rank, Odd::Any(byte(index)))));
    out
}

/// The usual case with one oddity.
pub(super) fn case(plan: &Plan, odd: Odd, origin: Origin) -> Option<Case> {
    let mut case = plan.usual(origin, Intent::Wire("odd_target"));
    match odd {
        Odd::Path(parameter, text) => {
            let name = &plan.operation.parameters.get(usize::from(parameter))?.name;
            let (_, text) = PATHS.get(usize::from(text))?;
            let template = plan.operation.path.replace(&format!("{{{name}}}"), text);
            with_path(&mut case, template);
            drop_argument(&mut case, parameter);
        }
        Odd::LongPath(parameter) => {
            plan.put(&mut case, Place::Parameter(parameter), Datum::RawString(Bytes::from(vec![b'a'; 6_000])));
        }
        Odd::Query(parameter, form) => {
            let name = &plan.operation.parameters.get(usize::from(parameter))?.name;
            let (_, form) = QUERIES.get(usize::from(form))?;
            let upper = name.to_uppercase();
            let query = form.replace('P', &upper).replace('p', name);
            let query = if form.contains("proto") { format!("{name}[__proto__]=1") } else { query };
            add_query(&mut case, &query);
            drop_argument(&mut case, parameter);
        }
        Odd::Any(index) => add_query(&mut case, ANY_QUERY.get(usize::from(index))?.1),
        Odd::Many(parameter) => {
            let name = &plan.operation.parameters.get(usize::from(parameter))?.name;
            let many = vec![format!("{name}=1"); 500.min(6_000 / (name.len() + 3))];
            add_query(&mut case, &many.join("&"));
            drop_argument(&mut case, parameter);
        }
    }
    Some(case)
}

fn drop_argument(case: &mut Case, parameter: u16) {
    case.arguments.retain(|argument| argument.parameter != usize::from(parameter));
}

fn add_query(case: &mut Case, query: &str) {
    let path = case.operation.path.split('#').next().unwrap_or_default();
    let mark = if path.contains('?') { '&' } else { '?' };
    let template = format!("{path}{mark}{query}");
    with_path(case, template);
}

fn with_path(case: &mut Case, template: String) {
    let mut operation = (*case.operation).clone();
    operation.path = template;
    case.operation = Arc::new(operation);
}

fn byte(index: usize) -> u8 {
    u8::try_from(index).unwrap_or(u8::MAX)
}
