//! Identities as the file has them. Main type: [`IdentityTable`]. Nothing is looked up until an identity is used.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::table::{Entry, Table, Text, string, table};
use super::template::Template;
use super::{Environment, Error};
use crate::identity::Credentials;
use crate::redact::Secret;
use crate::spec::Position;

/// One identity: what it adds to a request, with `${VARIABLE}` still in it.
#[derive(Clone, Debug, Default)]
pub struct IdentityTable {
    headers: Vec<Value>,
    query: Vec<Value>,
    cookies: Vec<Value>,
}

/// A named value of the file that is filled in when it is used.
#[derive(Clone, Debug)]
pub(super) struct Value {
    /// The header, parameter or cookie; empty for a `Cookie` header written whole.
    name: String,
    scheme: Scheme,
    template: Template,
    at: Position,
    /// The key of the file, for messages.
    key: String,
}

/// What is done to a value when it is filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Plain,
    Bearer,
    Basic,
}

const KEYS: [&str; 5] = ["headers", "query", "bearer", "basic", "cookie"];

impl IdentityTable {
    pub(super) fn read(text: Text<'_>, name: &str, entry: Entry<'_>) -> Result<Self, Error> {
        let table = Table::new(text, &format!("identity {name:?}"), table(text, entry)?, &KEYS)?;
        let mut identity = Self::default();
        for entry in table.entries() {
            match entry.key.get_ref().as_ref() {
                "headers" => identity.headers.extend(named_values(text, entry)?),
                "query" => identity.query.extend(named_values(text, entry)?),
                "bearer" => identity.headers.push(authorization(text, entry, Scheme::Bearer)?),
                "basic" => identity.headers.push(authorization(text, entry, Scheme::Basic)?),
                _ if entry.value.get_ref().is_str() => identity.cookies.push(value(text, "", entry, Scheme::Plain)?),
                _ => identity.cookies.extend(named_values(text, entry)?),
            }
        }
        Ok(identity)
    }

    /// The credentials with every variable filled in.
    pub(super) fn credentials(&self, name: &str, environment: &Environment) -> Result<Credentials, Error> {
        let owner = |value: &Value| format!("`{}` of identity {name:?}", value.key);
        let fill = |values: &[Value]| -> Result<Vec<(String, String)>, Error> {
            let filled = values.iter().map(|v| Ok((v.name.clone(), v.fill(environment, || owner(v))?)));
            filled.collect()
        };
        let secret = |(name, value)| (name, Secret::new(value));
        let mut headers: Vec<_> = fill(&self.headers)?.into_iter().map(secret).collect();
        let cookies: Vec<_> = fill(&self.cookies)?.into_iter().map(cookie).collect();
        if !cookies.is_empty() {
            headers.push(("Cookie".to_owned(), Secret::new(cookies.join("; "))));
        }
        Ok(Credentials { headers, query: fill(&self.query)?.into_iter().map(secret).collect() })
    }

    /// What it adds, without a value: `header Authorization`, `query api_key`.
    pub fn describe(&self) -> Vec<String> {
        let named = |what: &'static str| move |value: &Value| format!("{what} {}", value.name).trim_end().to_owned();
        let headers = self.headers.iter().map(named("header"));
        headers.chain(self.query.iter().map(named("query"))).chain(self.cookies.iter().map(named("cookie"))).collect()
    }
}

fn cookie((name, value): (String, String)) -> String {
    if name.is_empty() { value } else { format!("{name}={value}") }
}

impl Value {
    /// The value with every variable filled in.
    pub(super) fn fill(&self, environment: &Environment, owner: impl Fn() -> String) -> Result<String, Error> {
        let filled = self.template.fill(environment).map_err(|variable| Error::Unset {
            at: self.at.clone(),
            owner: owner(),
            variable,
        })?;
        // A line break out of the environment would smuggle in a second header.
        if filled.contains(['\r', '\n', '\0']) {
            let message = format!("{} holds a line break or a NUL once its variables are filled in", owner());
            return Err(Error::File { at: self.at.clone(), message });
        }
        match self.scheme {
            Scheme::Plain => Ok(filled),
            Scheme::Bearer => Ok(format!("Bearer {filled}")),
            Scheme::Basic if filled.contains(':') => Ok(format!("Basic {}", STANDARD.encode(filled))),
            Scheme::Basic => {
                let message = format!("{} is written \"user:password\"", owner());
                Err(Error::File { at: self.at.clone(), message })
            }
        }
    }

    /// Whether a part of it comes from the environment.
    pub(super) fn holds_variables(&self) -> bool {
        self.template.holds_variables()
    }

    /// The header, parameter or cookie that it is for.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Where it stands.
    pub(super) fn at(&self) -> &Position {
        &self.at
    }
}

fn authorization(text: Text<'_>, entry: Entry<'_>, scheme: Scheme) -> Result<Value, Error> {
    value(text, "Authorization", entry, scheme)
}

/// A table of names and strings.
pub(super) fn named_values(text: Text<'_>, entry: Entry<'_>) -> Result<Vec<Value>, Error> {
    let entries = table(text, entry)?;
    let of_name = |entry: Entry<'_>| value(text, entry.key.get_ref(), entry, Scheme::Plain);
    Table::open(text, entries).entries().into_iter().map(of_name).collect()
}

fn value(text: Text<'_>, name: &str, entry: Entry<'_>, scheme: Scheme) -> Result<Value, Error> {
    let template = Template::parse(string(text, entry)?).map_err(|message| text.error(&entry.value.span(), message))?;
    let at = text.position(entry.value.span().start);
    Ok(Value { name: name.to_owned(), scheme, template, at, key: entry.key.get_ref().to_string() })
}
