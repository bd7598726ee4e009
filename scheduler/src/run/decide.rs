//! What an input causes: commands are judged by where the run is, outcomes by whether they are still wanted.

use std::collections::BTreeSet;

use protocol::{
    Conflict, Event, Failure, FailureClass, GitId, Merged, Node, NodeEnd, NodeId, PauseCause, Plan,
    PlanEvent, PlanPatch, WorkspaceEvent,
};

use super::lane::{Batch, BatchStage};
use super::node_run::{NodePhase, NodeRun};
use super::{
    Illegal, Run, RunCommand, RunInput, RunOutcome, RunPhase, Wish, commons, follow, footing, gate,
    raise, replan, retry, single, unrunnable, verdict, wishes,
};
use crate::{Dag, plan};

/// The events an input causes. An answer to something the run does not want any more causes none.
///
/// # Errors
/// [`Illegal`] for a command the run's phase does not allow, a plan that cannot be ordered, an answer that does not
/// fit its question. The run is then as before.
pub fn decide(run: &Run, input: RunInput) -> Result<Vec<Event>, Illegal> {
    match input {
        RunInput::Command(RunCommand::Replan { node, refused }) => {
            replan::answered(run, node, refused).map(|event| vec![event])
        }
        RunInput::Command(command) => Ok(vec![Event::Plan(commanded(run, command)?)]),
        RunInput::Outcome(outcome) => answered(run, outcome),
    }
}

fn commanded(run: &Run, command: RunCommand) -> Result<PlanEvent, Illegal> {
    let phase = run.phase();
    let refuse = |wanted| Err(Illegal::Phase { wanted, phase });
    match (command, phase) {
        (
            RunCommand::Propose { plan, by, remarks },
            RunPhase::New | RunPhase::Planning | RunPhase::Proposed,
        ) if is_planned(run) => {
            Dag::new(&plan)?;
            Ok(PlanEvent::Proposed { plan, by, remarks })
        }
        (RunCommand::Approve { plan }, RunPhase::Proposed) => {
            let plan = plan.or_else(|| run.proposed().cloned());
            let plan = plan.unwrap_or_default();
            Dag::new(&plan)?;
            Ok(PlanEvent::Accepted { plan })
        }
        (RunCommand::Reject { why }, RunPhase::Proposed) => Ok(PlanEvent::Rejected { why }),
        (RunCommand::Pause, RunPhase::Planning | RunPhase::Running) => Ok(PlanEvent::Paused {
            cause: PauseCause::User,
        }),
        (RunCommand::Unpause, RunPhase::Paused) => Ok(PlanEvent::Unpaused),
        (RunCommand::Cancel { why }, phase)
            if !matches!(phase, RunPhase::Ending | RunPhase::Closed) =>
        {
            Ok(PlanEvent::Cancelled {
                why,
                is_failure: false,
            })
        }
        (RunCommand::Patch { patch, why }, RunPhase::Running | RunPhase::Paused) => {
            let patch = patched(run, &patch)?;
            Ok(PlanEvent::Patched { patch, why })
        }
        (RunCommand::Retry { node }, RunPhase::Running | RunPhase::Paused | RunPhase::Closed) => {
            retry::retried(run, node)
        }
        (RunCommand::Limit { budget }, _) => raise::limited(run, &budget),
        (RunCommand::End { node, why }, RunPhase::Running | RunPhase::Paused) => {
            single::end(run, node, why)
        }
        (RunCommand::Propose { .. }, _) => refuse("propose a plan to"),
        (RunCommand::Approve { .. }, _) => refuse("approve the plan of"),
        (RunCommand::Reject { .. }, _) => refuse("turn down the plan of"),
        (RunCommand::Pause, _) => refuse("pause"),
        (RunCommand::Unpause, _) => refuse("go on with"),
        (RunCommand::Cancel { .. }, _) => refuse("cancel"),
        (RunCommand::End { .. }, _) => refuse("end a node of"),
        (RunCommand::Patch { .. }, _) => refuse("change the plan of"),
        (RunCommand::Retry { .. }, _) => refuse("try a node again in"),
        (RunCommand::Replan { node, .. }, _) => Err(Illegal::NoChange(node)),
    }
}

/// Whether no planner is at work any more.
fn is_planned(run: &Run) -> bool {
    run.nodes().all(|(_, state)| state.is_over())
}

