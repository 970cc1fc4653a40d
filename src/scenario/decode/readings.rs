//! Values of parameters by style, as one reader or another comes to them. Main function: [`of_parameter`].

use indexmap::IndexMap;
use serde_json::Value;

use super::received::{Received, percent_decoded};
use super::{Reading, text};
use crate::api::{Location, Operation, Parameter, Style};
use crate::scenario::encode::{Kind, kind};
use crate::schema::{Document, NodeId, Types};

/// Who reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    /// A server that reads as the specification says.
    Strict,
    /// The most forgiving server that we can think of.
    Tolerant,
}

/// Whether a text that could be a number is read as one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Prefer {
    Typed,
    Text,
}

/// What a parameter of the received request may be.
pub(super) fn of_parameter(
    operation: &Operation,
    parameter: &Parameter,
    received: &Received<'_>,
    reader: Reader,
) -> Reading {
    let view = Texts { document: parameter.schema.document(), node: parameter.schema.node(), reader };
    let name = parameter.name.as_bytes();
    match parameter.location {
        Location::Path => match received.path_value(&parameter.name).and_then(|text| unstyled(parameter, text)) {
            Some(text) => view.one(parameter, &text),
            None => Reading::Unknown,
        },
        Location::Header => match received.request.headers.get(&parameter.name) {
            // Blanks around a field's value are no part of it (RFC 9110 section 5.5).
            Some(text) => view.one(parameter, text.trim_ascii()),
            None => Reading::Absent,
        },
        Location::Cookie => view.pairs(operation, parameter, &received.cookies),
        Location::Query => view.pairs(operation, parameter, &received.query),
        Location::Querystring if received.query_text.is_empty() => Reading::Absent,
        Location::Querystring => match parameter.content.as_deref().map(kind) {
            Some(Kind::Json) => view.one(parameter, &received.query_text),
            Some(Kind::Form) | None => {
                super::body::form(parameter.schema.document(), view.node, &[], &received.query_text, reader)
            }
            _ => view.one(
                &Parameter { name: String::from_utf8_lossy(name).into_owned(), ..parameter.clone() },
                &received.query_text,
            ),
        },
    }
}

/// Whether a parameter may be an object, whose members then stand beside the names of other parameters.
pub(super) fn may_be_object(parameter: &Parameter) -> bool {
    types(parameter.schema.document(), parameter.schema.node(), 4).overlaps(Types::OBJECT)
}

/// The text of a path value without the marks of its style.
fn unstyled(parameter: &Parameter, text: &[u8]) -> Option<Vec<u8>> {
    match parameter.style {
        _ if parameter.content.is_some() => Some(text.to_vec()),
        Style::Label => text.strip_prefix(b".").map(<[u8]>::to_vec),
        Style::Matrix => {
            let rest = text.strip_prefix(b";")?;
            // `;a=1;a=2` and `;a=1,2` alike become `1,2`; `;a` is empty; members keep their names.
            let own = |piece| match <[u8]>::strip_prefix(piece, parameter.name.as_bytes()) {
                Some([]) => &piece[..0],
                Some([b'=', value @ ..]) => value,
                _ => piece,
            };
            Some(rest.split(|byte| *byte == b';').map(own).collect::<Vec<_>>().join(&b','))
        }
        _ => Some(text.to_vec()),
    }
}

/// Texts that are read by a node.
#[derive(Clone, Copy)]
pub(super) struct Texts<'a> {
    pub document: &'a Document,
    pub node: NodeId,
    pub reader: Reader,
}

