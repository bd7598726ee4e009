//! The last rule of a run: where nothing is at work, nothing can begin and nothing is awaited, it ends and says why.

use protocol::{Event, Node};

use super::node_run::{NodePhase, NodeRun};
use super::{Run, follow, wishes};

/// So many nodes are told of.
const TOLD: usize = 3;

/// The end of a run that would otherwise stand still for ever: no rule before this one had any consequence. No sound
/// journal leads here; one that does shows a fault of these rules, and whoever waits for the run hears of it.
pub(super) fn ended(run: &Run) -> Vec<Event> {
    let open = |(_, state): &(&Node, &NodeRun)| !state.is_over();
    let awaits = |state: &NodeRun| state.is_busy() || state.phase == NodePhase::Replanning;
    let is_awaited = run.nodes.values().any(awaits);
    let has_ground = run.ground.is_some();
    if is_awaited || !has_ground || !run.nodes().any(|it| open(&it)) {
        return Vec::new();
    }
    if !wishes::wishes(run).is_empty() {
        return Vec::new();
    }
    let reasons = run.nodes().filter(open).take(TOLD).filter_map(|(node, _)| {
        let blocked = run.blocked_by(node.id)?;
        Some(format!(
            "node {} waits for {}",
            node.name,
            run.reason(blocked)
        ))
    });
    let reasons: Vec<String> = reasons.collect();
    let more = run.nodes().filter(open).count() - reasons.len();
    let more = match more {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    vec![follow::hopeless(format!(
        "nothing of the run is at work and nothing of it can begin, which is a fault of formic: {}{more}",
        reasons.join("; ")
    ))]
}
