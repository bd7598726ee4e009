//! What follows from a run's state alone: ends and returns of nodes, batches, the branch, the run's own end.

use protocol::{
    Event, FailureClass, Isolation, Kind, Node, NodeEnd, NodeId, OnFail, PlanEvent, TIME_USED_UP,
    WorkspaceEvent,
};

use super::ladder::{self, Rung};
use super::lane::BatchStage;
use super::node_run::{NodePhase, NodeRun};
use super::{
    Run, RunPhase, admission, commons, conflict, gate, purse, replan, standstill, verdict, wishes,
};

/// The next events that follow, one step at a time: append and apply them, then ask again until there are none. A
/// journal that holds only the first of them leads to the rest.
pub fn follow(run: &Run) -> Vec<Event> {
    match run.phase() {
        RunPhase::New | RunPhase::Proposed | RunPhase::Closed => Vec::new(),
        RunPhase::Ending => first([&ending, &closing], run),
        RunPhase::Planning => first(
            [
                &halting,
                &commons::noting,
                &settling,
                &giving_up,
                &admission::starts,
                &admission::starved,
            ],
            run,
        ),
        RunPhase::Paused => first(
            [
                &halting,
                &commons::noting,
                &settling,
                &giving_up,
                &integrating,
            ],
            run,
        ),
        RunPhase::Running => first(
            [
                &halting,
                &commons::noting,
                &settling,
                &giving_up,
                &integrating,
                &admission::starts,
                &admission::starved,
                &gating_shared,
                &closing,
                &standstill::ended,
            ],
            run,
        ),
    }
}

/// One kind of consequence.
type Step = dyn Fn(&Run) -> Vec<Event>;

/// The first steps that have any consequence.
fn first<const N: usize>(steps: [&Step; N], run: &Run) -> Vec<Event> {
    let mut found = steps.into_iter().map(|step| step(run));
    found.find(|events| !events.is_empty()).unwrap_or_default()
}

/// Without a model to ask nothing new starts until a person has seen to it. A run that somebody paused before says so too.
fn halting(run: &Run) -> Vec<Event> {
    let lack = run.stage.lack.clone();
    let untold = lack.filter(|cause| run.stage.pause.as_ref() != Some(cause));
    let halt = untold.map(|cause| Event::Plan(PlanEvent::Paused { cause }));
    halt.into_iter().collect()
}

/// What each node's own state leads to. A plan changes by one patch at a time.
fn settling(run: &Run) -> Vec<Event> {
    let mut events: Vec<Event> = Vec::new();
    for (node, state) in run.nodes() {
        let event = settled(run, node, state);
        let is_patch = matches!(event, Some(Event::Plan(PlanEvent::Patched { .. })));
        if is_patch && !events.is_empty() {
            continue;
        }
        events.extend(event);
        if is_patch {
            break;
        }
    }
    events
}

fn settled(run: &Run, node: &Node, state: &NodeRun) -> Option<Event> {
    let returned = |failure| {
        Event::Plan(PlanEvent::NodeReturned {
            node: node.id,
            attempt: state.number(),
            failure,
        })
    };
    if let Some(event) = unasked(run, node, state) {
        return Some(event);
    }
    match state.phase {
        NodePhase::Waiting => blocked_for_ever(run, node),
        NodePhase::Working => match &state.turn.end {
            Some(end) => Some(match verdict::of_turn(end, state.said.as_ref()) {
                Some(failure) => returned(failure),
                None => ended(node.id, NodeEnd::Done, None),
            }),
            None => purse::overdrawn(state)
                .map(|text| returned(verdict::failure(FailureClass::Budget, text))),
        },
        NodePhase::Inspected => Some(match verdict::of_inspection(run, node.id) {
            Some(failure) => returned(failure),
            None => ended(node.id, NodeEnd::Done, None),
        }),
        NodePhase::Bounced => {
            let bounce = state.rungs.bounce.as_ref()?;
            Some(returned(bounce.failure.clone()))
        }
        NodePhase::Returned => match ladder::next(run, node.id) {
            Rung::Again { .. } => None,
            Rung::Merge => conflict::resolve(run, node.id),
            Rung::Enough => replan::begin(run, node).or_else(|| {
                Some(match purse::is_late(run, node) {
                    true => ended(node.id, NodeEnd::Failed, Some(TIME_USED_UP.to_owned())),
                    false => given_up(node.id, state, None),
                })
            }),
        },
        NodePhase::Resolving => resolved(run, node),
        NodePhase::Replanning => {
            replan::is_vain(run, node.id).then(|| given_up(node.id, state, None))
        }
        NodePhase::Inspecting | NodePhase::Queued | NodePhase::InBatch | NodePhase::Ended(_) => {
            None
        }
    }
}

pub(super) fn ended(node: NodeId, end: NodeEnd, why: Option<String>) -> Event {
    Event::Plan(PlanEvent::NodeEnded {
        node,
        end,
        why: why.map(Into::into),
    })
}

/// The end of a node whose attempts are used up; `more` is said besides what its last attempt came to.
pub(super) fn given_up(node: NodeId, state: &NodeRun, more: Option<&str>) -> Event {
    let last = state
        .setbacks
        .last()
        .map(|last| last.failure.evidence.clone());
    Event::Plan(PlanEvent::NodeEnded {
        node,
        end: NodeEnd::Failed,
        why: match (last, more) {
            (Some(last), Some(more)) => Some(format!("{}\n{more}", last.as_str()).into()),
            (last, None) => last,
            (None, Some(more)) => Some(more.into()),
        },
    })
}