impl Texts<'_> {
    /// The types that the node allows, whatever it chooses.
    fn types(self, node: NodeId) -> Types {
        types(self.document, node, 4)
    }

    /// A parameter that is one text.
    fn one(self, parameter: &Parameter, raw: &[u8]) -> Reading {
        if parameter.content.is_some() {
            return Self::content(parameter, raw);
        }
        let delimiter = match (parameter.style, parameter.explode) {
            (Style::Label, true) => b'.',
            _ => b',',
        };
        let raws = [raw.to_vec()];
        self.texts(&raws, delimiter, parameter.location == Location::Header, false)
    }

    fn content(parameter: &Parameter, raw: &[u8]) -> Reading {
        let text = if parameter.location == Location::Header { raw.to_vec() } else { percent_decoded(raw) };
        match parameter.content.as_deref().map(kind) {
            Some(Kind::Json) => Reading::Values(serde_json::from_slice(&text).into_iter().collect(), text.is_empty()),
            _ => Reading::Unknown,
        }
    }

    /// A parameter among the pairs of a query or of the cookies.
    fn pairs(self, operation: &Operation, parameter: &Parameter, pairs: &[(Vec<u8>, Vec<u8>)]) -> Reading {
        let is_named = |name: &[u8]| name == parameter.name.as_bytes();
        let named: Vec<Vec<u8>> =
            pairs.iter().filter(|(name, _)| is_named(name)).map(|(_, value)| value.clone()).collect();
        if let (Some(_), [single]) = (&parameter.content, &named[..]) {
            return Self::content(parameter, single);
        }
        let may_be_object = self.types(self.node).overlaps(Types::OBJECT);
        let members = if may_be_object { spread(operation, parameter, pairs) } else { Vec::new() };
        if named.is_empty() && members.is_empty() {
            return Reading::Absent;
        }
        let tolerant = self.reader == Reader::Tolerant;
        let mut values = Vec::new();
        // Who looks for `name[member]` does not see a bare `name`.
        let mut may_be_absent = tolerant && parameter.style == Style::DeepObject && members.is_empty();
        if !named.is_empty() {
            let delimiter = delimiter(parameter.style);
            if let Reading::Values(found, absent) = self.texts(&named, delimiter, false, parameter.explode) {
                values = found;
                may_be_absent |= absent;
            }
        }
        if !members.is_empty() {
            values.extend(self.objects(&members));
        }
        if tolerant && !members.is_empty() {
            // What the document does not name, a server does not look for.
            let rules = &self.document.constraints(leaf(self.document, self.node, Types::OBJECT)).object;
            let named: Vec<_> = members.into_iter().filter(|(name, _)| rules.member(name).is_some()).collect();
            may_be_absent |= named.is_empty();
            values.extend(self.objects(&named));
        }
        Reading::Values(values, may_be_absent)
    }

    /// Every value that these texts may be together. `raw_is_text` says that nothing is percent-encoded.
    pub(super) fn texts(self, raws: &[Vec<u8>], delimiter: u8, raw_is_text: bool, explode: bool) -> Reading {
        let decoded: Vec<Vec<u8>> =
            raws.iter().map(|raw| if raw_is_text { raw.clone() } else { percent_decoded(raw) }).collect();
        let is_text = decoded.iter().all(|bytes| std::str::from_utf8(bytes).is_ok());
        if self.reader == Reader::Strict && !is_text {
            return Reading::Values(Vec::new(), false);
        }
        let all: Vec<String> = decoded.iter().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect();
        let tolerant = self.reader == Reader::Tolerant;
        let (mut values, mut may_be_absent) = (Vec::new(), false);
        if all.len() == 1 || tolerant {
            for text in &all {
                let (scalars, absent) = text::scalars(text, self.reader);
                values.extend(scalars);
                may_be_absent |= absent;
            }
        }
        let types = self.types(self.node);
        if types.overlaps(Types::ARRAY) {
            self.arrays(raws, &all, delimiter, explode, &mut values);
        }
        if types.overlaps(Types::OBJECT) {
            let joined = raws.join(&delimiter);
            values.extend(self.objects(&members(&joined, delimiter)));
            values.extend(all.iter().filter_map(|text| serde_json::from_str(text).ok()).filter(|_| tolerant));
        }
        Reading::Values(values, may_be_absent)
    }

    fn arrays(self, raws: &[Vec<u8>], all: &[String], delimiter: u8, explode: bool, values: &mut Vec<Value>) {
        let split = |raw: &[u8], mark: u8| -> Vec<String> {
            let pieces = pieces(raw, mark);
            pieces.into_iter().map(|piece| String::from_utf8_lossy(&percent_decoded(&piece)).into_owned()).collect()
        };
        let tolerant = self.reader == Reader::Tolerant;
        let mut lists: Vec<Vec<String>> = Vec::new();
        if explode || tolerant {
            lists.push(all.to_vec());
        }
        if !explode || tolerant {
            lists.push(raws.iter().flat_map(|raw| split(raw, delimiter)).collect());
        }
        if tolerant {
            let marks = [b',', b' ', b'|', b';'];
            lists.extend(marks.map(|mark| all.iter().flat_map(|text| split(text.as_bytes(), mark)).collect()));
            values.extend(
                all.iter().filter(|text| text.starts_with('[')).filter_map(|text| serde_json::from_str(text).ok()),
            );
            values.push(Value::Array(Vec::new()));
            values.retain(|value| !value.as_array().is_some_and(Vec::is_empty) || all.iter().all(String::is_empty));
        }
        for list in lists {
            for prefer in [Prefer::Typed, Prefer::Text] {
                let item = |(index, text): (usize, &String)| self.coerce(self.item_node(index), text, prefer);
                values.push(Value::Array(list.iter().enumerate().map(item).collect()));
            }
        }
    }

    fn item_node(self, index: usize) -> NodeId {
        let leaf = leaf(self.document, self.node, Types::ARRAY);
        self.document.constraints(leaf).array.item(index).unwrap_or(NodeId::ANY)
    }

    /// Objects of these members; a name that stands more than once is a list.
    pub(super) fn objects(self, members: &[(String, Vec<u8>)]) -> Vec<Value> {
        let leaf = leaf(self.document, self.node, Types::OBJECT);
        let rules = &self.document.constraints(leaf).object;
        let mut by_name: IndexMap<&str, Vec<String>> = IndexMap::new();
        for (name, raw) in members {
            let text = String::from_utf8_lossy(&percent_decoded(raw)).into_owned();
            by_name.entry(name).or_default().push(text);
        }
        let build = |prefer: Prefer| {
            let member = |(name, texts): (&&str, &Vec<String>)| {
                let node = rules.member(name).unwrap_or(NodeId::ANY);
                ((*name).to_owned(), self.member(node, texts, prefer))
            };
            Value::Object(by_name.iter().map(member).collect())
        };
        vec![build(Prefer::Typed), build(Prefer::Text)]
    }

    fn member(self, node: NodeId, texts: &[String], prefer: Prefer) -> Value {
        let within = Self { node, ..self };
        match texts {
            [single] if !self.types(node).overlaps(Types::ARRAY) || self.types(node) == Types::ANY => {
                self.coerce(node, single, prefer)
            }
            all => {
                let item = |(index, text): (usize, &String)| self.coerce(within.item_node(index), text, prefer);
                Value::Array(all.iter().enumerate().map(item).collect())
            }
        }
    }

    /// The one value that a text most likely is for a node.
    pub(super) fn coerce(self, node: NodeId, text: &str, prefer: Prefer) -> Value {
        let types = self.types(node);
        let starts = |mark: char| text.trim_start().starts_with(mark);
        let is_written = types.overlaps(Types::OBJECT) && starts('{') || types.overlaps(Types::ARRAY) && starts('[');
        if let (true, Ok(value)) = (is_written, serde_json::from_str(text)) {
            return value;
        }
        let is_text = prefer == Prefer::Text && types.overlaps(Types::STRING);
        let (candidates, _) = text::scalars(text, self.reader);
        let mut wanted =
            candidates.into_iter().skip(1).filter(|value| !is_text && types.overlaps(Types::of_value(value)));
        wanted.next_back().unwrap_or_else(|| text.into())
    }
}

