//! The requests by which a law is tried on a thing. Main type: [`Acts`].
//!
//! The thing is one that the run made before: it is made again by the same request under new names. What follows uses the
//! new one alone.

use std::sync::Arc;

use super::lane::Lane;
use super::trials::Thing;
use crate::api::{Location, is_json};
use crate::generate::Generators;
use crate::resource::{Act, Entry, Pool, Use, life};
use crate::scenario::{Body, Case, Content, Datum, IdentityName, Intent, Law, Scenario, Unique, proves_malformed};
use crate::seed::Seed;

/// Cases of trials have indices of their own, so that their names are their own.
const FIRST: u64 = 1 << 40;
/// How many random cases the most different one is chosen from.
const DRAWS: u64 = 6;
/// How many malformed cases are looked at for one that breaks a member of a body.
const LOOKS: u64 = 48;

/// What trials are made from.
#[derive(Clone, Copy)]
pub(super) struct Ground<'a> {
    pub(super) lanes: &'a [Lane],
    pub(super) pool: &'a Pool,
    pub(super) generators: &'a Generators,
    pub(super) seed: Seed,
    pub(super) identity: &'a IdentityName,
    pub(super) base_path: &'a str,
}

/// One trial in the making.
pub(super) struct Acts<'a> {
    pub(super) ground: Ground<'a>,
    pub(super) thing: &'a Thing,
    /// How often the law was tried already.
    pub(super) turn: u32,
}

/// The thing that is made again.
pub(super) struct Made {
    pub(super) entry: Arc<Entry>,
    pub(super) field: String,
}

