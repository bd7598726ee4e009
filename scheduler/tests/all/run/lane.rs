//! Integration: batches that grow and are halved, gates, conflicts, the branch that moves.

use protocol::{
    CheckRun, Conflict, FailureClass, Isolation, Kind, Merged, NodeEnd, NodeId, Plan, TreeStart,
};
use scheduler::run::{
    BatchStage, Illegal, NodePhase, RunInput, RunOutcome, RunPhase, Wish, decide,
};

use super::given_run::*;
use super::life::has_failed;
use crate::given::{node, nodes};

/// Writers side by side, with a gate.
pub(super) fn gated(count: usize) -> Plan {
    let mut plan = of((1..=count).map(|n| writer(n, &[])).collect());
    plan.gate = Some(check("gate"));
    plan.caps.max_parallel = 64;
    plan
}

pub(super) fn batch(sim: &Sim) -> Vec<NodeId> {
    sim.run.batch().unwrap().nodes.clone()
}

/// Every node of the batch merges; the commits are numbered by node.
pub(super) fn merge(sim: &mut Sim) {
    let batch = sim.run.batch().unwrap().clone();
    let commit = |node: &NodeId| Merged {
        node: *node,
        commit: git(u64::from(batch.number) * 1000 + node.uuid().as_u128() as u64),
    };
    sim.answer(RunOutcome::Merged {
        batch: batch.number,
        commits: batch.nodes.iter().map(commit).collect(),
        conflicts: Vec::new(),
    });
}

pub(super) fn gate(sim: &mut Sim, exit: i32) {
    let batch = sim.run.batch().unwrap().clone();
    let runs: Vec<CheckRun> = sim
        .run
        .checks(&batch)
        .iter()
        .map(|check| check_run(check, exit))
        .collect();
    sim.answer(RunOutcome::Gated {
        batch: batch.number,
        commit: batch.head().unwrap().clone(),
        runs,
    });
}

pub(super) fn advance(sim: &mut Sim) {
    let batch = sim.run.batch().unwrap().clone();
    assert_eq!(batch.stage, BatchStage::Advancing);
    let to = batch.head().unwrap().clone();
    sim.answer(RunOutcome::Advanced {
        batch: batch.number,
        to,
    });
}

/// The first node lands; the second is in conflict with what that landed.
pub(super) fn to_conflict(sim: &mut Sim) {
    sim.submit(1);
    merge(sim);
    sim.submit(2);
    gate(sim, 0);
    advance(sim);
    sim.answer(RunOutcome::Merged {
        batch: 2,
        commits: Vec::new(),
        conflicts: vec![conflict(2, 1001)],
    });
}

/// The first of five lands alone; the other four are the next batch.
pub(super) fn to_batch_of_four() -> Sim {
    let mut sim = Sim::of(gated(5), Isolation::Worktree);
    sim.submit(1);
    (2..=5).for_each(|n| sim.submit(n));
    merge(&mut sim);
    gate(&mut sim, 0);
    advance(&mut sim);
    sim
}

pub(super) fn conflict(n: usize, onto: u64) -> Conflict {
    Conflict {
        node: node(n),
        paths: vec![format!("d{n}/file")],
        onto: git(onto),
        tree: git(99),
    }
}

#[test]
fn proposals_that_come_while_a_batch_is_under_way_make_the_next_one() {
    let mut sim = Sim::of(gated(9), Isolation::Worktree);
    (1..=9).for_each(|n| sim.submit(n));
    assert_eq!(batch(&sim), nodes(&[1]));
    merge(&mut sim);
    gate(&mut sim, 0);
    advance(&mut sim);
    assert_eq!(sim.run.tip(), Some(&git(1001)));
    // The first batch took up to four, a green one doubles that.
    assert_eq!(batch(&sim), nodes(&[2, 3, 4, 5, 6, 7, 8, 9]));
    merge(&mut sim);
    let batch = sim.run.batch().unwrap();
    assert_eq!((batch.tip.clone(), batch.commits.len()), (git(1001), 8));
    gate(&mut sim, 0);
    advance(&mut sim);
    assert!((1..=9).all(|n| sim.phase(n) == NodePhase::Ended(NodeEnd::Done)));
    assert_eq!(sim.wishes(), [Wish::Land { commit: git(2009) }]);
}

