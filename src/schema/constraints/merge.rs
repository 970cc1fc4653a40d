//! Folds the keywords of several schemas into one set of constraints. Main type: [`Merger`].

use std::cmp::Ordering;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::arena::{Arena, NodeId};
use super::equal::equal;
use super::part::{Key, Part};
use super::{Constraints, Limit, Property, Types, negation};
use crate::schema::Document;
use crate::schema::document::{escape_token, pointer_of};
use crate::schema::format::Format;
use crate::schema::literal::Literal;
use crate::schema::pattern::Pattern;

/// Keywords that this view does not express.
const UNPROVED: [&str; 4] = ["not", "if", "unevaluatedItems", "maxContains"];

/// What is being folded.
pub(super) struct Merger<'a> {
    document: &'a Document,
    arena: &'a Arena,
    schemas: Vec<(Arc<str>, &'a Map<String, Value>)>,
    out: Constraints,
}

impl<'a> Merger<'a> {
    pub(super) fn new(document: &'a Document, arena: &'a Arena) -> Self {
        let out = Constraints { types: Types::ANY, ..Constraints::default() };
        Self { document, arena, schemas: Vec::new(), out }
    }

    /// Takes the keywords that need no other schema to be understood.
    pub(super) fn fold(&mut self, pointer: &Arc<str>, schema: &'a Map<String, Value>) {
        self.schemas.push((Arc::clone(pointer), schema));
        if let Some(types) = schema.get("type") {
            self.out.types = self.out.types.and(Types::of_keyword(types));
        }
        self.out.types = self.out.types.without(negation::types(schema));
        if let Some(Value::Array(members)) = schema.get("enum") {
            self.restrict(members);
        }
        if let Some(value) = schema.get("const") {
            self.restrict(std::slice::from_ref(value));
        }
        self.numbers(schema);
        self.strings(schema);
        self.sizes(schema);
        self.hints(schema);
        self.out.exclusive |= schema.contains_key("oneOf");
        self.out.unproved |= UNPROVED.iter().any(|keyword| schema.contains_key(*keyword));
    }

    fn restrict(&mut self, members: &[Value]) {
        match &mut self.out.enumeration {
            Some(allowed) => allowed.retain(|value| members.iter().any(|member| equal(member, value))),
            none => *none = Some(members.to_vec()),
        }
    }

    /// A discriminator asks for this value; an enum that does not have it knows better.
    fn tag(&mut self, tag: &str) {
        let value = Value::from(tag);
        if self.out.types.overlaps(Types::STRING)
            && self.out.enumeration.as_ref().is_none_or(|all| all.contains(&value))
        {
            self.out.enumeration = Some(vec![value]);
        }
    }

    fn numbers(&mut self, schema: &Map<String, Value>) {
        let digits = self.document.digits();
        let number = |keyword: &str| Some(Literal::new(schema.get(keyword)?.as_number()?, digits));
        let rules = &mut self.out.number;
        for (keyword, exclusive) in [("minimum", false), ("exclusiveMinimum", true)] {
            if let Some(value) = number(keyword) {
                tighten(&mut rules.minimum, Limit { value, exclusive }, Ordering::Greater);
            }
        }
        for (keyword, exclusive) in [("maximum", false), ("exclusiveMaximum", true)] {
            if let Some(value) = number(keyword) {
                tighten(&mut rules.maximum, Limit { value, exclusive }, Ordering::Less);
            }
        }
        if let Some(step) = number("multipleOf").filter(|step| step.as_f64().is_some_and(|step| step > 0.0)) {
            // Two different steps have a common multiple that is rarely wanted; validation judges the product.
            self.out.unproved |= rules.multiple_of.is_some();
            rules.multiple_of = Some(step);
        }
    }

    fn strings(&mut self, schema: &Map<String, Value>) {
        let rules = &mut self.out.string;
        rules.min_length = rules.min_length.max(size(schema, "minLength").unwrap_or(0));
        rules.max_length = least(rules.max_length, size(schema, "maxLength"));
        if let Some(pattern) = schema.get("pattern").and_then(Value::as_str) {
            if !rules.patterns.iter().any(|known| known.source() == pattern) {
                rules.patterns.push(Arc::new(Pattern::new(pattern)));
            }
            self.out.unproved |= rules.patterns.len() > 1;
        }
        let named = schema.get("format").and_then(Value::as_str).and_then(Format::named);
        let encoded = schema.get("contentEncoding").and_then(Value::as_str).and_then(Format::encoded);
        if rules.format.is_none() {
            rules.is_format_judged =
                named.is_some_and(|format| schema.get("format").is_some_and(|name| name == format.name()));
        }
        rules.format = rules.format.or(named).or(encoded);
    }

