//! All oracles by name. Main type: [`Registry`].

use std::sync::Arc;

use super::connection_dropped::ConnectionDropped;
use super::contract::Contracts;
use super::hang::Hang;
use super::invalid_http::InvalidHttp;
use super::invalid_input_accepted::InvalidInputAccepted;
use super::leaked_field::LeakedField;
use super::life_cycle::LifeCycle;
use super::process_died::ProcessDied;
use super::response_schema::ResponseSchema;
use super::runtime_error::RuntimeError;
use super::server_error::{ServerError, narrowed};
use super::undocumented_content_type::UndocumentedContentType;
use super::undocumented_status::UndocumentedStatus;
use super::{Check, Oracle};
use crate::finding::{Finding, OracleId, Requirement, Signature};
use crate::scenario::{Law, Trace};

/// What a sequence of requests may show that none of them shows alone.
const CRASHES: [&str; 4] = ["process_died", "connection_dropped", "runtime_error", "server_error"];

/// The oracles of a run.
pub struct Registry {
    oracles: Vec<Box<dyn Oracle>>,
}

/// A finding that was looked for.
pub struct Shown {
    /// As the answer shows it.
    pub plain: Finding,
    /// As the answer and the stack trace in the target's log show it: failures that are answered alike are told apart so. The
    /// same as the plain one where there is none.
    pub narrowed: Finding,
}

/// A name that no oracle has.
#[derive(Debug, thiserror::Error)]
#[error("no oracle is named {name:?}; there are {known}")]
pub struct UnknownOracle {
    name: String,
    known: String,
}

impl Default for Registry {
    /// All oracles, the worst first, then the laws. What each prepares for a schema is shared.
    fn default() -> Self {
        let contracts: Arc<Contracts> = Arc::default();
        let mut all: Vec<Box<dyn Oracle>> = vec![
            Box::new(ProcessDied),
            Box::new(ConnectionDropped),
            Box::new(RuntimeError),
            Box::new(ServerError),
            Box::new(Hang),
            Box::new(LeakedField::new(Arc::clone(&contracts))),
            Box::new(InvalidHttp),
            Box::new(InvalidInputAccepted),
            Box::new(ResponseSchema::new(contracts)),
            Box::new(UndocumentedStatus),
            Box::new(UndocumentedContentType),
        ];
        all.extend(Law::ALL.map(|law| -> Box<dyn Oracle> { Box::new(LifeCycle(law)) }));
        Self::new(all)
    }
}

impl Registry {
    /// These oracles.
    pub fn new(oracles: Vec<Box<dyn Oracle>>) -> Self {
        Self { oracles }
    }

    /// What all of them say about a trace. Of one that tries a law only that law and a crash count: whatever else its
    /// requests show, they show alone as well, and the finding is smaller then.
    pub fn judge(&self, trace: &Trace<'_>) -> Vec<Finding> {
        self.judge_for(trace, |_| true)
    }

    /// What those of them say that are wanted.
    pub fn judge_for(&self, trace: &Trace<'_>, is_wanted: impl Fn(OracleId) -> bool) -> Vec<Finding> {
        let counts = |oracle: &&dyn Oracle| {
            let id = oracle.id();
            trace.scenario.law.is_none_or(|law| id.0 == law.word() || CRASHES.contains(&id.0)) && is_wanted(id)
        };
        self.iter().filter(counts).flat_map(|oracle| oracle.judge(trace)).collect()
    }

    /// What has this signature, of what they say about a trace that was carried out alone while the target wrote this log.
    pub fn shown(&self, trace: &Trace<'_>, log: &[String], signature: &Signature) -> Option<Shown> {
        self.judge(trace).into_iter().find_map(|plain| {
            let narrowed = narrowed(plain.clone(), log);
            let is_it = plain.signature == *signature || narrowed.signature == *signature;
            is_it.then_some(Shown { plain, narrowed })
        })
    }

    /// Whether the requirement holds of the trace.
    pub fn check(&self, requirement: &Requirement, trace: &Trace<'_>) -> Result<Check, UnknownOracle> {
        Ok(self.find(requirement.oracle.0)?.check(requirement, trace))
    }

    /// The id of the oracle that has this name.
    pub fn id(&self, name: &str) -> Result<OracleId, UnknownOracle> {
        self.find(name).map(Oracle::id)
    }

