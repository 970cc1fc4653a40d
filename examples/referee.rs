//! Sends cases of one intent to a mock server that checks requests against the same document, and compares what the two
//! readers of it think: the mock is to accept what we call valid and to refuse what we call malformed.
//!
//! The referee is Prism (`prism mock --errors DOCUMENT`), whose problem documents say what it has against a request.
//! `tests/referee/run.sh` starts it and runs this program on several documents.

#![expect(clippy::print_stdout, reason = "an example is a program of its own")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use clap::{Parser, ValueEnum};
use gadfly::api::{Api, Location, Operation, SchemeKind};
use gadfly::generate::{Generator, standard};
use gadfly::scenario::{Case, encode};
use gadfly::schema::View;
use gadfly::seed::Seed;
use gadfly::spec;
use gadfly::transport::{Options, Transport, http1};
use gadfly::wire::{FaultKind, Origin, Outcome, Request, Response, curl};
use serde_json::{Value, json};

/// Cases of one intent, judged by a mock server.
#[derive(Parser)]
struct Arguments {
    /// The OpenAPI document that both read
    spec: PathBuf,
    /// Where the mock listens, such as `http://127.0.0.1:4010`
    #[arg(long)]
    url: String,
    /// Which cases are sent
    #[arg(long, value_enum, default_value_t = Wanted::Valid)]
    intent: Wanted,
    /// Cases per operation and generator
    #[arg(long, default_value_t = 20)]
    cases: u64,
    /// Seed of the cases
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many kinds of difference are shown with an example
    #[arg(long, default_value_t = 20)]
    show: usize,
}

/// The intents of which the document says what is to become of them.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Wanted {
    Valid,
    Boundary,
    Malformed,
}

impl Wanted {
    fn word(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Boundary => "boundary",
            Self::Malformed => "malformed",
        }
    }
}

/// What the mock thinks of a request.
enum Verdict {
    Accepted,
    /// With its reasons.
    Refused(Vec<String>),
    /// It did not get as far as judging: it knows no such path, or gave no answer.
    Unjudged(String),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let api = spec::load_file(&arguments.spec)?.api;
    let origin = origin(&arguments.url)?;
    let transport = http1(origin.clone());
    let mut tally = Tally::new(&arguments, origin);
    for operation in &api.operations {
        let mut is_blind = None;
        for case in
            standard(&Arc::default()).all().iter().flat_map(|generator| cases(&**generator, operation, &arguments))
        {
            let mut request = encode(&case, "");
            authorise(&mut request, &api, operation);
            let mut verdict = ask(&*transport, request.clone()).await?;
            let is_about_body = case.intent.detail().is_some_and(|rule| rule.contains(" at body"));
            if arguments.intent == Wanted::Malformed && is_about_body && matches!(verdict, Verdict::Accepted) {
                if is_blind.is_none() {
                    is_blind = Some(accepts_any_body(&*transport, operation, &request).await?);
                }
                if is_blind == Some(true) {
                    verdict = Verdict::Unjudged("the mock checks nothing of this operation's JSON bodies".to_owned());
                }
            }
            tally.add(&case, &request, verdict);
        }
    }
    tally.print();
    Ok(())
}

fn origin(url: &str) -> Result<Origin, Box<dyn Error>> {
    let origin: Origin = url.parse()?;
    if origin.is_loopback() { Ok(origin) } else { Err(format!("{url} is not on this machine").into()) }
}

/// The first cases of the wanted intent that a generator has for an operation.
fn cases(generator: &dyn Generator, operation: &Arc<Operation>, arguments: &Arguments) -> Vec<Case> {
    let most = generator.count(operation).unwrap_or(u64::MAX).min(arguments.cases * 8);
    let made = (0..most).filter_map(|index| generator.case(operation, index, Seed::new(arguments.seed)));
    let wanted = made.filter(|case| case.intent.word() == arguments.intent.word());
    wanted.take(usize::try_from(arguments.cases).unwrap_or(usize::MAX)).collect()
}

/// Adds made-up credentials of the operation's first alternative: the mock looks whether there are any.
fn authorise(request: &mut Request, api: &Api, operation: &Operation) {
    let needed = operation.security.first().into_iter().flat_map(|requirement| &requirement.schemes);
    for scheme in needed.filter_map(|name| api.schemes.iter().find(|scheme| scheme.name == *name)) {
        match &scheme.kind {
            SchemeKind::ApiKey { location: Location::Header, name } => {
                request.headers.push_if_absent(name, "referee".to_owned());
            }
            SchemeKind::ApiKey { location: Location::Cookie, name } => {
                request.headers.push("Cookie", format!("{name}=referee"));
            }
            SchemeKind::ApiKey { name, .. } => {
                let mark = if request.target.contains(&b'?') { '&' } else { '?' };
                request.target = format!("{}{mark}{name}=referee", request.target_text()).into();
            }
            SchemeKind::Http { scheme } if scheme == "basic" => {
                let pair = base64::engine::general_purpose::STANDARD.encode("referee:referee");
                request.headers.push_if_absent("Authorization", format!("Basic {pair}"));
            }
            _ => request.headers.push_if_absent("Authorization", "Bearer referee".to_owned()),
        }
    }
}

