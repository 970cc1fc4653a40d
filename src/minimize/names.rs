//! Names that a scenario gives, made new each time that it is sent. Main functions: [`texts`], [`renewed`],
//! [`under_new_names`].
//!
//! Where names must be unique, each candidate that is accepted takes the one that it was sent with, and from then on nothing
//! shows what the finding shows. Whether another name shows it as well is for the search to try.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;

use super::draft::{Draft, Place};
use super::simpler::{Kind, Value};
use crate::import::free;
use crate::scenario::{Scenario, Step, Unique, placeholder};
use crate::schema::is_uuid;

/// The most names of one scenario.
const MOST: usize = 8;

/// Which texts may be names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wide {
    /// Those that are called so, and the words that we make ourselves.
    Usual,
    /// Those in the paths of requests that may change something there.
    Paths,
    /// All plain texts with letters in them, of requests that may make something.
    Any,
}

/// The texts that may be names, in the order in which they are sent.
pub(super) fn texts(scenario: &Scenario, wide: Wide) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for step in &scenario.steps {
        let draft = Draft::of_step(step);
        for (place, value) in draft.values() {
            let Ok(text) = std::str::from_utf8(&value.text) else { continue };
            let is_named =
                draft.name_of(place).and_then(|name| std::str::from_utf8(name).ok()).is_some_and(Unique::is_usual);
            let in_body = || matches!(place, Place::Scalar(_) | Place::Field(_)) && !step.request.is_safe();
            let own = || Unique::is_word(text.split('@').next().unwrap_or_default());
            let is_wanted = match wide {
                Wide::Usual => own() || in_body() && is_named,
                Wide::Paths => matches!(place, Place::Segment(_)) && !step.request.is_safe() && is_chosen(text),
                Wide::Any => own() || in_body() && (is_named || has_letters(text)),
            };
            let is_text = matches!(value.kind, Kind::Text | Kind::Segment) && is_plain(text);
            if is_text && is_wanted && !found.iter().any(|known| known == text) {
                found.push(text.to_owned());
            }
        }
    }
    found.truncate(MOST);
    found
}

/// The scenario with something new in place of each of these texts, wherever they stand by themselves; `None` if they stand
/// nowhere.
pub fn renewed<'a>(scenario: &Scenario, texts: impl IntoIterator<Item = &'a String>) -> Option<Scenario> {
    let mut is_changed = false;
    let mut renewed = scenario.clone();
    let declared = |step: &Step| -> Vec<String> {
        step.captures.iter().map(|capture| capture.name.clone()).chain(step.fresh.iter().cloned()).collect()
    };
    let mut taken: BTreeSet<String> = scenario.steps.iter().flat_map(declared).collect();
    for text in texts.into_iter().filter(|text| !text.is_empty()) {
        let name = free("fresh", &mut taken);
        let mark = Bytes::from(marked(text, &name));
        let mut is_first = true;
        for step in &mut renewed.steps {
            let mut draft = Draft::of_step(step);
            let same = |value: &Value| matches!(value.kind, Kind::Text | Kind::Segment) && value.means(text);
            let places: Vec<_> = draft.values().into_iter().filter(|(_, value)| same(value)).collect();
            if places.is_empty() {
                continue;
            }
            for (place, _) in places {
                draft = draft.with(place, &mark);
            }
            step.request = Arc::new(draft.request());
            step.fresh.extend(std::mem::take(&mut is_first).then(|| name.clone()));
            is_changed = true;
        }
    }
    is_changed.then_some(renewed)
}

/// The scenario with something new in place of each name that it gives; `None` if it gives none.
pub fn under_new_names(scenario: &Scenario) -> Option<Scenario> {
    renewed(scenario, &texts(scenario, Wide::Usual))
}

/// The scenario without the names of values that nobody needs any more.
pub(super) fn tidied(scenario: &Scenario) -> Scenario {
    let mut tidied = scenario.clone();
    for step in &mut tidied.steps {
        step.fresh.retain(|name| scenario.steps.iter().any(|step| step.mentions(name)));
    }
    tidied
}

/// Whether whoever makes a thing may have chosen this text for it.
fn is_chosen(text: &str) -> bool {
    has_letters(text) && !is_uuid(text)
}

fn has_letters(text: &str) -> bool {
    text.contains(char::is_alphabetic)
}

