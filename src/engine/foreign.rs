//! What the run did not make is not ended until what may ruin the target has its turn. Part of [`Planner`].
//!
//! What ends the thing that its path names is sent for things of the run, and for names that nothing has: a word that was
//! drawn at random, a number beyond all that are given out, letters where numbers are. Everything else may name something
//! (`1`, `a`, an example of the document), and so waits for the end. What changes a thing (`PUT`, `PATCH`) does not wait.

use percent_encoding::percent_decode;

use super::ruin::{ends_more, is_called_so};
use super::{Planned, Planner};
use crate::api::{Location, Operation, OperationId, Parameter};
use crate::resource::{Action, Entry};
use crate::scenario::{Case, Datum, Scenario, Step, Unique, placeholder};

/// So many things of a kind there must be before one is ended: the rest is left for others.
const LAST_ONES: usize = 3;
/// Numbers with so many digits are hardly ever given out.
const LONG_NUMBER: usize = 10;
/// Texts of so many characters, letters and digits, are hardly ever given twice.
const LONG_TEXT: usize = 16;

impl Planner {
    /// The case if it may be sent now; otherwise it waits for its turn.
    pub(super) fn admit(&mut self, planned: Planned) -> Option<Planned> {
        let waits_long = self.lanes[planned.lane].may_wait;
        let is_for_the_end = !self.is_late && self.may_take(&planned);
        self.held.hold(planned, waits_long, is_for_the_end)
    }

    /// Whether a lane has too few things of the run to be sent for one, while enough of its cases wait for the end.
    pub(super) fn is_stuck(&self, index: usize) -> bool {
        let kind = self.lanes[index].role().and_then(|role| role.kind.as_ref());
        let is_short = || kind.map_or(0, |kind| self.pool.ours(kind)) < self.least(index);
        !self.is_late && self.lanes[index].touches && self.held.is_full(index) && is_short()
    }

    /// So many things there must be before a lane is sent for one.
    pub(super) fn least(&self, index: usize) -> usize {
        match self.lanes[index].role() {
            Some(role) if role.action == Action::Delete && !self.is_late => LAST_ONES,
            _ => 1,
        }
    }

    /// Whether a case may end more than the run made.
    fn may_take(&self, planned: &Planned) -> bool {
        let Some(step) = planned.scenario.steps.last() else { return false };
        ends_more(&step.request) || self.lanes[planned.lane].touches && self.is_of_others(planned, step)
    }

    fn is_of_others(&self, planned: &Planned, step: &Step) -> bool {
        let Some(case) = &step.case else { return may_take_what_is_there(&planned.scenario) };
        let Some(subject) = subject(&case.operation) else { return true };
        match planned.uses.iter().find(|used| used.parameter == Some(subject)) {
            Some(used) if used.entry.is_ours => !self.is_in_its_place(case, planned, subject, &used.entry),
            Some(_) => true,
            None => !self.names_nothing(case, subject),
        }
    }

    /// Whether all that the thing is said to lie below is of the run, or what it was made below.
    fn is_in_its_place(&self, case: &Case, planned: &Planned, subject: usize, entry: &Entry) -> bool {
        let above = |index: &usize| *index != subject && case.operation.parameters[*index].location == Location::Path;
        (0..case.operation.parameters.len()).filter(above).all(|index| {
            match planned.uses.iter().find(|used| used.parameter == Some(index)) {
                Some(used) => {
                    let own = entry.ancestor(&used.entry.kind);
                    used.entry.is_ours || own.is_some_and(|own| own.number == used.entry.number)
                }
                None => self.names_nothing(case, index) || is_where_it_was_made(case, index, entry),
            }
        })
    }

    /// Whether nothing has the name that stands in this parameter, as far as that can be known.
    fn names_nothing(&self, case: &Case, index: usize) -> bool {
        let declared = &case.operation.parameters[index];
        let argument = case.arguments.iter().find(|argument| argument.parameter == index);
        !self.is_documented(case, index) && argument.is_some_and(|argument| is_unheard_of_as(&argument.value, declared))
    }

    /// Whether the user or the document says what stands there: it may well exist.
    fn is_documented(&self, case: &Case, index: usize) -> bool {
        let declared = &case.operation.parameters[index];
        let Some(argument) = case.arguments.iter().find(|argument| argument.parameter == index) else { return false };
        let default = declared.schema.value().get("default");
        declared.examples.iter().chain(default).any(|example| Datum::from(example) == argument.value)
            || self.generators.is_fixed(&case.operation, Some(index), "")
    }
}

/// Whether an operation ends the thing that its path names, by its method or by its name (`/things/{id}/reset`).
pub(super) fn touches(method: &str, path: &str) -> bool {
    path.contains('{') && (method == "DELETE" || (method != "GET" && is_called_so(path)))
}

