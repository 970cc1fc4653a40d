//! From the parts of a key to the schemas that apply: `$ref` and `allOf` are followed, choices are collected.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::arena::Arena;
use super::clauses::{asks_nothing, clauses};
use super::merge::Merger;
use super::part::{Key, Part};
use super::{Constraints, NodeId, negation};
use crate::schema::Document;
use crate::schema::document::{escape_token, pointer_of};

/// How many schemas may be folded into one node: a bound against documents made to be slow.
const MAX_FOLDED: usize = 512;

/// A choice that a value must make: one set of parts per branch.
struct Choice {
    id: Arc<str>,
    branches: Vec<Vec<Part>>,
    /// Whether there may be values beyond the branches.
    narrowed: bool,
}

/// A schema that applies, and the component through which it was reached by `allOf`, if so.
struct Reached {
    pointer: Arc<str>,
    heir: Option<Arc<str>>,
}

/// Everything that applies to a node.
#[derive(Default)]
struct Closure<'a> {
    schemas: Vec<(Arc<str>, &'a Map<String, Value>)>,
    choices: Vec<Choice>,
    tags: Vec<(Arc<str>, Arc<str>)>,
    is_false: bool,
    name: Option<Arc<str>>,
}

/// Compiles the node of this key.
pub(super) fn node(document: &Document, arena: &Arena, key: &Key) -> Constraints {
    let mut closure = Closure::default();
    closure.collect(document, key);
    if key.parts().contains(&Part::Untagged) {
        closure.tags.clear();
    }
    let name = closure.name.take();
    if closure.is_false {
        return Constraints { impossible: true, name, ..Constraints::default() };
    }
    let mut merger = Merger::new(document, arena);
    for (pointer, schema) in &closure.schemas {
        merger.fold(pointer, schema);
    }
    let from_key = key.parts().iter().cloned();
    merger.finish(from_key.chain(closure.tags.into_iter().map(|(name, value)| Part::Tag(name, value))), |constraints| {
        constraints.name = name;
        constraints.clauses = clauses(&closure.schemas);
        let choice = closure.choices.iter().find(|choice| !key.has_decided(&choice.id));
        constraints.narrowed |= choice.is_some_and(|choice| choice.narrowed);
        constraints.alternatives = choice.map(|choice| branches(arena, key, choice)).unwrap_or_default();
    })
}

fn branches(arena: &Arena, key: &Key, choice: &Choice) -> Vec<NodeId> {
    let decided = || Part::Decided(Arc::clone(&choice.id));
    choice.branches.iter().map(|parts| arena.intern(key.with(parts.iter().cloned().chain([decided()])))).collect()
}

impl<'a> Closure<'a> {
    fn collect(&mut self, document: &'a Document, key: &Key) {
        let mut queue: Vec<Reached> = Vec::new();
        for part in key.parts().iter().rev() {
            if let Part::Schema(pointer) = part {
                queue.push(Reached { pointer: Arc::clone(pointer), heir: None });
            }
        }
        while let Some(reached) = queue.pop() {
            let seen = self.schemas.iter().any(|(pointer, _)| *pointer == reached.pointer);
            if seen || self.schemas.len() >= MAX_FOLDED {
                continue;
            }
            match document.at(&reached.pointer) {
                Some(Value::Object(schema)) => self.visit(document, key, &reached, schema, &mut queue),
                Some(Value::Bool(false)) => self.is_false = true,
                _ => {}
            }
        }
    }

    fn visit(
        &mut self,
        document: &'a Document,
        key: &Key,
        reached: &Reached,
        schema: &'a Map<String, Value>,
        queue: &mut Vec<Reached>,
    ) {
        let pointer = &reached.pointer;
        self.schemas.push((Arc::clone(pointer), schema));
        self.is_false |= schema.get("not").is_some_and(asks_nothing);
        if self.name.is_none() {
            self.name = pointer.strip_prefix("/components/schemas/").filter(|name| !name.contains('/')).map(Into::into);
        }
        if let Some(Value::Array(all)) = schema.get("allOf") {
            let heir = reached.heir.clone().unwrap_or_else(|| Arc::clone(pointer));
            for index in (0..all.len()).rev() {
                let pointer = format!("{pointer}/allOf/{index}").into();
                queue.push(Reached { pointer, heir: Some(Arc::clone(&heir)) });
            }
        }
        for keyword in ["$ref", "$dynamicRef"] {
            if let Some(target) = schema.get(keyword).and_then(Value::as_str).and_then(pointer_of) {
                queue.push(Reached { pointer: target.into(), heir: reached.heir.clone() });
            }
        }
        self.choices_of(document, key, reached, schema);
    }

    fn choices_of(&mut self, document: &'a Document, key: &Key, reached: &Reached, schema: &'a Map<String, Value>) {
        let pointer = &reached.pointer;
        let discriminator = Discriminator::of(schema);
        let mut is_tagged = false;
        for keyword in ["oneOf", "anyOf"] {
            let Some(Value::Array(branches)) = schema.get(keyword) else { continue };
            let branch = |index: usize| {
                let own: Arc<str> = format!("{pointer}/{keyword}/{index}").into();
                let tag = discriminator.as_ref().and_then(|found| found.tag(document, &own));
                [Some(Part::schema(document, &own)), tag].into_iter().flatten().collect()
            };
            let id = format!("{pointer}/{keyword}").into();
            let branches = (0..branches.len()).map(branch).collect();
            self.choices.push(Choice { id, branches, narrowed: false });
            is_tagged = true;
        }
        if let (Some(discriminator), false) = (discriminator, is_tagged) {
            self.inheritance(document, key, reached, &discriminator);
        }
        self.conditions(pointer, schema);
    }