/// Odd texts stay: they may be what matters.
fn is_plain(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b" ._@+-".contains(&byte);
    !text.is_empty() && text.bytes().all(is_plain)
}

/// Something new of the same length where it is longer than a word, and an address where it is one.
fn marked(text: &str, name: &str) -> String {
    if !is_plain(text) {
        return placeholder(name);
    }
    let (local, domain) = text.split_at(text.find('@').unwrap_or(text.len()));
    let rest = local.get(Unique::LENGTH..).unwrap_or_default();
    format!("{}{rest}{domain}", placeholder(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::OperationId;
    use crate::scenario::{ANONYMOUS, IdentityName};
    use crate::wire::Request;

    fn step(operation: &str, target: &str, kind: &str, body: &str) -> Step {
        let (method, _) = operation.split_once(' ').unwrap();
        let mut request = Request::new(method, target.to_owned());
        request.headers.push("Content-Type", kind.to_owned());
        request.body = body.to_owned().into();
        let (operation, request) = (OperationId::from_text(operation), Arc::new(request));
        let identity = IdentityName::new(ANONYMOUS);
        Step { operation, identity, request, fresh: vec![], captures: vec![], case: None, at_once: false }
    }

    const JSON: &str = "application/json";

    #[test]
    fn what_is_called_a_name_may_be_one() {
        let long = r#"{"name":"w0GoYILtexmj644dawiw34aX","note":"x","title":"a'b","of":[{"email":"a@b.c"}],"key":7}"#;
        let form = "application/x-www-form-urlencoded";
        let scenario = Scenario::plain(vec![
            step("POST /a", "/a", JSON, long),
            step("PUT /a/{id}", "/a/gab2cd3ef4gh?q=gab2cd3ef4gi", form, "login=ann&x=1"),
            step("GET /a", "/a?name=bob", JSON, ""),
        ]);
        let usual = ["w0GoYILtexmj644dawiw34aX", "a@b.c", "ann", "gab2cd3ef4gi", "gab2cd3ef4gh"];
        assert_eq!(texts(&scenario, Wide::Usual), usual);
        let any = ["w0GoYILtexmj644dawiw34aX", "x", "a@b.c", "ann", "gab2cd3ef4gi", "gab2cd3ef4gh"];
        assert_eq!(texts(&scenario, Wide::Any), any);
        let put = |target: &str| step("PUT /a/{id}", target, JSON, r#"{"name":"ann"}"#);
        let ids = [put("/a/7"), put("/a/00000000-0000-4000-8000-00000000000a"), step("GET /a/{id}", "/a/y", JSON, "")];
        let scenario = Scenario::plain([vec![put("/a/x")], ids.to_vec()].concat());
        assert_eq!(texts(&scenario, Wide::Paths), ["x"]);
    }

    #[test]
    fn a_name_is_new_wherever_it_stands() {
        let mut first = step("POST /a", "/a", JSON, r#"{"name":"ann","as":"ann","n":"annx"}"#);
        first.fresh = vec!["fresh".to_owned()];
        let scenario = Scenario::plain(vec![first, step("GET /a/{id}", "/a/ann?of=ann", JSON, "")]);
        assert!(renewed(&scenario, &["bob".to_owned()]).is_none());
        let renewed = renewed(&scenario, &["ann".to_owned()]).unwrap();
        let shown: Vec<_> = renewed.steps.iter().map(|step| (step.request.target_text(), &step.request.body)).collect();
        let body = Bytes::from_static(br#"{"name":"{{fresh_2}}","as":"{{fresh_2}}","n":"annx"}"#);
        assert_eq!(shown, [("/a".into(), &body), ("/a/{{fresh_2}}?of={{fresh_2}}".into(), &Bytes::new())]);
        let fresh: Vec<_> = renewed.steps.iter().map(|step| step.fresh.clone()).collect();
        assert_eq!(fresh, [vec!["fresh", "fresh_2"], vec![]]);
        assert_eq!(tidied(&renewed).steps[0].fresh, ["fresh_2"]);
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(marked(text, "n"), expected);
    }

    #[test]
    fn a_new_name_is_like_the_old_one() {
        check("ann", "{{n}}");
        check("w0GoYILtexmj644dawiw34aX", "{{n}}644dawiw34aX");
        check("ann@example.com", "{{n}}@example.com");
        check("\u{202e} one and another", "{{n}}");
    }
}
