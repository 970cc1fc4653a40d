//! What one replay shows. Main type: [`Conclusion`]; it becomes a [`Verdict`] with the fixture's state and the day.

use super::run::Error;
use crate::engine::Execution;
use crate::finding::{Requirement, Verdict};
use crate::fixture::{Fixture, State};
use crate::identity::Identities;
use crate::oracle::{Check, Registry, holds_in_sequence};
use crate::scenario::{ANONYMOUS, IdentityName, Law, Scenario, Step, Trace};
use crate::wire::{Exchange, FaultKind, Outcome, Request};

/// What the answers of one replay show, before the state of the fixture is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Conclusion {
    /// What is required holds.
    Holds,
    /// It does not.
    Broken(String),
    /// It can't be told: what leads to the judged answer does not work any more.
    Stale(String),
    /// No connection could be made.
    Unreachable(String),
}

impl Conclusion {
    /// What these answers show.
    pub(super) fn of(
        fixture: &Fixture,
        (registry, identities): (&Registry, &Identities),
        scenario: &Scenario,
        execution: &Execution,
    ) -> Result<Self, Error> {
        // Looked up first: a fixture of an unknown oracle is our trouble whatever the target does.
        let oracle = registry.id(&fixture.oracle)?;
        let trace = Trace { scenario, exchanges: &execution.exchanges };
        if let Some(reason) = refused(&trace) {
            return Ok(Self::Unreachable(reason));
        }
        if let Some(reason) = broken_setup(fixture, execution) {
            return Ok(Self::Stale(reason));
        }
        if let Some(reason) = rejected_credentials(fixture, identities, &trace)? {
            return Ok(Self::Stale(reason));
        }
        let requirement = Requirement { oracle, parameters: fixture.parameters.clone() };
        Ok(match registry.check(&requirement, &trace)? {
            Check::Broken { reason } => Self::Broken(reason),
            Check::Holds => {
                let nothing = throttled(fixture, &trace).or_else(|| unrouted(fixture, &trace));
                let nothing = nothing.or_else(|| unmeasured(fixture, &trace));
                nothing.map_or(Self::Holds, Self::Stale)
            }
        })
    }

    /// The verdict on this day.
    pub(super) fn verdict(self, state: &State, today: &str) -> Verdict {
        match (self, state) {
            (Self::Stale(reason), _) => Verdict::Stale { reason },
            (Self::Unreachable(reason), _) => Verdict::Unreachable { reason },
            // Who replays a pending one wants to know what it would show.
            (Self::Holds, State::Open | State::Pending) => Verdict::Pass,
            (Self::Holds, State::Known { .. }) => Verdict::UnexpectedPass,
            (Self::Broken(reason), State::Open | State::Pending) => Verdict::Fail { reason },
            (Self::Broken(now), State::Known { reason, owner, until }) => {
                let owner = owner.as_ref().map(|owner| format!(", {owner}")).unwrap_or_default();
                if !state.is_overdue(today) {
                    return Verdict::Known { reason: format!("{reason} (until {until}{owner})") };
                }
                let passed = format!("accepted until {until}{owner} ({reason}), and that day has passed");
                Verdict::Fail { reason: format!("{now}; {passed}: mend it, or set a later date") }
            }
        }
    }
}

/// Whether the last answer may be another one a moment later, since it comes from the load on the target and not from what
/// was asked: 429, 503, or none in time.
pub(super) fn is_transient(execution: &Execution) -> bool {
    execution.exchanges.last().is_some_and(|exchange| match &exchange.outcome {
        Outcome::Response(response) => matches!(response.status, 429 | 503),
        Outcome::Fault(fault) => fault.kind == FaultKind::TimedOut,
    })
}

fn refused(trace: &Trace<'_>) -> Option<String> {
    let fault = trace.exchanges.iter().filter_map(|exchange| exchange.outcome.fault());
    fault.filter(|fault| fault.kind == FaultKind::Refused).map(|fault| fault.detail.clone()).next()
}

/// Which step before the judged one no longer does what it did.
fn broken_setup(fixture: &Fixture, execution: &Execution) -> Option<String> {
    if let Some(broken) = &execution.broken {
        return Some(format!("step {} that prepares the request: {}", broken.step + 1, broken.reason));
    }
    let setup = fixture.steps.len().saturating_sub(1);
    let steps = fixture.steps.iter().zip(&execution.exchanges).take(setup).enumerate();
    steps.into_iter().find_map(|(index, (step, exchange))| {
        let (then, now) = (step.answered?, exchange.outcome.status()?);
        let number = index + 1;
        (then / 100 != now / 100)
            .then(|| format!("step {number} that prepares the request: {} answered {now}, not {then}", step.operation))
    })
}

/// A named identity that is answered 401 tests nothing but its own credentials: a green light for it would be a lie.
fn rejected_credentials(
    fixture: &Fixture,
    identities: &Identities,
    trace: &Trace<'_>,
) -> Result<Option<String>, Error> {
    let Some((step, exchange)) = trace.last() else { return Ok(None) };
    let rejected = exchange.outcome.status() == Some(401) && fixture.observed.status != Some(401);
    if !rejected || !sends_credentials(identities, step, exchange)? {
        return Ok(None);
    }
    let name = &step.identity;
    Ok(Some(format!("the target answers 401 to the credentials of {name}; renew them in the configuration")))
}

/// Whether the identity's own credentials went out, rather than one that the case tampers with or none at all.
fn sends_credentials(identities: &Identities, step: &Step, exchange: &Exchange) -> Result<bool, Error> {
    let blank = Request::new("GET", "/");
    let as_nobody = identities.apply(&IdentityName::new(ANONYMOUS), &blank).map_err(crate::engine::Error::from)?;
    let as_itself = identities.apply(&step.identity, &blank).map_err(crate::engine::Error::from)?;
    let own = as_itself.headers.iter().filter(|header| !as_nobody.headers.iter().any(|common| common == *header));
    let tampered = own.clone().any(|header| !exchange.request.headers.iter().any(|sent| sent == header));
    Ok(as_itself != as_nobody && !tampered)
}

/// An answer that refuses to look at the request shows nothing, though it may break nothing either.
fn throttled(fixture: &Fixture, trace: &Trace<'_>) -> Option<String> {
    let status = trace.last()?.1.outcome.status()?;
    let is_new = fixture.observed.status != Some(status);
    (status == 429 && is_new).then(|| "the target answers 429 (too many requests) to it; replay more slowly".to_owned())
}

/// A race shows nothing where the same requests do not keep the law even one after the other.
fn unmeasured(fixture: &Fixture, trace: &Trace<'_>) -> Option<String> {
    let law = Law::named(&fixture.oracle)?;
    (!holds_in_sequence(law, trace)).then(|| {
        "sent one after the other, the same requests do not do any more what the race is measured against".to_owned()
    })
}

/// A path without this method (RFC 9110 section 15.5.6): the operation was removed, and whatever is forbidden of its answers
/// holds for that reason alone.
fn unrouted(fixture: &Fixture, trace: &Trace<'_>) -> Option<String> {
    let (step, exchange) = trace.last()?;
    let is_new = fixture.observed.status != Some(405) && exchange.outcome.status() == Some(405);
    let method = step.operation.as_str().split(' ').next()?;
    (is_new && step.request.method == method).then(|| {
        let operation = &step.operation;
        format!("the target answers 405 to {operation}, as if there were no such operation: delete the fixture, or restore it")
    })
}