    /// A discriminator without `oneOf`: the heirs are those that name this schema in their `allOf`.
    fn inheritance(&mut self, document: &Document, key: &Key, reached: &Reached, discriminator: &Discriminator<'_>) {
        if let Some(heir) = &reached.heir {
            if let Some(Part::Tag(name, value)) = discriminator.tag(document, heir) {
                self.tags.push((name, value));
            }
            return;
        }
        let pointer = &reached.pointer;
        let id: Arc<str> = format!("{pointer}/discriminator").into();
        if key.has_decided(&id) {
            return;
        }
        let heirs = discriminator.heirs(document, pointer);
        let branch = |heir: &Arc<str>| {
            let tag = discriminator.tag(document, heir);
            [Some(Part::schema(document, heir)), tag].into_iter().flatten().collect()
        };
        if !heirs.is_empty() {
            self.choices.push(Choice { id, branches: heirs.iter().map(branch).collect(), narrowed: true });
        }
    }

    /// `if` and `dependentSchemas` are choices between meeting the condition and not.
    fn conditions(&mut self, pointer: &str, schema: &Map<String, Value>) {
        let below = |tokens: &str| Part::Schema(format!("{pointer}/{tokens}").into());
        if schema.contains_key("if") {
            let when = |keyword: &str| schema.contains_key(keyword).then(|| below(keyword));
            let met = [Some(below("if")), when("then")].into_iter().flatten().collect();
            let against = negation::against(schema.get("if"), &format!("{pointer}/if"));
            let unmet = when("else").into_iter().chain(against).collect();
            self.choices.push(Choice {
                id: format!("{pointer}/if").into(),
                branches: vec![met, unmet],
                narrowed: true,
            });
        }
        if let Some(Value::Object(dependents)) = schema.get("dependentSchemas") {
            for name in dependents.keys() {
                let token = format!("dependentSchemas/{}", escape_token(name));
                let member: Arc<str> = name.as_str().into();
                let with = vec![Part::Require(Arc::clone(&member)), below(&token)];
                let branches = vec![vec![Part::Forbid(member)], with];
                self.choices.push(Choice { id: format!("{pointer}/{token}").into(), branches, narrowed: false });
            }
        }
    }
}

/// A discriminator object (OpenAPI 3.1 section 4.8.25).
struct Discriminator<'a> {
    property: &'a str,
    mapping: Option<&'a Map<String, Value>>,
}

impl<'a> Discriminator<'a> {
    fn of(schema: &'a Map<String, Value>) -> Option<Self> {
        match schema.get("discriminator")? {
            Value::Object(object) => Some(Self {
                property: object.get("propertyName")?.as_str()?,
                mapping: object.get("mapping").and_then(Value::as_object),
            }),
            Value::String(property) => Some(Self { property, mapping: None }),
            _ => None,
        }
    }

    /// The value that tells of the schema at this pointer, or at what it refers to: by the mapping, else by its name.
    fn tag(&self, document: &Document, pointer: &str) -> Option<Part> {
        let target = landing(document, pointer);
        let mapped = self.mapping.and_then(|mapping| {
            mapping.iter().find(|(_, to)| to.as_str().map(mapped_pointer).as_deref() == Some(&*target))
        });
        let name = match mapped {
            Some((name, _)) => name.as_str(),
            None => target.strip_prefix("/components/schemas/").filter(|name| !name.contains('/'))?,
        };
        Some(Part::Tag(self.property.into(), name.into()))
    }

    /// The schemas that stand for a schema with this discriminator.
    fn heirs(&self, document: &Document, base: &str) -> Vec<Arc<str>> {
        let mut heirs: Vec<Arc<str>> = Vec::new();
        let mut add = |pointer: String| {
            if document.at(&pointer).is_some() && !heirs.iter().any(|heir| **heir == *pointer) {
                heirs.push(pointer.into());
            }
        };
        if let Some(mapping) = self.mapping {
            mapping.values().filter_map(Value::as_str).map(mapped_pointer).for_each(&mut add);
            return heirs;
        }
        let components = document.at("/components/schemas").and_then(Value::as_object);
        for (name, schema) in components.into_iter().flatten() {
            let all = schema.get("allOf").and_then(Value::as_array);
            let refers =
                |part: &Value| part.get("$ref").and_then(Value::as_str).and_then(pointer_of).as_deref() == Some(base);
            if all.is_some_and(|all| all.iter().any(refers)) {
                add(format!("/components/schemas/{}", escape_token(name)));
            }
        }
        heirs
    }
}

/// Where a chain of bare references ends.
fn landing(document: &Document, pointer: &str) -> String {
    let mut here = pointer.to_owned();
    for _ in 0..16 {
        let reference = document.at(&here).and_then(|schema| schema.get("$ref")).and_then(Value::as_str);
        let Some(next) = reference.and_then(pointer_of) else { break };
        here = next;
    }
    here
}

/// What a mapping's value names: a reference, or the bare name of a component.
fn mapped_pointer(text: &str) -> String {
    pointer_of(text).unwrap_or_else(|| format!("/components/schemas/{}", escape_token(text)))
}
