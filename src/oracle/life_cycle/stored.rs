//! Laws about what changes store.

use serde_json::Value;

use super::compare::{is_alike, is_empty, is_kept, is_other, is_same, shared};
use super::tail::Tail;

/// Create, read, refused change, read.
pub(super) fn refused_update_stored(tail: &Tail<'_>) -> Option<String> {
    if !tail.is_done(0) || !tail.is_refused(2) {
        return None;
    }
    let sent = tail.sent(2)?;
    let (before, after) = (tail.shown(1, &sent)?, tail.shown(3, &sent)?);
    let stored = shared(&sent, after).find(|(name, sent, now)| sent == now && before.get(*name) != Some(now));
    stored.map(|(name, ..)| format!("{name:?} has the refused value"))
}

/// Create, read, PUT, read.
pub(super) fn partial_put(tail: &Tail<'_>) -> Option<String> {
    if !tail.is_done(0) || !tail.is_done(2) {
        return None;
    }
    let (created, sent) = (tail.sent(0)?, tail.sent(2)?);
    let (before, after) = (tail.shown(1, &sent)?, tail.shown(3, &sent)?);
    // A reader that shows the same whatever was created, such as a mock, is no mirror of what is stored.
    let is_new = |name: &str| tail.step(0).fresh.iter().any(|fresh| tail.template(0, name).contains(fresh.as_str()));
    if shared(&created, before).any(|(name, first, old)| is_new(name) && !is_same(first, old)) {
        return None;
    }
    let is_ignored = |(name, new, now): &(&str, &Value, &Value)| {
        let (Some(first), Some(old)) = (created.get(*name), before.get(*name)) else { return false };
        // The creation stored it as it was sent, so it is the client's; the PUT sent another one, and the old one stayed.
        !is_kept(name) && is_alike(new, now) && is_same(first, old) && is_other(first, new) && old == *now
    };
    let ignored: Vec<_> = shared(&sent, after).filter(is_ignored).map(|(name, ..)| name).collect();
    (!ignored.is_empty()).then(|| format!("{ignored:?} did not change"))
}

/// Create, PUT, read, read, the same PUT, read.
pub(super) fn put_not_idempotent(tail: &Tail<'_>) -> Option<String> {
    if !tail.is_done(0) || !tail.is_done(1) || !tail.is_done(4) {
        return None;
    }
    let (first, again) = (tail.sent(1)?, tail.sent(4)?);
    let (once, still, twice) = (tail.shown(2, &first)?, tail.shown(3, &first)?, tail.shown(5, &first)?);
    let created = tail.sent(0).unwrap_or_default();
    let is_changed = |(name, sent, now): &(&str, &Value, &Value)| {
        let (Some(once), Some(still)) = (once.get(*name), still.get(*name)) else { return false };
        // A value that is still the first one has not been stored yet, or is not to be.
        let is_settled = once == still && again.get(*name) == Some(*sent);
        let is_old = created.get(*name).is_some_and(|first| is_other(first, sent) && is_same(first, once));
        let is_off = match (once, *now) {
            (Value::Array(once), Value::Array(now)) => now.len() > once.len(),
            (Value::Object(_), _) => false,
            // What the server sets itself (a version, a time, a salted hash) is not what was sent.
            (once, now) => is_alike(once, now) && is_same(sent, once) && is_other(once, now),
        };
        is_settled && !is_old && is_off
    };
    let changed = shared(&first, twice).find(is_changed);
    changed.map(|(name, _, now)| format!("{name:?} was {}, and {now} after the second time", once[name]))
}

/// Create, read, PATCH of one member with the value that it has, read.
pub(super) fn patch_not_merging(tail: &Tail<'_>) -> Option<String> {
    if !tail.is_done(0) || !tail.is_done(2) {
        return None;
    }
    let (created, patch) = (tail.sent(0)?, tail.sent(2)?);
    let (before, after) = (tail.shown(1, &created)?, tail.shown(3, &created)?);
    let is_lost = |(name, first, old): &(&str, &Value, &Value)| {
        !patch.contains_key(*name) && is_same(first, old) && !is_empty(old) && after.get(*name).is_none_or(is_empty)
    };
    let lost: Vec<_> = shared(&created, before).filter(is_lost).map(|(name, ..)| name).collect();
    (!lost.is_empty()).then(|| format!("{lost:?} is empty after a PATCH that does not name it"))
}