    fn sizes(&mut self, schema: &Map<String, Value>) {
        let array = &mut self.out.array;
        array.min_items = array.min_items.max(size(schema, "minItems").unwrap_or(0));
        array.max_items = least(array.max_items, size(schema, "maxItems"));
        array.unique |= schema.get("uniqueItems") == Some(&Value::Bool(true));
        if schema.contains_key("contains") {
            array.min_contains = array.min_contains.max(size(schema, "minContains").unwrap_or(1));
            array.min_items = array.min_items.max(array.min_contains);
        }
        let object = &mut self.out.object;
        object.min_properties = object.min_properties.max(size(schema, "minProperties").unwrap_or(0));
        object.max_properties = least(object.max_properties, size(schema, "maxProperties"));
        if let Some(Value::Object(dependents)) = schema.get("dependentRequired") {
            for (name, needed) in dependents {
                let needed = needed.as_array().into_iter().flatten().filter_map(Value::as_str).map(Into::into);
                object.dependent.push((name.as_str().into(), needed.collect()));
            }
        }
    }

    fn hints(&mut self, schema: &Map<String, Value>) {
        let many = schema.get("examples").and_then(Value::as_array).into_iter().flatten();
        let all = schema.get("example").into_iter().chain(many).chain(schema.get("default"));
        for hint in all {
            if !self.out.hints.contains(hint) {
                self.out.hints.push(hint.clone());
            }
        }
    }

    /// Takes what needs all schemas at once, and the parts that are no schemas.
    pub(super) fn finish(
        mut self,
        parts: impl Iterator<Item = Part>,
        complete: impl FnOnce(&mut Constraints),
    ) -> Constraints {
        let parts: Vec<Part> = parts.collect();
        self.arrays();
        self.objects(&parts);
        self.out.narrowed = parts.iter().any(|part| matches!(part, Part::Tag(..) | Part::Differ(..)));
        self.out.narrowed |= self.schemas.iter().any(|(_, schema)| negation::is_rough(schema));
        if let Some(tag) = parts.iter().find_map(Part::own_tag) {
            self.tag(tag);
        }
        for pointer in parts.iter().filter_map(Part::own_differ) {
            negation::exclude(self.document, pointer, &mut self.out);
        }
        for pointer in self.under("not") {
            negation::exclude(self.document, &pointer, &mut self.out);
        }
        let out = &mut self.out;
        if let Some(members) = &mut out.enumeration {
            let types = out.types;
            members.retain(|value| types.overlaps(Types::of_value(value)));
            out.impossible |= members.is_empty();
        }
        let possible = out.types.without(super::ranges::empty(out));
        if out.types != Types::ANY {
            out.types = possible;
        }
        out.unproved |= possible != out.types;
        out.impossible |= possible.is_empty();
        out.preferred = super::preferred::preferred(out, &self.schemas);
        complete(&mut self.out);
        self.out
    }

    fn intern(&self, pointers: &[Arc<str>]) -> NodeId {
        self.arena.intern(self.key(pointers))
    }

    fn key(&self, pointers: &[Arc<str>]) -> Key {
        Key::of(pointers.iter().map(|pointer| Part::schema(self.document, pointer)))
    }

    /// Pointers to the schemas that stand under a keyword.
    fn under(&self, keyword: &str) -> Vec<Arc<str>> {
        let with = self.schemas.iter().filter(|(_, schema)| schema.contains_key(keyword));
        with.map(|(pointer, _)| format!("{pointer}/{keyword}").into()).collect()
    }

    fn is_false(&self, keyword: &str) -> bool {
        self.schemas.iter().any(|(_, schema)| schema.get(keyword) == Some(&Value::Bool(false)))
    }

