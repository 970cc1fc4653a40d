//! Values that a schema names: `enum` and `default`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::keyword::{Tidy, brief};
use super::types::{coerced, is_of, type_names};

impl Tidy<'_> {
    pub(super) fn enumeration(&mut self) {
        let Some(value) = self.map.get_mut("enum") else { return };
        let Value::Array(members) = value else { return self.drop("enum", "must be a list") };
        if members.is_empty() {
            return self.drop("enum", "has no members");
        }
        let mut unique: Vec<Value> = Vec::with_capacity(members.len());
        let before = members.len();
        let mut seen = BTreeSet::new();
        unique.extend(members.drain(..).filter(|member| seen.insert(member.to_string())));
        *members = unique;
        if members.len() < before {
            self.assumed("enum", "`enum` holds a member twice".into());
        }
        self.enumeration_types();
    }

    /// Members of another type than the declared one: what YAML made of unquoted words is turned back.
    fn enumeration_types(&mut self) {
        let types = type_names(self.map.get("type"));
        let Some(Value::Array(members)) = self.map.get_mut("enum") else { return };
        if types.is_empty()
            || members.iter().all(|member| member.is_null() || types.iter().any(|name| is_of(name, member)))
        {
            return;
        }
        let mut is_mended = true;
        for member in members.iter_mut().filter(|member| !types.iter().any(|name| is_of(name, member))) {
            match types.iter().find_map(|name| coerced(name, member)) {
                Some(coerced) => *member = coerced,
                None => is_mended = member.is_null() && is_mended,
            }
        }
        let none_fits = !members.iter().any(|member| types.iter().any(|name| is_of(name, member)));
        let name = types.join(" or ");
        if none_fits {
            self.assumed("enum", format!("no member of `enum` is of type {name}; the type is ignored"));
            self.map.shift_remove("type");
        } else if is_mended {
            self.assumed("enum", format!("members of `enum` are not of type {name}; they are read as if they were"));
        } else {
            self.assumed("enum", format!("members of `enum` are not of type {name}; they are never valid"));
        }
    }

    pub(super) fn default(&mut self) {
        let types = type_names(self.map.get("type"));
        let Some(default) = self.map.get("default") else { return };
        let is_nullable = ["nullable", "x-nullable"].iter().any(|key| self.map.get(*key) == Some(&Value::Bool(true)));
        if default.is_null() && is_nullable {
            return;
        }
        if !types.is_empty() && !types.iter().any(|name| is_of(name, default)) {
            let message = format!(
                "`default: {}` is not of type {}; it is never sent as valid",
                brief(default),
                types.join(" or ")
            );
            self.assumed("default", message);
        } else if let Some(Value::Array(members)) = self.map.get("enum")
            && !members.contains(default)
        {
            let message = format!("`default: {}` is no member of `enum`; it is never sent as valid", brief(default));
            self.assumed("default", message);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::keyword::tests::check;

    #[test]
    fn enums_of_another_type() {
        check(
            json!({"type": "string", "enum": [1, true]}),
            &json!({"type": "string", "enum": ["1", "true"]}),
            Some("as if"),
        );
        check(
            json!({"type": "integer", "enum": ["1", "2"]}),
            &json!({"type": "integer", "enum": [1, 2]}),
            Some("as if"),
        );
        check(json!({"type": "array", "enum": ["a"]}), &json!({"enum": ["a"]}), Some("type is ignored"));
        check(
            json!({"type": "integer", "enum": [1, "a"]}),
            &json!({"type": "integer", "enum": [1, "a"]}),
            Some("never valid"),
        );
        check(json!({"type": "string", "enum": ["a", null]}), &json!({"type": "string", "enum": ["a", null]}), None);
        check(json!({"enum": ["a", "a"]}), &json!({"enum": ["a"]}), Some("twice"));
        check(json!({"enum": []}), &json!({}), Some("no members"));
        check(json!({"enum": "a"}), &json!({}), Some("must be a list"));
    }
}
