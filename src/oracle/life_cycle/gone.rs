//! Laws about what was deleted.

use serde_json::Value;

use super::compare::differing;
use super::tail::Tail;
use crate::oracle::invalid_input_accepted::is_acceptance;
use crate::wire::Response;

/// Create, read, read, read of what does not exist, delete, read.
pub(super) fn delete_without_effect(tail: &Tail<'_>) -> Option<String> {
    // A reader that answers whatever it is asked for tells nothing of what exists.
    let can_tell = matches!(tail.status(3), Some(400 | 404 | 410));
    if !tail.is_done(0) || !can_tell || !tail.is_done(4) {
        return None;
    }
    let (first, second, after) = (tail.read(1)?, tail.read(2)?, tail.read(5)?);
    is_unchanged(first, second, after).then(|| format!("{} is answered as before", tail.step(5).operation))
}

/// Create, use, use of what does not exist, delete, a read if there is a way to, use.
pub(super) fn use_after_delete(tail: &Tail<'_>) -> Option<String> {
    let last = tail.last();
    let can_tell = matches!(tail.status(2), Some(404 | 410));
    // What is still read was not deleted for good, and that is another law's business.
    let is_gone = last == 4 || tail.status(4).is_some_and(|status| matches!(status, 401 | 403 | 404 | 410));
    if !tail.is_done(0) || !can_tell || !tail.is_done(3) || !is_gone {
        return None;
    }
    let (before, after) = (tail.response(1)?, tail.response(last)?);
    let is_used = |response: &Response| matches!(response.status, 200 | 201 | 204) && is_acceptance(response);
    let is_read = tail.exchange(last).request.method == "GET";
    // What is shown changed may say that it is deleted.
    let is_same = !is_read || is_unchanged(before, before, after);
    (is_used(before) && is_used(after) && is_same)
        .then(|| format!("{} is answered {} after the deletion", tail.step(last).operation, after.status))
}

/// Whether an answer is as before, but for what differed from one read to the next anyway.
fn is_unchanged(first: &Response, second: &Response, after: &Response) -> bool {
    let values: Option<[&Value; 3]> = (|| Some([first.json()?, second.json()?, after.json()?]))();
    let Some([first, second, after]) = values else {
        return first.body == second.body && second.body == after.body && !after.body.is_empty();
    };
    let volatile = differing(first, second);
    differing(second, after).iter().all(|place| volatile.contains(place))
}