    fn arrays(&mut self) {
        let prefix_of =
            |schema: &Map<String, Value>| schema.get("prefixItems").and_then(Value::as_array).map_or(0, Vec::len);
        let longest = self.schemas.iter().map(|(_, schema)| prefix_of(schema)).max().unwrap_or(0);
        let prefix = (0..longest).map(|index| {
            let at = |(pointer, schema): &(Arc<str>, &Map<String, Value>)| {
                let own = index < prefix_of(schema);
                let rest = schema.contains_key("items").then(|| format!("{pointer}/items").into());
                if own { Some(format!("{pointer}/prefixItems/{index}").into()) } else { rest }
            };
            self.intern(&self.schemas.iter().filter_map(at).collect::<Vec<_>>())
        });
        self.out.array.prefix = prefix.collect();
        let contains = self.under("contains");
        let items = self.under("items");
        if !contains.is_empty() {
            self.out.array.contains = Some(self.intern(&[contains, items.clone()].concat()));
            self.out.unproved = true;
        }
        self.out.array.items = if self.is_false("items") {
            None
        } else if !items.is_empty() {
            Some(self.intern(&items))
        } else if self.is_false("unevaluatedItems") {
            // What `contains` has looked at is evaluated.
            self.out.array.contains
        } else {
            Some(self.intern(&self.under("unevaluatedItems")))
        };
    }

    fn objects(&mut self, parts: &[Part]) {
        let is_shut = self.is_false("additionalProperties");
        self.out.object.is_unevaluated = !is_shut && self.is_false("unevaluatedProperties");
        let closed = is_shut || self.out.object.is_unevaluated;
        let additional = [self.under("additionalProperties"), self.under("unevaluatedProperties")].concat();
        let written =
            additional.iter().filter(|pointer| !matches!(self.document.at(pointer), Some(Value::Bool(_)) | None));
        self.out.object.is_map = written.count() > 0;
        self.out.object.additional = (!closed).then(|| self.intern(&additional));
        let names = self.under("propertyNames");
        self.out.object.property_names = (!names.is_empty()).then(|| self.intern(&names));
        self.pattern_properties();
        self.properties(parts);
    }

    fn pattern_properties(&mut self) {
        for (pointer, schema) in &self.schemas {
            let Some(Value::Object(patterns)) = schema.get("patternProperties") else { continue };
            for pattern in patterns.keys() {
                let node = self.intern(&[format!("{pointer}/patternProperties/{}", escape_token(pattern)).into()]);
                self.out.object.pattern_properties.push((Arc::new(Pattern::new(pattern)), node));
            }
        }
    }

    fn properties(&mut self, parts: &[Part]) {
        let mut required: Vec<&str> = Vec::new();
        for (pointer, schema) in &self.schemas {
            let named =
                schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
            required.extend(named.filter(|name| !self.is_relaxed(pointer, schema, name)));
        }
        let mut names: Vec<&str> = Vec::new();
        let declared = self.schemas.iter().filter_map(|(_, schema)| schema.get("properties")?.as_object());
        names.extend(declared.flat_map(|properties| properties.keys().map(String::as_str)));
        let denied = self.schemas.iter().filter_map(|(_, schema)| negation::member(schema)).map(Into::into);
        self.out.object.forbidden = denied.collect();
        for part in parts {
            match part {
                Part::Forbid(name) => self.out.object.forbidden.push(Arc::clone(name)),
                Part::Require(name) => required.push(name),
                Part::Differ(name, _) if !name.is_empty() => required.push(name),
                Part::Tag(name, _) if !name.is_empty() => names.push(name),
                _ => {}
            }
        }
        names.extend(&required);
        let mut seen = std::collections::BTreeSet::new();
        names.retain(|name| seen.insert(*name));
        let properties: Vec<Property> = names.iter().filter_map(|name| self.property(name, &required, parts)).collect();
        // A required member that may not be there at all makes the whole impossible, unless a server sets it.
        let is_made = |name: &str| properties.iter().any(|property| *property.name == *name);
        let barred = required.iter().find(|name| !is_made(name) && !self.is_set_by_server(name));
        let barred: Option<Arc<str>> = barred.map(|name| (*name).into());
        self.out.impossible |= self.out.types == Types::OBJECT && barred.is_some();
        // Where other types are allowed, objects that are made do not conform.
        self.out.unproved |= barred.is_some();
        self.out.object.barred = barred;
        self.out.object.properties = properties;
    }

