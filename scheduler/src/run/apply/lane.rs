//! What workspace events do to a run: trees, inspections, batches, the branch that moves.

use std::mem;

use protocol::{
    CheckRun, Conflict, FailureClass, GitId, Inspection, Isolation, Merged, NodeEnd, NodeId,
    TreeStart, WorkspaceEvent,
};

use super::enter;
use crate::run::Run;
use crate::run::lane::{Batch, BatchStage};
use crate::run::node_run::{Bounce, NodePhase};
use crate::run::wishes::FAULTS;
use crate::run::{commons, conflict, gate, verdict};

/// A red gate may have been chance once, and only once.
const ROUNDS: u32 = 2;

pub(super) fn apply(run: &mut Run, event: &WorkspaceEvent) {
    if is_step(event) {
        run.lane.trouble.faults = 0;
    }
    match event {
        WorkspaceEvent::Begun(ground) => run.ground = Some(ground.clone()),
        WorkspaceEvent::TreeMade { node, base, .. } => {
            if let Some(state) = run.nodes.get_mut(node) {
                state.base.clone_from(base);
                state.rungs.has_tree = true;
            }
        }
        WorkspaceEvent::Worked { node, attempt } => worked(run, *node, *attempt),
        WorkspaceEvent::Inspected {
            node,
            attempt,
            found,
        } => inspected(run, *node, *attempt, found),
        WorkspaceEvent::BatchTaken { batch, nodes, tip } => taken(run, *batch, nodes, tip),
        WorkspaceEvent::Merged {
            commits, conflicts, ..
        } => merged(run, commits, conflicts),
        WorkspaceEvent::Gated { commit, runs, .. } => gated(run, commit, runs),
        WorkspaceEvent::Advancing { .. } => {
            if let Some(batch) = &mut run.lane.batch {
                batch.stage = BatchStage::Advancing;
            }
        }
        WorkspaceEvent::Advanced { to, nodes, .. } => advanced(run, to, nodes),
        WorkspaceEvent::Landed(landing) => {
            run.lane.landing = Some(landing.clone());
            if landing.is_fast_forward {
                run.lane.arrived = Some(landing.commit.clone());
            }
        }
        WorkspaceEvent::Failed { batch, text } => failed(run, *batch, &text.as_str()),
        WorkspaceEvent::Reverted { .. } => {}
    }
}

/// Whether a step of the lane was carried out. What nodes do meanwhile says nothing of it.
const fn is_step(event: &WorkspaceEvent) -> bool {
    match event {
        WorkspaceEvent::BatchTaken { .. }
        | WorkspaceEvent::Merged { .. }
        | WorkspaceEvent::Gated { .. }
        | WorkspaceEvent::Advancing { .. }
        | WorkspaceEvent::Advanced { .. }
        | WorkspaceEvent::Landed(_) => true,
        WorkspaceEvent::Begun(_)
        | WorkspaceEvent::TreeMade { .. }
        | WorkspaceEvent::Worked { .. }
        | WorkspaceEvent::Inspected { .. }
        | WorkspaceEvent::Reverted { .. }
        | WorkspaceEvent::Failed { .. } => false,
    }
}

/// A step could not be carried out. Too often, and the batch it was about is given up; a branch that cannot be moved is
/// nobody's fault.
fn failed(run: &mut Run, number: Option<u32>, text: &str) {
    run.lane.trouble.faults += 1;
    text.clone_into(&mut run.lane.trouble.text);
    let is_enough = run.lane.trouble.faults >= FAULTS;
    let is_its_own =
        |batch: &mut Batch| Some(batch.number) == number && batch.stage != BatchStage::Advancing;
    let batch = run
        .lane
        .batch
        .take_if(|batch| is_enough && is_its_own(batch));
    if let Some(batch) = batch {
        run.lane.trouble.faults = 0;
        stuck(run, &batch, text);
    }
}

/// Several are halved to find the one that cannot be carried on; one is turned back with the reason.
fn stuck(run: &mut Run, batch: &Batch, text: &str) {
    if let [only] = batch.nodes[..] {
        run.lane.trouble.lost += 1;
        let text = format!("its work could not be integrated: {text}");
        let turned_back = Bounce {
            failure: verdict::failure(FailureClass::Machine, text),
            start: TreeStart::Kept,
            paths: Vec::new(),
        };
        bounce(run, only, turned_back);
        return;
    }
    run.lane.halve(&batch.nodes);
    for node in &batch.nodes {
        enter(run, *node, NodePhase::Queued);
    }
}

fn worked(run: &mut Run, node: NodeId, attempt: u32) {
    let state = run.nodes.get(&node);
    if state.is_some_and(|it| it.phase == NodePhase::Working && it.number() == attempt) {
        enter(run, node, NodePhase::Inspecting);
    }
}

