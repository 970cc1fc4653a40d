//! Where things are, and which cookies are asked for. Part of [`Graph`].

use std::sync::Arc;

use super::graph::{Graph, Kind, Need};
use super::harvest::COOKIE;
use super::name;
use crate::api::{Location, Operation};

/// Where each thing of a kind is, as far as the document says: `/widgets/{widgetId}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    /// The segment before the name.
    pub(super) before: String,
    /// By what it is named there.
    pub(super) field: String,
}

impl Graph {
    /// What a URL calls a thing of this kind, and by which field paths ask for it; `None` if no path is so.
    pub(super) fn placed(&self, kind: &str, url: &str) -> Option<(&str, String)> {
        let path = url.split(['?', '#']).next()?.trim_end_matches('/');
        let (before, last) = path.rsplit_once('/')?;
        let before = before.rsplit('/').next()?;
        let item = self.items.get(kind)?.iter().find(|item| item.before == before)?;
        let value = percent_encoding::percent_decode_str(last).decode_utf8_lossy().into_owned();
        (!value.is_empty()).then_some((item.field.as_str(), value))
    }

    /// The kind of a cookie of this name, if some operation asks for it.
    pub(super) fn cookie(&self, name: &str) -> Option<Kind> {
        self.cookies.get(cookie(name).as_str()).map(Arc::clone)
    }

    /// The parameters into which a cookie of their name goes, should one be set: those of cookies, and of headers such as
    /// `X-CSRF-Token`, that name nothing else.
    pub(super) fn cookies_of(operation: &Operation, needs: &[Need]) -> Vec<Need> {
        let all = operation.parameters.iter().enumerate();
        let free = all.filter(|(index, declared)| {
            let is_cookie = matches!(declared.location, Location::Cookie | Location::Header);
            is_cookie && needs.iter().all(|need| need.parameter != *index)
        });
        free.map(|(parameter, declared)| Need {
            parameter,
            kind: cookie(&declared.name).into(),
            field: COOKIE.to_owned(),
        })
        .collect()
    }
}

/// The kind of a cookie: no path, parameter or schema has one of that name.
fn cookie(name: &str) -> String {
    let mut words = name::words(name);
    if words.len() > 1 && words[0] == "x" {
        words.remove(0);
    }
    format!("set_cookie_{}", words.concat())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scenario::encode::samples::operation;

    fn graph() -> Graph {
        let path = json!([{"name": "widgetId", "in": "path", "required": true, "schema": {"type": "string"}}]);
        let asking = json!([
            {"name": "sid", "in": "cookie", "schema": {"type": "string"}},
            {"name": "X-CSRF-Token", "in": "header", "schema": {"type": "string"}},
            {"name": "q", "in": "query", "schema": {"type": "string"}}
        ]);
        Graph::new(&[
            operation("POST", "/widgets", json!({})),
            operation("GET", "/widgets/{widgetId}", json!({"parameters": path})),
            operation("GET", "/cart", json!({"parameters": asking})),
        ])
    }

    #[test]
    fn urls_name_what_paths_ask_for() {
        let graph = graph();
        let placed = |url: &str| graph.placed("widget", url).map(|(field, value)| format!("{field}={value}"));
        assert_eq!(placed("/widgets/7").as_deref(), Some("id=7"));
        assert_eq!(placed("https://example.com/v1/widgets/a%20b/?x=1").as_deref(), Some("id=a b"));
        assert_eq!(placed("/widgets"), None);
        assert_eq!(placed("/widgets/7/parts"), None);
        assert_eq!(placed("/gears/7"), None);
    }

    #[test]
    fn cookies_go_where_their_names_fit() {
        let graph = graph();
        let known = ["sid", "csrftoken", "csrf_token", "q", "theme"];
        let asked: Vec<_> = known.into_iter().filter(|name| graph.cookie(name).is_some()).collect();
        assert_eq!(asked, ["sid", "csrftoken", "csrf_token"]);
    }
}