    /// The schemas that apply to a member of this name.
    fn all_applying(&self, name: &str) -> Vec<Arc<str>> {
        let mut applying = Vec::new();
        for (pointer, schema) in &self.schemas {
            Self::applying(pointer, schema, name, &mut applying);
        }
        applying
    }

    fn is_set_by_server(&self, name: &str) -> bool {
        self.all_applying(name).iter().any(|pointer| self.is_read_only(pointer))
    }

    fn property(&self, name: &str, required: &[&str], parts: &[Part]) -> Option<Property> {
        if self.out.object.forbidden.iter().any(|forbidden| **forbidden == *name) {
            return None;
        }
        let applying = self.all_applying(name);
        let is_false = |pointer: &Arc<str>| self.document.at(pointer) == Some(&Value::Bool(false));
        if applying.iter().any(is_false) {
            return None;
        }
        let tag = parts.iter().find(|part| matches!(part, Part::Tag(tagged, _) if **tagged == *name));
        let read_only = applying.iter().any(|pointer| self.is_read_only(pointer));
        let differ = |part: &Part| match part {
            Part::Differ(member, pointer) if **member == *name => Some(Part::Differ("".into(), Arc::clone(pointer))),
            _ => None,
        };
        let key = self.key(&applying).with(parts.iter().filter_map(differ));
        let node = match tag {
            // Within its own node a tag says what the value itself is.
            Some(Part::Tag(_, value)) => self.arena.intern(key.with([Part::Tag("".into(), Arc::clone(value))])),
            _ => self.arena.intern(key),
        };
        // A tag, and what another part requires, must be there in any case.
        let required = tag.is_some() || required.contains(&name);
        Some(Property { name: name.into(), node, required, read_only })
    }

    /// The schemas that one schema applies to a member of this name.
    fn applying(pointer: &str, schema: &Map<String, Value>, name: &str, out: &mut Vec<Arc<str>>) {
        let before = out.len();
        if schema.get("properties").and_then(|properties| properties.get(name)).is_some() {
            out.push(format!("{pointer}/properties/{}", escape_token(name)).into());
        }
        if let Some(Value::Object(patterns)) = schema.get("patternProperties") {
            let matching = patterns.keys().filter(|pattern| Pattern::new(pattern).matches(name));
            out.extend(matching.map(|pattern| format!("{pointer}/patternProperties/{}", escape_token(pattern)).into()));
        }
        if out.len() == before && schema.contains_key("additionalProperties") {
            out.push(format!("{pointer}/additionalProperties").into());
        }
    }

    /// Whether the validator's view of a request drops the member from what the schema requires.
    fn is_relaxed(&self, pointer: &str, schema: &Map<String, Value>, name: &str) -> bool {
        let is_declared = schema.get("properties").and_then(|properties| properties.get(name)).is_some();
        is_declared && self.is_read_only(&format!("{pointer}/properties/{}", escape_token(name)))
    }

    /// The same rule as the validator's view: the flag stands at the property, or at what it refers to.
    fn is_read_only(&self, pointer: &str) -> bool {
        let flagged = |schema: &Value| schema.get("readOnly") == Some(&Value::Bool(true));
        let Some(schema) = self.document.at(pointer) else { return false };
        let target = schema.get("$ref").and_then(Value::as_str).and_then(pointer_of);
        flagged(schema) || target.and_then(|target| self.document.at(&target)).is_some_and(flagged)
    }
}

fn size(schema: &Map<String, Value>, keyword: &str) -> Option<usize> {
    let value = schema.get(keyword)?;
    // `3.0` is a size as well.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be whole and positive")]
    let of_fraction = || value.as_f64().filter(|size| *size >= 0.0 && size.fract() == 0.0).map(|size| size as u64);
    usize::try_from(value.as_u64().or_else(of_fraction)?).ok()
}

fn least(one: Option<usize>, other: Option<usize>) -> Option<usize> {
    one.into_iter().chain(other).min()
}

fn tighten(limit: &mut Option<Limit>, other: Limit, better: Ordering) {
    let replaces = match limit {
        None => true,
        Some(known) => {
            let order = other.value.compare(&known.value);
            order == better || order == Ordering::Equal && other.exclusive
        }
    };
    if replaces {
        *limit = Some(other);
    }
}
