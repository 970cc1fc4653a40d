//! JSON for people and diffs. Main function: [`pretty`].

use std::fmt::Write;

use serde_json::Value;

/// How wide an array on one line may be.
const WIDTH: usize = 100;

/// The value as JSON text in the order of its keys, one member a line; an array of scalars stays on one line if it
/// is short, so that a header is one line. Ends with one newline.
pub fn pretty(value: &Value) -> String {
    let mut out = String::new();
    write_value(&mut out, value, 0);
    out.push('\n');
    out
}

fn write_value(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            let members = members.iter().map(|(name, value)| (Some(name), value));
            write_block(out, ['{', '}'], members, depth);
        }
        Value::Array(items) if !items.is_empty() => match one_line(items) {
            Some(line) => out.push_str(&line),
            None => write_block(out, ['[', ']'], items.iter().map(|item| (None, item)), depth),
        },
        // Scalars and what is empty; writing to a String can't fail.
        short => _ = write!(out, "{short}"),
    }
}

fn write_block<'a>(
    out: &mut String,
    [open, close]: [char; 2],
    entries: impl Iterator<Item = (Option<&'a String>, &'a Value)>,
    depth: usize,
) {
    out.push(open);
    for (index, (name, value)) in entries.enumerate() {
        out.push_str(if index == 0 { "\n" } else { ",\n" });
        indent(out, depth + 1);
        if let Some(name) = name {
            _ = write!(out, "{}: ", Value::from(name.as_str()));
        }
        write_value(out, value, depth + 1);
    }
    out.push('\n');
    indent(out, depth);
    out.push(close);
}

fn indent(out: &mut String, depth: usize) {
    out.extend(std::iter::repeat_n("  ", depth));
}

/// Scalars on one line, if they fit.
fn one_line(items: &[Value]) -> Option<String> {
    if items.iter().any(|item| item.is_array() || item.is_object()) {
        return None;
    }
    let items: Vec<String> = items.iter().map(Value::to_string).collect();
    let line = format!("[{}]", items.join(", "));
    (line.len() <= WIDTH).then_some(line)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_member_is_a_line_and_a_short_list_too() {
        let value = json!({"b": [["X-A", "1"], []], "a": {}, "long": ["x".repeat(WIDTH)], "é\n": null});
        let long = "x".repeat(WIDTH);
        let expected = format!(
            "{{\n  \"b\": [\n    [\"X-A\", \"1\"],\n    []\n  ],\n  \"a\": {{}},\n  \"long\": [\n    \"{long}\"\n  ],\n  \"é\\n\": null\n}}\n"
        );
        assert_eq!(pretty(&value), expected);
    }

    fn values() -> impl Strategy<Value = Value> {
        let scalar = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        scalar.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((any::<String>(), inner), 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn nothing_is_lost(value in values()) {
            prop_assert_eq!(serde_json::from_str::<Value>(&pretty(&value)).unwrap(), value);
        }
    }
}