/// The end of a planner of a node that came to its end otherwise: nobody wants to know any more.
fn unasked(run: &Run, planner: &Node, state: &NodeRun) -> Option<Event> {
    let node = planner.resolves.filter(|_| planner.kind == Kind::Plan)?;
    let is_over = run.nodes.get(&node).is_some_and(NodeRun::is_over);
    (is_over && !state.is_over()).then(|| {
        let name = run.planned(node).map(|node| node.name.to_string());
        let why = format!("node {} came to its end", name.unwrap_or_default());
        ended(planner.id, NodeEnd::Cancelled, Some(why))
    })
}

fn blocked_for_ever(run: &Run, node: &Node) -> Option<Event> {
    let lost = node.deps.iter().find(|dep| {
        let end = run.end(**dep);
        end.is_some_and(|end| end != NodeEnd::Done)
    })?;
    let name = run.planned(*lost).map(|node| node.name.to_string());
    let why = format!("node {} was not done", name.unwrap_or_default());
    Some(ended(node.id, NodeEnd::Skipped, Some(why)))
}

/// A merge node that lands ends its original with it. One that says with its check that nothing is left to be landed
/// ends it too. If all are given up, the original's attempts are used up.
fn resolved(run: &Run, node: &Node) -> Option<Event> {
    let is_done = |one: &Node| run.end(one.id) == Some(NodeEnd::Done);
    if conflict::resolvers(run, node.id).any(is_done) {
        return Some(ended(node.id, NodeEnd::Done, None));
    }
    let last = conflict::resolvers(run, node.id).last();
    let mut resolvers = conflict::resolvers(run, node.id);
    let is_lost = resolvers.all(|one| run.nodes.get(&one.id).is_none_or(NodeRun::is_over));
    let lost = || {
        let name = last.map(|last| last.name.to_string()).unwrap_or_default();
        let why = format!("node {name}, which was to resolve its conflict, was not done");
        ended(node.id, NodeEnd::Failed, Some(why))
    };
    is_lost.then(|| replan::begin(run, node).unwrap_or_else(lost))
}

/// A node whose failure is the run's, and an integration that cannot go on.
fn giving_up(run: &Run) -> Vec<Event> {
    let mut fatal = run
        .plan
        .nodes
        .iter()
        .filter(|node| node.weight.on_fail == OnFail::Abort);
    let fatal = fatal.find(|node| run.end(node.id) == Some(NodeEnd::Failed));
    let of_node = fatal.map(|node| {
        format!(
            "node {} failed, and the plan says that the run then stops",
            node.name
        )
    });
    let of_lane = run.lane.trouble.is_lasting().then(|| {
        let text = &run.lane.trouble.text;
        match run.stage.footing.is_firm() {
            true => format!("the work could not be integrated: {text}"),
            false => format!("the plan's checks could not be run: {text}"),
        }
    });
    let of_footing = run.stage.footing.why_not().map(str::to_owned);
    let why = of_node.or(of_footing).or(of_lane);
    why.map(hopeless).into_iter().collect()
}

/// The run gives itself up.
pub(super) const fn hopeless(why: String) -> Event {
    Event::Plan(PlanEvent::Cancelled {
        why,
        is_failure: true,
    })
}

fn integrating(run: &Run) -> Vec<Event> {
    let Some(batch) = run.batch() else {
        return taking(run);
    };
    match (batch.stage, batch.head()) {
        (BatchStage::Merged, Some(head)) if gate::is_green(run, batch) => {
            vec![Event::Workspace(WorkspaceEvent::Advancing {
                batch: batch.number,
                from: batch.tip.clone(),
                to: head.clone(),
            })]
        }
        (BatchStage::Taken | BatchStage::Merged | BatchStage::Advancing, _) => Vec::new(),
    }
}

fn taking(run: &Run) -> Vec<Event> {
    let nodes = run.lane.next();
    match run.tip() {
        Some(tip) if !nodes.is_empty() => vec![Event::Workspace(WorkspaceEvent::BatchTaken {
            batch: run.lane.taken + 1,
            nodes,
            tip: tip.clone(),
        })],
        _ => Vec::new(),
    }
}

/// In one shared tree nothing is merged: the plan's gate is a node of its own at the end.
fn gating_shared(run: &Run) -> Vec<Event> {
    if run.isolation() != Some(Isolation::Shared) || !wishes::is_through(run) {
        return Vec::new();
    }
    let has_work = run
        .nodes()
        .any(|(node, _)| node.kind.writes() && run.end(node.id) == Some(NodeEnd::Done));
    if !has_work {
        return Vec::new();
    }
    let patch = gate::shared(run);
    let why = "what must hold in the end is checked".to_owned();
    patch
        .map(|patch| Event::Plan(PlanEvent::Patched { patch, why }))
        .into_iter()
        .collect()
}

/// What a run that is given up still has: every node ends, but for those whose commit may be on the branch already.
fn ending(run: &Run) -> Vec<Event> {
    let why = run.given_up().unwrap_or_default();
    let in_doubt = |node: NodeId| {
        let batch = run.batch().filter(|batch| {
            batch.stage == BatchStage::Advancing && run.lane.trouble.faults < wishes::FAULTS
        });
        batch.is_some_and(|batch| {
            let mut nodes = batch.nodes.iter();
            nodes.any(|one| {
                let resolved = run.planned(*one).and_then(|it| it.resolves);
                *one == node || resolved == Some(node)
            })
        })
    };
    run.nodes()
        .filter(|(node, state)| !state.is_over() && !in_doubt(node.id))
        .map(|(node, _)| ended(node.id, NodeEnd::Cancelled, Some(why.to_owned())))
        .collect()
}

fn closing(run: &Run) -> Vec<Event> {
    let is_over = wishes::is_through(run) && wishes::landing(run).is_none();
    match is_over {
        true => vec![Event::Plan(PlanEvent::Closed)],
        false => Vec::new(),
    }
}
