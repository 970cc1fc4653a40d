//! The repository's own sources, for tests that read them. Main type: [`Source`].

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The folder of `Cargo.toml`.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A Rust file below `src` or `tests`.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// Its path below the root, such as `src/wire/origin.rs`.
    pub(crate) path: String,
    /// Its text.
    pub(crate) text: String,
    /// Whether the file is compiled for tests only.
    pub(crate) is_test: bool,
}

impl Source {
    /// All Rust files below this folder of the repository, in order.
    pub(crate) fn all(folder: &str) -> Vec<Self> {
        let mut files = Vec::new();
        walk(&root().join(folder), &mut files);
        files.sort();
        let read = |file: PathBuf| {
            let below = file.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
            Self { path: below, text: std::fs::read_to_string(&file).unwrap(), is_test: false }
        };
        let mut sources: Vec<Self> = files.into_iter().map(read).collect();
        let tests: BTreeSet<String> = sources.iter().flat_map(Self::test_modules).collect();
        for source in &mut sources {
            let below =
                |module: &String| source.path.strip_prefix(module).is_some_and(|rest| rest.starts_with(['/', '.']));
            source.is_test = tests.iter().any(below);
        }
        sources
    }

    /// The modules that this file declares for tests only, as paths without `.rs`.
    fn test_modules(&self) -> Vec<String> {
        let folder = self.path.trim_end_matches(".rs").trim_end_matches("/mod").trim_end_matches("/lib");
        let declarations = self.text.split("#[cfg(test)]\n").skip(1).filter_map(|rest| rest.lines().next());
        let names = declarations.filter_map(|line| line.trim().strip_suffix(';')?.split("mod ").nth(1));
        names.map(|name| format!("{folder}/{name}")).collect()
    }

    /// The text up to the tests at the foot of the file; nothing for a file that is compiled for tests only.
    pub(crate) fn code(&self) -> &str {
        if self.is_test {
            return "";
        }
        let tests = self.text.match_indices("#[cfg(test)]\n").find(|(at, _)| {
            let declaration = self.text[*at..].lines().nth(1).unwrap_or_default();
            declaration.contains("mod ") && declaration.contains('{')
        });
        tests.map_or(&self.text, |(at, _)| &self.text[..at])
    }
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The code without comments and the contents of strings: what is left has only real paths and calls in it.
pub(crate) fn bare(code: &str) -> String {
    let mut out = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(c) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(length) = string(rest) {
            out.push_str("\"\"");
            length
        } else if let Some(length) = character(rest) {
            out.push_str("' '");
            length
        } else {
            out.push(c);
            c.len_utf8()
        };
        rest = &rest[skipped..];
    }
    out
}

/// The length of the string literal that the text begins with.
fn string(text: &str) -> Option<usize> {
    let hashes = text.strip_prefix('r').map(|raw| raw.len() - raw.trim_start_matches('#').len());
    if let Some(hashes) = hashes.filter(|hashes| text[1 + hashes..].starts_with('"')) {
        let end = format!("\"{}", "#".repeat(hashes));
        let start = hashes + 2;
        return Some(text[start..].find(&end).map_or(text.len(), |at| start + at + end.len()));
    }
    let inner = text.strip_prefix('"')?;
    let mut escaped = false;
    for (at, c) in inner.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at + 2),
            _ => {}
        }
    }
    Some(text.len())
}

/// The length of the character literal that the text begins with; a lifetime is none.
fn character(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('\'')?;
    if let Some(escape) = inner.strip_prefix('\\') {
        return escape.char_indices().find(|(at, c)| *at > 0 && *c == '\'').map(|(at, _)| at + 3);
    }
    let first = inner.chars().next()?.len_utf8();
    inner[first..].starts_with('\'').then_some(first + 2)
}

#[test]
fn only_code_is_left() {
    let code = "use crate::a; // crate::b\nlet s = \"crate::c \\\" crate::d\"; let r = r#\"crate::\"e\"#;\n/* crate::f */ let c = '\"'; fn x<'a>() { crate::g::h() } let q = '\\''; crate::i";
    assert_eq!(
        bare(code),
        "use crate::a; \nlet s = \"\"; let r = \"\";\n let c = ' '; fn x<'a>() { crate::g::h() } let q = ' '; crate::i"
    );
}

#[test]
fn tests_are_no_code() {
    let source = |path: &str, text: &str| Source { path: path.into(), text: text.into(), is_test: false };
    let file = source(
        "src/a/mod.rs",
        "mod b;\n#[cfg(test)]\npub(crate) mod samples;\n\n#[cfg(test)]\nmod tests {\n    x\n}\n",
    );
    assert_eq!(file.test_modules(), ["src/a/samples"]);
    assert_eq!(file.code(), "mod b;\n#[cfg(test)]\npub(crate) mod samples;\n\n");
    assert_eq!(source("src/a.rs", "#[cfg(test)]\nmod tests;\n").test_modules(), ["src/a/tests"]);
    let sources = Source::all("src");
    let is_test = |path: &str| sources.iter().find(|source| source.path == path).map(|source| source.is_test);
    assert_eq!(is_test("src/replay/testing.rs"), Some(true));
    assert_eq!(is_test("src/replay/run.rs"), Some(false));
}
