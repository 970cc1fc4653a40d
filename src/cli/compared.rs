//! What `gadfly compare` tells in the end: the differences, and what was not told. Main function: [`report`].

use std::fmt::Write;

use serde_json::{Value, json};
use similar::TextDiff;

use super::project::Project;
use super::{Error, Exit, Ui, ui};
use crate::api::OperationId;
use crate::compare::{Class, Comparison, Difference, Side, Sides};
use crate::fixture::Observed;
use crate::redact::Redactor;
use crate::report::{Paint, line, visible};
use crate::scenario::ANONYMOUS;
use crate::spec::Loaded;
use crate::wire::{Exchange, Outcome, curl};

/// How many differences that are not told are named.
const LEFT_OUT: usize = 8;

/// Tells them to people and machines, and says how it ended.
pub(super) fn report(
    comparison: &Comparison,
    loaded: &Loaded,
    sides: &Sides,
    project: &Project,
    redactor: &Redactor,
    ui: &mut Ui<'_>,
) -> Result<Exit, Error> {
    let Comparison { differences, compared, skipped, requests, unreachable, .. } = comparison;
    for difference in differences {
        ui.report(&redactor.text(&shown(difference, sides, redactor, ui.report_paint())))?;
    }
    let real = differences.iter().filter(|difference| difference.spot.class != Class::Slower).count();
    let ending = if real == 1 { "" } else { "s" };
    let slower =
        if differences.len() > real { format!(", {} slower", differences.len() - real) } else { String::new() };
    let text = format!(
        "{real} difference{ending}{slower}: {compared} scenarios compared, {skipped} skipped, {requests} requests to each"
    );
    let paint = ui.report_paint();
    ui.report(&format!("{}\n", if real == 0 { paint.good(&text) } else { paint.bad(&text) }))?;
    if let Some(side) = unreachable {
        ui.warn(&format!("--{side} refuses connections since then; what came after was not compared"))?;
    }
    tell_drift(comparison, redactor, ui)?;
    let lives = sides.head.executor.process.as_ref().map(|process| process.watch.supervisor().lives());
    let left_out = comparison
        .left_out
        .iter()
        .map(|(operation, class, place)| json!({"operation": operation.to_string(), "class": class, "place": place}));
    let left_out: Vec<Value> = left_out.collect();
    let object = json!({
        "format": ui::FORMAT, "api": loaded.api.title, "base": url(&sides.base), "head": url(&sides.head),
        "seed": project.settings.seed.number(), "compared": compared, "skipped": skipped, "requests": requests,
        "unreachable": unreachable, "process": lives,
        "drifted": names(&comparison.drifted), "left_out": left_out,
        "differences": differences.iter().map(|one| object(one, sides, redactor)).collect::<Vec<_>>(),
    });
    ui.object(&object, redactor)?;
    Ok(match (real, unreachable) {
        (0, None) => Exit::CLEAN,
        (0, Some(_)) => Exit::UNREACHABLE,
        _ => Exit::FINDINGS,
    })
}

/// Says what is not told since what both hold is not the same any more.
fn tell_drift(comparison: &Comparison, redactor: &Redactor, ui: &mut Ui<'_>) -> Result<(), Error> {
    let Comparison { drifted, left_out, .. } = comparison;
    if left_out.is_empty() {
        return Ok(());
    }
    let mut text = format!(
        "only one of the two carried out {} now and then, for no reason that shows again, so that both do not hold the same \
         any more; what may follow from that is not told:",
        names(drifted).join(", ")
    );
    for (operation, class, place) in left_out.iter().take(LEFT_OUT) {
        _ = write!(text, "\n  {class} · {operation} · {}", line(place, 100));
    }
    if left_out.len() > LEFT_OUT {
        _ = write!(text, "\n  and {} more", left_out.len() - LEFT_OUT);
    }
    ui.note(&redactor.text(&text))
}

fn names(operations: &[OperationId]) -> Vec<&str> {
    operations.iter().map(OperationId::as_str).collect()
}

fn url(side: &Side) -> String {
    format!("{}{}", side.origin, side.base_path)
}

fn object(difference: &Difference, sides: &Sides, redactor: &Redactor) -> Value {
    let Difference { operation, spot, scenario, step, source, hits, tries, again, .. } = difference;
    let before: Vec<String> = scenario.steps[..*step].iter().map(|step| step.operation.to_string()).collect();
    json!({
        "operation": operation.to_string(), "class": spot.class, "place": spot.place, "base": spot.base,
        "head": spot.head, "source": source, "prepared_by": before,
        "confirmed": {"hits": hits, "tries": tries}, "shown_again": again,
        "curl": curl(&scenario.steps[*step].request, &sides.head.origin), "diff": diff(difference, redactor),
    })
}

/// One difference for a person's eyes.
fn shown(difference: &Difference, sides: &Sides, redactor: &Redactor, paint: Paint) -> String {
    let Difference { operation, spot, scenario, step, source, hits, tries, again, .. } = difference;
    // The place of a schema is a hash.
    let place = if spot.class == Class::Schema { &spot.head } else { &spot.place };
    let head = format!("{} · {operation} · {}", spot.class.word().to_uppercase(), line(place, 100));
    let mut out = format!("{}\n", paint.bold(&head));
    let again = if *again > 0 { format!("; {again} more requests show it") } else { String::new() };
    // Writing to a String can't fail.
    _ = writeln!(out, "  base     {}", line(&spot.base, 120));
    _ = writeln!(out, "  head     {}", line(&spot.head, 120));
    _ = writeln!(out, "  proof    {hits} of {tries}, by {source}{again}");
    let before: Vec<&str> = scenario.steps[..*step].iter().map(|step| step.operation.as_str()).collect();
    if !before.is_empty() {
        _ = writeln!(out, "  after    {}", before.join(", "));
    }
    _ = writeln!(out, "  {}", curl(&scenario.steps[*step].request, &sides.head.origin));
    if scenario.steps[*step].identity.as_str() != ANONYMOUS {
        _ = writeln!(out, "  # add the credentials of {}", scenario.steps[*step].identity);
    }
    for row in diff(difference, redactor).lines() {
        let row = visible(row);
        let row = match row.as_bytes().first() {
            Some(b'+') => paint.good(&row),
            Some(b'-') => paint.bad(&row),
            _ => row,
        };
        _ = writeln!(out, "{}", format!("    {row}").trim_end());
    }
    out.push('\n');
    out
}

/// What changed between the two answers, line by line.
fn diff(difference: &Difference, redactor: &Redactor) -> String {
    let header = difference.spot.place.strip_prefix("header ").filter(|_| difference.spot.class == Class::Header);
    let text = |exchange: &Exchange| {
        let mut text = String::new();
        if let (Some(name), Outcome::Response(response)) = (header, &exchange.outcome) {
            let value = response.headers.text(name).unwrap_or("(none)");
            _ = writeln!(text, "{name}: {value}");
        }
        text + &Observed::of(&exchange.outcome, redactor).render()
    };
    let (base, head) = (text(&difference.base), text(&difference.head));
    TextDiff::from_lines(&base, &head).unified_diff().context_radius(3).header("base", "head").to_string()
}