impl Acts<'_> {
    /// The trial of this law with the lane of its last step; `None` if it can't be made of what is known.
    pub(super) fn scenario(&self, law: Law) -> Option<(Scenario, usize)> {
        let made = self.made(law)?;
        let acts = self.acts(law, &made)?;
        let last = acts.last().map(|(_, lane)| *lane)?;
        let acts: Vec<Act> = acts.into_iter().map(|(act, _)| act).collect();
        let subject = (law != Law::RefusedCreateStored).then_some((&made.entry, made.field.as_str()));
        let Ground { identity, base_path, .. } = self.ground;
        let scenario = life(law, subject, &acts, identity, base_path)?;
        // What is not to be there can be found by a new name alone.
        let is_findable = subject.is_some() || scenario.steps.iter().any(|step| !step.fresh.is_empty());
        let scenario = self.raced(law, scenario).filter(|_| is_findable)?;
        Some((scenario, last))
    }

    /// Another thing each time.
    fn made(&self, law: Law) -> Option<Made> {
        let create = &self.ground.lanes[self.thing.create].operation;
        let mut all = self.ground.pool.made(&self.thing.kind, &create.id);
        // A key in a header may make the second request answer what the first one made.
        let is_plain = |entry: &Arc<Entry>| {
            entry.maker.case().is_some_and(|case| {
                case.arguments.iter().all(|argument| create.parameters[argument.parameter].required)
            })
        };
        all.retain(is_plain);
        // What is not to be there is found by a new name alone.
        let has_name = |entry: &Arc<Entry>| entry.maker.case().is_some_and(|case| has_new_name(case));
        if law == Law::RefusedCreateStored && all.iter().any(has_name) {
            all.retain(has_name);
        }
        // What has most to lose shows most; of the others, those with most and those with least have their turns.
        all.sort_by_key(|entry| {
            std::cmp::Reverse(entry.maker.case().and_then(|case| members(case)).map_or(0, Vec::len))
        });
        let turn = self.turn as usize;
        let from_both = if turn.is_multiple_of(2) { turn / 2 } else { all.len().saturating_sub(1 + turn / 2) };
        let changes = matches!(law, Law::PatchNotMerging | Law::PartialPut | Law::PutNotIdempotent);
        let index = if changes { turn } else { from_both };
        let entry = all.get(index.checked_rem(all.len())?)?;
        let pool = self.ground.pool;
        let field = pool.call(entry, &self.thing.field, None, false)?;
        // A stand-in may be another name than the one by which it is asked for.
        let is_exact = field == self.thing.field || pool.is_proven(entry, &self.thing.field, &field);
        let is_exact = is_exact || law != Law::CreatedObjectMissing;
        is_exact.then(|| Made { entry: Arc::clone(entry), field })
    }

    /// What is done with the thing, each with its lane.
    fn acts(&self, law: Law, made: &Made) -> Option<Vec<(Act, usize)>> {
        let Thing { create, list, read, replace, change, delete, parts, .. } = self.thing;
        let plain = |lane: Option<usize>| self.plain(lane?, made);
        let first = made.entry.maker.case()?;
        Some(match law {
            Law::CreatedObjectMissing => vec![plain(*read)?],
            Law::WrongLocation => vec![plain(*read)?, plain(*read)?],
            Law::DeleteWithoutEffect => {
                let absent = self.absent(plain(*read)?)?;
                vec![plain(*read)?, plain(*read)?, absent, plain(*delete)?, plain(*read)?]
            }
            Law::UseAfterDelete => {
                let uses: Vec<usize> = parts.iter().chain(change).copied().collect();
                let lane = uses[(self.turn as usize).checked_rem(uses.len())?];
                let act = if Some(lane) == *change {
                    self.act(lane, self.patch(lane, first)?, made)?
                } else {
                    plain(Some(lane))?
                };
                let absent = self.absent(act.clone())?;
                let mut acts = vec![act.clone(), absent, plain(*delete)?];
                acts.extend(plain(*read));
                acts.push(act);
                acts
            }
            Law::RefusedUpdateStored => {
                let lanes: Vec<usize> = change.iter().chain(replace).copied().collect();
                let lane = lanes[(self.turn as usize).checked_rem(lanes.len())?];
                let broken = self.broken(lane, &self.changed(lane, first)?)?;
                vec![plain(*read)?, self.act(lane, broken, made)?, plain(*read)?]
            }
            Law::PartialPut => {
                let put = self.act((*replace)?, self.changed((*replace)?, first)?, made)?;
                vec![plain(*read)?, put, plain(*read)?]
            }
            Law::PutNotIdempotent => {
                let put = self.act((*replace)?, self.changed((*replace)?, first)?, made)?;
                vec![put.clone(), plain(*read)?, plain(*read)?, put, plain(*read)?]
            }
            Law::PatchNotMerging => {
                let patch = self.act((*change)?, self.patch((*change)?, first)?, made)?;
                vec![plain(*read)?, patch, plain(*read)?]
            }
            Law::RefusedCreateStored => {
                let broken = self.broken(*create, first)?;
                let act =
                    Act { operation: broken.operation.id.clone(), case: broken, uses: made.entry.maker.uses.clone() };
                vec![(act, *create), plain(*list)?]
            }
            Law::DoubleCreate | Law::LostUpdate => self.race(law, made)?,
        })
    }

    /// The usual request of a lane, with what is required alone.
    pub(super) fn plain(&self, lane: usize, made: &Made) -> Option<(Act, usize)> {
        self.act(lane, self.usual(lane)?, made)
    }

    pub(super) fn usual(&self, lane: usize) -> Option<Case> {
        let operation = &self.ground.lanes[lane].operation;
        let mut case = self.ground.generators.usual(operation, FIRST + u64::from(self.turn), self.ground.seed)?;
        case.arguments.retain(|argument| operation.parameters[argument.parameter].required);
        Some(case)
    }

    /// The case on the thing, below what the thing lies below.
    pub(super) fn act(&self, lane: usize, mut case: Case, made: &Made) -> Option<(Act, usize)> {
        let (first, made_with) = (made.entry.maker.case()?, &made.entry.maker.uses);
        let mut uses = Vec::new();
        let operation = Arc::clone(&case.operation);
        for argument in &mut case.arguments {
            let declared = &operation.parameters[argument.parameter];
            if declared.location != Location::Path {
                continue;
            }
            let parameter = Some(argument.parameter);
            if declared.name == self.thing.parameter {
                argument.value = Datum::from(&made.entry.held(&made.field)?.value);
                let (entry, field) = (Arc::clone(&made.entry), made.field.clone());
                uses.push(Use { parameter, pointer: "".into(), entry, field });
            } else {
                let above = first.arguments.iter().find(|above| {
                    let its = &first.operation.parameters[above.parameter];
                    its.location == Location::Path && its.name == declared.name
                })?;
                argument.value = above.value.clone();
                let named = made_with.iter().find(|named| named.parameter == Some(above.parameter));
                uses.extend(named.map(|named| Use { parameter, ..named.clone() }));
            }
        }
        refer_as_before(&mut case, first, made_with, &mut uses);
        Some((Act { operation: operation.id.clone(), case, uses }, lane))
    }

    /// The same for a thing that does not exist.
    fn absent(&self, (mut act, lane): (Act, usize)) -> Option<(Act, usize)> {
        let is_named = |used: &Use| {
            used.parameter.is_some_and(|index| act.case.operation.parameters[index].name == self.thing.parameter)
        };
        let at = act.uses.iter().position(is_named)?;
        let named = act.uses.remove(at);
        named.forget(&mut act.case);
        Some((act, lane))
    }

    /// A valid case whose body differs from that of the creation in as many members as can be had.
    fn changed(&self, lane: usize, first: &Case) -> Option<Case> {
        let usual = self.usual(lane)?;
        let old = members(first)?;
        let (operation, seed) = (&usual.operation, self.ground.seed);
        let valid = self.ground.generators.named("valid")?;
        let start = FIRST + u64::from(self.turn) * DRAWS;
        let drawn = (start..start + DRAWS).filter_map(|index| valid.case(operation, index, seed));
        let others = |case: &Case| {
            let is_other =
                |(name, value): &&(String, Datum)| old.iter().any(|(known, old)| known == name && old != value);
            members(case).map_or(0, |members| members.iter().filter(is_other).count())
        };
        let best = drawn.filter(|case| members(case).is_some()).max_by_key(others);
        let Some(mut best) = best.filter(|best| others(best) > others(&usual)) else {
            return members(&usual).is_some().then_some(usual);
        };
        best.arguments.clone_from(&usual.arguments);
        Some(with_new_names(&usual, &best).unwrap_or(best))
    }

    /// A change of one member to the value that it has.
    fn patch(&self, lane: usize, first: &Case) -> Option<Case> {
        let mut case = self.usual(lane)?;
        let declared = case.operation.body.as_ref()?.contents.iter().find(|content| content.is_json())?;
        let schema = declared.schema.clone()?;
        let all = members(first)?;
        let turned = all.iter().cycle().skip(self.turn as usize).take(all.len());
        let fits = |(name, value): &&(String, Datum)| {
            let one = Datum::Object(vec![(name.clone(), value.clone())]);
            // What the schema does not know it may take as well.
            let is_known = schema.resolved().value().get("properties").is_none_or(|known| known.get(name).is_some());
            is_known && one.conforms(&schema)
        };
        let one = turned.into_iter().find(fits)?.clone();
        let media_type = declared.essence();
        case.body = Some(Body { media_type, content: Content::Value(Datum::Object(vec![one])) });
        // The texts are those of the creation, and so they are new or old with it.
        case.provenance = first.provenance;
        Some(case)
    }

    /// The case with one member of its body broken, so that the whole must be refused while the rest is as it should be.
    fn broken(&self, lane: usize, base: &Case) -> Option<Case> {
        let operation = &self.ground.lanes[lane].operation;
        let malformed = self.ground.generators.named("malformed")?;
        let start = u64::from(self.turn) * 5;
        let found = (start..start + LOOKS).filter_map(|index| malformed.case(operation, index, self.ground.seed));
        found.into_iter().find_map(|broken| merged(base, &broken))
    }
}

