//! The bodies of the fuzz targets: gadfly's own parsers over any bytes. libFuzzer drives them, and `cargo test` does with
//! fixed inputs (`tests/it/fuzzed.rs`).
//!
//! A target returns nothing: what is wrong panics. Inputs of two parts are a text, a zero byte, and a tape of choices.

use std::path::Path;
use std::sync::Arc;

use arbitrary::{Arbitrary, Result, Unstructured};
use gadfly::api::{Api, Operation};
use gadfly::config::{Environment, File, Layer, Settings};
use gadfly::corpus::{self, Corpus};
use gadfly::fixture;
use gadfly::generate::strategy::CaseStrategy;
use gadfly::generate::{self, UserValues};
use gadfly::import::{self, Format};
use gadfly::learn;
use gadfly::redact::Redactor;
use gadfly::scenario::{
    Argument, Body, Case, Content, Datum, GeneratorId, IdentityName, Intent, Provenance, encode, proves_malformed,
    proves_valid,
};
use gadfly::schema::Pattern;
use gadfly::seed::Seed;
use gadfly::spec;
use gadfly::store::{Memory, Store};
use gadfly::transport::{Limits, recorded};
use gadfly::wire::{Headers, Outcome, Request, Response};

/// A target by its name.
pub type Target = (&'static str, fn(&[u8]));

/// Every target; each has a folder of seeds of its name.
pub const TARGETS: [Target; 11] = [
    ("document", document),
    ("generation", generation),
    ("encoding", encoding),
    ("answer", answer),
    ("fixture", fixture),
    ("corpus", corpus),
    ("configuration", configuration),
    ("dictionary", dictionary),
    ("pattern", pattern),
    ("refusal", refusal),
    ("recording", recording),
];

/// How many operations of a document are generated for, and how many cases of each generator.
const OPERATIONS: usize = 4;
const CASES: u64 = 12;

/// A text and what follows its first zero byte.
fn parts(bytes: &[u8]) -> (&[u8], &[u8]) {
    match bytes.iter().position(|byte| *byte == 0) {
        Some(at) => (&bytes[..at], &bytes[at + 1..]),
        None => (bytes, &[]),
    }
}

/// Reading a specification, and telling of it.
pub fn document(bytes: &[u8]) {
    for name in ["fuzz.yaml", "fuzz.json"] {
        let Ok(loaded) = spec::load_bytes(name, bytes) else { continue };
        let text = String::from_utf8_lossy(bytes);
        for note in &loaded.notes {
            assert!(note.excerpt(&text).contains(&note.message));
        }
        assert_eq!(loaded.overview().operations.len(), loaded.api.operations.len());
    }
}

/// Making cases from a specification and a tape.
pub fn generation(bytes: &[u8]) {
    let (text, tape) = parts(bytes);
    let Ok(loaded) = spec::load_bytes("fuzz.yaml", text) else { return };
    let seed = Seed::new(tape.iter().fold(1, |sum: u64, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte))));
    for operation in loaded.api.operations.iter().take(OPERATIONS) {
        for generator in generate::standard(&Arc::default()).all() {
            let count = generator.count(operation).unwrap_or(CASES).min(CASES);
            for case in (0..count).filter_map(|index| generator.case(operation, index, seed)) {
                sound(&encode(&case, "/v1"), &case.intent);
                // Of some media types nothing can be proved; the opposite never may be.
                assert!(!case.intent.is_valid() || !proves_malformed(&case), "{case:?}");
            }
        }
        if let Some(case) = CaseStrategy::new(operation).and_then(|strategy| strategy.case(tape)) {
            sound(&encode(&case, "/v1"), &case.intent);
        }
    }
}

/// Whether a request stays one: nothing in it may break out of its line, unless it is meant to.
fn sound(request: &Request, intent: &Intent) {
    let breaks = |bytes: &[u8]| bytes.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0));
    assert!(matches!(intent, Intent::Wire(_)) || !breaks(&request.target), "{request:?}");
    for header in &request.headers {
        assert!(!breaks(&header.name) && !breaks(&header.value), "{header:?} in {request:?}");
    }
}

/// Writing any values as requests, and reading those again as a server would.
pub fn encoding(bytes: &[u8]) {
    let mut tape = Unstructured::new(bytes);
    let api = every_style();
    let _ = (|| -> Result<()> {
        let operation = tape.choose(&api.operations)?;
        let case = any_case(operation, &mut tape)?;
        let request = encode(&case, "/v1");
        sound(&request, &case.intent);
        // Both may be false, since much can't be proved, but never both true.
        assert!(!(proves_valid(&case) && proves_malformed(&case)), "{request:?}");
        Ok(())
    })();
}