#[test]
fn a_red_gate_is_run_once_more_and_then_the_batch_is_halved_until_the_one_is_found() {
    let mut sim = to_batch_of_four();
    assert_eq!(batch(&sim), nodes(&[2, 3, 4, 5]));
    merge(&mut sim);
    gate(&mut sim, 1);
    assert!(
        matches!(sim.wishes()[..], [Wish::Gate { round: 2, .. }]),
        "it may have been chance"
    );
    gate(&mut sim, 1);
    assert_eq!(batch(&sim), nodes(&[2, 3]));
    merge(&mut sim);
    gate(&mut sim, 0);
    advance(&mut sim);
    assert_eq!(batch(&sim), nodes(&[4, 5]), "the other half by itself");
    merge(&mut sim);
    gate(&mut sim, 1);
    assert_eq!(batch(&sim), nodes(&[4]));
    merge(&mut sim);
    gate(&mut sim, 1);
    gate(&mut sim, 1);
    let state = sim.run.node(node(4)).unwrap();
    assert_eq!((state.phase, state.number()), (NodePhase::Working, 2));
    let setback = &state.setbacks[0];
    assert_eq!(setback.failure.class, FailureClass::Gate);
    assert!(setback.failure.evidence.as_str().contains("what it said"));
    let start = TreeStart::Onto {
        base: git(3003),
        tree: git(5004),
    };
    let begun = state.attempt.as_ref().unwrap();
    assert_eq!((&begun.start, begun.is_fresh), (&start, false));
    assert_eq!(batch(&sim), nodes(&[5]));
}

#[test]
fn a_gate_that_is_red_by_chance_once_lets_the_batch_land() {
    let mut sim = Sim::of(gated(1), Isolation::Worktree);
    sim.submit(1);
    merge(&mut sim);
    gate(&mut sim, 1);
    gate(&mut sim, 0);
    advance(&mut sim);
    assert_eq!(sim.phase(1), NodePhase::Ended(NodeEnd::Done));
}

#[test]
fn what_must_hold_is_what_the_batch_brings_what_it_touches_and_the_gate() {
    let mut plan = gated(3);
    plan.nodes[0].accept = Some(check("one"));
    plan.nodes[1].accept = Some(check("two"));
    plan.nodes[2].accept = Some(check("one"));
    plan.nodes[1].deps = nodes(&[1]);
    plan.nodes[2].deps = nodes(&[1, 2]);
    // The third node changes what the second one wrote.
    plan.nodes[2].scope.writes.push("d2/**".into());
    let mut sim = Sim::of(plan, Isolation::Worktree);
    let mut asked = Vec::new();
    for n in 1..=3 {
        sim.submit(n);
        merge(&mut sim);
        let checks = sim.run.checks(sim.run.batch().unwrap());
        asked.push(
            checks
                .into_iter()
                .map(|check| check.cmd)
                .collect::<Vec<_>>(),
        );
        gate(&mut sim, 0);
        advance(&mut sim);
    }
    assert_eq!(
        asked,
        [
            vec!["one", "gate"],
            vec!["two", "gate"],
            vec!["one", "two", "gate"]
        ]
    );
}

#[test]
fn a_check_known_to_hold_on_a_commit_is_not_run_on_it_again() {
    let mut plan = gated(1);
    plan.nodes[0].accept = Some(check("one"));
    let mut sim = Sim::of(plan, Isolation::Worktree);
    sim.submit(1);
    merge(&mut sim);
    let runs = vec![check_run(&check("one"), 0), check_run(&check("gate"), 1)];
    sim.answer(RunOutcome::Gated {
        batch: 1,
        commit: git(1001),
        runs,
    });
    assert_eq!(sim.run.checks(sim.run.batch().unwrap()), [check("gate")]);
}

#[test]
fn what_is_red_on_the_merged_tree_is_called_by_its_name() {
    for (red, says) in [
        ("gate", "the gate: `gate` exited with 1"),
        ("own", "the check of node n2: `own` exited with 1"),
        ("other", "the check of node n1: `other` exited with 1"),
    ] {
        let mut plan = gated(2);
        plan.nodes[0].accept = Some(check("other"));
        plan.nodes[1].accept = Some(check("own"));
        let mut sim = Sim::of(plan, Isolation::Worktree);
        sim.submit(2);
        merge(&mut sim);
        for _ in 0..2 {
            let commit = sim.run.batch().unwrap().head().unwrap().clone();
            let runs = vec![check_run(&check(red), 1)];
            sim.answer(RunOutcome::Gated {
                batch: 1,
                commit,
                runs,
            });
        }
        let setback = &sim.run.node(node(2)).unwrap().setbacks[0];
        let evidence = setback.failure.evidence.as_str();
        assert!(evidence.starts_with(says), "{evidence}");
    }
}

#[test]
fn without_any_check_a_batch_is_green() {
    let mut sim = Sim::of(of(vec![writer(1, &[])]), Isolation::Worktree);
    sim.submit(1);
    merge(&mut sim);
    assert_eq!(sim.run.batch().unwrap().stage, BatchStage::Advancing);
}