/// Whether a recorded scenario may end what was there before it.
pub(super) fn may_take_what_is_there(scenario: &Scenario) -> bool {
    let steps = scenario.steps.iter().enumerate();
    steps.into_iter().any(|(index, step)| {
        ends_more(&step.request) || named(step).is_some_and(|name| !is_made_by(&scenario.steps[..index], step, &name))
    })
}

/// Whether a name in the path of a step is that of something which it or one of the steps before makes, or that of nothing.
fn is_made_by(before: &[Step], step: &Step, name: &str) -> bool {
    let is_in_name = |known: &String| name.contains(&placeholder(known));
    let makers = before.iter().filter(|step| !step.request.is_safe());
    let captured = makers.flat_map(|maker| &maker.captures).any(|capture| is_in_name(&capture.name));
    captured || before.iter().chain([step]).flat_map(|step| &step.fresh).any(is_in_name) || is_unheard_of(name)
}

/// The name of the thing that a step ends.
fn named(step: &Step) -> Option<String> {
    let (method, template) = step.operation.as_str().split_once(' ')?;
    let from_end = template.rsplit('/').position(|segment| segment.contains('{'))?;
    let path = String::from_utf8_lossy(step.request.path()).into_owned();
    let name = path.rsplit('/').nth(from_end)?;
    touches(method, template).then(|| percent_decode(name.as_bytes()).decode_utf8_lossy().into_owned())
}

/// Whether a request names a thing by a word that we made, where this operation has its name: an id that somebody else's
/// thing has may look like any other text that nobody would choose.
pub(super) fn names_what_is_new(operation: &OperationId, path: &[u8]) -> bool {
    let path = String::from_utf8_lossy(path);
    let name = path.rsplit('/').next().unwrap_or_default();
    operation.as_str().ends_with('}') && holds_word(&percent_decode(name.as_bytes()).decode_utf8_lossy())
}

/// The parameter that the path has last.
fn subject(operation: &Operation) -> Option<usize> {
    let place = |index: &usize| {
        let declared = &operation.parameters[*index];
        let is_in_path = declared.location == Location::Path;
        operation.path.rfind(&format!("{{{}}}", declared.name)).filter(|_| is_in_path)
    };
    (0..operation.parameters.len()).filter(|index| place(index).is_some()).max_by_key(place)
}

/// Whether the thing was made where the same stood in a parameter of this name.
fn is_where_it_was_made(case: &Case, index: usize, entry: &Entry) -> bool {
    let Some(first) = entry.maker.case() else { return false };
    let name = &case.operation.parameters[index].name;
    let then = first.arguments.iter().find(|argument| {
        let declared = &first.operation.parameters[argument.parameter];
        declared.location == Location::Path && declared.name == *name
    });
    let now = case.arguments.iter().find(|argument| argument.parameter == index);
    then.zip(now).is_some_and(|(then, now)| then.value == now.value)
}

fn is_unheard_of_as(value: &Datum, declared: &Parameter) -> bool {
    let text = match value {
        Datum::String(text) => text.as_str(),
        Datum::Number(text) => text,
        _ => return false,
    };
    let resolved = declared.schema.resolved();
    let is_number = resolved.value().get("type").is_some_and(|types| types == "integer");
    let is_word = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    is_number && is_word || is_unheard_of(text)
}

fn is_unheard_of(text: &str) -> bool {
    let count = |is_it: fn(&u8) -> bool| text.bytes().filter(is_it).count();
    let digits = count(u8::is_ascii_digit);
    let letters = count(u8::is_ascii_alphabetic);
    let is_number = digits > 0 && text.len() == digits + usize::from(text.starts_with('-'));
    if is_number {
        return digits >= LONG_NUMBER;
    }
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    is_plain && text.len() >= LONG_TEXT && digits.min(letters) >= 3 || holds_word(text)
}

