//! Values as the text of a parameter style (OpenAPI 3.1 section 4.8.12.3, RFC 6570).
//!
//! Null, and arrays and objects within arrays and objects, have no text in any style: they are written as JSON.

use super::percent::{Keep, push};
use crate::api::{Parameter, Style};
use crate::scenario::Datum;

/// What stands between the parts of a value, already encoded.
#[derive(Clone, Copy)]
pub(super) struct Joints {
    /// Between items, and between members.
    pub between: &'static str,
    /// Between the name and the value of a member.
    pub pair: &'static str,
}

/// Appends a value that stands for itself.
pub(super) fn scalar(out: &mut Vec<u8>, value: &Datum, keep: Keep) {
    match value {
        Datum::String(text) => push(out, text.as_bytes(), keep),
        Datum::RawString(raw) => push(out, raw, keep),
        Datum::Number(text) => push(out, text.as_bytes(), keep),
        other => push(out, &other.to_json(), keep),
    }
}

/// Appends a value whose parts are joined.
pub(super) fn joined(out: &mut Vec<u8>, value: &Datum, joints: Joints, keep: Keep) {
    match value {
        Datum::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.extend_from_slice(joints.between.as_bytes());
                }
                scalar(out, item, keep);
            }
        }
        Datum::Object(members) => {
            for (index, (name, item)) in members.iter().enumerate() {
                if index > 0 {
                    out.extend_from_slice(joints.between.as_bytes());
                }
                push(out, name.as_bytes(), keep);
                out.extend_from_slice(joints.pair.as_bytes());
                scalar(out, item, keep);
            }
        }
        single => scalar(out, single, keep),
    }
}

/// Appends the value of a path or header parameter in style `simple`.
pub(super) fn simple(out: &mut Vec<u8>, value: &Datum, explode: bool, keep: Keep) {
    joined(out, value, Joints { between: ",", pair: if explode { "=" } else { "," } }, keep);
}

/// Appends the value of a path parameter in style `label`.
pub(super) fn label(out: &mut Vec<u8>, value: &Datum, explode: bool) {
    out.push(b'.');
    let joints = if explode { Joints { between: ".", pair: "=" } } else { Joints { between: ",", pair: "," } };
    joined(out, value, joints, Keep::Unreserved);
}

/// Appends the value of a path parameter in style `matrix`.
pub(super) fn matrix(out: &mut Vec<u8>, name: &str, value: &Datum, explode: bool) {
    let mut named = |name: &str, value: &Datum| {
        out.push(b';');
        push(out, name.as_bytes(), Keep::Unreserved);
        let mut text = Vec::new();
        joined(&mut text, value, Joints { between: ",", pair: "," }, Keep::Unreserved);
        if !text.is_empty() {
            out.push(b'=');
            out.extend_from_slice(&text);
        }
    };
    match value {
        Datum::Array(items) if explode => items.iter().for_each(|item| named(name, item)),
        Datum::Object(members) if explode => members.iter().for_each(|(name, item)| named(name, item)),
        other => named(name, other),
    }
}

/// How the `name=value` pairs of a query, a cookie or a form are written.
#[derive(Clone, Copy)]
pub(super) struct Pairs {
    pub style: Style,
    pub explode: bool,
    pub keep: Keep,
    /// Between pairs: `&`, or `; ` in cookies.
    pub between: &'static str,
}

impl Pairs {
    /// The way of a parameter, within a query.
    pub(super) fn of_query(parameter: &Parameter) -> Self {
        let keep = if parameter.allow_reserved { Keep::Reserved } else { Keep::Unreserved };
        Self { style: parameter.style, explode: parameter.explode, keep, between: "&" }
    }

    /// Appends the value as pairs; an empty array or object writes none if it is spread.
    pub(super) fn push(self, out: &mut Vec<u8>, name: &str, value: &Datum) {
        match (value, self.style) {
            (Datum::Object(members), Style::DeepObject) => self.deep(out, name, members),
            (Datum::Array(items), _) if self.explode => {
                for item in items {
                    self.pair(out, name.as_bytes(), |this, out| scalar(out, item, this.keep));
                }
            }
            (Datum::Object(members), _) if self.explode => {
                for (name, item) in members {
                    self.pair(out, name.as_bytes(), |this, out| scalar(out, item, this.keep));
                }
            }
            (other, style) => {
                let joints = Joints { between: delimiter(style), pair: delimiter(style) };
                self.pair(out, name.as_bytes(), |this, out| joined(out, other, joints, this.keep));
            }
        }
    }

    /// `name[key]=value`; deeper objects go on in the same way, as most servers read them.
    fn deep(self, out: &mut Vec<u8>, name: &str, members: &[(String, Datum)]) {
        for (key, item) in members {
            let name = format!("{name}[{key}]");
            match item {
                Datum::Object(members) => self.deep(out, &name, members),
                Datum::Array(items) => {
                    for item in items {
                        self.pair(out, name.as_bytes(), |this, out| scalar(out, item, this.keep));
                    }
                }
                single => self.pair(out, name.as_bytes(), |this, out| scalar(out, single, this.keep)),
            }
        }
    }

    /// Appends one pair.
    pub(super) fn pair(self, out: &mut Vec<u8>, name: &[u8], value: impl FnOnce(Self, &mut Vec<u8>)) {
        if !out.is_empty() && !out.ends_with(b"?") {
            out.extend_from_slice(self.between.as_bytes());
        }
        // A name is never left raw: its reserved characters would be read as structure.
        push(out, name, if self.keep == Keep::Reserved { Keep::Unreserved } else { self.keep });
        out.push(b'=');
        value(self, out);
    }
}

/// The delimiter of a style, percent-encoded where a URL may not hold it (OpenAPI 3.1.1 appendix E).
fn delimiter(style: Style) -> &'static str {
    match style {
        Style::SpaceDelimited => "%20",
        Style::PipeDelimited => "%7C",
        Style::TabDelimited => "%09",
        _ => ",",
    }
}
