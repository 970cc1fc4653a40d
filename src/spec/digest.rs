//! A hash that names a document, whatever the order of its keys. Main function: [`of`].

use std::io::Write;

use serde_json::Value;

/// `blake3:` and 16 hexadecimal digits over the value as JSON with sorted keys and no spaces.
pub(super) fn of(value: &Value) -> String {
    let mut hasher = blake3::Hasher::new();
    feed(value, &mut hasher);
    format!("blake3:{}", &hasher.finalize().to_hex()[..16])
}

fn feed(value: &Value, hasher: &mut blake3::Hasher) {
    match value {
        Value::Object(map) => {
            let mut members: Vec<_> = map.iter().collect();
            members.sort_unstable_by_key(|(key, _)| *key);
            for (index, (key, member)) in members.into_iter().enumerate() {
                hasher.update(if index == 0 { b"{" } else { b"," });
                scalar(key, hasher);
                hasher.update(b":");
                feed(member, hasher);
            }
            hasher.update(if map.is_empty() { b"{}" } else { b"}" });
        }
        Value::Array(items) => {
            hasher.update(b"[");
            for (index, item) in items.iter().enumerate() {
                hasher.update(if index == 0 { b"" } else { b"," });
                feed(item, hasher);
            }
            hasher.update(b"]");
        }
        plain => scalar(plain, hasher),
    }
}

fn scalar<T: serde::Serialize + ?Sized>(value: &T, hasher: &mut blake3::Hasher) {
    let mut writer = std::io::BufWriter::with_capacity(1024, hasher);
    serde_json::to_writer(&mut writer, value)
        .and_then(|()| writer.flush().map_err(serde_json::Error::io))
        .expect("hashing does not fail");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn order_of_keys_does_not_matter_and_all_else_does() {
        let one = of(&json!({"a": [1, {"b": null, "c": "\u{e4}\""}], "d": {}}));
        assert_eq!(one, of(&json!({"d": {}, "a": [1, {"c": "\u{e4}\"", "b": null}]})));
        assert_ne!(one, of(&json!({"a": [1, {"b": null, "c": "\u{e4}\""}], "d": []})));
        assert_eq!(one.len(), "blake3:".len() + 16);
    }

    #[test]
    fn what_is_hashed_is_json() {
        let value = json!({"a": [1.5, true, "x"], "b": {}});
        let hash = blake3::hash(serde_json::to_string(&value).unwrap().as_bytes()).to_hex();
        assert_eq!(of(&value), format!("blake3:{}", &hash[..16]));
    }
}
