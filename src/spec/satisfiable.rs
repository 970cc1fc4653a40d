//! Schemas of requests that no value meets. Main function: [`check`].
//!
//! What such a schema is asked of can't be sent as valid, which its author wants to know. Answers are left out: that
//! none can meet its schema shows when one comes. Nothing is changed here.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::draft::Notebook;
use crate::api::Operation;
use crate::schema::Schema;

/// Notes every parameter and body whose schema is met by nothing; a schema that several share is noted once.
pub(super) fn check(operations: &[Arc<Operation>], notebook: &mut Notebook) {
    let mut seen = BTreeSet::new();
    for operation in operations {
        notebook.operation = Some(operation.id.clone());
        for parameter in &operation.parameters {
            let what = format!("the {} parameter `{}`", parameter.location.word(), parameter.name);
            note(&parameter.schema, &what, &mut seen, notebook);
        }
        for media in operation.body.iter().flat_map(|body| &body.contents) {
            if let Some(schema) = &media.schema {
                note(schema, &format!("the {} body", media.name), &mut seen, notebook);
            }
        }
    }
    notebook.operation = None;
}

fn note(schema: &Schema, what: &str, seen: &mut BTreeSet<String>, notebook: &mut Notebook) {
    let resolved = schema.resolved();
    if !seen.insert(resolved.pointer().to_owned()) {
        return;
    }
    let Some(why) = resolved.contradiction() else { return };
    let message = format!("no value meets this schema: {why}; {what} is never sent as valid");
    notebook.skipped(resolved.pointer(), message);
}

#[cfg(test)]
mod tests {
    use crate::api::OperationId;
    use crate::spec::{Level, load_bytes};

    #[track_caller]
    fn check(schema: &str, expected: Option<&str>) {
        let text = format!(
            "openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\npaths:\n  /a:\n    post:\n      requestBody: {{content: \
             {{application/json: {{schema: {{$ref: '#/components/schemas/A'}}}}}}}}\n      responses: {{200: \
             {{description: ok}}}}\ncomponents:\n  schemas:\n    A: {schema}\n"
        );
        let notes = load_bytes("a.yaml", text.as_bytes()).unwrap().notes;
        let told: Vec<_> = notes.iter().filter(|note| note.level == Level::Skipped).collect();
        assert_eq!(told.len(), usize::from(expected.is_some()), "{notes:?}");
        for (note, part) in told.iter().zip(expected) {
            assert!(note.message.contains(part), "{}", note.message);
            assert_eq!(note.pointer, "/components/schemas/A");
            assert_eq!(note.position.as_ref().map(|at| at.line), Some(10));
            assert_eq!(note.operation.as_ref().map(OperationId::as_str), Some("POST /a"));
        }
    }

    #[test]
    fn what_nothing_meets_is_told() {
        check("{allOf: [{type: string}, {type: integer}]}", Some("exclude each other"));
        check("{type: string, minLength: 3, maxLength: 2}", Some("exclude each other"));
        check("{type: object, required: [a], properties: {a: {$ref: '#/components/schemas/A'}}}", Some("without end"));
        check(
            "{type: object, required: [a], properties: {a: {allOf: [{enum: [1]}, {enum: [2]}]}}}",
            Some("exclude each other at /a"),
        );
    }

    #[test]
    fn what_something_meets_is_not() {
        check("{required: [a], properties: {a: {$ref: '#/components/schemas/A'}}}", None);
        check("{type: object, properties: {a: {$ref: '#/components/schemas/A'}}}", None);
        check("{type: array, items: {$ref: '#/components/schemas/A'}}", None);
        check("{anyOf: [{type: string}, {allOf: [{type: string}, {type: integer}]}]}", None);
    }
}
