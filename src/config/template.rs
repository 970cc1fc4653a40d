//! Text with `${VARIABLE}` in it. Main type: [`Template`]. It holds no value of any variable until it is filled.

use super::Environment;

/// A text as written in the file, read into its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Variable { name: String, default: Option<String> },
}

impl Template {
    /// Reads `${NAME}`, `${NAME:-default}` and `$$` (a plain `$`). Any other `$` stands for itself.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            plain.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix('{') {
                let end = after.find('}').ok_or_else(|| format!("`${{` without a `}}` in {text:?}"))?;
                parts.push(Part::Text(std::mem::take(&mut plain)));
                parts.push(variable(&after[..end])?);
                rest = &after[end + 1..];
            } else {
                plain.push('$');
                rest = rest.strip_prefix('$').unwrap_or(rest);
            }
        }
        plain.push_str(rest);
        parts.push(Part::Text(plain));
        parts.retain(|part| *part != Part::Text(String::new()));
        Ok(Self { parts })
    }

    /// Whether it names a variable.
    pub(super) fn holds_variables(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Variable { .. }))
    }

    /// The text with the variables' values, or the name of one that is not set and has no default. As in a shell,
    /// a default also stands in for an empty value.
    pub(super) fn fill(&self, environment: &Environment) -> Result<String, String> {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Variable { name, default } => {
                    let set = environment.get(name).filter(|value| !value.is_empty() || default.is_none());
                    out.push_str(set.or(default.as_ref()).ok_or_else(|| name.clone())?);
                }
            }
        }
        Ok(out)
    }
}

fn variable(text: &str) -> Result<Part, String> {
    let (name, default) = match text.split_once(":-") {
        Some((name, default)) => (name, Some(default.to_owned())),
        None => (text, None),
    };
    let first = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if !first || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Err(format!("`${{{text}}}` names no environment variable; write ${{NAME}} or ${{NAME:-default}}"));
    }
    Ok(Part::Variable { name: name.to_owned(), default })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<&str, &str>) {
        let environment = Environment::from([("TOKEN".into(), "t0k".into()), ("EMPTY".into(), String::new())]);
        let filled = Template::parse(text).and_then(|template| template.fill(&environment));
        assert_eq!(filled.as_deref().map_err(String::as_str), expected, "{text:?}");
    }

    #[test]
    fn variables_are_filled_in() {
        check("Bearer ${TOKEN}", Ok("Bearer t0k"));
        check("${TOKEN}${TOKEN}", Ok("t0kt0k"));
        check("${NONE:-anon}", Ok("anon"));
        check("${NONE:-}", Ok(""));
        check("${EMPTY}", Ok(""));
        check("${EMPTY:-x}", Ok("x"));
        check("${NONE}", Err("NONE"));
        check("", Ok(""));
    }

    #[test]
    fn a_dollar_is_a_dollar() {
        check("pa$$word", Ok("pa$word"));
        check("$${TOKEN}", Ok("${TOKEN}"));
        check("pa$word costs $", Ok("pa$word costs $"));
    }

    #[test]
    fn broken_templates_are_refused() {
        for text in ["${", "${TOKEN", "${}", "${1A}", "${A B}"] {
            assert!(Template::parse(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn text_without_a_dollar_is_itself(text in "[^$]*") {
            prop_assert_eq!(Template::parse(&text).unwrap().fill(&Environment::new()), Ok(text));
        }
    }
}