/// A patch may only touch what has not started; it becomes the one that also holds the edges its scopes demand.
pub(super) fn patched(run: &Run, patch: &PlanPatch) -> Result<PlanPatch, Illegal> {
    let modified = patch.modify.iter().map(|node| node.id);
    for node in modified.filter(|node| !is_repointed(run, *node, patch)) {
        is_open(run, node)?;
    }
    for node in &patch.remove {
        is_open(run, *node)?;
    }
    let plan = plan::revalidate(&run.plan, patch).map_err(Illegal::Problems)?;
    let is_new = |node: &&Node| run.planned(node.id).is_none();
    let is_other = |node: &&Node| run.planned(node.id).is_some_and(|before| before != *node);
    let freed = |node: &Node| freed(run, node, patch);
    Ok(PlanPatch {
        add: plan.nodes.iter().filter(is_new).map(freed).collect(),
        remove: patch.remove.clone(),
        modify: plan.nodes.iter().filter(is_other).map(freed).collect(),
        budget: None,
    })
}

fn is_open(run: &Run, node: NodeId) -> Result<(), Illegal> {
    let state = run.planned(node).and(run.node(node));
    let state = state.ok_or(Illegal::UnknownNode(node))?;
    let is_untouched = state.phase == NodePhase::Waiting && state.attempt.is_none();
    match is_untouched || state.phase == NodePhase::Replanning {
        true => Ok(()),
        false => Err(Illegal::Started(node)),
    }
}

/// Whether a node was given up, and what it waited for goes: it may be tried again, and then waits for what has come.
fn is_repointed(run: &Run, node: NodeId, patch: &PlanPatch) -> bool {
    let planned = run.planned(node).filter(|_| is_given_up(run, node));
    planned.is_some_and(|it| it.deps.iter().any(|dep| patch.remove.contains(dep)))
}

/// A node of a patch without edges from what was given up, but for those it had: that is in nobody's way, and would only
/// take the node along.
fn freed(run: &Run, node: &Node, patch: &PlanPatch) -> Node {
    let mut given = patch.add.iter().chain(&patch.modify);
    let given = given.find(|given| given.id == node.id);
    let is_own = |dep: &NodeId| given.is_some_and(|given| given.deps.contains(dep));
    let mut node = node.clone();
    node.deps
        .retain(|dep| is_own(dep) || !is_given_up(run, *dep));
    node
}

/// The plan as a patch leaves it.
pub(super) fn after(plan: &Plan, patch: &PlanPatch) -> Plan {
    let mut plan = plan.clone();
    plan.nodes.retain(|node| !patch.remove.contains(&node.id));
    for node in &mut plan.nodes {
        if let Some(new) = patch.modify.iter().find(|new| new.id == node.id) {
            *node = new.clone();
        }
        node.deps.retain(|dep| !patch.remove.contains(dep));
    }
    plan.nodes.extend(patch.add.iter().cloned());
    plan
}

pub(super) fn is_given_up(run: &Run, node: NodeId) -> bool {
    run.end(node).is_some_and(|end| end != NodeEnd::Done)
}

fn answered(run: &Run, outcome: RunOutcome) -> Result<Vec<Event>, Illegal> {
    let events = match outcome {
        RunOutcome::Worked {
            node,
            attempt,
            failure,
        } => worked(run, (node, attempt), failure),
        RunOutcome::Overdue { node, attempt } => at_work(run, node, attempt).map(|_| {
            let failure = verdict::failure(FailureClass::Deadline, "its time was over");
            returned(node, attempt, failure)
        }),
        RunOutcome::Inspected {
            node,
            attempt,
            found,
        } => in_attempt(run, node, attempt, NodePhase::Inspecting).map(|_| {
            Event::Workspace(WorkspaceEvent::Inspected {
                node,
                attempt,
                found,
            })
        }),
        RunOutcome::Informed { agent, entries } => commons::shown(run, agent, entries),
        RunOutcome::Checked { runs } => footing::checked(run, runs),
        RunOutcome::Merged {
            batch,
            commits,
            conflicts,
        } => merged(run, batch, commits, conflicts)?,
        RunOutcome::Gated {
            batch,
            commit,
            runs,
        } => at_stage(run, batch, BatchStage::Merged)
            .filter(|it| it.head() == Some(&commit) && !gate::is_green(run, it))
            .map(|_| {
                verdict::barred(run, &runs).unwrap_or(Event::Workspace(WorkspaceEvent::Gated {
                    batch,
                    commit,
                    runs,
                }))
            }),
        RunOutcome::Advanced { batch, to } => advanced(run, batch, &to),
        RunOutcome::Moved { batch, now } => moved(run, batch, &now),
        RunOutcome::Landed(landing) => {
            is_landing(run).then_some(Event::Workspace(WorkspaceEvent::Landed(landing)))
        }
        RunOutcome::Failed { wish, text } => failed(run, &wish, text),
    };
    Ok(events.into_iter().collect())
}

/// A codemod's command ended, or an agent could not be put to work.
fn worked(run: &Run, (node, attempt): (NodeId, u32), failure: Option<Failure>) -> Option<Event> {
    at_work(run, node, attempt)?;
    let planned = run.planned(node)?;
    match failure {
        Some(failure) => {
            let failure = unrunnable::advised(planned, failure);
            Some(returned(node, attempt, failure))
        }
        None => {
            let worked = WorkspaceEvent::Worked { node, attempt };
            (!planned.kind.has_agent()).then_some(Event::Workspace(worked))
        }
    }
}