fn any_case(operation: &Arc<Operation>, tape: &mut Unstructured<'_>) -> Result<Case> {
    let mut arguments = Vec::new();
    for parameter in 0..operation.parameters.len() {
        if tape.ratio(3, 4)? {
            arguments.push(Argument { parameter, value: datum(tape, 3)? });
        }
    }
    let media = operation.body.as_ref().map_or(&[][..], |body| &body.contents);
    let body = match media {
        [] => None,
        some => {
            let media_type = tape.choose(some)?.name.clone();
            Some(Body { media_type, content: Content::Value(datum(tape, 4)?) })
        }
    };
    let provenance = Provenance { generator: GeneratorId("fuzz"), index: 0, seed: Seed::new(0) };
    let operation = Arc::clone(operation);
    Ok(Case { operation, arguments, headers: Vec::new(), body, intent: Intent::Hostile("fuzz"), provenance })
}

/// A value of any form.
fn datum(tape: &mut Unstructured<'_>, depth: u32) -> Result<Datum> {
    let composite = if depth == 0 { 0 } else { 2 };
    Ok(match tape.int_in_range(0..=4 + composite)? {
        0 => Datum::Null,
        1 => Datum::Bool(bool::arbitrary(tape)?),
        2 => Datum::Number(String::arbitrary(tape)?.into()),
        3 => Datum::String(String::arbitrary(tape)?),
        4 => Datum::RawString(Vec::<u8>::arbitrary(tape)?.into()),
        5 => {
            let count = tape.int_in_range(0..=3)?;
            Datum::Array((0..count).map(|_| datum(tape, depth - 1)).collect::<Result<_>>()?)
        }
        _ => {
            let count = tape.int_in_range(0..=3)?;
            let member = |tape: &mut Unstructured<'_>| Ok((String::arbitrary(tape)?, datum(tape, depth - 1)?));
            Datum::Object((0..count).map(|_| member(tape)).collect::<Result<_>>()?)
        }
    })
}

/// An API with a parameter of each style and a body of each media type.
fn every_style() -> Arc<Api> {
    static API: std::sync::OnceLock<Arc<Api>> = std::sync::OnceLock::new();
    let read = || spec::load_bytes("styles.json", include_bytes!("styles.json")).expect("the document is sound").api;
    Arc::clone(API.get_or_init(read))
}

/// Reading an answer: the first byte chooses the method, the second the size of the pieces in which the rest comes.
pub fn answer(bytes: &[u8]) {
    let [method, size, answer @ ..] = bytes else { return };
    let method = ["GET", "HEAD", "POST", "CONNECT"][usize::from(*method) % 4];
    let limits = Limits { head: 1 << 10, kept: 256, read: 1 << 12, ..Limits::default() };
    let pieces: Vec<&[u8]> = answer.chunks(usize::from(*size) + 1).collect();
    let read = recorded(method, &pieces, limits);
    if let Outcome::Response(response) = &read {
        assert!(response.body.len() <= limits.kept + answer.len().min(limits.kept), "{response:?}");
    }
    // Bounds are kept per read, so beyond them the pieces may show.
    if answer.len() < limits.kept {
        let drops: Vec<&[u8]> = answer.chunks(1).collect();
        assert_eq!(told(&read), told(&recorded(method, &drops, limits)), "{}", answer.escape_ascii());
        assert_eq!(told(&read), told(&recorded(method, &[answer], limits)), "{}", answer.escape_ascii());
    }
}

fn told(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Response(response) => {
            let headers: Vec<_> = response.headers.iter().map(|header| (&header.name, &header.value)).collect();
            format!("{} {headers:?} {:?} {:?}", response.status, response.body, response.ending)
        }
        // How much had come when the fault showed depends on the pieces.
        Outcome::Fault(fault) => format!("{:?}", fault.kind),
    }
}

/// Reading a fixture; what can be read is written so that it reads as the same.
pub fn fixture(bytes: &[u8]) {
    let Ok(read) = fixture::read(bytes, "fuzz.json") else { return };
    let written = fixture::write(&read);
    let again = fixture::read(&written, "again.json").expect("what is written can be read");
    assert_eq!(read, again);
    for base_path in ["", "/v1"] {
        assert!(!read.to_scenario(base_path).steps.is_empty());
    }
}

