//! Steps that make things, under names that are new each time. Main function: [`renewed`]. It sends nothing: whether a
//! scenario still shows what it showed is for a proof to say.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::engine::Planner;
use crate::import::{free, replaced};
use crate::scenario::{Scenario, placeholder};

/// The scenario with other names for what the steps before its last one make, wherever these stand; `None` if they have
/// none, or new ones already. A target that lasts may take a name only once.
pub(super) fn renewed(scenario: &Scenario, planner: &Planner) -> Option<Scenario> {
    let mut renewed = scenario.clone();
    let captured = scenario.steps.iter().flat_map(|step| step.captures.iter().map(|capture| &capture.name));
    let mut taken: BTreeSet<String> =
        captured.chain(scenario.steps.iter().flat_map(|step| &step.fresh)).cloned().collect();
    let mut is_changed = false;
    for index in 0..scenario.steps.len().saturating_sub(1) {
        for name in planner.usual_names(&renewed.steps[index]) {
            let fresh = free("fresh", &mut taken);
            let ending = if name.contains('@') { "@example.com" } else { "" };
            let mark = format!("{}{ending}", placeholder(&fresh));
            let Some(request) = replaced(&renewed.steps[index].request, &name, &mark) else { continue };
            renewed.steps[index].request = Arc::new(request);
            renewed.steps[index].fresh.push(fresh);
            is_changed = true;
            for later in &mut renewed.steps[index + 1..] {
                if let Some(request) = replaced(&later.request, &name, &mark) {
                    later.request = Arc::new(request);
                }
            }
        }
    }
    is_changed.then_some(renewed)
}