fn in_attempt(run: &Run, node: NodeId, attempt: u32, phase: NodePhase) -> Option<&NodeRun> {
    let is_live = !matches!(run.phase(), RunPhase::Ending | RunPhase::Closed);
    let state = run.nodes.get(&node).filter(|_| is_live)?;
    (state.phase == phase && state.number() == attempt).then_some(state)
}

fn at_work(run: &Run, node: NodeId, attempt: u32) -> Option<&NodeRun> {
    let state = in_attempt(run, node, attempt, NodePhase::Working);
    state.filter(|state| state.turn.end.is_none())
}

fn at_stage(run: &Run, number: u32, stage: BatchStage) -> Option<&Batch> {
    let batch = run.batch();
    batch.filter(|batch| batch.number == number && batch.stage == stage)
}

fn returned(node: NodeId, attempt: u32, failure: Failure) -> Event {
    Event::Plan(PlanEvent::NodeReturned {
        node,
        attempt,
        failure,
    })
}

fn merged(
    run: &Run,
    number: u32,
    commits: Vec<Merged>,
    conflicts: Vec<Conflict>,
) -> Result<Option<Event>, Illegal> {
    let Some(batch) = at_stage(run, number, BatchStage::Taken) else {
        return Ok(None);
    };
    let answered: Vec<NodeId> = commits
        .iter()
        .map(|merged| merged.node)
        .chain(conflicts.iter().map(|conflict| conflict.node))
        .collect();
    let unique: BTreeSet<NodeId> = answered.iter().copied().collect();
    let asked: BTreeSet<NodeId> = batch.nodes.iter().copied().collect();
    if unique != asked || answered.len() != asked.len() {
        let what = "it does not name each of its nodes once";
        return Err(Illegal::Mismatch {
            batch: number,
            what,
        });
    }
    Ok(Some(Event::Workspace(WorkspaceEvent::Merged {
        batch: number,
        commits,
        conflicts,
    })))
}

fn advanced(run: &Run, number: u32, to: &GitId) -> Option<Event> {
    let batch = at_stage(run, number, BatchStage::Advancing)?;
    if batch.head() != Some(to) {
        return None;
    }
    // Who resolved a conflict brings the node it resolved home with it.
    let with_resolved = |merged: &Merged| {
        let resolved = run.planned(merged.node).and_then(|node| node.resolves);
        let resolved = resolved.map(|node| Merged {
            node,
            commit: merged.commit.clone(),
        });
        [Some(merged.clone()), resolved].into_iter().flatten()
    };
    Some(Event::Workspace(WorkspaceEvent::Advanced {
        batch: number,
        to: to.clone(),
        nodes: batch.commits.iter().flat_map(with_resolved).collect(),
    }))
}

/// A former process may have moved the branch and died before it said so; anyone else has no business there.
fn moved(run: &Run, number: u32, now: &GitId) -> Option<Event> {
    let batch = at_stage(run, number, BatchStage::Advancing)?;
    if batch.head() == Some(now) {
        return advanced(run, number, now);
    }
    if batch.tip == *now || run.phase() == RunPhase::Ending {
        let text = format!("the branch stands at {}", now.short());
        return Some(unable(Some(number), text));
    }
    let why = format!(
        "the integration branch was moved by someone else: it stands at {}, not at {}",
        now.short(),
        batch.tip.short()
    );
    Some(follow::hopeless(why))
}

fn is_landing(run: &Run) -> bool {
    let is_open = matches!(run.phase(), RunPhase::Running | RunPhase::Ending);
    is_open && run.landing().is_none() && wishes::is_through(run)
}

fn unable(batch: Option<u32>, text: String) -> Event {
    Event::Workspace(WorkspaceEvent::Failed {
        batch,
        text: text.into(),
    })
}

fn failed(run: &Run, wish: &Wish, text: String) -> Option<Event> {
    if !wishes::wishes(run).contains(wish) {
        return None;
    }
    Some(match wish {
        Wish::Work { node, attempt, .. }
        | Wish::Deadline { node, attempt, .. }
        | Wish::Inspect { node, attempt } => {
            let failure = verdict::failure(FailureClass::Machine, text);
            returned(*node, *attempt, failure)
        }
        Wish::Merge { batch } | Wish::Gate { batch, .. } | Wish::Advance { batch, .. } => {
            unable(Some(*batch), text)
        }
        // Whoever was not told can still look.
        Wish::Inform { .. } => return None,
        Wish::Land { .. } | Wish::Check => unable(None, text),
    })
}
