//! Who sends a request.
//!
//! Main type: [`Identities`]. Credentials are added here, just before sending, and taken out of every text by the
//! redactor made here. It does not log in; credentials are static.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use crate::redact::{Redactor, Secret};
use crate::scenario::{ANONYMOUS, IdentityName};
use crate::wire::Request;

/// What an identity adds to a request.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    /// Header fields by name.
    pub headers: Vec<(String, Secret)>,
    /// Query parameters by name, percent-encoded when added.
    pub query: Vec<(String, Secret)>,
}

/// All identities of a run by name. `anonymous` is always there and has no credentials.
#[derive(Clone, Debug, Default)]
pub struct Identities {
    common: Vec<(String, Secret)>,
    known: BTreeMap<IdentityName, Credentials>,
}

/// An identity that nobody configured.
#[derive(Debug, thiserror::Error)]
#[error(
    "no identity is named {name:?}; configured are {known}. Add it to gadfly.toml under [api.NAME.identity.{name}]"
)]
pub struct UnknownIdentity {
    name: String,
    known: String,
}

impl Identities {
    /// No identity but `anonymous`.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds or replaces an identity.
    pub fn insert(&mut self, name: IdentityName, credentials: Credentials) {
        self.known.insert(name, credentials);
    }

    /// Adds a header that every identity sends, `anonymous` too, such as `X-Tenant`.
    pub fn push_common_header(&mut self, name: &str, value: &str) {
        self.common.push((name.to_owned(), Secret::new(value)));
    }

    /// The names, `anonymous` not among them.
    pub fn names(&self) -> impl Iterator<Item = &IdentityName> {
        self.known.keys()
    }

    /// Whether the name is known.
    pub fn require(&self, name: &IdentityName) -> Result<(), UnknownIdentity> {
        if name.as_str() == ANONYMOUS || self.known.contains_key(name) {
            return Ok(());
        }
        let mut known: Vec<&str> = vec![ANONYMOUS];
        known.extend(self.names().map(IdentityName::as_str));
        Err(UnknownIdentity { name: name.as_str().to_owned(), known: known.join(", ") })
    }

    /// The request as this identity sends it. A header that the request has already is left as it is: a case that
    /// tampers with a credential must arrive.
    pub fn apply(&self, name: &IdentityName, request: &Request) -> Result<Arc<Request>, UnknownIdentity> {
        self.require(name)?;
        let mut request = request.clone();
        for (header, value) in &self.common {
            request.headers.push_if_absent(header, value.expose().to_owned());
        }
        if let Some(credentials) = self.known.get(name) {
            for (header, secret) in &credentials.headers {
                request.headers.push_if_absent(header, secret.expose().to_owned());
            }
            for (key, secret) in &credentials.query {
                request.target = with_query(&request.target, key, secret.expose());
            }
        }
        Ok(Arc::new(request))
    }

    /// Takes every credential out of a text.
    pub fn redactor(&self) -> Redactor {
        let own = self.known.values().flat_map(|credentials| credentials.headers.iter().chain(&credentials.query));
        let common = self.common.iter().filter(|(name, _)| names_a_credential(name));
        Redactor::new(own.chain(common).map(|(_, secret)| secret))
    }
}

/// Whether a header that everybody sends is a credential; to mask the value of any other, such as `X-Tenant: main`,
/// would shred what is shown.
fn names_a_credential(header: &str) -> bool {
    let name = header.to_ascii_lowercase();
    ["auth", "cookie", "token", "key", "secret", "pass", "session", "signature"].iter().any(|word| name.contains(word))
}

fn with_query(target: &Bytes, key: &str, value: &str) -> Bytes {
    let mut out = target.to_vec();
    out.push(if target.contains(&b'?') { b'&' } else { b'?' });
    out.extend(url::form_urlencoded::byte_serialize(key.as_bytes()).flat_map(str::bytes));
    out.push(b'=');
    out.extend(url::form_urlencoded::byte_serialize(value.as_bytes()).flat_map(str::bytes));
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alice() -> Identities {
        let mut identities = Identities::new();
        let credentials = Credentials {
            headers: vec![("Authorization".into(), Secret::new("Bearer t0ken"))],
            query: vec![("key".into(), Secret::new("a b"))],
        };
        identities.insert(IdentityName::new("alice"), credentials);
        identities.push_common_header("X-Tenant", "7");
        identities
    }

    #[test]
    fn credentials_are_added_and_a_tampered_one_stays() {
        let identities = alice();
        let sent = identities.apply(&IdentityName::new("alice"), &Request::new("GET", "/a?b=1")).unwrap();
        assert_eq!(sent.target_text(), "/a?b=1&key=a+b");
        assert_eq!(sent.headers.text("authorization"), Some("Bearer t0ken"));
        let mut tampered = Request::new("GET", "/a");
        tampered.headers.push("authorization", "Bearer x");
        let sent = identities.apply(&IdentityName::new("alice"), &tampered).unwrap();
        assert_eq!(sent.headers.text("authorization"), Some("Bearer x"));
        assert_eq!(sent.headers.text("x-tenant"), Some("7"));
    }

    #[test]
    fn anonymous_sends_no_credentials_and_strangers_are_refused() {
        let identities = alice();
        let sent = identities.apply(&IdentityName::new(ANONYMOUS), &Request::new("GET", "/")).unwrap();
        assert!(!sent.headers.contains("authorization"));
        let error = identities.require(&IdentityName::new("mallory")).unwrap_err().to_string();
        assert!(error.contains("anonymous, alice"), "{error}");
    }

    #[test]
    fn the_redactor_knows_every_credential() {
        let mut identities = alice();
        assert_eq!(identities.redactor().text("t0ken=t0ken"), "[redacted]=[redacted]");
        identities.push_common_header("X-Api-Key", "k3y-for-all");
        identities.push_common_header("Accept-Language", "german");
        assert_eq!(identities.redactor().text("k3y-for-all in german"), "[redacted] in german");
        assert!(!format!("{identities:?}").contains("k3y-for-all"));
    }
}