/// How long a mock that fell over is waited for.
const PATIENCE: Duration = Duration::from_millis(250);
const TRIES: usize = 120;

async fn ask(transport: &dyn Transport, request: Request) -> Result<Verdict, Box<dyn Error>> {
    let options = Options { timeout: Duration::from_secs(20), fresh_connection: false };
    let request = Arc::new(request);
    let mut verdict = Verdict::Unjudged("the mock does not come back".to_owned());
    for _ in 0..TRIES {
        let exchange = transport.send(Arc::clone(&request), options).await?;
        verdict = match &exchange.outcome {
            Outcome::Fault(fault) if fault.kind == FaultKind::Refused => {
                tokio::time::sleep(PATIENCE).await;
                continue;
            }
            Outcome::Fault(fault) => Verdict::Unjudged(format!("{}: {}", fault.kind, fault.detail)),
            Outcome::Response(response) => judge(response),
        };
        break;
    }
    Ok(verdict)
}

/// Whether the mock takes everything for a body of this operation, also what can't be one: Prism checks nothing by a schema
/// that its validator does not compile, such as one with `nullable` and no `type`.
async fn accepts_any_body(
    transport: &dyn Transport,
    operation: &Operation,
    request: &Request,
) -> Result<bool, Box<dyn Error>> {
    let contents = operation.body.iter().flat_map(|body| &body.contents);
    let Some(schema) = contents.filter(|media| media.name.contains("json")).find_map(|media| media.schema.as_ref())
    else {
        return Ok(false);
    };
    let controls = [json!({}), json!([]), json!("text"), json!(3), json!([null]), json!({"": null})];
    let mut wrong = controls.iter().filter(|control| !schema.conforms(View::Request, control)).peekable();
    let is_telling = wrong.peek().is_some();
    for control in wrong {
        let request = Request { body: control.to_string().into(), ..request.clone() };
        if !matches!(ask(transport, request).await?, Verdict::Accepted) {
            return Ok(false);
        }
    }
    Ok(is_telling)
}

/// Prism answers as the document says and lists its complaints in a header, or with a problem document of its own. Either
/// may also be about the answer that it made up.
fn judge(response: &Response) -> Verdict {
    let answer = response.json();
    let text = |key: &str| answer.and_then(|answer| answer.get(key)).and_then(Value::as_str).unwrap_or_default();
    let listed = response.headers.text("sl-violations").and_then(|list| serde_json::from_str::<Value>(list).ok());
    let reasons = listed.as_ref().or_else(|| answer?.get("validation")).and_then(Value::as_array);
    let against: Vec<String> = reasons.into_iter().flatten().filter_map(against_request).collect();
    if !against.is_empty() {
        return Verdict::Refused(against);
    }
    let Some((_, code)) = text("type").split_once("prism/errors#") else { return Verdict::Accepted };
    match code {
        "VIOLATIONS"
        | "NOT_ACCEPTABLE"
        | "NO_RESPONSE_DEFINED"
        | "NO_SUCCESS_RESPONSE_DEFINED"
        | "SCHEMA_TOO_COMPLEX" => Verdict::Accepted,
        "UNPROCESSABLE_ENTITY" | "INVALID_CONTENT_TYPE" | "UNAUTHORIZED" => {
            Verdict::Refused(vec![format!("{code}: {}", text("detail"))])
        }
        _ if response.status == 400 => Verdict::Refused(vec![format!("{code}: {}", text("detail"))]),
        _ => Verdict::Unjudged(format!("{} {code}: {}", response.status, text("detail"))),
    }
}

/// One thing that is wrong with the request, or nothing if it is about the answer.
fn against_request(reason: &Value) -> Option<String> {
    let place: Vec<&str> = reason["location"].as_array()?.iter().filter_map(Value::as_str).collect();
    let code = reason["code"].as_str().unwrap_or_default();
    let message = reason["message"].as_str().unwrap_or_default();
    let is_error = reason["severity"].as_str().is_some_and(|severity| severity.eq_ignore_ascii_case("error"));
    (is_error && place.first() != Some(&"response")).then(|| format!("{code} at {}: {message}", place.join("/")))
}

