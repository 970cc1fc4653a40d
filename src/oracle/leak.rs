//! The close look at one answer for what it must not tell. Main types: [`Look`], [`Leak`].

use serde_json::Value;

use super::declared::{Place, Standing, Walk};
use super::disclosure::{Disclosure, Suspicions};
use super::echo::Echo;
use super::names::{self, Secret};
use super::subject::excerpt;
use super::{markup, secrets};
use crate::schema::Schema;
use crate::wire::Response;

/// What kind of leak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    WriteOnly,
    Undeclared,
    /// A value that is a secret by itself.
    Value(secrets::Kind),
    Disclosure(Disclosure),
}

impl Kind {
    const ALL: [Self; 8] = [
        Self::WriteOnly,
        Self::Undeclared,
        Self::Value(secrets::Kind::PrivateKey),
        Self::Value(secrets::Kind::ConnectionString),
        Self::Disclosure(Disclosure::StackTrace),
        Self::Disclosure(Disclosure::SqlError),
        Self::Disclosure(Disclosure::InternalPath),
        Self::Disclosure(Disclosure::InternalAddress),
    ];

    /// The name in the parameters of a requirement.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::WriteOnly => "write_only",
            Self::Undeclared => "undeclared",
            Self::Value(kind) => kind.word(),
            Self::Disclosure(kind) => kind.word(),
        }
    }

    pub(super) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// Something that an answer must not tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Leak {
    pub(super) kind: Kind,
    /// Where, for properties; empty for what counts wherever it stands.
    pub(super) pointer: String,
    /// What it is, in a word or two.
    pub(super) what: &'static str,
    /// What shows it, secrets shortened.
    pub(super) evidence: String,
}

impl Leak {
    /// One sentence.
    pub(super) fn title(&self) -> String {
        let Self { pointer, what, .. } = self;
        match self.kind {
            Kind::WriteOnly => format!("the answer returns {pointer}, which is declared writeOnly"),
            Kind::Undeclared => format!("the answer holds {pointer}, which is not declared and is a {what}"),
            Kind::Value(_) => format!("the answer holds a {what}"),
            Kind::Disclosure(kind) => format!("the answer shows {}", kind.phrase()),
        }
    }
}

/// One answer with what is needed to judge it.
pub(super) struct Look<'a> {
    pub(super) response: &'a Response,
    pub(super) suspicions: Suspicions,
    /// What documents the answer, if anything does.
    pub(super) schema: Option<&'a Schema>,
    pub(super) echo: Echo,
    /// The path template.
    pub(super) path: &'a str,
}

impl Look<'_> {
    /// Everything that the answer must not tell, each kind and place once.
    pub(super) fn leaks(&self) -> Vec<Leak> {
        let mut leaks = Vec::new();
        match self.response.json() {
            Some(value) => Walk::new(self.schema).visit(value, &mut |place| self.look_at(place, &mut leaks)),
            None => self.look_at_text(&mut leaks),
        }
        // A trace is full of paths, and a connection string names a host: one bug.
        let shows_inside = |leak: &Leak| matches!(leak.kind, Kind::Disclosure(Disclosure::StackTrace) | Kind::Value(_));
        if leaks.iter().any(shows_inside) {
            let implied = [Disclosure::InternalPath, Disclosure::InternalAddress].map(Kind::Disclosure);
            leaks.retain(|leak| !implied.contains(&leak.kind));
        }
        leaks
    }

    fn look_at(&self, place: &Place<'_>, leaks: &mut Vec<Leak>) {
        if place.write_only && has_content(place.value) {
            let evidence = shortened(place.value);
            push(leaks, Leak { kind: Kind::WriteOnly, pointer: place.pointer.to_owned(), what: "secret", evidence });
        }
        match place.value {
            Value::String(text) => self.look_at_string(place, text, leaks),
            Value::Number(number) => {
                if let Some(what) = self.undeclared(place, &number.to_string()) {
                    push_property(leaks, place, what);
                }
            }
            Value::Array(items) => {
                // Some servers send a trace line by line.
                let lines: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
                if lines.len() > 1 && self.suspicions.of_disclosure(Disclosure::StackTrace) {
                    self.disclosed(Disclosure::StackTrace, place, &lines.join("\n"), leaks);
                }
            }
            _ => {}
        }
    }

    fn look_at_string(&self, place: &Place<'_>, text: &str, leaks: &mut Vec<Leak>) {
        if let Some(what) = self.undeclared(place, text) {
            push_property(leaks, place, what);
        } else if !is_named_secret(place) {
            self.secret_by_itself(text, leaks);
        }
        for kind in Disclosure::ALL {
            self.disclosed(kind, place, text, leaks);
        }
    }

    fn look_at_text(&self, leaks: &mut Vec<Leak>) {
        let raw = self.response.text();
        let text = if markup::is_markup(&raw) { markup::to_text(&raw) } else { raw.into_owned() };
        self.secret_by_itself(&text, leaks);
        if self.is_log() {
            return;
        }
        for kind in Disclosure::ALL {
            self.disclose(kind, &text, leaks);
        }
    }

    fn secret_by_itself(&self, text: &str, leaks: &mut Vec<Leak>) {
        if !self.suspicions.of_secret() {
            return;
        }
        let Some(kind) = secrets::by_itself(text) else { return };
        let shown = secrets::connection_string(text).unwrap_or(text);
        if self.echo.holds(shown) {
            return;
        }
        let what = match kind {
            secrets::Kind::PrivateKey => "private key",
            _ => "connection string with a password",
        };
        push(leaks, Leak { kind: Kind::Value(kind), pointer: String::new(), what, evidence: cut(shown, 16) });
    }

    /// What the value of an undeclared property is, if it is sensitive.
    fn undeclared(&self, place: &Place<'_>, text: &str) -> Option<&'static str> {
        let may_be = place.standing == Standing::Undeclared && self.suspicions.of_property();
        if !may_be || self.echo.holds(text) {
            return None;
        }
        sensitive(place.name, place.value, self.response.status)
    }

    fn disclosed(&self, kind: Disclosure, place: &Place<'_>, text: &str, leaks: &mut Vec<Leak>) {
        if !self.is_content(kind, place) {
            self.disclose(kind, text, leaks);
        }
    }

    fn disclose(&self, kind: Disclosure, text: &str, leaks: &mut Vec<Leak>) {
        let known = leaks.iter().any(|leak| leak.kind == Kind::Disclosure(kind));
        if known || !self.suspicions.of_disclosure(kind) || !kind.counts_at(self.response.status) {
            return;
        }
        if let Some(found) = kind.find(text, &self.echo) {
            let evidence = excerpt(&found, 200);
            leaks.push(Leak { kind: Kind::Disclosure(kind), pointer: String::new(), what: "disclosure", evidence });
        }
    }

    /// Whether such text is what the document lets one expect at this place.
    fn is_content(&self, kind: Disclosure, place: &Place<'_>) -> bool {
        let is_declared = place.standing == Standing::Declared;
        let is_free = self.schema.is_some() && place.standing == Standing::Free;
        let stored = is_free || (is_declared && names::says_prose(place.name));
        (stored && self.response.is_success())
            || match kind {
                Disclosure::StackTrace | Disclosure::SqlError => {
                    self.is_log() || (is_declared && names::says_log(place.name))
                }
                Disclosure::InternalPath | Disclosure::InternalAddress => {
                    let format = place.format.unwrap_or_default();
                    is_declared && (names::says_place(place.name) || format.starts_with("uri") || format.contains("ip"))
                }
            }
    }

    /// Whether a good answer of this operation is a log.
    fn is_log(&self) -> bool {
        self.response.is_success() && self.path.split('/').any(names::says_log)
    }
}

