//! The self-check through the built command: gadfly finds what is planted in the demo, keeps it, and finds nothing in
//! the clean twin. Budgets are numbers of requests, so that no slow machine changes the outcome.

use gadfly::demo::TOKENS;
use gadfly::identity::{Credentials, Identities};
use gadfly::redact::Secret;
use gadfly::scenario::IdentityName;

use crate::support::Project;

/// Enough for every operation's enumerated cases.
const REQUESTS: &str = "12000";

/// The demo's ordinary caller.
pub(crate) fn alice() -> Identities {
    let token = TOKENS.iter().find(|token| token.identity == "alice").unwrap();
    let mut identities = Identities::new();
    let headers = vec![("Authorization".to_owned(), Secret::new(format!("Bearer {}", token.token)))];
    identities.insert(IdentityName::new("alice"), Credentials { headers, query: vec![] });
    identities
}

#[test]
fn planted_bugs_are_found_and_kept() {
    let project = Project::new(&[]);
    let ran = project.gadfly(&["demo", "--requests", REQUESTS, "--json"]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    let object = ran.object();
    let count = |name: &str| object[name].as_array().unwrap_or_else(|| panic!("{name}: {object}")).len();
    assert!(count("planted") >= 25);
    assert!(count("found") * 10 >= count("planted") * 9, "missed: {}", object["missed"]);
    for finding in object["findings"].as_array().unwrap() {
        let is_kept = finding["stable"] == true && finding["severity"] != "remark";
        match finding["fixture"].as_str() {
            Some(file) => assert!(is_kept && project.path(file).is_file(), "{finding}"),
            None => assert!(!is_kept, "{finding}"),
        }
    }
}

#[test]
fn the_clean_twin_is_quiet() {
    for seed in ["1", "2", "3"] {
        let project = Project::new(&[]);
        let ran = project.gadfly(&["demo", "--clean", "--requests", "6000", "--seed", seed, "--json"]);
        let object = ran.object();
        let findings = object["findings"].as_array().unwrap();
        assert_eq!((ran.code, findings.len()), (Some(0), 0), "seed {seed}: {findings:#?}");
        let number = |name: &str| object[name].as_u64().unwrap();
        assert!(number("operations_with_2xx") + 1 >= number("operations"), "{}", object["never_2xx"]);
    }
}