fn inspected(run: &mut Run, node: NodeId, attempt: u32, found: &Inspection) {
    let is_separate = run.isolation() == Some(Isolation::Worktree);
    let Some(state) = run.nodes.get_mut(&node) else {
        return;
    };
    if state.phase != NodePhase::Inspecting || state.number() != attempt {
        return;
    }
    if found.may_pass && state.rungs.blind + 1 < FAULTS {
        // Nobody need do the work again: the tree is looked at once more.
        state.rungs.blind += 1;
        return;
    }
    state.rungs.blind = 0;
    state.found = Some(found.clone());
    let is_sound = verdict::of_inspection(run, node).is_none();
    let writes = run.planned(node).is_some_and(|node| node.kind.writes());
    if is_sound && writes && is_separate && !found.changed.is_empty() {
        run.lane.queue.push_back(node);
        enter(run, node, NodePhase::Queued);
    } else {
        enter(run, node, NodePhase::Inspected);
    }
}

fn taken(run: &mut Run, number: u32, nodes: &[NodeId], tip: &GitId) {
    let is_suspect = run.lane.suspects.front().is_some_and(|half| half == nodes);
    run.lane.withdraw(nodes);
    run.lane.taken = number;
    run.lane.batch = Some(Batch {
        number,
        tip: tip.clone(),
        nodes: nodes.to_vec(),
        stage: BatchStage::Taken,
        commits: Vec::new(),
        conflicts: Vec::new(),
        checks: Vec::new(),
        rounds: 0,
        is_suspect,
    });
    for node in nodes {
        enter(run, *node, NodePhase::InBatch);
    }
}

fn merged(run: &mut Run, commits: &[Merged], conflicts: &[Conflict]) {
    let Some(batch) = &mut run.lane.batch else {
        return;
    };
    batch.stage = BatchStage::Merged;
    batch.commits = commits.to_vec();
    batch.conflicts = conflicts.to_vec();
    if commits.is_empty() {
        run.lane.batch = None;
        for conflict in conflicts {
            bounce_conflict(run, conflict);
        }
    }
    let checks = run.batch().map(|batch| gate::wanted(run, batch));
    if let (Some(batch), Some(checks)) = (&mut run.lane.batch, checks) {
        batch.checks = checks;
    }
}

fn gated(run: &mut Run, commit: &GitId, runs: &[CheckRun]) {
    run.lane.remember(commit, runs);
    if let Some(batch) = &mut run.lane.batch {
        batch.rounds += 1;
    }
    let is_red = run
        .batch()
        .is_some_and(|batch| batch.rounds >= rounds(batch) && !gate::is_green(run, batch));
    if is_red {
        let batch = run.lane.batch.take();
        if let Some(batch) = &batch {
            red(run, batch, runs);
        }
    }
}

/// Half of a red batch is halved again at once: only who is alone is blamed, and is not blamed by chance.
fn rounds(batch: &Batch) -> u32 {
    match batch.is_suspect && batch.commits.len() > 1 {
        true => 1,
        false => ROUNDS,
    }
}

/// Several are halved to find the one; one is turned back with the log.
fn red(run: &mut Run, batch: &Batch, runs: &[CheckRun]) {
    for conflict in &batch.conflicts {
        // A conflict with work that does not land may be none.
        if conflict.onto == batch.tip {
            bounce_conflict(run, conflict);
        } else {
            run.lane.queue.push_front(conflict.node);
            enter(run, conflict.node, NodePhase::Queued);
        }
    }
    let nodes: Vec<NodeId> = batch.commits.iter().map(|merged| merged.node).collect();
    if let [only] = &batch.commits[..] {
        run.lane.width = 1;
        let start = TreeStart::Onto {
            base: batch.tip.clone(),
            tree: only.commit.clone(),
        };
        let evidence = verdict::red_merged(run, only.node, runs);
        let failure = verdict::failure(FailureClass::Gate, evidence);
        let paths = Vec::new();
        bounce(
            run,
            only.node,
            Bounce {
                failure,
                start,
                paths,
            },
        );
        return;
    }
    run.lane.halve(&nodes);
    for node in nodes {
        enter(run, node, NodePhase::Queued);
    }
}

fn bounce_conflict(run: &mut Run, conflict: &Conflict) {
    let start = TreeStart::Onto {
        base: conflict.onto.clone(),
        tree: conflict.tree.clone(),
    };
    let failure = verdict::failure(FailureClass::Conflict, conflict::evidence(conflict));
    let paths = conflict.paths.clone();
    bounce(
        run,
        conflict.node,
        Bounce {
            failure,
            start,
            paths,
        },
    );
}

fn bounce(run: &mut Run, node: NodeId, bounce: Bounce) {
    if let Some(state) = run.nodes.get_mut(&node) {
        state.rungs.bounce = Some(bounce);
    }
    enter(run, node, NodePhase::Bounced);
}

fn advanced(run: &mut Run, to: &GitId, nodes: &[Merged]) {
    run.lane.tip = Some(to.clone());
    run.lane.trouble.lost = 0;
    run.lane
        .withdraw(&nodes.iter().map(|merged| merged.node).collect::<Vec<_>>());
    for Merged { node, commit } in nodes {
        run.lane.landed.insert(*node, commit.clone());
        enter(run, *node, NodePhase::Ended(NodeEnd::Done));
        commons::hand_off(run, *node);
    }
    let batch = run.lane.batch.take();
    let conflicts = batch.map(|mut batch| mem::take(&mut batch.conflicts));
    run.lane.widen();
    for conflict in conflicts.into_iter().flatten() {
        bounce_conflict(run, &conflict);
    }
}
