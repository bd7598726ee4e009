//! What should be under way in a run, from its state alone.

use protocol::{Isolation, Node};

use super::lane::BatchStage;
use super::node_run::{NodePhase, NodeRun};
use super::{Run, RunPhase, Wish, commons, footing, gate};

/// How long an attempt may work if nothing is said, in milliseconds: half an hour.
pub const DEFAULT_WALL_MS: u64 = 30 * 60 * 1000;

/// After so many failures in a row to carry out one and the same step, what it is about is given up: a proposal, or the
/// run where the step is the whole run's. So it is after so many such proposals in a row.
pub(super) const FAULTS: u32 = 3;

/// Everything that should be under way now.
pub fn wishes(run: &Run) -> Vec<Wish> {
    let mut wishes = Vec::new();
    match run.phase() {
        RunPhase::New | RunPhase::Proposed | RunPhase::Closed => {}
        RunPhase::Ending => {
            wishes.extend(of_batch(run).filter(is_in_doubt));
            wishes.extend(landing(run));
        }
        RunPhase::Planning | RunPhase::Running | RunPhase::Paused => {
            wishes.extend(footing::wish(run));
            for (node, state) in run.nodes() {
                if !is_held(run, node, state) {
                    of_node(node, state, &mut wishes);
                }
                wishes.extend(commons::informing(run, node, state));
            }
            wishes.extend(of_batch(run));
            wishes.extend(landing(run));
        }
    }
    wishes
}

/// The branch may have been moved already: only the world knows.
fn is_in_doubt(wish: &Wish) -> bool {
    matches!(wish, Wish::Advance { .. })
}

/// Whether its agent would only find out once more that there is no model to ask.
fn is_held(run: &Run, node: &Node, state: &NodeRun) -> bool {
    run.stage.lack.is_some() && node.kind.has_agent() && state.phase == NodePhase::Working
}

fn of_node(node: &Node, state: &NodeRun, wishes: &mut Vec<Wish>) {
    let attempt = state.number();
    match (state.phase, state.agent) {
        (NodePhase::Working, Some(agent)) if state.turn.end.is_none() => {
            let allotted = state.attempt.as_ref().map(|attempt| attempt.allotted);
            let ms = allotted.and_then(|allotted| allotted.wall_ms);
            wishes.push(Wish::Work {
                node: node.id,
                attempt,
                agent,
            });
            wishes.push(Wish::Deadline {
                node: node.id,
                attempt,
                // What it worked in former processes counts.
                ms: ms
                    .unwrap_or(DEFAULT_WALL_MS)
                    .saturating_sub(state.turn.watch.before_ms),
            });
        }
        (NodePhase::Inspecting, _) => wishes.push(Wish::Inspect {
            node: node.id,
            attempt,
        }),
        _ => {}
    }
}

fn of_batch(run: &Run) -> impl Iterator<Item = Wish> {
    let wish = run.batch().filter(|_| run.lane.trouble.faults < FAULTS);
    wish.and_then(|batch| {
        let number = batch.number;
        match (batch.stage, batch.head()) {
            (BatchStage::Taken, _) => Some(Wish::Merge { batch: number }),
            (BatchStage::Merged, Some(head)) if !gate::is_green(run, batch) => Some(Wish::Gate {
                batch: number,
                commit: head.clone(),
                round: batch.rounds + 1,
            }),
            (BatchStage::Advancing, Some(head)) => Some(Wish::Advance {
                batch: number,
                from: batch.tip.clone(),
                to: head.clone(),
            }),
            (BatchStage::Merged | BatchStage::Advancing, _) => None,
        }
    })
    .into_iter()
}

/// The result comes to rest when every node is over and something landed.
pub(super) fn landing(run: &Run) -> Option<Wish> {
    let is_separate = run.isolation() == Some(Isolation::Worktree);
    let phase = run.phase();
    let is_due = phase == RunPhase::Running || (phase == RunPhase::Ending && run.stage.is_landing);
    let is_wanted = is_separate && is_due && is_through(run);
    let tip = run.tip().filter(|tip| Some(*tip) != run.base())?;
    let is_open = run.lane.landing.is_none() && run.lane.trouble.faults < FAULTS;
    (is_wanted && is_open).then(|| Wish::Land {
        commit: tip.clone(),
    })
}

/// Whether every node is over and nothing of any is at work any more.
pub(super) fn is_through(run: &Run) -> bool {
    let is_at_rest = |(_, state): (&Node, &NodeRun)| state.is_over() && !state.lingers();
    run.batch().is_none() && run.nodes().all(is_at_rest)
}
