//! What names say: `flow_run_id` is the `id` of a flow run, `silences` is where each silence is. Main functions:
//! [`words`], [`singular`], [`Reference::of`].

/// Words that name what a thing is known by.
const FIELDS: [&str; 14] = [
    "id",
    "uuid",
    "uid",
    "guid",
    "name",
    "key",
    "slug",
    "code",
    "number",
    "handle",
    "token",
    "ref",
    "reference",
    "identifier",
];
/// Verbs that stand before what they make.
const MAKING: [&str; 6] = ["create", "add", "new", "register", "insert", "make"];

/// The lower-case words of a name in any of the usual spellings.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut is_open = false;
    let mut previous = ' ';
    let mut all = name.chars().peekable();
    while let Some(c) = all.next() {
        if c.is_alphanumeric() {
            // `silenceID`, `flowRun`, `APIKey`: a word begins at a capital after a small letter or before one.
            let before_small = previous.is_uppercase() && all.peek().is_some_and(|next| next.is_lowercase());
            let begins = c.is_uppercase() && (previous.is_lowercase() || previous.is_numeric() || before_small);
            match words.last_mut() {
                Some(word) if is_open && !begins => word.extend(c.to_lowercase()),
                _ => words.push(c.to_lowercase().collect()),
            }
            is_open = true;
        } else {
            is_open = false;
        }
        previous = c;
    }
    words
}

/// The singular of an English word, as well as a few rules can tell.
pub(super) fn singular(word: &str) -> String {
    let ends = |ending: &str| word.len() > ending.len() + 1 && word.ends_with(ending);
    let without = |ending: usize, put: &str| format!("{}{put}", &word[..word.len() - ending]);
    if ends("ies") {
        without(3, "y")
    } else if ["sses", "xes", "ches", "shes"].iter().any(|ending| ends(ending)) {
        without(2, "")
    } else if ends("s") && !["ss", "us", "is"].iter().any(|ending| word.ends_with(ending)) {
        without(1, "")
    } else {
        word.to_owned()
    }
}

/// The name of the kind of thing that a collection is called after: `flow_runs` holds each `flow_run`.
pub(super) fn kind(collection: &str) -> String {
    let mut words = words(collection);
    if let Some(last) = words.last_mut() {
        *last = singular(last);
    }
    words.join("_")
}

/// The kind that an action makes: `create_flow_run` makes a `flow_run`.
pub(super) fn made_by(action: &str) -> Option<String> {
    let mut words = words(action);
    let is_making = words.len() > 1 && MAKING.contains(&words[0].as_str());
    is_making.then(|| {
        words.remove(0);
        kind(&words.join("_"))
    })
}

/// A name that refers to a thing by one of its fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    /// What kind of thing; empty where the name does not say.
    pub(super) kind: String,
    /// By what: `id`, `name`, ...
    pub(super) field: String,
}

impl Reference {
    /// Reads a name.
    pub(super) fn of(name: &str) -> Self {
        // Most names are one word in small letters: every answer is full of them.
        if name.bytes().all(|byte| byte.is_ascii_lowercase()) {
            let field = singular(name);
            let field = if FIELDS.contains(&field.as_str()) { field } else { name.to_owned() };
            return Self { kind: String::new(), field };
        }
        let mut words = words(name);
        let last = words.last().map(|word| singular(word)).unwrap_or_default();
        if FIELDS.contains(&last.as_str()) {
            words.pop();
            return Self { kind: words.join("_"), field: last };
        }
        Self { kind: String::new(), field: words.join("_") }
    }
}

/// Whether a member of this name is likely to name what it stands in.
pub(super) fn names_something(member: &str) -> bool {
    FIELDS.contains(&Reference::of(member).field.as_str())
}

/// Whether a path segment only says by what the next one is known: `/flows/name/{name}`.
pub(super) fn is_field(segment: &str) -> bool {
    let words = words(segment);
    matches!(&words[..], [word] if FIELDS.contains(&singular(word).as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, kind: &str, field: &str) {
        assert_eq!(Reference::of(name), Reference { kind: kind.into(), field: field.into() }, "{name}");
    }

    #[test]
    fn references_in_all_spellings() {
        check("flow_run_id", "flow_run", "id");
        check("flowRunId", "flow_run", "id");
        check("silenceID", "silence", "id");
        check("X-Tenant-Name", "x_tenant", "name");
        check("id", "", "id");
        check("path", "", "path");
        check("names", "", "name");
        check("addresses", "", "addresses");
        check("Addresses", "", "addresses");
        check("", "", "");
        check("product_ids", "product", "id");
        check("APIKey", "api", "key");
    }

    #[test]
    fn collections_are_named_after_what_is_in_them() {
        for (collection, expected) in [
            ("flow_runs", "flow_run"),
            ("categories", "category"),
            ("boxes", "box"),
            ("statuses", "statuse"),
            ("status", "status"),
            ("addresses", "address"),
            ("silence", "silence"),
            ("FlowRuns", "flow_run"),
        ] {
            assert_eq!(kind(collection), expected, "{collection}");
        }
        assert_eq!(made_by("create_flow_run").as_deref(), Some("flow_run"));
        assert_eq!(made_by("filter"), None);
    }
}
