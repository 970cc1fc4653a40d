//! Races, through the built command: found where they are and asked for, kept as fixtures that go out at once again, and
//! nothing of the kind where a server does what servers do.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Map, Value, json};
use tokio::sync::Notify;

use crate::support::{self, Project, Ran};

const RACES: [&str; 2] = ["double_create", "lost_update"];

/// What a server does of what servers may do.
#[derive(Clone, Copy, Debug, Default)]
struct Ways {
    /// Whether it looks first and writes later.
    races: bool,
    /// Whether a name may be taken once only.
    unique: bool,
    change: Change,
}

/// What a change does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Change {
    /// It changes what it names.
    #[default]
    Merged,
    /// What it does not name goes back to what it was at first.
    Whole,
    /// Nothing, though it is confirmed.
    Ignored,
}

#[derive(Default)]
struct Shelf {
    all: BTreeMap<u64, Map<String, Value>>,
    waiting: BTreeMap<String, Arc<Notify>>,
    changes: usize,
    refused: usize,
}

#[derive(Clone, Default)]
struct Tags {
    ways: Ways,
    shelf: Arc<Mutex<Shelf>>,
}

impl Tags {
    /// Waits until another request about the same has looked as well; one that nobody meets goes on after a moment.
    async fn meet(&self, thing: String) {
        if !self.ways.races {
            return;
        }
        let here = {
            let mut kept = self.shelf.lock().unwrap();
            if let Some(other) = kept.waiting.remove(&thing) {
                other.notify_one();
                return;
            }
            let here = Arc::new(Notify::new());
            kept.waiting.insert(thing.clone(), Arc::clone(&here));
            here
        };
        if tokio::time::timeout(Duration::from_millis(50), here.notified()).await.is_err() {
            self.shelf.lock().unwrap().waiting.remove(&thing);
        }
    }

    fn is_taken(&self, name: &Value) -> bool {
        self.ways.unique && self.shelf.lock().unwrap().all.values().any(|tag| tag["name"] == *name)
    }
}

fn refused(status: StatusCode) -> Response {
    (status, Json(json!({"error": "refused"}))).into_response()
}

/// The members, if each of them is as the document asks.
fn members(body: Option<Json<Value>>) -> Option<Map<String, Value>> {
    let Json(Value::Object(members)) = body? else { return None };
    let is_good = |(name, value): (&String, &Value)| match name.as_str() {
        "name" | "text" => value.as_str().is_some_and(|text| (1..=40).contains(&text.chars().count())),
        "size" => value.as_i64().is_some_and(|size| (0..=1000).contains(&size)),
        _ => false,
    };
    (!members.is_empty() && members.iter().all(is_good)).then_some(members)
}

async fn make(State(tags): State<Tags>, body: Option<Json<Value>>) -> Response {
    let Some(mut tag) = members(body).filter(|tag| tag.contains_key("name")) else {
        return refused(StatusCode::UNPROCESSABLE_ENTITY);
    };
    let is_taken = tags.is_taken(&tag["name"]);
    if !is_taken && tags.ways.unique {
        tags.meet(tag["name"].to_string()).await;
    }
    if is_taken || !tags.ways.races && tags.is_taken(&tag["name"]) {
        tags.shelf.lock().unwrap().refused += 1;
        return refused(StatusCode::CONFLICT);
    }
    let mut shelf = tags.shelf.lock().unwrap();
    let id = shelf.all.last_key_value().map_or(1, |(id, _)| id + 1);
    for (name, value) in [("text", json!("at first")), ("size", json!(0))] {
        tag.entry(name).or_insert(value);
    }
    tag.insert("id".to_owned(), json!(id));
    shelf.all.insert(id, tag.clone());
    (StatusCode::CREATED, Json(tag)).into_response()
}

async fn read(State(tags): State<Tags>, Path(id): Path<u64>) -> Response {
    match tags.shelf.lock().unwrap().all.get(&id) {
        Some(tag) => Json(tag).into_response(),
        None => refused(StatusCode::NOT_FOUND),
    }
}

async fn change(State(tags): State<Tags>, Path(id): Path<u64>, body: Option<Json<Value>>) -> Response {
    let Some(new) = members(body) else { return refused(StatusCode::UNPROCESSABLE_ENTITY) };
    let Some(mut tag) = tags.shelf.lock().unwrap().all.get(&id).cloned() else {
        return refused(StatusCode::NOT_FOUND);
    };
    tags.meet(id.to_string()).await;
    let mut shelf = tags.shelf.lock().unwrap();
    shelf.changes += 1;
    if !tags.ways.races {
        tag = shelf.all.get(&id).cloned().unwrap_or_default();
    }
    if tags.ways.change == Change::Whole {
        tag.extend([("text".to_owned(), json!("at first")), ("size".to_owned(), json!(0))]);
    }
    if tags.ways.change != Change::Ignored {
        tag.extend(new);
    }
    shelf.all.insert(id, tag.clone());
    Json(tag).into_response()
}

