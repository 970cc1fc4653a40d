//! Who may call (OpenAPI 3.1 sections 4.8.27 and 4.8.30).

use super::Location;

/// One alternative: the names of the schemes that must all be met; none means that anybody may call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requirement {
    /// Names of security schemes.
    pub schemes: Vec<String>,
}

/// A security scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scheme {
    /// Its name in the document.
    pub name: String,
    /// What it asks for.
    pub kind: SchemeKind,
}

/// The kinds of schemes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemeKind {
    /// A key in a parameter of this name.
    ApiKey {
        /// Where it stands.
        location: Location,
        /// The parameter's name.
        name: String,
    },
    /// `Authorization` with this scheme in lower case: `basic`, `bearer`, ...
    Http {
        /// The scheme.
        scheme: String,
    },
    /// OAuth 2.0.
    OAuth2,
    /// `OpenID` Connect.
    OpenIdConnect,
    /// A client certificate.
    MutualTls,
    /// A kind that we do not know.
    Other(String),
}
