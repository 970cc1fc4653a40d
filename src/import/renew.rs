//! Texts of recorded requests that are to be new each time. Main function: [`renewed`].

use std::collections::{BTreeMap, BTreeSet};

use super::link::{Site, free, texts};
use super::session::{Placed, Plan};
use crate::engine;
use crate::resource::{Action, Graph};
use crate::scenario::{Intent, placeholder};

/// A text that is new each time that it is sent.
pub(super) struct Renewed {
    pub(super) name: String,
    pub(super) site: Site,
    pub(super) text: String,
}

/// The names under which requests make things, where nothing else of the session is about them.
pub(super) fn renewed(placed: &[Placed], graph: &Graph, plan: &Plan<'_>) -> BTreeMap<usize, Vec<Renewed>> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for one in placed {
        let own: BTreeSet<String> = texts(&one.request).into_iter().collect();
        for text in own {
            *counts.entry(text).or_default() += 1;
        }
    }
    let mut taken = BTreeSet::new();
    let mut all = BTreeMap::new();
    for (index, one) in placed.iter().enumerate() {
        let creates = graph.role(&one.operation.id).is_some_and(|role| role.action == Action::Create);
        let worked = one.answer.as_ref().is_none_or(|answer| answer.status / 100 == 2);
        let Ok(body) = serde_json::from_slice::<serde_json::Value>(&one.request.body) else { continue };
        if !creates || !worked || one.case.intent != Intent::Valid {
            continue;
        }
        let own = engine::renewable(&one.case, plan.generators).into_iter().filter_map(|known| {
            let text = body.pointer(&known.pointer)?.as_str()?;
            let is_plain = text.chars().all(|c| c.is_ascii_alphanumeric() || " ._@+-".contains(c));
            if !is_plain || counts.get(text).copied().unwrap_or_default() > 1 {
                return None;
            }
            let name = free("fresh", &mut taken);
            let text = placeholder(&name);
            let text = if known.is_email { format!("{text}@example.com") } else { text };
            Some(Renewed { name, site: Site::Member(known.pointer.to_string()), text })
        });
        all.insert(index, own.collect());
    }
    all
}