/// Starts one; the address, and what it kept.
async fn serve(ways: Ways) -> (String, Arc<Mutex<Shelf>>) {
    let tags = Tags { ways, ..Tags::default() };
    let shelf = Arc::clone(&tags.shelf);
    let routes = Router::new()
        .route("/tags", post(make))
        .route("/tags/{id}", get(read).patch(change))
        .fallback(|_: HeaderMap| async { refused(StatusCode::NOT_FOUND) })
        .with_state(tags);
    (support::serve(routes).await, shelf)
}

fn document() -> String {
    let all = ["200", "201", "404", "409", "422"].map(|code| (code.to_owned(), json!({"description": "an answer"})));
    let answers: Value = all.into_iter().collect::<Map<_, _>>().into();
    let members = json!({
        "name": {"type": "string", "minLength": 1, "maxLength": 40},
        "text": {"type": "string", "minLength": 1, "maxLength": 40},
        "size": {"type": "integer", "minimum": 0, "maximum": 1000}
    });
    let body = |required: Value| {
        let schema = json!({"type": "object", "additionalProperties": false, "minProperties": 1, "required": required,
            "properties": members});
        json!({"required": true, "content": {"application/json": {"schema": schema}}})
    };
    let id = json!([{"name": "tag_id", "in": "path", "required": true, "schema": {"type": "integer"}}]);
    json!({
        "openapi": "3.1.0", "info": {"title": "Tags", "version": "1"},
        "paths": {
            "/tags": {"post": {"requestBody": body(json!(["name"])), "responses": answers}},
            "/tags/{tag_id}": {
                "parameters": id,
                "get": {"responses": answers},
                "patch": {"requestBody": body(json!([])), "responses": answers}
            }
        }
    })
    .to_string()
}

fn fuzz(project: &Project, origin: &str, flags: &[&str]) -> Ran {
    let fixed = ["fuzz", "tags.json", "--url", origin, "--requests", "1500", "--json"];
    project.gadfly(&[&fixed, flags].concat())
}

/// The races that were proved, each with its fixture.
fn races(ran: &Ran) -> BTreeMap<String, Value> {
    let object = ran.object();
    let all = object["findings"].as_array().unwrap().iter();
    let named = all.map(|finding| (finding["oracle"].as_str().unwrap().to_owned(), finding.clone()));
    named.filter(|(oracle, _)| RACES.contains(&oracle.as_str())).collect()
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn races_are_found_if_that_is_asked_for_and_replayed_at_once() {
    let ways = Ways { races: true, unique: true, ..Ways::default() };
    // The names of one seed are new once.
    let [(unasked, _), (faulty, _)] = [serve(ways).await, serve(ways).await];
    let (clean, _) = serve(Ways { unique: true, ..Ways::default() }).await;
    blocking(move || {
        let project = Project::new(&[("tags.json", &document())]);
        let ran = fuzz(&project, &unasked, &["--no-fixtures"]);
        assert!(races(&ran).is_empty(), "nobody asked for races: {ran:?}");
        let project = Project::new(&[("tags.json", &document())]);
        let ran = fuzz(&project, &faulty, &["--races", "--accept-all"]);
        let found = races(&ran);
        assert_eq!(found.keys().map(String::as_str).collect::<Vec<_>>(), RACES, "{ran:?}");
        for finding in found.values() {
            assert_eq!((&finding["stable"], &finding["confirmed"]["tries"]), (&json!(true), &json!(10)), "{finding}");
            let lines = finding["steps"].as_array().unwrap();
            let told =
                lines.iter().filter(|line| line.as_str().unwrap().starts_with("# sent at once with the request"));
            assert_eq!(told.count(), 1, "{finding}");
        }
        let red = project.gadfly(&["replay", "--url", &faulty, "--json"]);
        assert_eq!(red.code, Some(1), "{red:?}");
        let green = project.gadfly(&["replay", "--url", &clean, "--json"]);
        assert_eq!(green.code, Some(0), "{green:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_configuration_asks_for_races_as_well() {
    let (faulty, _) = serve(Ways { races: true, ..Ways::default() }).await;
    blocking(move || {
        let toml = "[api.tags]\nspec = 'tags.json'\nraces = true\n";
        let project = Project::new(&[("tags.json", &document()), ("gadfly.toml", toml)]);
        let ran = project.gadfly(&["fuzz", "tags", "--url", &faulty, "--requests", "1500", "--no-fixtures", "--json"]);
        assert!(races(&ran).contains_key("lost_update"), "{ran:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_promised_one_after_the_other_is_no_race() {
    let usual = Ways { unique: true, ..Ways::default() };
    // It accepts duplicates; it has nothing to lose, and so on.
    let ways = [
        usual,
        Ways { unique: false, ..usual },
        Ways { races: true, change: Change::Whole, ..Ways::default() },
        Ways { races: true, change: Change::Ignored, ..Ways::default() },
    ];
    for ways in ways {
        let (origin, shelf) = serve(ways).await;
        let found = blocking(move || {
            let project = Project::new(&[("tags.json", &document())]);
            races(&fuzz(&project, &origin, &["--races", "--no-fixtures"]))
        })
        .await;
        assert!(found.is_empty(), "{ways:?}: {found:#?}");
        let shelf = shelf.lock().unwrap();
        assert!(shelf.changes > 0 && (shelf.refused > 0) == ways.unique, "{ways:?}: it was not tried");
    }
}
