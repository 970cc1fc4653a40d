//! Which texts of a case that makes something are likely to be refused the second time. Main functions: [`all`], [`names`].

use crate::api::Location;
use crate::generate::Generators;
use crate::resource::{Name, Use};
use crate::scenario::{Case, Content, Datum, Unique};
use crate::schema::escape_token;

/// The most texts of one body.
const MOST: usize = 8;

/// What a case that made something is to call differently when it is sent again; `is_put` says that it put something where
/// nothing was.
pub(super) fn all(case: &Case, uses: &[Use], is_put: bool, generators: &Generators) -> Vec<Name> {
    let place = is_put.then(|| place(case, uses, generators)).flatten();
    names(case, generators).into_iter().chain(place).collect()
}

/// The texts of the body that are called like names, and may be any word. Those of the document's own examples may be
/// names of what is there already, and those that the user fixed must be these.
pub(crate) fn names(case: &Case, generators: &Generators) -> Vec<Name> {
    let Some(body) = case.body.as_ref().filter(|_| case.provenance.generator.0 != "examples") else {
        return Vec::new();
    };
    let Content::Value(value) = &body.content else { return Vec::new() };
    let schema = case.operation.body.as_ref().and_then(|declared| declared.schema_of(&body.media_type));
    let mut changed = value.clone();
    let mut takes = |pointer: &str, text: &str| {
        let Some(here) = changed.at_mut(pointer) else { return false };
        let before = std::mem::replace(here, Datum::string(text));
        let conforms = schema.is_none_or(|schema| changed.conforms(schema));
        if let Some(here) = changed.at_mut(pointer) {
            *here = before;
        }
        conforms
    };
    let mut found = Vec::new();
    usual(value, "", &mut String::new(), &mut found);
    found.retain(|pointer| !generators.is_fixed(&case.operation, None, pointer));
    let sample = Unique::of("", 0);
    let name = |pointer: String| {
        let is_email = !takes(&pointer, &sample.word());
        (!is_email || takes(&pointer, &sample.email())).then(|| Name {
            parameter: None,
            pointer: pointer.into(),
            is_email,
        })
    };
    found.into_iter().filter_map(name).collect()
}

/// The word that the path ends with, if the case is to put something there that is called so: the next time it would be there
/// already. Odd words stay, since they may be what matters.
fn place(case: &Case, uses: &[Use], generators: &Generators) -> Option<Name> {
    let operation = &case.operation;
    let is_last = |name: &str| operation.path.ends_with(&format!("/{{{name}}}"));
    let mut parameters = operation.parameters.iter();
    let index = parameters.position(|one| one.location == Location::Path && is_last(&one.name))?;
    let is_free =
        uses.iter().all(|used| used.parameter != Some(index)) && !generators.is_fixed(operation, Some(index), "");
    let argument = case.arguments.iter().find(|argument| argument.parameter == index).filter(|_| is_free)?;
    let Datum::String(text) = &argument.value else { return None };
    let is_odd = text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    let other = Datum::string(format!("{}{}", Unique::of("", 0).word(), Name::extension(text)));
    let conforms = !is_odd && other.conforms(&operation.parameters[index].schema);
    conforms.then(|| Name { parameter: Some(index), pointer: "".into(), is_email: false })
}

/// Pointers to texts in members that are called like names.
fn usual(value: &Datum, member: &str, pointer: &mut String, found: &mut Vec<String>) {
    let length = pointer.len();
    match value {
        Datum::String(_) if found.len() < MOST && Unique::is_usual(member) => found.push(pointer.clone()),
        Datum::Object(members) => {
            for (name, inner) in members {
                pointer.push('/');
                pointer.push_str(&escape_token(name));
                usual(inner, name, pointer, found);
                pointer.truncate(length);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;
    use crate::generate::standard;
    use crate::scenario::encode::samples::{case, operation, with_body};

    #[track_caller]
    fn check(body: &Value, expected: &[(&str, bool)]) {
        let schema = json!({"type": "object", "properties": {
            "name": {"type": "string"}, "email": {"type": "string", "format": "email"},
            "label": {"type": "string", "enum": ["red"]}, "note": {"type": "string"}
        }});
        let operation = operation("POST", "/a", json!({"body": {"application/json": {"schema": schema}}}));
        let case = with_body(case(&operation, &[]), "application/json", body);
        let found = names(&case, &standard(&Arc::default()));
        let found: Vec<_> = found.iter().map(|name| (&*name.pointer, name.is_email)).collect();
        assert_eq!(found, expected, "{body}");
    }

    #[test]
    fn names_that_may_be_any_word_are_found() {
        check(&json!({"name": "x", "note": "x", "label": "red"}), &[("/name", false)]);
        check(&json!({"email": "a@example.org", "in": {"title": "x"}}), &[("/email", true), ("/in/title", false)]);
        check(&json!({"name": 1}), &[]);
    }
}
