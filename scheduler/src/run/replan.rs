//! What becomes of a node whose attempts are used up: a planner is asked what is to take its place, and what it answers
//! is taken or turned down. Whatever comes of that, the node has otherwise failed, as if nobody had been asked.

use protocol::{
    Budget, Event, Failure, FailureClass, GaveUp, Kind, Node, NodeEnd, NodeId, OnFail, PlanEvent,
    PlanPatch, Risk, Tier, Weight,
};
use serde_json::Value;

use super::node_run::{NodePhase, NodeRun};
use super::{Illegal, Run, RunPhase, conflict, decide, follow, lineage, purse, unrunnable};
use crate::plan::{MAX_REPLANS, node_id};
use crate::replan::{Replan, Standing, Whole};

/// Nodes of the first plan are the first level, their parts the second, the parts of those the last.
const DEEPEST: u32 = 3;

/// A change of the plan that waits to be taken or turned down.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The node in whose place others come.
    pub node: NodeId,
    /// The change, with the edges its scopes demand.
    pub patch: PlanPatch,
    /// Why, for people.
    pub why: String,
}

impl Run {
    /// The first change of the plan that waits to be taken or turned down.
    pub fn change(&self) -> Option<Change> {
        let waiting = self
            .nodes()
            .filter(|(_, state)| state.phase == NodePhase::Replanning);
        waiting
            .into_iter()
            .find_map(|(node, _)| change(self, node.id))
    }

    /// What the planner of this name is asked; `None` if it makes no change of a plan.
    pub fn replan(&self, planner: NodeId) -> Option<Replan> {
        let planner = self.planned(planner).filter(|it| it.kind == Kind::Plan)?;
        of(self, planner.resolves?)
    }
}

/// Has what a node leaves undone planned anew, if that may help.
pub(super) fn begin(run: &Run, node: &Node) -> Option<Event> {
    if !is_wanted(run, node) {
        return None;
    }
    let name = lineage::name(run, node, "-replan-");
    let brief = format!("Plan anew what node {} leaves undone.", node.name);
    let planner = Node {
        name: name.clone(),
        brief: Some(brief.into()),
        budget: Budget {
            // Its repairs are part of its one turn.
            attempts: Some(1),
            wall_ms: None,
            // What it leaves is for what comes in the node's place.
            ..purse::share(run, node, 2)
        },
        tier: Tier::Frontier,
        weight: Weight {
            risk: Risk::High,
            ..Weight::default()
        },
        resolves: Some(node.id),
        ..Node::new(
            node_id(run.id, &name),
            Kind::Plan,
            format!("plan anew: {}", node.title),
        )
    };
    let patch = PlanPatch {
        add: vec![planner],
        ..PlanPatch::default()
    };
    let why = format!("what node {} leaves undone is planned anew", node.name);
    Some(Event::Plan(PlanEvent::Patched { patch, why }))
}

/// Whether the plan may be at fault, and may be changed: what the machine, the provider or the budget are the cause of
/// would come to the same with another plan, and so would a check that no shell can run, as the parts keep it.
pub(super) fn is_wanted(run: &Run, node: &Node) -> bool {
    let last = last(run, node).filter(|last| !unrunnable::is_why(node, last));
    let last = last.and_then(|last| last.setbacks.last());
    let may_help = last.is_some_and(|last| match last.failure.class {
        FailureClass::NoChange
        | FailureClass::Check
        | FailureClass::Scope
        | FailureClass::Conflict
        | FailureClass::Gate
        | FailureClass::Stall
        | FailureClass::Deadline
        | FailureClass::GaveUp(_) => true,
        FailureClass::Model
        | FailureClass::Machine
        | FailureClass::Budget
        | FailureClass::Stopped => false,
    });
    let lineage = &run.stage.lineage;
    let caps = &run.plan.caps;
    let is_work = node.kind != Kind::Plan && node.resolves.is_none();
    let is_left = lineage.replans(node.id) < caps.max_replans.min(MAX_REPLANS)
        && lineage.depth(node.id) < DEEPEST.min(caps.max_depth)
        && run.plan.nodes.len() < caps.max_nodes as usize
        && purse::time_left(run) != Some(0)
        && purse::own_time(run, node.id) != Some(0)
        && purse::has_shares(run, node);
    may_help
        && is_work
        && is_left
        && node.weight.on_fail == OnFail::Retry
        && run.phase() != RunPhase::Planning
}

