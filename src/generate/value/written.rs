//! Values of the document as they are written there. Main function: [`written`].

use serde_json::Value;

use crate::scenario::Datum;
use crate::schema::Document;

/// The value, with all digits of its numbers.
pub(crate) fn written(document: &Document, value: &Value) -> Datum {
    if document.digits().is_empty() {
        return Datum::from(value);
    }
    match value {
        Value::Number(number) => {
            let digits = document.digits().of(number);
            digits.map_or_else(|| Datum::from(value), |digits| Datum::Number(digits.into()))
        }
        Value::Array(items) => Datum::Array(items.iter().map(|item| written(document, item)).collect()),
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| (name.clone(), written(document, value));
            Datum::Object(members.iter().map(member).collect())
        }
        _ => Datum::from(value),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::generate::standard;
    use crate::scenario::{Intent, encode};
    use crate::seed::Seed;
    use crate::spec;

    /// Intent, keyword and body of every enumerated case of the one operation of a document with this schema.
    fn sent(schema: &str) -> Vec<(&'static str, String, String)> {
        let text = format!(
            "openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\npaths:\n  /a:\n    post:\n      requestBody: {{required: \
             true, content: {{application/json: {{schema: {schema}}}}}}}\n      responses: {{200: {{description: ok}}}}\n"
        );
        let loaded = spec::load_bytes("a.yaml", text.as_bytes()).unwrap();
        assert!(loaded.notes.is_empty(), "{:?}", loaded.notes);
        let generators = standard(&Arc::default());
        let mut out = Vec::new();
        for generator in ["examples", "boundary", "malformed"].iter().filter_map(|name| generators.named(name)) {
            for index in 0..generator.enumerated(&loaded.api.operations[0]) {
                let Some(case) = generator.case(&loaded.api.operations[0], index, Seed::new(1)) else { continue };
                let keyword = match &case.intent {
                    Intent::Boundary(rule) | Intent::Malformed(rule) => rule.keyword.clone(),
                    _ => String::new(),
                };
                let body = String::from_utf8_lossy(&encode(&case, "").body).into_owned();
                out.push((case.intent.word(), keyword, body));
            }
        }
        out
    }

    #[track_caller]
    fn check(schema: &str, expected: &[(&str, &str, &str)]) {
        let sent = sent(schema);
        for (intent, keyword, body) in expected {
            let is_it =
                |(word, about, text): &&(&str, String, String)| word == intent && about == keyword && text == body;
            assert!(sent.iter().any(|case| is_it(&case)), "{intent} {keyword} {body} of {schema}: {sent:#?}");
        }
    }

    #[test]
    fn limits_beyond_64_bits_are_exact() {
        let edges = |most: &str, above: &str| {
            let schema = format!("{{type: integer, minimum: 1, maximum: {most}}}");
            check(&schema, &[("boundary", "maximum", most), ("malformed", "maximum", above)]);
        };
        edges("18446744073709551616", "18446744073709551617");
        edges("99999999999999999999999", "100000000000000000000000");
        let longest = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
        edges(longest, &longest.replace("39935", "39936"));
        check(
            "{type: integer, minimum: -18446744073709551617}",
            &[("boundary", "minimum", "-18446744073709551617"), ("malformed", "minimum", "-18446744073709551618")],
        );
        check(
            "{type: number, exclusiveMaximum: 18446744073709551616}",
            &[("boundary", "maximum", "1.844674407370955e+19"), ("malformed", "maximum", "18446744073709551616")],
        );
    }

    #[test]
    fn values_beyond_64_bits_are_sent_as_they_are_written() {
        let long = "99999999999999999999999";
        check(&format!("{{const: {long}}}"), &[("boundary", "enum", long)]);
        check(&format!("{{enum: [1, -{long}]}}"), &[("boundary", "enum", &format!("-{long}"))]);
        check(&format!("{{type: integer, default: {long}}}"), &[("boundary", "default", long)]);
        check(
            &format!("{{type: object, required: [a], properties: {{a: {{type: integer}}}}, example: {{a: {long}}}}}"),
            &[("valid", "", &format!("{{\"a\":{long}}}"))],
        );
    }
}