/// Whether one of the words of a text is ours.
fn holds_word(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric()).any(Unique::is_one)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;
    use crate::scenario::encode::samples::operation;
    use crate::scenario::{ANONYMOUS, IdentityName};
    use crate::transport::canned;
    use crate::wire::Exchange;

    /// What a server with ten things, to which others may be added, was asked before the end: methods and paths.
    fn asked(example: Option<u32>, is_made: bool, epochs: usize) -> (Vec<String>, Planner) {
        let mut parameter = json!({"name": "thing_id", "in": "path", "required": true, "schema": {"type": "integer"}});
        if let Some(example) = example {
            parameter["example"] = json!(example);
        }
        let item = json!({"parameters": [parameter]});
        let all = ["DELETE", "PUT", "PATCH", "GET"].map(|method| operation(method, "/things/{thing_id}", item.clone()));
        let named = json!({"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}});
        let post = json!({"body": {"application/json": {"schema": named}}});
        let mut operations = vec![operation("POST", "/things", post), operation("GET", "/things", json!({}))];
        operations.extend(all);
        let mut planner = Planner::plain(operations, ANONYMOUS, "");
        let (mut targets, mut next) = (Vec::new(), 10);
        for _ in 0..epochs {
            for planned in planner.plan(32) {
                let exchanges: Vec<_> = planned
                    .scenario
                    .steps
                    .iter()
                    .map(|step| {
                        let (status, body) = match (&*step.request.method, &*step.request.target_text()) {
                            ("POST", _) if is_made => {
                                next += 1;
                                (201, json!({ "id": next }))
                            }
                            ("GET", "/things") => (200, json!([{"id": 1}, {"id": 2}, {"id": 3}])),
                            ("POST", _) => (403, json!({})),
                            _ => (404, json!({})),
                        };
                        targets.push(format!("{} {}", step.request.method, step.request.target_text()));
                        exchange(step, status, &body)
                    })
                    .collect();
                if planned.is_trial() {
                    continue;
                }
                let lesson = planner.look(&planned, &exchanges).unwrap();
                planner.fold(&planned, lesson, false);
            }
        }
        (targets, planner)
    }

    fn exchange(step: &Step, status: u16, body: &Value) -> Exchange {
        Exchange {
            request: Arc::clone(&step.request),
            sent: bytes::Bytes::new(),
            outcome: canned::json(status, body),
            elapsed: std::time::Duration::ZERO,
        }
    }

    /// Those of the ten that were there which these requests may have ended.
    fn taken(targets: &[String]) -> Vec<&String> {
        let of_others = |target: &&String| target.starts_with("DELETE") && name(target).is_some_and(|name| name <= 10);
        targets.iter().filter(of_others).collect()
    }

    fn name(target: &str) -> Option<u64> {
        target.split_once("/things/").and_then(|(_, name)| name.parse().ok())
    }

    #[test]
    fn what_the_run_did_not_make_is_left_alone_until_the_end() {
        for (example, is_made) in [(None, true), (Some(3), true), (None, false), (Some(3), false)] {
            let (targets, mut planner) = asked(example, is_made, 12);
            assert_eq!(taken(&targets), Vec::<&String>::new(), "{example:?} {is_made}");
            let is_own =
                |target: &String| target.starts_with("DELETE") && name(target).is_some_and(|name| name < 1_000);
            assert_eq!(targets.iter().any(is_own), is_made, "{targets:?}");
            planner.release();
            let late: Vec<String> = planner
                .plan(64)
                .iter()
                .flat_map(|planned| &planned.scenario.steps)
                .map(|step| format!("{} {}", step.request.method, step.request.target_text()))
                .collect();
            assert!(example.is_none() || !taken(&late).is_empty(), "{late:?}");
        }
    }

    #[test]
    fn nothing_has_a_name_of_these() {
        let word = "gk3w9abc2def";
        let email = format!("{word}@example.com");
        for text in [word, &*email, "4000000000", "-9223372036854775808", "123e4567-e89b-42d3-a456-426614174000"] {
            assert!(is_unheard_of(text), "{text}");
        }
        for text in
            ["", "1", "-1", "a", "007", "admin", "administrator", "governmental", "MUG-0001", "1' OR '1'='1", "%"]
        {
            assert!(!is_unheard_of(text), "{text}");
        }
    }

    #[track_caller]
    fn check(steps: &[(&str, &'static str, &[&str], &[&str])], expected: bool) {
        let capture = |name: &&str| crate::scenario::Capture {
            name: (*name).to_owned(),
            from: crate::scenario::Source::Location,
        };
        let step = |(template, target, fresh, captures): &(&str, &'static str, &[&str], &[&str])| Step {
            operation: OperationId::from_text(template),
            identity: IdentityName::new(ANONYMOUS),
            request: Arc::new(crate::wire::Request::new(template.split(' ').next().unwrap(), *target)),
            fresh: fresh.iter().map(ToString::to_string).collect(),
            captures: captures.iter().map(capture).collect(),
            case: None,
            at_once: false,
        };
        let scenario = Scenario::plain(steps.iter().map(step).collect());
        assert_eq!(may_take_what_is_there(&scenario), expected, "{steps:?}");
    }

    #[test]
    fn what_was_recorded_takes_what_it_makes() {
        let post = ("POST /a", "/v1/a", &[] as &[&str], &["id"] as &[&str]);
        check(&[post, ("DELETE /a/{x}", "/v1/a/{{id}}", &[], &[])], false);
        check(&[("PUT /a/{x}", "/v1/a/{{new}}", &["new"], &[])], false);
        check(&[("PUT /a/{x}/b", "/v1/a/4000000000/b", &[], &[])], false);
        check(&[("POST /a/{x}/use", "/v1/a/1/use", &[], &[])], false);
        check(&[("DELETE /a/{x}", "/v1/a/1", &[], &[])], true);
        check(&[("POST /a/{x}/reset", "/v1/a/1/reset", &[], &[])], true);
        check(&[("PATCH /a/{x}", "/v1/a/seed", &[], &[])], false);
        let list = ("GET /a", "/v1/a", &[] as &[&str], &["id"] as &[&str]);
        check(&[list, ("DELETE /a/{x}", "/v1/a/{{id}}", &[], &[])], true);
    }
}
