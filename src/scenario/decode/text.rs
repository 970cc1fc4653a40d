//! What a text without a type may mean. Main function: [`scalars`].

use serde_json::{Number, Value};

use super::readings::Reader;

/// The values that a text may be read as, and whether it may be read as nothing at all.
pub(super) fn scalars(text: &str, reader: Reader) -> (Vec<Value>, bool) {
    let mut values = vec![Value::from(text)];
    if let Some(number) = number(text, reader) {
        values.push(Value::Number(number));
    }
    if let Some(flag) = boolean(text, reader) {
        values.push(Value::Bool(flag));
    }
    let is_nothing =
        text.is_empty() || ["null", "nil", "none", "undefined"].contains(&text.to_ascii_lowercase().as_str());
    let is_absent = reader == Reader::Tolerant && is_nothing;
    if is_absent {
        values.push(Value::Null);
    }
    (values, is_absent)
}

/// A JSON number; to a tolerant server also what the number parsers of common languages take.
pub(super) fn number(text: &str, reader: Reader) -> Option<Number> {
    let strict = serde_json::from_str::<Number>(text).ok();
    if strict.is_some() || reader == Reader::Strict {
        return strict;
    }
    let plain = text.trim().trim_start_matches('+').replace(['_', ','], "");
    let hex = |prefix: &str, radix: u32| {
        let digits = plain.to_ascii_lowercase().strip_prefix(prefix)?.to_owned();
        i64::from_str_radix(&digits, radix).ok().map(Number::from)
    };
    let decimal = plain.parse::<f64>().ok().and_then(Number::from_f64);
    plain.parse::<i64>().ok().map(Number::from).or(decimal).or_else(|| hex("0x", 16)).or_else(|| hex("0b", 2))
}

fn boolean(text: &str, reader: Reader) -> Option<bool> {
    let lower = text.trim().to_ascii_lowercase();
    match (text, lower.as_str()) {
        ("true", _) => Some(true),
        ("false", _) => Some(false),
        _ if reader == Reader::Strict => None,
        (_, "true" | "1" | "yes" | "on" | "t" | "y") => Some(true),
        (_, "false" | "0" | "no" | "off" | "f" | "n" | "") => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "cases read better without references")]
    fn check(text: &str, strict: Value, tolerant: Value) {
        assert_eq!(Value::from(scalars(text, Reader::Strict).0), strict, "{text} strictly");
        assert_eq!(Value::from(scalars(text, Reader::Tolerant).0), tolerant, "{text} tolerantly");
    }

    #[test]
    fn texts_are_more_than_texts() {
        check("12", json!(["12", 12]), json!(["12", 12]));
        check("1", json!(["1", 1]), json!(["1", 1, true]));
        check("+0012", json!(["+0012"]), json!(["+0012", 12]));
        check("1_0", json!(["1_0"]), json!(["1_0", 10]));
        check("0x10", json!(["0x10"]), json!(["0x10", 16]));
        check("true", json!(["true", true]), json!(["true", true]));
        check("Yes", json!(["Yes"]), json!(["Yes", true]));
        check("", json!([""]), json!(["", false, null]));
        check("word", json!(["word"]), json!(["word"]));
        check("NaN", json!(["NaN"]), json!(["NaN"]));
    }
}