/// What Prism is known to do otherwise than the specification says, each looked into by hand.
fn known(case: &Case, request: &Request, told: &str) -> Option<&'static str> {
    let rule = case.intent.detail().unwrap_or_default();
    let accepted = told == "accepted";
    let is_falsy = [&b"null"[..], b"false", b"\"\"", b"0"].contains(&&request.body[..]);
    if told.contains("9007199254740991") {
        Some("Prism bounds int64 by the integers that JavaScript holds exactly")
    } else if is_falsy
        && (accepted || told.starts_with("refused: UNPROCESSABLE") || told.contains("Body parameter is required"))
    {
        Some("Prism reads a body of null, false, 0 or \"\" as no body")
    } else if told.contains("request/body/") && request.body.windows(4).any(|part| part == b"=%7B") {
        Some("Prism reads an object within a form by style only, not as JSON (OpenAPI 3.1 section 4.8.15.1)")
    } else if told.contains("Body parameter is required") && request.body.is_empty() {
        Some("an object without members is no byte of a form, which Prism reads as a missing body")
    } else if told.contains("must be array,null") {
        Some("Prism reads no list from a parameter that may also be null")
    } else if told.contains("Reserved characters used in request body") {
        Some("Prism looks for reserved characters in parts of multipart bodies, where they need no encoding")
    } else if told.contains("body: Request body must be") && !is_json(request) {
        Some("Prism reads JSON in YAML and in text/json as a text")
    } else if told.contains("required at ") && told.contains("query: ") && has_empty_value(request) {
        Some("Prism reads an empty value in the query as a parameter that was not sent")
    } else if accepted
        && rule.starts_with("required at body: ")
        && (request.body.is_empty() || request.body.starts_with(b"--"))
    {
        Some("Prism does not ask for the body of a Swagger 2.0 operation with a required formData parameter")
    } else {
        None
    }
}

fn has_empty_value(request: &Request) -> bool {
    let target = request.target_text();
    target.contains("=&") || target.ends_with('=')
}

fn is_json(request: &Request) -> bool {
    let media_type = request.headers.text("Content-Type").unwrap_or_default();
    media_type.starts_with("application/json") || media_type.contains("+json")
}

/// What was thought of the cases so far.
struct Tally<'a> {
    arguments: &'a Arguments,
    origin: Origin,
    agreed: usize,
    differed: usize,
    /// Differences with their explanation.
    explained: BTreeMap<&'static str, usize>,
    /// How often the mock did not judge, and an example.
    unjudged: BTreeMap<String, (usize, String)>,
    /// How often each kind of difference was met; of each, the first is shown.
    differences: BTreeMap<String, usize>,
}

impl<'a> Tally<'a> {
    fn new(arguments: &'a Arguments, origin: Origin) -> Self {
        Self {
            arguments,
            origin,
            agreed: 0,
            differed: 0,
            explained: BTreeMap::new(),
            unjudged: BTreeMap::new(),
            differences: BTreeMap::new(),
        }
    }

    fn add(&mut self, case: &Case, request: &Request, verdict: Verdict) {
        let is_to_be_refused = self.arguments.intent == Wanted::Malformed;
        let told = match verdict {
            Verdict::Unjudged(why) => {
                let example = || (0, curl(request, &self.origin));
                return self.unjudged.entry(why).or_insert_with(example).0 += 1;
            }
            Verdict::Accepted if is_to_be_refused => "accepted".to_owned(),
            Verdict::Refused(reasons) if !is_to_be_refused => format!("refused: {}", reasons.join("; ")),
            _ => return self.agreed += 1,
        };
        if let Some(why) = known(case, request, &told) {
            return *self.explained.entry(why).or_default() += 1;
        }
        self.differed += 1;
        let rule = case.intent.detail().unwrap_or_default();
        let keyword = rule.split(' ').next().unwrap_or_default();
        let first_word = told.split(" at ").next().unwrap_or_default();
        let kind = format!("{keyword}: {first_word}");
        let is_new = !self.differences.contains_key(&kind);
        *self.differences.entry(kind).or_default() += 1;
        if is_new && self.differences.len() <= self.arguments.show {
            println!("{} · {} {}", case.operation.id, case.provenance.generator, case.provenance.index);
            println!("  {} {rule}", case.intent.word());
            println!("  {told}");
            println!("  {}", curl(request, &self.origin));
        }
    }

    fn print(&self) {
        for (kind, count) in &self.differences {
            println!("{count:6} times {kind}");
        }
        for (why, (count, example)) in &self.unjudged {
            println!("not judged, {count}: {why}\n  {example}");
        }
        for (why, count) in &self.explained {
            println!("explained, {count}: {why}");
        }
        let explained: usize = self.explained.values().sum();
        let judged = self.agreed + self.differed + explained;
        let share = 100.0 * self.agreed as f64 / judged.max(1) as f64;
        println!(
            "{} {}: {} of {judged} as expected ({share:.2} %), {explained} explained, {} not explained, {} not judged",
            self.arguments.spec.display(),
            self.arguments.intent.word(),
            self.agreed,
            self.differed,
            self.unjudged.values().map(|(count, _)| count).sum::<usize>(),
        );
    }
}
