//! Budgets of a run: what is set aside for an attempt, and whose fault it is when that was too little.

use protocol::{Budget, NodeId};

use super::Run;
use super::node_run::NodeRun;

/// What an attempt has used beyond what was set aside for it and nobody else watches.
pub(super) fn overdrawn(state: &NodeRun) -> Option<String> {
    let allotted = state.attempt.as_ref()?.allotted.tool_calls?;
    let used = state.spent_now.tool_calls;
    (used > allotted).then(|| format!("it asked for {used} tool calls and may make {allotted}"))
}

/// Whether a node's own limits, or the run's, are used up, so that another allotment would not help.
pub(super) fn is_own_fault(run: &Run, node: NodeId) -> bool {
    run.planned(node)
        .is_none_or(|node| node.budget.tokens.is_some())
}

/// What is set aside for an attempt.
pub(super) fn allotted(run: &Run, node: NodeId) -> Budget {
    run.planned(node)
        .map(|node| node.budget)
        .unwrap_or_default()
}
