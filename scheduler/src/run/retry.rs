//! Trying nodes again that were given up: when that is refused, and what begins anew.

use protocol::{Kind, Node, NodeEnd, NodeId, PlanEvent, PlanPatch, TIME_USED_UP};

use super::decide::is_given_up;
use super::{Illegal, Run, purse, raise};

/// A node that was given up is planned anew as it was, and with it what was given up because it waited for that node.
pub(super) fn retried(run: &Run, node: NodeId) -> Result<PlanEvent, Illegal> {
    let planned = run.planned(node).ok_or(Illegal::UnknownNode(node))?;
    match run.end(node) {
        None => return Err(Illegal::NotRetryable(node, "it has not come to its end")),
        Some(NodeEnd::Done) => return Err(Illegal::NotRetryable(node, "it is done")),
        Some(NodeEnd::Failed | NodeEnd::Skipped | NodeEnd::Cancelled) => {}
    }
    if planned.kind == Kind::Plan {
        let why = "try the node again that it planned anew";
        return Err(Illegal::NotRetryable(node, why));
    }
    if planned.resolves.is_some_and(|of| run.planned(of).is_none()) {
        let why = "others stand in the place of the node whose conflict it was to resolve";
        return Err(Illegal::NotRetryable(node, why));
    }
    let is_done = |dep: &NodeId| run.end(*dep) == Some(NodeEnd::Done);
    if !planned.deps.iter().all(is_done) {
        let why = "something it depends on is not done";
        return Err(Illegal::NotRetryable(node, why));
    }
    if run.stage.footing.why_not().is_some() {
        let why = "a check did not go as the plan declares before any of the work";
        return Err(Illegal::NotRetryable(node, why));
    }
    if purse::time_left(run) == Some(0) {
        return Err(Illegal::NotRetryable(node, TIME_USED_UP));
    }
    if !purse::has_own(run, planned) {
        let why = "what the plan gives it is used up; a new run can give it more";
        return Err(Illegal::NotRetryable(node, why));
    }
    raise::has_room(run, planned)?;
    let patch = PlanPatch {
        modify: again(run, planned),
        ..PlanPatch::default()
    };
    let why = format!("node {} is tried again", planned.name);
    Ok(PlanEvent::Patched { patch, why })
}

/// A node and all that waits for it, directly or not, and is not done. A run that was cancelled has ended those too.
fn again(run: &Run, node: &Node) -> Vec<Node> {
    let mut again = vec![node.clone()];
    let mut at = 0;
    while let Some(before) = again.get(at).map(|node| node.id) {
        at += 1;
        let waits = |one: &&Node| one.deps.contains(&before) && is_given_up(run, one.id);
        for one in run.plan.nodes.iter().filter(waits) {
            if !again.iter().any(|known| known.id == one.id) {
                again.push(one.clone());
            }
        }
    }
    again
}