/// Whose attempt at a node was the last one: its own, or that of a merge node for it. Whoever ended that one by hand
/// wants no more of it.
fn last<'a>(run: &'a Run, node: &Node) -> Option<&'a NodeRun> {
    let own = run.nodes.get(&node.id)?;
    match own.phase {
        NodePhase::Resolving => {
            let merge = conflict::resolvers(run, node.id).last()?.id;
            let has_failed = run.end(merge) == Some(NodeEnd::Failed);
            run.nodes.get(&merge).filter(|_| has_failed)
        }
        _ => Some(own),
    }
}

/// What the attempts at a node came to, those of merge nodes for it last.
fn failures(run: &Run, node: NodeId) -> Vec<Failure> {
    let merges = conflict::resolvers(run, node).map(|merge| merge.id);
    let states = [node].into_iter().chain(merges);
    let setbacks = states.filter_map(|node| Some(&run.nodes.get(&node)?.setbacks));
    setbacks.flatten().map(|one| one.failure.clone()).collect()
}

/// What is to be planned anew in the place of a node.
fn of(run: &Run, node: NodeId) -> Option<Replan> {
    let state = run.nodes.get(&node)?;
    let last = state.setbacks.last()?;
    let planned = run.planned(node)?;
    Replan::new(Whole {
        run: run.id,
        plan: &run.plan,
        node,
        is_split: last.failure.class == FailureClass::GaveUp(GaveUp::TooLarge),
        failures: failures(run, node),
        shares: std::array::from_fn(|at| purse::share(run, planned, at as u64 + 1)),
        standings: run
            .nodes()
            .map(|(one, state)| (one.id, standing(state)))
            .collect(),
        gone: run.stage.lineage.gone(),
    })
}

fn standing(state: &NodeRun) -> Standing {
    match state.phase {
        NodePhase::Waiting if state.attempt.is_none() => Standing::Open,
        NodePhase::Ended(NodeEnd::Done) => Standing::Done,
        NodePhase::Ended(_) => Standing::GivenUp,
        _ => Standing::UnderWay,
    }
}

/// The planner that was asked last about a node.
fn planner(run: &Run, node: NodeId) -> Option<&Node> {
    let mut nodes = run.plan.nodes.iter().rev();
    nodes.find(|one| one.kind == Kind::Plan && one.resolves == Some(node))
}

/// What the planner answered, as a change of the plan as it is now; `None` while it is at work, and if nothing can be
/// made of its answer.
fn change(run: &Run, node: NodeId) -> Option<Change> {
    let planner = planner(run, node)?;
    if run.end(planner.id) != Some(NodeEnd::Done) || run.nodes.get(&node)?.lingers() {
        return None;
    }
    let answer = run.nodes.get(&planner.id)?.turn.answer.clone()?;
    let answer: Value = serde_json::from_str(&answer).ok()?;
    let (wanted, why) = of(run, node)?.patch(&answer).ok()?;
    let patch = decide::patched(run, &wanted).ok()?;
    Some(Change { node, patch, why })
}

/// Whether nothing comes of having asked about a node.
pub(super) fn is_vain(run: &Run, node: NodeId) -> bool {
    let planner = planner(run, node).and_then(|planner| run.end(planner.id));
    let lingers = run.nodes.get(&node).is_some_and(|state| state.lingers());
    match planner {
        None => false,
        Some(NodeEnd::Done) => !lingers && change(run, node).is_none(),
        Some(NodeEnd::Failed | NodeEnd::Skipped | NodeEnd::Cancelled) => true,
    }
}

/// A change is taken or turned down.
pub(super) fn answered(run: &Run, node: NodeId, refused: Option<String>) -> Result<Event, Illegal> {
    let is_live = matches!(run.phase(), RunPhase::Running | RunPhase::Paused);
    let state = run
        .nodes
        .get(&node)
        .filter(|it| it.phase == NodePhase::Replanning && is_live);
    let state = state.ok_or(Illegal::NoChange(node))?;
    let change = change(run, node).ok_or(Illegal::NoChange(node))?;
    Ok(match refused {
        None => Event::Plan(PlanEvent::Patched {
            patch: change.patch,
            why: change.why,
        }),
        Some(why) => {
            let why = format!("the change of the plan for it was turned down: {why}");
            follow::given_up(node, state, Some(&why))
        }
    })
}
