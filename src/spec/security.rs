//! Security schemes and requirements. Main functions: [`schemes`], [`requirements`].

use openapiv3 as v3;
use serde_json::{Value, json};

use super::draft::Notebook;
use super::envelope::{Envelope, scalar};
use crate::api::{Location, Requirement, Scheme, SchemeKind};
use crate::schema::escape_token;

/// The schemes of `components`.
pub(super) fn schemes(root: &Value, notebook: &mut Notebook) -> Vec<Scheme> {
    let parent = "/components/securitySchemes";
    let named = root.pointer(parent).and_then(Value::as_object).into_iter().flatten();
    let mut envelope = Envelope { root, notebook };
    let mut schemes = Vec::new();
    for (name, value) in named.filter(|(name, _)| !name.starts_with("x-")) {
        let at = format!("{parent}/{}", escape_token(name));
        match envelope.follow(&at, value).and_then(|(_, scheme)| kind(&Value::Object(scheme.clone()))) {
            Some(kind) => schemes.push(Scheme { name: name.clone(), kind }),
            None => envelope.notebook.assumed(&at, format!("security scheme `{name}` can't be read; it is left out")),
        }
    }
    schemes
}

fn kind(scheme: &Value) -> Option<SchemeKind> {
    let kind = scheme.get("type").and_then(Value::as_str)?;
    if kind.eq_ignore_ascii_case("mutualTLS") {
        return Some(SchemeKind::MutualTls);
    }
    let typed = serde_json::from_value(normalised(kind, scheme)).ok();
    Some(match typed {
        Some(v3::SecurityScheme::APIKey { location, name, .. }) => {
            SchemeKind::ApiKey { location: key_location(&location), name }
        }
        Some(v3::SecurityScheme::HTTP { scheme, .. }) => SchemeKind::Http { scheme: scheme.to_ascii_lowercase() },
        Some(v3::SecurityScheme::OAuth2 { .. }) => SchemeKind::OAuth2,
        Some(v3::SecurityScheme::OpenIDConnect { .. }) => SchemeKind::OpenIdConnect,
        None => SchemeKind::Other(kind.to_owned()),
    })
}

/// Only what the model needs: flows and URLs are often incomplete, and are not used.
fn normalised(kind: &str, scheme: &Value) -> Value {
    match kind.to_ascii_lowercase().as_str() {
        "apikey" => json!({"type": "apiKey", "in": scheme["in"], "name": scheme["name"]}),
        "http" => json!({"type": "http", "scheme": scheme["scheme"]}),
        "oauth2" => json!({"type": "oauth2", "flows": {}}),
        "openidconnect" => json!({"type": "openIdConnect", "openIdConnectUrl": ""}),
        _ => Value::Null,
    }
}

fn key_location(location: &v3::APIKeyLocation) -> Location {
    match location {
        v3::APIKeyLocation::Query => Location::Query,
        v3::APIKeyLocation::Header => Location::Header,
        v3::APIKeyLocation::Cookie => Location::Cookie,
    }
}

/// The alternatives of a `security` list.
pub(super) fn requirements(at: &str, security: &Value, known: &[Scheme], notebook: &mut Notebook) -> Vec<Requirement> {
    let Value::Array(alternatives) = security else {
        if !security.is_null() {
            notebook.assumed(at, "`security` must be a list; it is left out");
        }
        return Vec::new();
    };
    let mut requirements = Vec::new();
    for (index, alternative) in alternatives.iter().enumerate() {
        let at = format!("{at}/{index}");
        let schemes = match alternative {
            Value::Object(schemes) => schemes.keys().cloned().collect(),
            Value::String(_) => scalar(alternative).into_iter().collect(),
            _ => {
                notebook.assumed(&at, "a security requirement must be an object; it is left out");
                continue;
            }
        };
        let requirement = Requirement { schemes };
        for name in requirement.schemes.iter().filter(|name| !known.iter().any(|scheme| scheme.name == **name)) {
            notebook
                .assumed(&at, format!("security scheme `{name}` is not declared; no credentials can be chosen for it"));
        }
        requirements.push(requirement);
    }
    requirements
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(scheme: &Value, expected: Option<&SchemeKind>) {
        let mut notebook = Notebook::default();
        let root = json!({"components": {"securitySchemes": {"a": scheme}}});
        let found = schemes(&root, &mut notebook);
        assert_eq!(found.first().map(|scheme| &scheme.kind), expected);
        assert_eq!(notebook.remarks.is_empty(), expected.is_some());
    }

    #[test]
    fn schemes_of_every_kind() {
        let key = SchemeKind::ApiKey { location: Location::Cookie, name: "sid".into() };
        check(&json!({"type": "apiKey", "in": "cookie", "name": "sid"}), Some(&key));
        check(&json!({"type": "http", "scheme": "Bearer"}), Some(&SchemeKind::Http { scheme: "bearer".into() }));
        check(&json!({"type": "oauth2"}), Some(&SchemeKind::OAuth2));
        check(&json!({"type": "openIdConnect", "openIdConnectUrl": 5}), Some(&SchemeKind::OpenIdConnect));
        check(&json!({"type": "mutualTLS"}), Some(&SchemeKind::MutualTls));
        check(&json!({"type": "hmac"}), Some(&SchemeKind::Other("hmac".into())));
        check(&json!({"type": "apiKey"}), Some(&SchemeKind::Other("apiKey".into())));
        check(&json!({"in": "header"}), None);
        check(&json!({"$ref": "#/nowhere"}), None);
    }

    #[test]
    fn requirements_are_alternatives() {
        let known = [Scheme { name: "key".into(), kind: SchemeKind::OAuth2 }];
        let mut notebook = Notebook::default();
        let found =
            requirements("/security", &json!([{"key": []}, {"key": [], "other": []}, {}, 5]), &known, &mut notebook);
        let names: Vec<_> = found.iter().map(|requirement| requirement.schemes.len()).collect();
        assert_eq!(names, [1, 2, 0]);
        let places: Vec<_> = notebook.remarks.iter().map(|remark| remark.place.pointer.as_str()).collect();
        assert_eq!(places, ["/security/1", "/security/3"]);
    }
}
