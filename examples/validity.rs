//! How valid what we make is: draws values of every parameter and body of every document of some folders and has them
//! judged by `jsonschema`; likewise for the patterns, and for malformed cases after encoding.
//!
//! What can't be made is never sent as valid; this program counts it all the same, and says why. Schemas of which it is proved
//! that no value meets them are counted apart, each with the argument. One line per document that misses a bar, then one
//! table for all.

#![expect(clippy::print_stdout, reason = "an example is a program of its own")]

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arbitrary::Unstructured;
use clap::Parser;
use gadfly::api::{Api, Operation};
use gadfly::generate::{Generator, UserValues, standard, unbuildable, valid_value};
use gadfly::scenario::{Intent, proves_malformed, proves_valid};
use gadfly::schema::{Schema, View};
use gadfly::seed::Seed;
use gadfly::spec;
use serde_json::{Value, json};

/// Draws values and has them judged.
#[derive(Parser)]
struct Arguments {
    /// Documents, and folders of documents
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Values drawn of each parameter and body
    #[arg(long, default_value_t = 10)]
    draws: u64,
    /// Operations of each document, evenly spread over it; 0 for all
    #[arg(long, default_value_t = 0)]
    operations: usize,
    /// Valid and malformed cases of each operation
    #[arg(long, default_value_t = 10)]
    cases: u64,
    /// Every how many-th document is taken
    #[arg(long, default_value_t = 1)]
    every: usize,
    /// How many documents are left out before the first that is taken
    #[arg(long, default_value_t = 0)]
    skip: usize,
    /// Documents with more bytes than this are left out
    #[arg(long, default_value_t = u64::MAX)]
    largest: u64,
}

/// The least share of draws that are valid, and of patterns that are honoured.
const VALID: f64 = 0.999;
const PATTERNS: f64 = 0.97;
/// Bytes of a tape, and how deep optional values nest.
const TAPE: usize = 1024;
const DEPTH: u32 = 6;

/// What was counted of one document or of all.
#[derive(Default)]
struct Count {
    operations: usize,
    /// Operations without a valid case, by the reason.
    unbuildable: usize,
    draws: usize,
    valid: usize,
    /// Draws that gave no value; none of them is sent.
    none: usize,
    /// Schemas that no value meets, and that is reported; nothing is drawn of them.
    impossible: usize,
    /// Values that were given and are not valid.
    wrong: usize,
    /// A schema of which there is no value, or a wrong one.
    example: Option<String>,
    patterns: usize,
    honoured: usize,
    valid_cases: usize,
    valid_proved: usize,
    malformed_cases: usize,
    malformed_proved: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let mut files = Vec::new();
    arguments.paths.iter().try_for_each(|path| collect(path, &mut files))?;
    files.sort();
    let small = |file: &&PathBuf| std::fs::metadata(file).is_ok_and(|facts| facts.len() <= arguments.largest);
    let (mut total, mut documents, mut short) = (Count::default(), 0, 0);
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    let mut patterns = BTreeSet::new();
    for file in files.iter().skip(arguments.skip).step_by(arguments.every).filter(small) {
        let Ok(loaded) = spec::load_file(file) else { continue };
        let count = document(&loaded.api, &arguments, &mut reasons);
        documents += 1;
        gather(loaded.api.document.root(), &mut patterns);
        if share(count.valid, count.draws) < VALID || count.wrong > 0 {
            short += 1;
            let Count { valid, draws, none, wrong, unbuildable, .. } = count;
            println!(
                "{}: {valid} of {draws} valid, {none} without a value, {wrong} wrong, {unbuildable} unbuildable{}",
                file.display(),
                count.example.as_ref().map_or_else(String::new, |at| format!("; the first at {at}"))
            );
        }
        total.add(&count);
    }
    for pattern in &patterns {
        self::pattern(pattern, &mut total);
    }
    for (reason, count) in &reasons {
        println!("{count:6} {reason}");
    }
    println!(
        "{documents} documents, {short} of them below {:.1} %; patterns bar {:.0} %",
        VALID * 100.0,
        PATTERNS * 100.0
    );
    total.print();
    Ok(())
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if path.is_dir() {
        for entry in std::fs::read_dir(path)? {
            collect(&entry?.path(), files)?;
        }
    } else if path.extension().is_some_and(|ending| ["json", "yaml", "yml"].iter().any(|known| ending == *known)) {
        files.push(path.to_owned());
    }
    Ok(())
}

fn document(api: &Api, arguments: &Arguments, reasons: &mut BTreeMap<String, usize>) -> Count {
    let mut count = Count::default();
    let generators = standard(&Arc::default());
    let wanted = if arguments.operations == 0 { usize::MAX } else { arguments.operations };
    let step = api.operations.len().div_ceil(wanted).max(1);
    for operation in api.operations.iter().step_by(step) {
        count.operations += 1;
        let problems = unbuildable(operation, &UserValues::default());
        count.unbuildable += usize::from(!problems.is_empty());
        for problem in problems {
            *reasons.entry(reason(&problem)).or_default() += 1;
        }
        let bodies = operation.body.iter().flat_map(|body| &body.contents).filter_map(|media| media.schema.as_ref());
        for schema in operation.parameters.iter().map(|parameter| &parameter.schema).chain(bodies) {
            values(schema, arguments.draws, &mut count);
        }
        for generator in generators.all() {
            cases(&**generator, operation, arguments.cases, &mut count);
        }
    }
    count
}

