//! Makes plans: for each part values that are known to be good.

use std::sync::Arc;

use arbitrary::Unstructured;
use serde_json::{Value, json};

use super::fresh;
use super::media::{concrete, rank};
use super::spot::spots;
use super::{BodyPart, Part, Place, Plan};
use crate::api::{Location, MediaType, Operation, Parameter};
use crate::generate::user::{Pin, UserValues};
use crate::generate::value::{Hints, How, Optionals, Wire, conforming, unproved, without_read_only, written};
use crate::scenario::Datum;
use crate::scenario::encode::{Kind, is_sendable, kind};
use crate::schema::{NodeId, Schema, View};
use crate::seed::Seed;

/// How deep the optional parts of enumerated values nest.
pub(crate) const DEPTH: u32 = 6;
/// How many values of a part are kept.
const MOST_GOODS: usize = 48;

impl Plan {
    /// The plan of an operation: a pure function.
    pub(crate) fn new(operation: &Arc<Operation>) -> Self {
        Self::with_values(operation, &UserValues::default())
    }

    /// The plan with what the user has to say.
    pub(crate) fn with_values(operation: &Arc<Operation>, values: &UserValues) -> Self {
        let of_parameter = |(index, described): (usize, &Parameter)| {
            let place = Place::Parameter(u16::try_from(index).unwrap_or(u16::MAX));
            parameter(described, values.pins_of(operation, place, &described.schema))
        };
        let parameters: Vec<Part> = operation.parameters.iter().enumerate().map(of_parameter).collect();
        let of_body = |described| body(described, |schema| values.pins_of(operation, Place::Body(0), schema));
        let mut bodies: Vec<BodyPart> = operation.body.iter().flat_map(|body| &body.contents).map(of_body).collect();
        bodies.sort_by_key(|body| (!body.part.proved, rank(&body.media_type)));
        let mut problems: Vec<String> = unplaced(operation).collect();
        for (part, described) in parameters.iter().zip(&operation.parameters) {
            if part.required && !part.proved {
                problems.push(problem(&format!("{} parameter {:?}", described.location.word(), described.name), part));
            }
        }
        if let Some(body) = bodies.first().filter(|body| !body.part.proved) {
            problems.push(problem(&format!("{} body", body.media_type), &body.part));
        }
        let words = Arc::clone(values.words());
        Self { operation: Arc::clone(operation), parameters, bodies, problems, words }
    }
}

/// Parameters of the path that it has no place for: a name that holds `?` or `#` ends the path.
fn unplaced(operation: &Operation) -> impl Iterator<Item = String> {
    let template = operation.path.split(['?', '#']).next().unwrap_or_default();
    let of_path = operation.parameters.iter().filter(|parameter| parameter.location == Location::Path);
    let lost = of_path.filter(|parameter| !template.contains(&format!("{{{}}}", parameter.name)));
    lost.map(|parameter| {
        format!("path parameter {:?}: it has no place in the path {:?}", parameter.name, operation.path)
    })
}

/// Why a part has no value that is known to be good.
fn problem(what: &str, part: &Part) -> String {
    if let Some(problem) = &part.pin_problem {
        return format!("{what}: {problem} (#{})", part.schema.pointer());
    }
    let why = if let Some(contradiction) = part.schema.contradiction() {
        format!("no value meets its schema: {contradiction}")
    } else if let Some(problem) = part.schema.validation(View::Request).problem() {
        format!("its schema is not understood: {problem}")
    } else {
        "no value that was made conforms to its schema".to_owned()
    };
    format!("{what}: {why} (#{})", part.schema.pointer())
}

fn parameter(described: &Parameter, pins: Vec<Pin>) -> Part {
    let wire = match (described.location, described.content.is_some()) {
        (_, true) => Wire::Json,
        (Location::Path, _) => Wire::Path,
        (Location::Header | Location::Cookie, _) => Wire::Field,
        _ => Wire::Pairs,
    };
    let is_sent = described.required && !is_ignored(described);
    part(&described.schema, wire, is_sent, &described.examples, pins)
}

/// Header parameters that the specification says to ignore are sent only where they are the object, and those that
/// belong to the transport never.
fn is_ignored(described: &Parameter) -> bool {
    let names = ["accept", "content-type", "authorization"];
    let is_named = names.contains(&described.name.to_ascii_lowercase().as_str());
    described.location == Location::Header && (is_named || !is_sendable(&described.name))
}