    /// All oracles.
    pub fn iter(&self) -> impl Iterator<Item = &dyn Oracle> {
        self.oracles.iter().map(AsRef::as_ref)
    }

    fn find(&self, name: &str) -> Result<&dyn Oracle, UnknownOracle> {
        self.iter().find(|oracle| oracle.id().0 == name).ok_or_else(|| {
            let known: Vec<_> = self.iter().map(|oracle| oracle.id().0).collect();
            UnknownOracle { name: name.to_owned(), known: known.join(", ") }
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::finding::Severity;
    use crate::oracle::testing::Shot;

    #[test]
    fn oracles_are_known_by_name_in_a_fixed_order() {
        let registry = Registry::default();
        let names: Vec<_> = registry.iter().map(|oracle| oracle.id().0).collect();
        assert_eq!(
            names,
            [
                "process_died",
                "connection_dropped",
                "runtime_error",
                "server_error",
                "hang",
                "leaked_field",
                "invalid_http",
                "invalid_input_accepted",
                "response_schema",
                "undocumented_status",
                "undocumented_content_type",
                "delete_without_effect",
                "use_after_delete",
                "created_object_missing",
                "refused_update_stored",
                "refused_create_stored",
                "wrong_location",
                "partial_put",
                "put_not_idempotent",
                "patch_not_merging",
                "double_create",
                "lost_update",
            ]
        );
        assert!(registry.iter().all(|oracle| !oracle.explain().is_empty()));
        let unknown = registry.id("odd").unwrap_err().to_string();
        assert!(unknown.contains("hang"), "{unknown}");
    }

    #[test]
    fn one_answer_may_show_several_bugs() {
        let shot = Shot::new("GET", "/a", &json!({"responses": {"200": {"content": {"application/json": {}}}}}));
        let findings = Registry::default().judge(&shot.text(500, "near \"'\": syntax error").trace());
        let shown: Vec<_> = findings.iter().map(|finding| (finding.oracle().0, finding.severity)).collect();
        assert_eq!(shown, [("server_error", Severity::High), ("leaked_field", Severity::Medium)]);
        for finding in &findings {
            let check = Registry::default().check(&finding.requirement, &shot.text(200, "fine").trace());
            assert_eq!(check.unwrap(), Check::Holds);
        }
        assert!(Registry::default().judge(&shot.json(200, &json!([])).trace()).is_empty());
    }

    /// Pieces that oracles look for, and what stands between them.
    const PIECES: &[&str] = &[
        "{\"password\":\"x1\"}",
        "[{\"id\":",
        "null",
        "\"",
        "}",
        "]",
        "<h1>",
        "</pre>",
        "&quot;",
        "\n",
        " at ",
        "a.B.c(D.java:1)",
        "File \"/srv/a.py\", line 1, in f\n",
        "Caused by: x.YException: z\n",
        "near \"\": syntax error",
        "/var/lib/a",
        "10.0.0.1:80",
        "postgres://a:b1@c",
        "-----BEGIN PRIVATE KEY-----\nMIIEowIBAAKCAQEA",
        "é",
        "\u{0}",
        "message",
        ":",
        "7",
    ];

    proptest::proptest! {
        /// Whatever comes back: no oracle panics, judging twice says the same, and what is found is red on replay.
        #[test]
        fn every_finding_is_red_when_replayed(
            pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..12),
            status in proptest::sample::select(vec![200_u16, 204, 400, 404, 500, 503]),
            media_type in proptest::sample::select(vec!["application/json", "text/html", ""]),
        ) {
            let user = json!({"type": "object", "properties": {"password": {"type": "string", "writeOnly": true}}});
            let described = json!({"responses": {"2XX": {"content": {"application/json": {"schema": user}}}}});
            let played = Shot::new("GET", "/a", &described).answer(status, media_type, &pieces.concat());
            let registry = Registry::default();
            let findings = registry.judge(&played.trace());
            proptest::prop_assert_eq!(&findings, &registry.judge(&played.trace()));
            for finding in findings {
                let check = registry.check(&finding.requirement, &played.trace()).unwrap();
                proptest::prop_assert_ne!(check, Check::Holds, "{}", finding.title);
            }
        }
    }
}
