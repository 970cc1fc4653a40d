//! A hash that names a document, whatever the order of its keys. Main function: [`of`].

use serde_json::Value;

/// `blake3:` and 16 hexadecimal digits over the value as JSON with sorted keys and no spaces.
pub(super) fn of(value: &Value) -> String {
    let mut sink = Sink { hasher: blake3::Hasher::new(), pending: Vec::with_capacity(2 * CHUNK) };
    sink.feed(value);
    sink.hasher.update(&sink.pending);
    format!("blake3:{}", &sink.hasher.finalize().to_hex()[..16])
}

/// How much is hashed at a time: in small pieces the hash costs several times as much.
const CHUNK: usize = 32 * 1024;

struct Sink {
    hasher: blake3::Hasher,
    pending: Vec<u8>,
}

impl Sink {
    fn feed(&mut self, value: &Value) {
        match value {
            Value::Object(map) => {
                let mut members: Vec<_> = map.iter().collect();
                members.sort_unstable_by_key(|(key, _)| *key);
                for (index, (key, member)) in members.into_iter().enumerate() {
                    self.pending.push(if index == 0 { b'{' } else { b',' });
                    self.scalar(key);
                    self.pending.push(b':');
                    self.feed(member);
                }
                self.pending.extend_from_slice(if map.is_empty() { b"{}" } else { b"}" });
            }
            Value::Array(items) => {
                self.pending.push(b'[');
                for (index, item) in items.iter().enumerate() {
                    self.pending.extend_from_slice(if index == 0 { b"" } else { b"," });
                    self.feed(item);
                }
                self.pending.push(b']');
            }
            plain => self.scalar(plain),
        }
    }

    fn scalar<T: serde::Serialize + ?Sized>(&mut self, value: &T) {
        serde_json::to_writer(&mut self.pending, value).expect("writing to memory does not fail");
        if self.pending.len() >= CHUNK {
            self.hasher.update(&self.pending);
            self.pending.clear();
        }
    }
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