/// A problem without the names in it.
fn reason(problem: &str) -> String {
    let (_, why) = problem.split_once(": ").unwrap_or(("", problem));
    let why = why.split(" (#").next().unwrap_or(why);
    why.chars().take(90).collect()
}

fn values(schema: &Schema, draws: u64, count: &mut Count) {
    if let Some(contradiction) = schema.contradiction() {
        count.impossible += 1;
        println!("no value meets #{}: {contradiction}", schema.pointer());
        // An argument that a value refutes would be a wrong one.
        let shown = &schema.constraints().hints;
        let is_refuted = shown.iter().any(|value| schema.conforms(View::Request, value))
            || valid_value(schema, &mut Unstructured::new(&[]), DEPTH).is_some();
        count.wrong += usize::from(is_refuted);
        return;
    }
    for index in 0..draws {
        count.draws += 1;
        let tape = Seed::new(1).child(schema.pointer(), index).tape(TAPE);
        let Some(datum) = valid_value(schema, &mut Unstructured::new(&tape), DEPTH) else {
            count.none += 1;
            count.example.get_or_insert_with(|| schema.pointer().to_owned());
            continue;
        };
        let is_valid = datum.to_value().is_some_and(|value| schema.conforms(View::Request, &value));
        count.valid += usize::from(is_valid);
        count.wrong += usize::from(!is_valid);
        if !is_valid {
            count.example.get_or_insert_with(|| schema.pointer().to_owned());
        }
    }
}

fn cases(generator: &dyn Generator, operation: &Arc<Operation>, most: u64, count: &mut Count) {
    let indices = generator.count(operation).unwrap_or(u64::MAX).min(most);
    for case in (0..indices).filter_map(|index| generator.case(operation, index, Seed::new(1))) {
        match case.intent {
            Intent::Valid | Intent::Boundary(_) => {
                count.valid_cases += 1;
                count.valid_proved += usize::from(proves_valid(&case));
            }
            Intent::Malformed(_) => {
                count.malformed_cases += 1;
                count.malformed_proved += usize::from(proves_malformed(&case) && !proves_valid(&case));
            }
            Intent::Hostile(_) | Intent::Wire(_) => {}
        }
    }
}

/// Every `pattern` of the document that stands beside strings.
fn gather(value: &Value, patterns: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(pattern)) = members.get("pattern") {
                patterns.insert(pattern.clone());
            }
            members.values().for_each(|member| gather(member, patterns));
        }
        Value::Array(items) => items.iter().for_each(|item| gather(item, patterns)),
        _ => {}
    }
}

/// Whether strings of a pattern can be made that match it; what is no regular expression does not count.
fn pattern(pattern: &str, count: &mut Count) {
    // Unicode properties mean something only under the `u` flag, which forbids many a needless escape.
    let flags = if ["\\p{", "\\P{", "\\u{"].iter().any(|mark| pattern.contains(mark)) { ["u", ""] } else { ["", "u"] };
    let compiled = flags.iter().find_map(|flags| regress::Regex::with_flags(pattern, *flags).ok());
    let Some(regex) = compiled else { return };
    count.patterns += 1;
    let schema = Schema::standalone(json!({"type": "string", "pattern": pattern}));
    let made = (0..4).filter_map(|index| {
        let tape = Seed::new(2).child(pattern, index).tape(TAPE);
        valid_value(&schema, &mut Unstructured::new(&tape), 1)?.to_value()
    });
    let texts: Vec<Value> = made.collect();
    let matches = |text: &Value| text.as_str().is_some_and(|text| regex.find(text).is_some());
    if !texts.is_empty() && texts.iter().all(matches) {
        count.honoured += 1;
    } else {
        println!("no string of the pattern {pattern:?}");
    }
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

impl Count {
    fn add(&mut self, other: &Self) {
        self.operations += other.operations;
        self.unbuildable += other.unbuildable;
        self.draws += other.draws;
        self.valid += other.valid;
        self.none += other.none;
        self.impossible += other.impossible;
        self.wrong += other.wrong;
        self.patterns += other.patterns;
        self.honoured += other.honoured;
        self.valid_cases += other.valid_cases;
        self.valid_proved += other.valid_proved;
        self.malformed_cases += other.malformed_cases;
        self.malformed_proved += other.malformed_proved;
    }

    fn print(&self) {
        let row = |what: &str, part: usize, whole: usize| {
            println!("| {what} | {part} of {whole} | {:.3} % |", 100.0 * share(part, whole));
        };
        println!("| what | count | share |\n| --- | --- | --- |");
        row("operations with valid cases", self.operations - self.unbuildable, self.operations);
        row("draws that are valid", self.valid, self.draws);
        println!("| schemas that no value meets, reported as such | {} | |", self.impossible);
        row("draws without a value, never sent as valid", self.none, self.draws);
        row("values that are given and not valid", self.wrong, self.draws);
        row("patterns honoured", self.honoured, self.patterns);
        row("valid and boundary cases, proved after encoding", self.valid_proved, self.valid_cases);
        row("malformed cases, proved after encoding", self.malformed_proved, self.malformed_cases);
    }
}