/// The members of a JSON body.
pub(super) fn members(case: &Case) -> Option<&Vec<(String, Datum)>> {
    let body = case.body.as_ref().filter(|body| is_json(&body.media_type))?;
    match &body.content {
        Content::Value(Datum::Object(members)) => Some(members),
        _ => None,
    }
}

pub(super) fn members_mut(case: &mut Case) -> Option<&mut Vec<(String, Datum)>> {
    match &mut case.body.as_mut()?.content {
        Content::Value(Datum::Object(members)) => Some(members),
        _ => None,
    }
}

/// The base with the member that is broken in the other, if that alone makes it malformed.
fn merged(base: &Case, broken: &Case) -> Option<Case> {
    let Intent::Malformed(rule) = &broken.intent else { return None };
    let name = rule.place.strip_prefix("body/")?.split('/').next()?;
    let (_, bad) = members(broken)?.iter().find(|(known, _)| known == name)?;
    let mut case = base.clone();
    let own = members_mut(&mut case)?;
    match own.iter_mut().find(|(known, _)| known == name) {
        // By its name it would be found again.
        Some((name, value)) if is_new(name, value, base.provenance.salt()) => return None,
        Some((_, value)) => *value = bad.clone(),
        // Last, so that a handler that goes from one to the next has seen the others.
        None => own.push((name.to_owned(), bad.clone())),
    }
    case.intent = broken.intent.clone();
    let is_rest = members(&case).is_some_and(|members| members.len() > 1);
    (is_rest && proves_malformed(&case)).then_some(case)
}

