//! Which nodes begin an attempt now, and which never can because nothing is left for them.

use std::collections::BTreeSet;

use protocol::{
    Attempt, BUDGET_USED_UP, Budget, Event, Kind, Node, NodeEnd, NodeId, OWN_BUDGET_USED_UP,
    OWN_TIME_USED_UP, PlanEvent, TIME_USED_UP,
};

use super::node_run::{NodePhase, NodeRun};
use super::{Run, follow, ladder, purse};
use crate::order::{Capacity, Decision, Holding, Ready, Wait};

/// What is decided about the nodes that may begin as far as they themselves go.
pub(super) fn decision(run: &Run) -> Decision {
    let ready = ready(run);
    let Some(order) = run.order.as_ref().filter(|_| !ready.is_empty()) else {
        return Decision::default();
    };
    let capacity = capacity(run);
    let of = |wanted: &dyn Fn(&NodeRun) -> bool| -> BTreeSet<NodeId> {
        let nodes = run.nodes().filter(|(_, state)| wanted(state));
        nodes.map(|(node, _)| node.id).collect()
    };
    let is_at_work = |node: &NodeId| {
        let is_verified = run
            .planned(*node)
            .is_some_and(|node| node.kind == Kind::Verify);
        let state = run.nodes.get(node);
        state.is_some_and(|it| it.is_busy() || (is_verified && it.phase == NodePhase::Inspecting))
    };
    let holders = of(&|state| state.holds_scope() || state.is_busy());
    let (working, waiting) = holders.into_iter().partition(is_at_work);
    order.admit(
        &ready,
        &Holding {
            capacity: &capacity,
            working,
            waiting,
            ended: of(&NodeRun::is_over),
            ledger: &run.ledger,
        },
    )
}

pub(super) fn capacity(run: &Run) -> Capacity {
    Capacity::lanes(run.plan.caps.max_parallel.max(1))
}

/// The nodes that may begin as far as their dependencies, their own past and their time go.
fn ready(run: &Run) -> Vec<Ready> {
    due(run)
        .filter(|(node, _)| purse::own_time(run, node.id) != Some(0))
        .map(|(node, state)| Ready {
            node: node.id,
            age: age(run, node, state),
        })
        .collect()
}

/// The nodes that may begin as far as their dependencies and their own past go.
fn due(run: &Run) -> impl Iterator<Item = (&Node, &NodeRun)> {
    let may_begin = move |node: &Node, state: &NodeRun| {
        // Most nodes of a large plan are at work or over, and are asked nothing else.
        run.stage.footing.is_firm()
            && matches!(state.phase, NodePhase::Waiting | NodePhase::Returned)
            && (run.ground.is_some() || node.kind == Kind::Plan)
            && node.deps.iter().all(|dep| is_done(run, *dep))
            && ladder::may_begin(run, node.id).is_some()
    };
    run.nodes()
        .filter(move |(node, state)| may_begin(node, state))
}

pub(super) fn is_done(run: &Run, node: NodeId) -> bool {
    run.end(node) == Some(NodeEnd::Done)
}

/// How many attempts have begun since the last thing this node waited for was done.
fn age(run: &Run, node: &Node, state: &NodeRun) -> u32 {
    let deps = node.deps.iter().filter_map(|dep| run.nodes.get(dep));
    let since = deps.map(|dep| dep.since).fold(state.since, u64::max);
    u32::try_from(run.clock.starts.saturating_sub(since)).unwrap_or(u32::MAX)
}

/// The attempts that begin now.
pub(super) fn starts(run: &Run) -> Vec<Event> {
    if purse::time_left(run) == Some(0) {
        return Vec::new();
    }
    let decision = decision(run);
    let starts = shared(run, &decision);
    if !starts.is_empty() || run.nodes.values().any(NodeRun::is_busy) {
        return starts;
    }
    // What is too little for all of them may be enough for one, and that one may leave something.
    let mut short = short(&decision);
    let alone = short.find_map(|node| {
        let is_fresh = ladder::may_begin(run, node)?;
        Some(start(run, node, is_fresh, purse::all(run, node)?))
    });
    alone.into_iter().collect()
}

/// The attempts that begin with a share of what is left, as far as that is more than was too little before.
fn shared(run: &Run, decision: &Decision) -> Vec<Event> {
    if decision.starts.is_empty() {
        return Vec::new();
    }
    let mut ledger = run.ledger.clone();
    let starts = decision.starts.iter();
    let shares: Vec<(NodeId, Budget)> = starts.map(|it| (it.node, it.allotted)).collect();
    // All shares are set aside before any is made larger from what is then left.
    for (node, share) in &shares {
        let _ = ledger.reserve(*node, share);
    }
    shares
        .into_iter()
        .filter_map(|(node, share)| {
            let is_fresh = ladder::may_begin(run, node)?;
            ledger.release(node);
            let allotted = purse::allotted(run, &mut ledger, node, share);
            purse::has_grown(run, node, &allotted).then(|| start(run, node, is_fresh, allotted))
        })
        .collect()
}

fn start(run: &Run, node: NodeId, is_fresh: bool, allotted: Budget) -> Event {
    let number = run.nodes.get(&node).map_or(0, NodeRun::number) + 1;
    Event::Plan(PlanEvent::NodeStarted {
        node,
        agent: ladder::agent(run, node, is_fresh),
        attempt: Some(Attempt {
            number,
            is_fresh,
            allotted,
            start: ladder::start(run, node, is_fresh),
        }),
    })
}

/// The ends of nodes for which nothing is left, and nothing under way could leave anything.
pub(super) fn starved(run: &Run) -> Vec<Event> {
    let failed = |node: NodeId, why: &str| {
        Event::Plan(PlanEvent::NodeEnded {
            node,
            end: NodeEnd::Failed,
            why: Some(why.into()),
        })
    };
    if purse::time_left(run) == Some(0) {
        let due = due(run);
        return due.map(|(node, _)| failed(node.id, TIME_USED_UP)).collect();
    }
    let late = due(run).filter(|(node, _)| purse::is_out_of_time(run, node.id));
    let late = late.map(|(node, state)| follow::given_up(node.id, state, Some(OWN_TIME_USED_UP)));
    let late: Vec<Event> = late.collect();
    if !late.is_empty() {
        return late;
    }
    if run.nodes.values().any(NodeRun::is_busy) {
        return Vec::new();
    }
    let decision = decision(run);
    short(&decision)
        .filter_map(|node| broke(run, node))
        .collect()
}

/// The end of a node that nothing is left for to begin with: whose limit it met is said.
fn broke(run: &Run, node: NodeId) -> Option<Event> {
    let (planned, state) = (run.planned(node)?, run.nodes.get(&node)?);
    let all = &run.plan.budget;
    let has_limit = all.tokens.is_some() || all.cost.is_some() || all.tool_calls.is_some();
    let why = match has_limit && purse::has_own(run, planned) {
        true => BUDGET_USED_UP,
        false => OWN_BUDGET_USED_UP,
    };
    Some(follow::given_up(node, state, Some(why)))
}

/// Who could begin if there were more to begin with: where nothing did, even those that would have got a share.
fn short(decision: &Decision) -> impl Iterator<Item = NodeId> {
    let waits = decision.waits.iter();
    let waits = waits.filter(|waiting| matches!(waiting.why, Wait::Budget(_)));
    let starts = decision.starts.iter().map(|start| start.node);
    starts.chain(waits.map(|waiting| waiting.node))
}