/// Reading a corpus of one file.
pub fn corpus(bytes: &[u8]) {
    let store = Arc::new(Memory::default());
    store.put("fuzz/0123456789abcdef.json", bytes).expect("memory takes everything");
    let (api, base_path) = ("fuzz".to_owned(), "/v1".to_owned());
    let (corpus, problems) = Corpus::open(corpus::Settings { store, api, base_path, redactor: Redactor::default() });
    assert_eq!(corpus.len() + problems.len(), 1, "a file is read or told of");
    assert_eq!(corpus.scenarios().len(), corpus.len());
}

/// Reading a configuration; what holds is shown so that it can be used as a file.
pub fn configuration(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(file) = File::read(Path::new("gadfly.toml"), text) else { return };
    let api = every_style();
    for (name, table) in &file.apis {
        let settings = Settings::resolve(Layer::default(), Layer::default(), table.layer.clone());
        let shown = settings.to_toml(name, table);
        if let Err(error) = File::read(Path::new("shown.toml"), &shown) {
            panic!("{error}\n{shown}");
        }
        let _ = table.identities(&Environment::new(), &[], &[]);
        let mut values = UserValues::default();
        for fixed in &table.values {
            let _ = values.fix_text(&api, &fixed.place, &fixed.shown());
        }
    }
}

/// Reading a dictionary, and making cases with its words.
pub fn dictionary(bytes: &[u8]) {
    let Ok(words) = generate::words(bytes) else { return };
    let mut values = UserValues::default();
    values.add_words(words.into_iter().take(64));
    let operation = &every_style().operations[0];
    let standard = generate::standard(&Arc::new(values));
    for generator in standard.all().iter().filter(|generator| ["dictionary", "valid"].contains(&generator.id().0)) {
        let count = generator.count(operation).unwrap_or(4).min(64);
        for case in (0..count).filter_map(|index| generator.case(operation, index, Seed::new(1))) {
            sound(&encode(&case, "/v1"), &case.intent);
            assert!(!case.intent.is_valid() || proves_valid(&case), "{case:?}");
        }
    }
}

/// Compiling a pattern, and making texts that match.
pub fn pattern(bytes: &[u8]) {
    let (text, tape) = parts(bytes);
    let Ok(text) = std::str::from_utf8(text) else { return };
    if text.len() > 200 {
        return;
    }
    let pattern = Pattern::new(text);
    for (least, most) in [(0, 40), (5, 5), (30, 60)] {
        if let Some(sample) = pattern.sample(&mut Unstructured::new(tape), least, most) {
            assert!((least..=most).contains(&sample.chars().count()), "{text:?} made {sample:?}");
            assert!(pattern.matches(&sample), "{text:?} made {sample:?}");
        }
    }
}

/// Reading what a refusal complains of; what it says can be shown.
pub fn refusal(bytes: &[u8]) {
    let complaints = learn::complaints(&Response::new(422, Headers::new(), bytes.to_vec()));
    assert!(complaints.len() <= 24, "{complaints:?}");
    assert!(complaints.iter().all(|complaint| !complaint.to_string().is_empty()));
}

/// Reading what others recorded, in every form, and making scenarios of it.
pub fn recording(bytes: &[u8]) {
    let (text, spec) = (bytes, include_bytes!("../seeds/document/shop.yaml"));
    let loaded = spec::load_bytes("shop.yaml", spec).expect("a seed is a document");
    let plan = import::Plan {
        api: &loaded.api,
        links: &[],
        generators: &generate::standard(&Arc::default()),
        recorded_path: None,
        base_path: "/v1",
        identity: &IdentityName::new("alice"),
        only_valid: false,
    };
    for format in [Format::Har, Format::Curl, Format::Cassette, Format::Events, Format::Raw] {
        let Ok(reading) = import::read("fuzz", text, Some(format)) else { continue };
        let session = import::session(&reading.recorded, &plan);
        assert_eq!(session.imported.len() + session.strays.len() + session.twins, reading.recorded.len());
        for one in &session.imported {
            let names =
                one.scenario.steps.iter().flat_map(|step| step.request.headers.iter()).map(|header| &header.name);
            assert!(names.into_iter().all(|name| !name.eq_ignore_ascii_case(b"authorization")), "{one:?}");
        }
    }
}