/// The random case with the new names of the usual one: names may be taken only once.
fn with_new_names(usual: &Case, drawn: &Case) -> Option<Case> {
    let salt = usual.provenance.salt();
    let mut case = drawn.clone();
    let own = members_mut(&mut case)?;
    for (name, value) in members(usual)?.iter().filter(|(name, value)| is_new(name, value, salt)) {
        if let Some((_, place)) = own.iter_mut().find(|(known, _)| known == name) {
            *place = value.clone();
        }
    }
    case.provenance = usual.provenance;
    conforms(&case).then_some(case)
}

/// Whether a member is a name that is new in the case of this number.
fn is_new(name: &str, value: &Datum, salt: u64) -> bool {
    let Datum::String(text) = value else { return false };
    let unique = Unique::of(&format!("/{}", crate::schema::escape_token(name)), salt);
    *text == unique.word() || *text == unique.email()
}

fn has_new_name(case: &Case) -> bool {
    let salt = case.provenance.salt();
    members(case).is_some_and(|members| members.iter().any(|(name, value)| is_new(name, value, salt)))
}

/// Whether its body is as the document asks; a body that is no value is not.
pub(super) fn conforms(case: &Case) -> bool {
    let Some(body) = &case.body else { return true };
    let Content::Value(value) = &body.content else { return false };
    let schema = case.operation.body.as_ref().and_then(|declared| declared.schema_of(&body.media_type));
    schema.is_none_or(|schema| value.conforms(schema))
}

/// Members that refer to other things go on referring to those of the creation.
fn refer_as_before(case: &mut Case, first: &Case, made_with: &[Use], uses: &mut Vec<Use>) {
    if !case.intent.is_valid() {
        return;
    }
    let (Some(old), Some(own)) = (members(first), members_mut(case)) else { return };
    for used in made_with.iter().filter(|used| used.parameter.is_none()) {
        let Some(name) = used.pointer.strip_prefix('/').filter(|name| !name.contains('/')) else { continue };
        let old = old.iter().find(|(known, _)| known == name);
        let Some(((_, old), (_, value))) = old.zip(own.iter_mut().find(|(known, _)| known == name)) else { continue };
        *value = old.clone();
        uses.push(used.clone());
    }
}
