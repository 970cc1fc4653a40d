//! The layer rule: a module uses only modules of a lower rank. The ranks are read from the table in `src/lib.rs`.

use std::collections::{BTreeMap, BTreeSet};

use crate::sources::{Source, bare};

type Ranks = BTreeMap<String, u32>;

/// One module uses another, at this place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Edge {
    from: String,
    to: String,
    at: String,
}

/// The ranks by the rows of the table: `| 7 | [`triage`], [`corpus`] | ... |`.
fn ranks(lib: &str) -> Ranks {
    let mut ranks = Ranks::new();
    for row in lib.lines().filter_map(|line| line.strip_prefix("//! |")) {
        let mut cells = row.split('|').map(str::trim);
        let (Some(Ok(rank)), Some(modules)) = (cells.next().map(str::parse::<u32>), cells.next()) else { continue };
        for module in modules.split(',') {
            ranks.insert(module.trim().trim_matches(['[', ']', '`']).to_owned(), rank);
        }
    }
    ranks
}

/// The modules that `lib.rs` declares.
fn declared(lib: &str) -> BTreeSet<String> {
    let names = lib.lines().filter_map(|line| line.trim_start_matches("pub ").strip_prefix("mod "));
    names.map(|name| name.trim_end_matches(';').to_owned()).collect()
}

/// The top-level module that a file belongs to; none for `lib.rs` and `main.rs`, which stand above all.
fn module_of(path: &str) -> Option<&str> {
    let below = path.strip_prefix("src/")?;
    let (module, _) = below.split_once('/').unwrap_or((below.strip_suffix(".rs")?, ""));
    (!matches!(module, "lib" | "main")).then_some(module)
}

/// The top-level modules that the code names by `crate::`, alone or in a group.
fn used(code: &str) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        // `$crate::` of a macro is the same crate; `other_crate::` is not.
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let path = &code[at + "crate::".len()..];
        match path.strip_prefix('{') {
            Some(group) => used.extend(members(group)),
            None => used.extend(name(path)),
        }
    }
    used
}

/// The first names of a group's members: `{a::b, c::{d, e}, f as g}` has `a`, `c` and `f`.
fn members(group: &str) -> Vec<String> {
    let mut names = Vec::new();
    let (mut depth, mut is_start) = (0, true);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => is_start = true,
            c if is_start && !c.is_whitespace() => {
                names.extend(name(&group[at..]));
                is_start = false;
            }
            _ => {}
        }
    }
    names
}

fn name(path: &str) -> Option<String> {
    let path = path.trim_start();
    let end = path.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(path.len());
    (end > 0).then(|| path[..end].to_owned())
}

/// Edges that go up or sideways, and those from or to a module without a rank.
fn offences(ranks: &Ranks, files: &[Source]) -> Vec<Edge> {
    let mut offences = Vec::new();
    for file in files {
        let Some(from) = module_of(&file.path) else { continue };
        for to in used(&bare(file.code())) {
            let allowed =
                to == from || matches!((ranks.get(from), ranks.get(&to)), (Some(own), Some(other)) if other < own);
            if !allowed {
                offences.push(Edge { from: from.to_owned(), to, at: file.path.clone() });
            }
        }
    }
    offences
}

#[test]
fn modules_use_only_modules_of_a_lower_rank() {
    let files = Source::all("src");
    let lib = &files.iter().find(|file| file.path == "src/lib.rs").unwrap().text;
    let ranks = ranks(lib);
    let ranked: BTreeSet<_> = ranks.keys().cloned().collect();
    assert_eq!(declared(lib), ranked, "the modules of src/lib.rs and those of its table of ranks");
    assert!(files.len() > 50 && ranks.len() > 15, "the sources were not found: {} files", files.len());
    let offences = offences(&ranks, &files);
    assert!(offences.is_empty(), "edges that go up or sideways: {offences:#?}");
}

const LIB: &str = "//! | rank | module | holds |\n//! | --- | --- | --- |\n//! | 0 | [`a`] | x |\n//! | 1 | [`b`], [`c`] | x |\n\npub mod a;\nmod b;\npub mod c;\n";

#[track_caller]
fn check(path: &str, text: &str, expected: &[&str]) {
    let file = Source { path: path.into(), text: text.into(), is_test: false };
    let edges = offences(&ranks(LIB), &[file]);
    let shown: Vec<_> = edges.iter().map(|edge| format!("{} -> {}", edge.from, edge.to)).collect();
    assert_eq!(shown, expected, "{text}");
}

#[test]
fn the_table_is_read() {
    assert_eq!(ranks(LIB), Ranks::from([("a".into(), 0), ("b".into(), 1), ("c".into(), 1)]));
    assert_eq!(declared(LIB), BTreeSet::from(["a".into(), "b".into(), "c".into()]));
}

#[test]
fn an_edge_up_or_sideways_is_noticed() {
    check("src/a.rs", "use crate::b::X;", &["a -> b"]);
    check("src/b/mod.rs", "use crate::{\n    a::X,\n    c::{Y, Z},\n};", &["b -> c"]);
    check("src/b/deep/er.rs", "fn f() -> crate::c::X { crate::a::y() }", &["b -> c"]);
    check("src/b.rs", "use crate::unknown::X;", &["b -> unknown"]);
    check("src/unknown.rs", "use crate::a::X;", &["unknown -> a"]);
    check("src/a.rs", "pub(in crate::b) fn f() {}", &["a -> b"]);
}

#[test]
fn what_is_allowed_is_left_alone() {
    check("src/b.rs", "use crate::a::{self, X};\nuse crate::b::own;", &[]);
    check("src/lib.rs", "use crate::c::X;", &[]);
    check("src/main.rs", "use crate::c::X;", &[]);
    check("src/a.rs", "//! See [`crate::b`].\nconst S: &str = \"crate::b\"; // crate::c", &[]);
    check("src/a.rs", "fn f() {}\n\n#[cfg(test)]\nmod tests {\n    use crate::b::X;\n}", &[]);
    check("src/a.rs", "use some_crate::b::X;", &[]);
}
