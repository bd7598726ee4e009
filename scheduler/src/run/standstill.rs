//! The last rule of a run: where nothing is at work, nothing can begin and nothing is awaited, what is left ends and says why.

use protocol::{Event, Node, NodeEnd};

use super::node_run::NodeRun;
use super::{Blocked, Run, follow, wishes};

/// So many nodes are told of.
const TOLD: usize = 3;

/// The ends of the nodes of a run under way that would otherwise stand still for ever: no rule before this one had any
/// consequence. No sound journal leads here; one that does shows a fault of these rules, whoever waits for the run hears
/// of it, and what was done lands.
pub(super) fn ended(run: &Run) -> Vec<Event> {
    let is_busy = run.nodes.values().any(NodeRun::is_busy);
    if is_busy || run.ground.is_none() || run.change().is_some() {
        return Vec::new();
    }
    if !wishes::wishes(run).is_empty() {
        return Vec::new();
    }
    let why = why(run);
    open(run)
        .map(|(node, _)| follow::ended(node.id, NodeEnd::Failed, Some(why.clone())))
        .collect()
}

fn open(run: &Run) -> impl Iterator<Item = (&Node, &NodeRun)> {
    run.nodes().filter(|(_, state)| !state.is_over())
}

/// Who waits for what; those first that wait for no other node.
fn why(run: &Run) -> String {
    let waits = open(run).filter_map(|(node, state)| Some((node, state, run.blocked_by(node.id)?)));
    let mut waits: Vec<_> = waits.collect();
    waits.sort_by_key(|(.., blocked)| matches!(blocked, Blocked::Dependency(_)));
    let all = waits.len();
    let told = waits.into_iter().take(TOLD).map(|(node, state, blocked)| {
        let what = match blocked {
            Blocked::Nothing => format!("nothing, as {:?}", state.phase).to_lowercase(),
            blocked => run.reason(blocked),
        };
        format!("node {} waits for {what}", node.name)
    });
    let told: Vec<String> = told.collect();
    let more = match all - told.len() {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    format!(
        "nothing of the run is at work and nothing of it can begin, which is a fault of formic: {}{more}",
        told.join("; ")
    )
}