/// What a value is by its name or by its form, if it is sensitive.
pub(super) fn sensitive(name: &str, value: &Value, status: u16) -> Option<&'static str> {
    let (text, is_number) = match value {
        Value::String(text) => (text.clone(), false),
        Value::Number(number) => (number.to_string(), true),
        _ => return None,
    };
    if secrets::is_masked(&text) {
        return None;
    }
    let by_name = names::secret(name).filter(|kind| fits(*kind, &text, is_number, status));
    by_name.map(Secret::word).or_else(|| by_value(name, &text))
}

/// Whether a value can be what the name promises. In an error the value of `password` is often a word about it.
fn fits(kind: Secret, text: &str, is_number: bool, status: u16) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let is_phrase = text.contains(char::is_whitespace);
    let is_word = status >= 400 && digits == 0 && text.len() < 12;
    match kind {
        Secret::Password => !is_number && !is_phrase && !is_word,
        Secret::Token => !is_number && !is_phrase && !is_word && text.len() >= 6,
        Secret::Card => secrets::is_card_number(text) || (matches!(text.len(), 3 | 4) && digits == text.len()),
        Secret::Person => digits >= 6,
    }
}

/// What a value is by its form, where its name does not explain it.
fn by_value(name: &str, text: &str) -> Option<&'static str> {
    if names::says_mark(name) || names::says_place(name) {
        return None;
    }
    match secrets::kind_of(text)? {
        secrets::Kind::PasswordHash => Some("password hash"),
        secrets::Kind::Credential => Some("credential"),
        secrets::Kind::CardNumber => (!names::says_number(name)).then_some("card number"),
        secrets::Kind::PrivateKey | secrets::Kind::ConnectionString => None,
    }
}

/// Whether the document itself says that a secret stands here.
fn is_named_secret(place: &Place<'_>) -> bool {
    let words = ["key", "pem", "dsn", "connection"];
    let names_it = || {
        let tokens = names::tokens(place.name);
        names::secret(place.name).is_some() || tokens.iter().any(|token| words.contains(&token.as_str()))
    };
    place.standing == Standing::Declared && names_it()
}

/// Whether there is more than nothing or a mask.
pub(super) fn has_content(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(_) | Value::Number(_) => true,
        Value::String(text) => !secrets::is_masked(text),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}

fn push_property(leaks: &mut Vec<Leak>, place: &Place<'_>, what: &'static str) {
    let evidence = shortened(place.value);
    push(leaks, Leak { kind: Kind::Undeclared, pointer: place.pointer.to_owned(), what, evidence });
}

/// Adds a leak unless one of its kind and place is there.
fn push(leaks: &mut Vec<Leak>, leak: Leak) {
    if !leaks.iter().any(|known| known.kind == leak.kind && known.pointer == leak.pointer) {
        leaks.push(leak);
    }
}

/// Enough of a secret to find it, too little to use it.
fn shortened(value: &Value) -> String {
    match value {
        Value::String(text) => format!("\"{}\"", cut(text, 3)),
        Value::Object(_) => "an object".to_owned(),
        Value::Array(items) => format!("{} items", items.len()),
        other => cut(&other.to_string(), 3),
    }
}

fn cut(text: &str, kept: usize) -> String {
    let start: String = text.chars().take(kept).collect();
    if start.len() < text.len() { format!("{start}…") } else { start }
}
