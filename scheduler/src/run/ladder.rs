//! The ladder of attempts: what is tried after a failure, with which context and tree, and when it is enough.

use protocol::{AgentId, FailureClass, GaveUp, Isolation, Kind, Node, NodeId, OnFail, TreeStart};

use super::node_run::{NodePhase, NodeRun, Setback};
use super::{Run, replan, unrunnable};

/// Attempts of a node whose plan says nothing.
const ATTEMPTS: u32 = 3;

/// A verification either holds or does not; once more, because it may have been chance.
const VERIFICATIONS: u32 = 2;

/// How often failures that do not count against a node are borne, by class.
const MACHINE_FAILURES: usize = 3;
const LARGER_ALLOTMENTS: usize = 4;
const STOPS: usize = 50;
const RATE_LIMITS: usize = 20;

/// What is tried next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rung {
    /// Another attempt.
    Again {
        /// With an empty context.
        is_fresh: bool,
    },
    /// A merge node.
    Merge,
    /// Nothing: it was the last attempt.
    Enough,
}

/// What follows for a node whose attempt came to nothing.
pub(super) fn next(run: &Run, node: NodeId) -> Rung {
    let (Some(planned), Some(state)) = (run.planned(node), run.nodes.get(&node)) else {
        return Rung::Enough;
    };
    let Some(last) = state.setbacks.last() else {
        return Rung::Again { is_fresh: true };
    };
    let class = last.failure.class;
    if class == FailureClass::Conflict && !last.burns {
        return Rung::Merge;
    }
    // What cannot be integrated as it is would not be after another attempt.
    let is_stuck = class == FailureClass::Machine && state.rungs.bounce.is_some();
    // It would be too much for the next one too; where nobody can divide it, another attempt is all there is.
    let is_too_large = class == FailureClass::GaveUp(GaveUp::TooLarge);
    let is_stuck = is_stuck || (is_too_large && replan::is_wanted(run, planned));
    let is_stuck = is_stuck || unrunnable::is_in_vain(planned, state);
    // Nobody knows how far its command came, and nothing was brought back: a person looks first.
    let is_in_doubt = class == FailureClass::Stopped && !planned.kind.has_agent();
    let is_stuck = is_stuck || is_in_doubt;
    let is_over = if is_stuck {
        true
    } else if last.burns {
        class == FailureClass::Budget || state.burnt() >= attempts(planned)
    } else {
        borne(state, class) >= patience(class)
    };
    match is_over {
        true => Rung::Enough,
        false => Rung::Again {
            is_fresh: is_fresh(planned, state, last),
        },
    }
}

/// How many attempts a node has.
pub(super) fn attempts(planned: &Node) -> u32 {
    let usual = match planned.kind {
        Kind::Verify => VERIFICATIONS,
        _ => ATTEMPTS,
    };
    match planned.weight.on_fail {
        OnFail::Skip => 1,
        OnFail::Retry | OnFail::Abort => planned.budget.attempts.unwrap_or(usual).max(1),
    }
}

/// What a person saw to before the next attempt is not counted: it is theirs to say when it is enough.
fn borne(state: &NodeRun, class: FailureClass) -> usize {
    let same = |one: &&Setback| !one.burns && !one.is_halt && one.failure.class == class;
    state.setbacks.iter().filter(same).count()
}

fn patience(class: FailureClass) -> usize {
    match class {
        FailureClass::Model => RATE_LIMITS,
        FailureClass::Budget => LARGER_ALLOTMENTS,
        FailureClass::Stopped => STOPS,
        FailureClass::Machine
        | FailureClass::NoChange
        | FailureClass::Check
        | FailureClass::Scope
        | FailureClass::Conflict
        | FailureClass::Gate
        | FailureClass::Stall
        | FailureClass::Deadline
        | FailureClass::GaveUp(_) => MACHINE_FAILURES,
    }
}

/// The same agent hears the evidence once; the third counted attempt, and the last one, begin with an empty context,
/// and so does one after a context that led in circles or to a refusal.
fn is_fresh(planned: &Node, state: &NodeRun, last: &Setback) -> bool {
    if !planned.kind.has_agent() {
        return true;
    }
    let lost = matches!(
        last.failure.class,
        FailureClass::Stall | FailureClass::GaveUp(_)
    );
    let next = state.burnt() + 1;
    lost || (last.burns && (next >= attempts(planned) || next >= ATTEMPTS))
}

/// What the next attempt's tree holds.
pub(super) fn start(run: &Run, node: NodeId, is_fresh: bool) -> TreeStart {
    let (Some(planned), Some(state)) = (run.planned(node), run.nodes.get(&node)) else {
        return TreeStart::Shared;
    };
    let (Some(Isolation::Worktree), Some(tip)) = (run.isolation(), run.tip()) else {
        return TreeStart::Shared;
    };
    let tip = TreeStart::Commit(tip.clone());
    if let Some(bounce) = &state.rungs.bounce {
        // A command would be carried out a second time on its own result.
        let is_command = !planned.kind.has_agent();
        return if is_command {
            tip
        } else {
            bounce.start.clone()
        };
    }
    let first = first_start(run, planned).unwrap_or(tip);
    let Some(last) = state.setbacks.last() else {
        return first;
    };
    let has_progress = matches!(
        last.failure.class,
        FailureClass::Budget
            | FailureClass::Deadline
            | FailureClass::Stall
            | FailureClass::Model
            | FailureClass::Machine
            | FailureClass::Stopped
    );
    let is_broken = borne(state, FailureClass::Machine) > 1;
    if state.rungs.has_tree && !is_broken && planned.kind.has_agent() && (has_progress || !is_fresh)
    {
        // Who only reads has no tree of its own that a later process would find.
        let shared = state.base.clone().filter(|_| !planned.kind.writes());
        return shared.map_or(TreeStart::Kept, TreeStart::Commit);
    }
    first
}

/// A merge node begins with the conflict.
fn first_start(run: &Run, planned: &Node) -> Option<TreeStart> {
    let resolves = planned.resolves.filter(|_| planned.kind == Kind::Merge);
    let original = run.nodes.get(&resolves?)?;
    Some(original.rungs.bounce.as_ref()?.start.clone())
}

/// The agent of a node's next attempt.
pub(super) fn agent(run: &Run, node: NodeId, is_fresh: bool) -> AgentId {
    let state = run.nodes.get(&node);
    match state.and_then(|state| state.agent) {
        Some(agent) if !is_fresh => agent,
        _ => {
            let generation = state.map_or(0, |state| state.rungs.generation) + 1;
            let (run, node) = (run.id.uuid(), node.uuid());
            AgentId::derived(&[
                run.as_bytes(),
                node.as_bytes(),
                b"agent",
                &generation.to_be_bytes(),
            ])
        }
    }
}

/// Whether a node may begin another attempt now, as far as its own past goes; `None` if it may not.
pub(super) fn may_begin(run: &Run, node: NodeId) -> Option<bool> {
    let state = run.nodes.get(&node)?;
    match state.phase {
        NodePhase::Waiting if !state.lingers() => Some(true),
        NodePhase::Returned if !state.lingers() => match next(run, node) {
            Rung::Again { is_fresh } => Some(is_fresh),
            Rung::Merge | Rung::Enough => None,
        },
        _ => None,
    }
}
