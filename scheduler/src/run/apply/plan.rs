//! What plan events do to a run: plans come and change, attempts begin and fail, nodes end.

use protocol::{
    AgentId, Attempt, Budget, Failure, FailureClass, FaultKind, Kind, NodeEnd, NodeId, Plan,
    PlanEvent, PlanPatch, TreeStart, TurnEnd,
};

use super::enter;
use crate::order::Order;
use crate::run::decide::after;
use crate::run::node_run::{NodePhase, NodeRun, Setback, Spent, Turn};
use crate::run::{Run, admission, commons, conflict, halt, lineage, purse, single, wishes};

pub(super) fn apply(run: &mut Run, event: &PlanEvent) {
    match event {
        PlanEvent::Proposed { plan, .. } => run.stage.proposed = Some(plan.clone()),
        PlanEvent::Accepted { plan } => accepted(run, plan),
        PlanEvent::Rejected { why } => {
            run.stage.proposed = None;
            run.stage.rejected = Some(why.clone());
        }
        PlanEvent::Patched { patch, .. } => patched(run, patch),
        PlanEvent::Checked { runs } => {
            run.stage.footing.tried(runs);
            run.lane.trouble.faults = 0;
        }
        PlanEvent::NodeStarted {
            node,
            agent,
            attempt,
        } => started(run, *node, *agent, attempt.as_ref()),
        PlanEvent::NodeReturned {
            node,
            attempt,
            failure,
        } => returned(run, *node, *attempt, failure),
        PlanEvent::NodeEnded { node, end, .. } => ended(run, *node, *end),
        PlanEvent::Paused { cause } => run.stage.pause = Some(cause.clone()),
        PlanEvent::Unpaused => (run.stage.pause, run.stage.lack) = (None, None),
        PlanEvent::Cancelled { why, is_failure } => {
            run.stage.has_failed = *is_failure;
            run.stage.is_landing = wishes::landing(run).is_some();
            run.stage.proposed = None;
            run.stage.cancelled = Some(why.clone());
        }
        PlanEvent::Closed => run.stage.is_closed = true,
    }
}

fn accepted(run: &mut Run, plan: &Plan) {
    run.stage.proposed = None;
    run.stage.is_accepted = true;
    run.clock.begun = run.clock.begun.or(Some(run.clock.now));
    run.plan = plan.clone();
    run.stage.footing.wants(plan);
    let used = run.nodes.iter().map(|(node, state)| (*node, state.spent));
    run.ledger = purse::ledger(plan, used);
    place(run);
    let since = run.clock.starts;
    for node in &plan.nodes {
        let fresh = NodeRun {
            since,
            ..NodeRun::default()
        };
        run.nodes.insert(node.id, fresh);
    }
}

fn place(run: &mut Run) {
    let nodes = run.plan.nodes.iter().enumerate();
    run.places = nodes.map(|(at, node)| (node.id, at)).collect();
    run.order = Some(Order::new(&run.plan, &admission::capacity(run)));
}

fn patched(run: &mut Run, patch: &PlanPatch) {
    if let Some(total) = &patch.budget {
        purse::limit(run, total);
    }
    if !patch.has_nodes() {
        return;
    }
    let replaced = lineage::learn(run, patch);
    run.plan = after(&run.plan, patch);
    place(run);
    run.nodes.retain(|id, _| !patch.remove.contains(id));
    for node in &patch.modify {
        purse::open(&mut run.ledger, node, None);
    }
    for node in &patch.add {
        purse::open(&mut run.ledger, node, replaced);
    }
    for node in &patch.add {
        run.nodes.entry(node.id).or_default().since = run.clock.starts;
        match (node.resolves, node.kind) {
            (Some(original), Kind::Plan) => enter(run, original, NodePhase::Replanning),
            (Some(original), _) => enter(run, original, NodePhase::Resolving),
            (None, _) => {}
        }
    }
    patch.reopened().for_each(|node| reopen(run, node));
}

/// A node that had been given up begins anew, and with it whatever was skipped: what still cannot be done is skipped
/// again. A run that was over goes on.
fn reopen(run: &mut Run, node: NodeId) {
    let was_given_up = run.end(node).is_some_and(|end| end != NodeEnd::Done);
    if !was_given_up {
        return;
    }
    if let Some(state) = run.nodes.get_mut(&node) {
        state.setbacks.clear();
        state.rungs.bounce = None;
        state.rungs.silences = 0;
    }
    enter(run, node, NodePhase::Waiting);
    let skipped: Vec<NodeId> = run
        .nodes
        .iter()
        .filter(|(_, state)| state.phase == NodePhase::Ended(NodeEnd::Skipped))
        .map(|(id, _)| *id)
        .collect();
    for node in skipped {
        enter(run, node, NodePhase::Waiting);
    }
    run.stage.is_closed = false;
    run.stage.cancelled = None;
    run.stage.has_failed = false;
    run.stage.is_landing = false;
    run.lane.landing = None;
    run.lane.trouble.forget();
}