/// The members of an object that is spread over pairs of its own.
fn spread(operation: &Operation, parameter: &Parameter, pairs: &[(Vec<u8>, Vec<u8>)]) -> Vec<(String, Vec<u8>)> {
    let others: Vec<&str> = operation.parameters.iter().map(|other| other.name.as_str()).collect();
    let deep = format!("{}[", parameter.name);
    let member = |(name, value): &(Vec<u8>, Vec<u8>)| {
        let name = String::from_utf8_lossy(name).into_owned();
        match name.strip_prefix(&deep) {
            Some(key) => Some((key.strip_suffix(']')?.to_owned(), value.clone())),
            None if parameter.explode && parameter.style != Style::DeepObject && !others.contains(&name.as_str()) => {
                Some((name, value.clone()))
            }
            None => None,
        }
    };
    pairs.iter().filter_map(member).collect()
}

/// The mark between the items of a style that does not spread them.
pub(super) fn delimiter(style: Style) -> u8 {
    match style {
        Style::SpaceDelimited => b' ',
        Style::PipeDelimited => b'|',
        Style::TabDelimited => b'\t',
        _ => b',',
    }
}

/// The pieces between marks, which stand there as they are or, where a URL may not hold them, encoded.
fn pieces(raw: &[u8], mark: u8) -> Vec<Vec<u8>> {
    let encoded = format!("%{mark:02X}");
    let text = if matches!(mark, b' ' | b'|' | b'\t') {
        String::from_utf8_lossy(raw).replace(&encoded, &char::from(mark).to_string()).into_bytes()
    } else {
        raw.to_vec()
    };
    text.split(|byte| *byte == mark).map(<[u8]>::to_vec).collect()
}

/// `k,v,k,v` or `k=v,k=v` as members.
fn members(raw: &[u8], delimiter: u8) -> Vec<(String, Vec<u8>)> {
    let pieces = pieces(raw, delimiter);
    let name = |raw: &[u8]| String::from_utf8_lossy(&percent_decoded(raw)).into_owned();
    if pieces.iter().all(|piece| piece.contains(&b'=')) {
        let split = |piece: &Vec<u8>| {
            let at = piece.iter().position(|byte| *byte == b'=').unwrap_or(piece.len());
            (name(&piece[..at]), piece.get(at + 1..).unwrap_or_default().to_vec())
        };
        return pieces.iter().map(split).collect();
    }
    pieces.chunks(2).map(|pair| (name(&pair[0]), pair.get(1).cloned().unwrap_or_default())).collect()
}

/// The types of a node over all its alternatives.
pub(super) fn types(document: &Document, node: NodeId, depth: u32) -> Types {
    let constraints = document.constraints(node);
    if constraints.alternatives.is_empty() || depth == 0 {
        return constraints.types;
    }
    let each = constraints.alternatives.iter().map(|node| types(document, *node, depth - 1));
    each.fold(Types::NONE, Types::or)
}

/// The first node among a node and its alternatives that is of this type.
fn leaf(document: &Document, node: NodeId, wanted: Types) -> NodeId {
    let mut here = node;
    for _ in 0..4 {
        let alternatives = &document.constraints(here).alternatives;
        match alternatives.iter().find(|node| types(document, **node, 4).overlaps(wanted)) {
            Some(next) => here = *next,
            None => break,
        }
    }
    here
}
