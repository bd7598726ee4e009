//! Commands in the place of agents: what each attempt begins with, and what one comes to of which nobody knows how far it was.

use protocol::{Failure, FailureClass, GitId, Isolation, Kind, NodeEnd, TreeStart};
use scheduler::run::{NodePhase, RunOutcome};

use super::given_run::*;
use super::lane::{advance, conflict, gate, gated, merge};
use crate::given::node;

/// Two writers side by side, with a gate; the second is a command.
fn with_command(isolation: Isolation) -> Sim {
    let mut plan = gated(2);
    plan.nodes[1].kind = Kind::Codemod;
    Sim::of(plan, isolation)
}

fn rewritten(sim: &mut Sim) {
    let planned = sim.run.plan().nodes[1].clone();
    let attempt = sim.run.node(node(2)).unwrap().number();
    sim.answer(RunOutcome::Worked {
        node: node(2),
        attempt,
        failure: None,
    });
    sim.found(2, sound(&planned, 3));
}

fn start(sim: &Sim) -> TreeStart {
    let state = sim.run.node(node(2)).unwrap();
    assert_eq!((state.phase, state.number()), (NodePhase::Working, 2));
    state.attempt.as_ref().unwrap().start.clone()
}

fn at(commit: GitId) -> TreeStart {
    TreeStart::Commit(commit)
}

#[test]
fn a_command_that_the_gate_turned_back_is_not_carried_out_on_its_own_result() {
    let mut sim = with_command(Isolation::Worktree);
    rewritten(&mut sim);
    merge(&mut sim);
    gate(&mut sim, 1);
    gate(&mut sim, 1);
    assert_eq!(start(&sim), at(git(0)));
}

#[test]
fn nor_is_one_that_was_in_conflict_carried_out_on_files_with_markers() {
    let mut plan = gated(2);
    plan.nodes[1].kind = Kind::Codemod;
    // There is no room for a merge node.
    plan.caps.max_nodes = 2;
    let mut sim = Sim::of(plan, Isolation::Worktree);
    sim.submit(1);
    merge(&mut sim);
    rewritten(&mut sim);
    gate(&mut sim, 0);
    advance(&mut sim);
    sim.answer(RunOutcome::Merged {
        batch: 2,
        commits: Vec::new(),
        conflicts: vec![conflict(2, 1001)],
    });
    assert_eq!(start(&sim), at(git(1001)));
}

#[test]
fn a_command_of_which_nobody_knows_how_far_it_came_is_not_carried_out_again_unasked() {
    let mut sim = with_command(Isolation::Shared);
    sim.answer(RunOutcome::Worked {
        node: node(2),
        attempt: 1,
        failure: Some(Failure {
            class: FailureClass::Stopped,
            evidence: "its command was running when formic ended".into(),
        }),
    });
    let state = sim.run.node(node(2)).unwrap();
    assert_eq!(state.phase, NodePhase::Ended(NodeEnd::Failed));
}