#[test]
fn a_conflict_becomes_a_node_and_both_are_done_with_its_commit() {
    let mut sim = Sim::of(gated(2), Isolation::Worktree);
    to_conflict(&mut sim);
    assert_eq!(sim.phase(2), NodePhase::Resolving);
    assert_eq!(sim.run.node(node(2)).unwrap().burnt(), 0);
    let added = sim.run.plan().nodes.last().unwrap().clone();
    assert_eq!((added.kind, added.resolves), (Kind::Merge, Some(node(2))));
    assert!(added.name.is_valid() && added.scope.writes.contains(&"d2/**".to_owned()));
    let state = sim.run.node(added.id).unwrap();
    let start = TreeStart::Onto {
        base: git(1001),
        tree: git(99),
    };
    assert_eq!(state.attempt.as_ref().unwrap().start, start);
    let speaker = (added.id, state.agent.unwrap(), sim.speaker(1).2);
    sim.agent_says(speaker, submitted(speaker.2));
    sim.agent_says(speaker, turn_ended(protocol::TurnEnd::Completed));
    sim.settle();
    sim.answer(RunOutcome::Inspected {
        node: added.id,
        attempt: 1,
        found: sound(&added, 50),
    });
    merge(&mut sim);
    gate(&mut sim, 0);
    advance(&mut sim);
    assert_eq!(sim.phase(2), NodePhase::Ended(NodeEnd::Done));
    assert_eq!(sim.run.end(added.id), Some(NodeEnd::Done));
    assert_eq!(sim.run.landed(node(2)), sim.run.landed(added.id));
}

#[test]
fn a_conflict_with_work_that_does_not_land_is_none() {
    let mut sim = Sim::of(gated(3), Isolation::Worktree);
    sim.submit(1);
    merge(&mut sim);
    sim.submit(2);
    sim.submit(3);
    gate(&mut sim, 0);
    advance(&mut sim);
    sim.answer(RunOutcome::Merged {
        batch: 2,
        commits: vec![Merged {
            node: node(2),
            commit: git(5),
        }],
        conflicts: vec![conflict(3, 5)],
    });
    gate(&mut sim, 1);
    gate(&mut sim, 1);
    assert_eq!(
        sim.run.node(node(2)).unwrap().number(),
        2,
        "it broke the gate"
    );
    assert_eq!(batch(&sim), nodes(&[3]), "it is merged without it");
    assert!(sim.run.node(node(3)).unwrap().setbacks.is_empty());
}

#[test]
fn a_branch_that_was_moved_by_a_former_process_counts_as_moved_and_by_anyone_else_ends_the_run() {
    for (now, done) in [(git(1001), true), (git(666), false)] {
        let mut sim = Sim::of(gated(1), Isolation::Worktree);
        sim.submit(1);
        merge(&mut sim);
        gate(&mut sim, 0);
        sim.answer(RunOutcome::Moved { batch: 1, now });
        assert_eq!(sim.phase(1) == NodePhase::Ended(NodeEnd::Done), done);
        if !done {
            // Whether the branch was moved for it is asked until the world says, or says that it cannot.
            while let [wish @ Wish::Advance { .. }] = &sim.wishes()[..] {
                let wish = wish.clone();
                sim.answer(RunOutcome::Failed {
                    wish,
                    text: "it is elsewhere".into(),
                });
            }
            assert_eq!(sim.phase(1), NodePhase::Ended(NodeEnd::Cancelled));
            assert_eq!(sim.run.phase(), RunPhase::Closed);
            assert!(sim.run.given_up().unwrap().contains("someone else"));
            assert_eq!(has_failed(&sim), Some(true));
        }
    }
}

#[test]
fn an_answer_that_does_not_name_each_node_once_is_refused() {
    let mut sim = Sim::of(gated(1), Isolation::Worktree);
    sim.submit(1);
    let one = Merged {
        node: node(1),
        commit: git(4),
    };
    let other = Merged {
        node: node(2),
        commit: git(5),
    };
    for commits in [
        vec![],
        vec![one.clone(), one.clone()],
        vec![other],
        vec![
            one,
            Merged {
                node: node(3),
                commit: git(6),
            },
        ],
    ] {
        let outcome = RunOutcome::Merged {
            batch: 1,
            commits,
            conflicts: Vec::new(),
        };
        let refused = decide(&sim.run, RunInput::Outcome(outcome));
        assert!(matches!(refused, Err(Illegal::Mismatch { batch: 1, .. })));
    }
}