fn started(run: &mut Run, node: NodeId, agent: AgentId, attempt: Option<&Attempt>) {
    run.clock.starts += 1;
    let phase = match run.planned(node).map(|node| node.kind) {
        Some(Kind::Verify) => NodePhase::Inspecting,
        _ => NodePhase::Working,
    };
    let now = run.clock.now;
    let Some(state) = run.nodes.get_mut(&node) else {
        return;
    };
    let is_first = state.agent.is_none();
    let is_fresh = attempt.is_some_and(|attempt| attempt.is_fresh);
    if is_first || is_fresh {
        state.rungs.generation += 1;
    }
    if is_fresh && state.setbacks.last().is_some_and(raises) {
        state.rungs.raised = state.rungs.raised.saturating_add(1);
    }
    if is_first || is_fresh {
        state.said = None;
    }
    (state.rungs.bounce, state.rungs.blind) = (None, 0);
    state.rungs.has_written = false;
    state.attempt = Some(attempt.cloned().unwrap_or_else(sole));
    state.agent = Some(agent);
    (state.found, state.spent_now) = (None, Spent::default());
    state.turn = Turn::default();
    state.turn.watch.since = now;
    if let Some(attempt) = attempt {
        purse::reserve(run, node, &attempt.allotted);
    }
    enter(run, node, phase);
}

/// The only attempt of a chat's node, whose journal says nothing of it.
fn sole() -> Attempt {
    Attempt {
        number: 1,
        is_fresh: true,
        allotted: Budget::default(),
        start: TreeStart::Shared,
    }
}

/// Whether an attempt with a fresh context after this setback also wants a stronger model: losing the thread is no
/// sign of weakness, nor is what happened outside.
fn raises(setback: &Setback) -> bool {
    setback.burns
        && !matches!(
            setback.failure.class,
            FailureClass::Stall | FailureClass::Machine | FailureClass::Stopped
        )
}

fn returned(run: &mut Run, node: NodeId, attempt: u32, failure: &Failure) {
    let is_halt = halt::is_why(run, node, failure.class);
    let setback = Setback {
        attempt,
        burns: !is_halt && burns(run, node, failure.class),
        is_halt,
        failure: failure.clone(),
    };
    // Of a turn that found it out, its end said so: somebody may have seen to it since.
    let is_silence = is_halt && failure.class == FailureClass::Deadline;
    let unheard = run.nodes.get(&node).filter(|_| is_silence);
    let unheard = unheard.and_then(|state| halt::unheard(state, run.clock.heard));
    if let Some(fault) = unheard.cloned() {
        halt::learn(run, node, &fault);
    }
    let Some(state) = run.nodes.get_mut(&node) else {
        return;
    };
    if failure.class == FailureClass::Machine {
        // Whoever carried it says that nothing of it is left.
        state.turn.open = None;
    }
    state.rungs.silences += u32::from(is_silence);
    state.setbacks.push(setback);
    state.phase = NodePhase::Returned;
    purse::release(run, node);
    run.lane.withdraw(&[node]);
    enter(run, node, NodePhase::Returned);
}

/// Whether a failure counts against the node: not what others are the cause of, and not an allotment that was too
/// small while the node itself may use more.
fn burns(run: &Run, node: NodeId, class: FailureClass) -> bool {
    let Some(state) = run.nodes.get(&node) else {
        return false;
    };
    match class {
        FailureClass::Machine | FailureClass::Stopped => false,
        FailureClass::Model => !is_too_busy(state),
        FailureClass::Budget => purse::is_own_fault(run, node),
        FailureClass::Conflict => conflict::is_own_to_solve(run, node),
        FailureClass::NoChange
        | FailureClass::Check
        | FailureClass::Scope
        | FailureClass::Gate
        | FailureClass::Stall
        | FailureClass::Deadline
        | FailureClass::GaveUp(_) => true,
    }
}

/// Whether the provider takes no more calls for now, of whomever.
fn is_too_busy(state: &NodeRun) -> bool {
    let end = state.turn.end.as_ref();
    matches!(end, Some(TurnEnd::Failed(fault)) if fault.kind == FaultKind::RateLimited)
}

fn ended(run: &mut Run, node: NodeId, end: NodeEnd) {
    for other in single::withdraw(run, node) {
        enter(run, other, NodePhase::Queued);
    }
    enter(run, node, NodePhase::Ended(end));
    if end == NodeEnd::Done {
        commons::hand_off(run, node);
    }
}