fn body(described: &MediaType, pins: impl Fn(&Schema) -> Vec<Pin>) -> BodyPart {
    let media_type = concrete(described);
    let wire = match kind(&media_type) {
        Kind::Form | Kind::Multipart | Kind::Xml => Wire::Pairs,
        _ => Wire::Json,
    };
    let anything = || Schema::standalone(json!(true));
    let schema = match (&described.schema, &described.item_schema) {
        (Some(schema), _) => schema.clone(),
        (None, Some(item)) => item.clone(),
        (None, None) => anything(),
    };
    let mut part = part(&schema, wire, true, &described.examples, pins(&schema));
    // Only in bodies: what stands in a path or a query names what is there already.
    part.fresh = fresh::texts(schema.document(), &part.spots, part.documented);
    part.fresh.retain(|text| !part.pins.iter().any(|pin| pin.is_whole() || pin.is_at(text.pointer())));
    BodyPart { media_type, part }
}

/// The most usual values first: the document's own, then made ones from plain to full, then one per alternative.
fn part(schema: &Schema, wire: Wire, required: bool, examples: &[Value], pins: Vec<Pin>) -> Part {
    let mut goods: Vec<Datum> = Vec::new();
    let document = schema.document();
    let hints = &schema.constraints().hints;
    for example in examples.iter().chain(hints) {
        let datum = without_read_only(document, schema.node(), example);
        let stands =
            stands(&datum, wire) && datum.to_value().is_some_and(|value| schema.conforms(View::Request, &value));
        if stands {
            keep(&mut goods, datum);
        }
    }
    let documented = goods.len();
    let mut add = |datum: Datum| keep(&mut goods, datum);
    for optionals in [Optionals::Required, Optionals::All] {
        for hints in [Hints::All, Hints::Never] {
            make_good(schema, How { optionals, hints, wire, forced: &[], words: &[] }, &[])
                .into_iter()
                .for_each(&mut add);
        }
    }
    let proved = !goods.is_empty();
    if proved {
        alternatives(schema, wire, &mut goods);
    } else {
        goods.extend(likely(schema, wire));
    }
    let mut part = Part {
        schema: schema.clone(),
        wire,
        required,
        goods,
        proved,
        documented,
        spots: Vec::new(),
        fresh: Vec::new(),
        pins: Vec::new(),
        pin_problem: None,
    };
    for pin in pins {
        part.fix(pin);
    }
    part.spots = spots(schema, &part.goods);
    part
}

fn keep(goods: &mut Vec<Datum>, datum: Datum) {
    if goods.len() < MOST_GOODS && !goods.contains(&datum) {
        goods.push(datum);
    }
}

/// A value that conforms.
fn make_good(schema: &Schema, how: How<'_>, tape: &[u8]) -> Option<Datum> {
    conforming(schema, &mut Unstructured::new(tape), how, DEPTH)
}

/// Whether a value of the document can be sent where it is wanted.
pub(super) fn stands(datum: &Datum, wire: Wire) -> bool {
    match (wire, datum) {
        (Wire::Json, _) => true,
        (_, Datum::Null) => false,
        (_, Datum::Array(items)) => !items.is_empty(),
        (Wire::Path, Datum::String(text)) => !matches!(text.as_str(), "" | "." | "..") && !text.contains(['/', '\\']),
        (Wire::Field, Datum::String(text)) => text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' '),
        _ => true,
    }
}

/// One value for each alternative that the values so far have not taken.
fn alternatives(schema: &Schema, wire: Wire, goods: &mut Vec<Datum>) {
    let document = schema.document();
    let mut open: Vec<(NodeId, usize)> = Vec::new();
    let mut seen: Vec<NodeId> = Vec::new();
    let mut from = 0;
    while goods.len() < MOST_GOODS {
        for good in &goods[from..] {
            let Some(value) = good.to_value() else { continue };
            super::spot::choices(document, schema.node(), &value, &mut |node, taken, count| {
                if !seen.contains(&node) {
                    seen.push(node);
                    open.extend((0..count).filter(|index| *index != taken).map(|index| (node, index)));
                }
            });
        }
        from = goods.len();
        let Some(forced) = (!open.is_empty()).then(|| open.remove(0)) else { break };
        let how = How { optionals: Optionals::All, hints: Hints::Scalars, wire, forced: &[forced], words: &[] };
        if let Some(good) = make_good(schema, how, &[]).filter(|good| !goods.contains(good)) {
            goods.push(good);
        }
    }
}

/// What comes near to a value where none conforms: something must be sent, and it is not called valid.
fn likely(schema: &Schema, wire: Wire) -> Option<Datum> {
    let how = How { optionals: Optionals::Required, hints: Hints::Scalars, wire, forced: &[], words: &[] };
    let tape = Seed::new(0).tape(256);
    let made = unproved(schema, &mut Unstructured::new(&tape), how, DEPTH);
    let hint = || schema.constraints().hints.first().map(|hint| written(schema.document(), hint));
    made.or_else(hint).or(Some(match wire {
        Wire::Json => Datum::Object(Vec::new()),
        _ => Datum::string("1"),
    }))
}
