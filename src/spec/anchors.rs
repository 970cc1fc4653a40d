//! Names that schemas give themselves: `$id`, `$anchor`, `$dynamicAnchor`. Main type: [`Anchors`].

use std::collections::BTreeMap;

use serde_json::Value;

use crate::schema::escape_token;

/// The names of one file, with the pointers of the schemas that have them.
#[derive(Debug, Default)]
pub(super) struct Anchors {
    ids: BTreeMap<String, String>,
    names: BTreeMap<String, String>,
}

impl Anchors {
    /// The names in a file. Most files have none, and are not searched.
    pub(super) fn of(text: &str, value: &Value) -> Self {
        let mut anchors = Self::default();
        if ["$id", "$anchor", "$dynamicAnchor", "$recursiveAnchor"].iter().any(|word| text.contains(word)) {
            anchors.search(value, &mut String::new());
        }
        anchors
    }

    fn search(&mut self, value: &Value, at: &mut String) {
        if let Value::Object(map) = value {
            let word = |key: &str| map.get(key).and_then(Value::as_str);
            if let Some(id) = word("$id") {
                self.ids.entry(id.trim_end_matches('#').to_owned()).or_insert_with(|| at.clone());
            }
            for name in ["$anchor", "$dynamicAnchor"].into_iter().filter_map(word) {
                self.names.entry(name.to_owned()).or_insert_with(|| at.clone());
            }
        }
        let members: Box<dyn Iterator<Item = (String, &Value)>> = match value {
            Value::Object(map) => Box::new(map.iter().map(|(key, member)| (escape_token(key), member))),
            Value::Array(items) => Box::new(items.iter().enumerate().map(|(i, item)| (i.to_string(), item))),
            _ => return,
        };
        for (token, member) in members.filter(|(_, member)| member.is_object() || member.is_array()) {
            let length = at.len();
            at.push('/');
            at.push_str(&token);
            self.search(member, at);
            at.truncate(length);
        }
    }

    /// The schema with this `$id`.
    pub(super) fn identified(&self, id: &str) -> Option<&str> {
        if id.is_empty() { None } else { self.ids.get(id).map(String::as_str) }
    }

    /// The schema with this anchor.
    pub(super) fn named(&self, anchor: &str) -> Option<&str> {
        self.names.get(anchor).map(String::as_str)
    }

    /// What a pointer in a schema starts from: the innermost schema around it that has an `$id`, or the file. A
    /// pointer that names a part of an `OpenAPI` document means the file, whatever ids say.
    pub(super) fn base(&self, at: &str, fragment: &str) -> &str {
        if ["/components/", "/definitions/", "/paths/"].iter().any(|part| fragment.starts_with(part)) {
            return "";
        }
        let encloses =
            |id: &&String| at.strip_prefix(id.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        self.ids.values().filter(encloses).max_by_key(|pointer| pointer.len()).map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_lead_to_their_schemas() {
        let value = json!({"s": {"A/b": {"$id": "tree#", "$defs": {"n": {"$anchor": "node"}}}, "B": [{"$dynamicAnchor": "d"}]}});
        let anchors = Anchors::of(&value.to_string(), &value);
        assert_eq!(anchors.identified("tree"), Some("/s/A~1b"));
        assert_eq!(anchors.named("node"), Some("/s/A~1b/$defs/n"));
        assert_eq!(anchors.named("d"), Some("/s/B/0"));
        assert_eq!(anchors.base("/s/A~1b/properties/x", "/$defs/n"), "/s/A~1b");
        assert_eq!(anchors.base("/s/A~1b/properties/x", "/components/schemas/C"), "");
        assert_eq!(anchors.base("/s/A~1bc", "/$defs/n"), "");
        assert_eq!(anchors.identified(""), None);
    }
}
