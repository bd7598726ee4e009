//! The ladder of attempts, class by class: what counts, what is tried next, from which tree, with which agent.

use protocol::{
    Change, ChangeKind, Failure, FailureClass, FaultKind, GaveUp, InterruptCause, Isolation, Kind,
    Limit, NodeEnd, OnFail, Tier, TreeStart, TurnEnd,
};
use scheduler::run::{NodePhase, RunOutcome};

use super::given_calls::*;
use super::given_run::*;
use super::life::has_failed;
use crate::given::node;

fn alone() -> Sim {
    Sim::of(of(vec![writer(1, &[])]), Isolation::Worktree)
}

fn attempt(sim: &Sim) -> protocol::Attempt {
    sim.run.node(node(1)).unwrap().attempt.clone().unwrap()
}

#[test]
fn the_second_attempt_hears_the_evidence_and_the_third_begins_anew_with_a_stronger_model() {
    let mut sim = alone();
    let first = sim.speaker(1).1;
    assert_eq!(attempt(&sim).start, TreeStart::Commit(git(0)));
    sim.say(made(1));
    sim.work(1);
    let empty = protocol::Inspection {
        changed: Vec::new(),
        ..sound(sim.run.planned(node(1)).unwrap(), 9)
    };
    sim.found(1, empty.clone());
    let second = attempt(&sim);
    assert_eq!((second.number, second.is_fresh), (2, false));
    assert_eq!((second.start, sim.speaker(1).1), (TreeStart::Kept, first));
    assert_eq!(sim.run.tier(node(1)), Tier::Mid);
    sim.work(1);
    sim.found(1, empty.clone());
    let third = attempt(&sim);
    assert_eq!((third.number, third.is_fresh), (3, true));
    assert_eq!(third.start, TreeStart::Commit(git(0)));
    assert_ne!(sim.speaker(1).1, first);
    assert_eq!(sim.run.tier(node(1)), Tier::Frontier);
    sim.work(1);
    sim.found(1, empty);
    assert_eq!(sim.phase(1), NodePhase::Ended(NodeEnd::Failed));
    let classes: Vec<FailureClass> = sim
        .run
        .node(node(1))
        .unwrap()
        .setbacks
        .iter()
        .map(|one| one.failure.class)
        .collect();
    assert_eq!(classes, [FailureClass::NoChange; 3]);
}

#[test]
fn the_end_of_a_turn_says_what_failed_and_whether_it_counts() {
    for (end, class, counts) in [
        (TurnEnd::Looping, FailureClass::Stall, true),
        (
            TurnEnd::Refused,
            FailureClass::GaveUp(GaveUp::Impossible),
            true,
        ),
        (TurnEnd::Limited(Limit::Time), FailureClass::Deadline, true),
        (
            TurnEnd::Limited(Limit::SchemaMisses),
            FailureClass::Model,
            true,
        ),
        (
            TurnEnd::Interrupted(InterruptCause::Timeout),
            FailureClass::Deadline,
            true,
        ),
        (
            TurnEnd::Interrupted(InterruptCause::User),
            FailureClass::Stopped,
            false,
        ),
        (fault(FaultKind::Overloaded), FailureClass::Model, true),
        (fault(FaultKind::RateLimited), FailureClass::Model, false),
    ] {
        let mut sim = alone();
        sim.begin(1);
        sim.end(1, end.clone());
        let state = sim.run.node(node(1)).unwrap();
        let setback = &state.setbacks[0];
        assert_eq!(
            (setback.failure.class, setback.burns),
            (class, counts),
            "{end:?}"
        );
        assert_eq!((state.phase, state.number()), (NodePhase::Working, 2));
    }
}

#[test]
fn what_does_not_count_is_borne_only_so_often() {
    let mut sim = alone();
    let mut attempts = 0;
    while sim.phase(1) == NodePhase::Working {
        sim.begin(1);
        sim.end(1, fault(FaultKind::RateLimited));
        attempts += 1;
        assert!(attempts < 100);
    }
    assert_eq!((attempts, sim.run.node(node(1)).unwrap().burnt()), (20, 0));
    assert_eq!(sim.phase(1), NodePhase::Ended(NodeEnd::Failed));
}

#[test]
fn a_last_text_that_says_impossible_is_believed_as_a_failure_only() {
    let mut sim = alone();
    sim.begin(1);
    sim.agent_says(
        sim.speaker(1),
        replied("IMPOSSIBLE: the file is generated", 5),
    );
    sim.end(1, TurnEnd::Completed);
    let state = sim.run.node(node(1)).unwrap();
    assert_eq!(
        state.setbacks[0].failure.class,
        FailureClass::GaveUp(GaveUp::Impossible)
    );
    assert!(
        state.setbacks[0]
            .failure
            .evidence
            .as_str()
            .contains("generated")
    );
    assert!(attempt(&sim).is_fresh, "another model is asked");
}

#[test]
fn what_lies_in_the_tree_decides_and_nothing_an_agent_says() {
    let gone = |path: &str| Change {
        path: path.into(),
        how: ChangeKind::Deleted,
    };
    let plain = sound(&writer(1, &[]), 5);
    let with = |changes: Vec<Change>| protocol::Inspection {
        changed: changes,
        ..plain.clone()
    };
    let moved = Change {
        path: "d1/new/tests/a.rs".into(),
        how: ChangeKind::Added,
    };
    let strays = |changed: Vec<Change>| protocol::Inspection {
        changed,
        strays: vec!["Cargo.toml".into()],
        ..plain.clone()
    };
    let faulty = protocol::Inspection {
        fault: Some("no git".into()),
        ..plain.clone()
    };
    let treeless = protocol::Inspection {
        tree: None,
        ..plain.clone()
    };
    let unresolved = protocol::Inspection {
        markers: vec!["d1/file".into()],
        ..plain.clone()
    };
    for (found, class) in [
        (plain.clone(), None),
        (unresolved, Some(FailureClass::Check)),
        (with(vec![]), Some(FailureClass::NoChange)),
        (with(vec![gone("d1/old.rs")]), None),
        (with(vec![gone("d1/tests/a.rs")]), Some(FailureClass::Scope)),
        (with(vec![gone("d1/a_test.go")]), Some(FailureClass::Scope)),
        (with(vec![gone("d1/tests/a.rs"), moved]), None),
        (
            strays(vec![changed("Cargo.toml")]),
            Some(FailureClass::Scope),
        ),
        (strays(vec![]), Some(FailureClass::Scope)),
        (strays(vec![changed("d1/file")]), None),
        (faulty, Some(FailureClass::Machine)),
        (treeless, Some(FailureClass::Machine)),
    ] {
        let mut sim = alone();
        sim.work(1);
        sim.found(1, found.clone());
        let setbacks = &sim.run.node(node(1)).unwrap().setbacks;
        let got = setbacks.first().map(|one| one.failure.class);
        assert_eq!(got, class, "{found:?}");
    }
}

#[test]
fn a_check_that_was_not_run_or_does_not_hold_never_closes_a_node() {
    let mut planned = writer(1, &[]);
    planned.accept = Some(check("make test"));
    planned.scope.noop = true;
    for (exit, changed, end) in [
        (Some(0), true, None),
        (Some(1), true, Some(FailureClass::Check)),
        (None, true, Some(FailureClass::Machine)),
        (None, false, Some(FailureClass::Machine)),
        (Some(1), false, Some(FailureClass::Check)),
    ] {
        let mut sim = Sim::of(of(vec![planned.clone()]), Isolation::Worktree);
        sim.work(1);
        let mut found = sound(&planned, 5);
        found.check = exit.map(|exit| check_run(planned.accept.as_ref().unwrap(), exit));
        if !changed {
            found.changed.clear();
        }
        sim.found(1, found);
        let setbacks = &sim.run.node(node(1)).unwrap().setbacks;
        assert_eq!(setbacks.first().map(|one| one.failure.class), end);
    }
}

#[test]
fn a_declared_no_op_is_done_without_a_proposal() {
    let mut planned = writer(1, &[]);
    planned.scope.noop = true;
    let mut sim = Sim::of(of(vec![planned.clone()]), Isolation::Worktree);
    sim.work(1);
    sim.found(
        1,
        protocol::Inspection {
            changed: Vec::new(),
            ..sound(&planned, 5)
        },
    );
    assert_eq!(sim.phase(1), NodePhase::Ended(NodeEnd::Done));
    assert_eq!(sim.run.landed(node(1)), None);
}

#[test]
fn a_late_end_of_an_older_attempt_says_nothing_and_the_next_waits_for_it() {
    let mut sim = alone();
    sim.begin(1);
    let former = sim.speaker(1);
    sim.answer(RunOutcome::Overdue {
        node: node(1),
        attempt: 1,
    });
    assert_eq!(sim.phase(1), NodePhase::Returned);
    assert_eq!(
        sim.run.blocked_by(node(1)),
        Some(scheduler::run::Blocked::FormerAgent)
    );
    assert!(sim.wishes().is_empty(), "nothing is wanted of it any more");
    sim.agent_says(former, turn_ended(TurnEnd::Completed));
    sim.settle();
    let state = sim.run.node(node(1)).unwrap();
    assert_eq!((state.phase, state.number()), (NodePhase::Working, 2));
    assert_eq!(state.setbacks[0].failure.class, FailureClass::Deadline);
}

#[test]
fn a_node_that_may_be_skipped_has_one_attempt_and_one_that_may_not_fail_stops_the_run() {
    for (on_fail, other, failed) in [
        (OnFail::Skip, NodePhase::Working, None),
        (
            OnFail::Abort,
            NodePhase::Ended(NodeEnd::Cancelled),
            Some(true),
        ),
    ] {
        let mut first = writer(1, &[]);
        first.weight.on_fail = on_fail;
        first.budget.attempts = Some(1);
        let plan = of(vec![first, writer(2, &[]), writer(3, &[1])]);
        let mut sim = Sim::of(plan, Isolation::Worktree);
        sim.begin(1);
        sim.end(1, TurnEnd::Looping);
        assert_eq!(sim.phase(1), NodePhase::Ended(NodeEnd::Failed));
        assert_eq!(sim.phase(2), other);
        assert_eq!(sim.phase(3), NodePhase::Ended(NodeEnd::Skipped));
        assert_eq!(has_failed(&sim), failed, "{on_fail:?}");
    }
}

#[test]
fn a_tree_that_could_not_be_made_is_tried_again_as_it_was() {
    let mut sim = alone();
    let failure = Failure {
        class: FailureClass::Machine,
        evidence: "the disk is full".into(),
    };
    for number in 1..4 {
        assert_eq!(attempt(&sim).start, TreeStart::Commit(git(0)));
        sim.answer(RunOutcome::Worked {
            node: node(1),
            attempt: number,
            failure: Some(failure.clone()),
        });
    }
    assert_eq!(sim.phase(1), NodePhase::Ended(NodeEnd::Failed));
}

#[test]
fn a_command_works_without_an_agent_and_a_verification_without_either() {
    let mut rewrite = writer(1, &[]);
    rewrite.kind = Kind::Codemod;
    let mut verify = reader(2, &[]);
    (verify.kind, verify.accept) = (Kind::Verify, Some(check("true")));
    let plan = of(vec![rewrite.clone(), verify.clone()]);
    let mut sim = Sim::of(plan, Isolation::Worktree);
    // Both want the one build lane.
    assert_eq!(
        (sim.phase(1), sim.phase(2)),
        (NodePhase::Working, NodePhase::Waiting)
    );
    sim.answer(RunOutcome::Worked {
        node: node(1),
        attempt: 1,
        failure: None,
    });
    assert_eq!(
        (sim.phase(1), sim.phase(2)),
        (NodePhase::Inspecting, NodePhase::Inspecting)
    );
    sim.found(2, sound(&verify, 3));
    assert_eq!(sim.phase(2), NodePhase::Ended(NodeEnd::Done));
    sim.found(1, sound(&rewrite, 3));
    assert_eq!(sim.phase(1), NodePhase::InBatch);
}

#[test]
fn the_end_of_another_turn_is_not_the_end_of_this_one() {
    let mut sim = alone();
    sim.begin(1);
    let (node, agent, _) = sim.speaker(1);
    let other = protocol::TurnId::new(uuid::Uuid::from_u128(99));
    sim.agent_says((node, agent, other), turn_ended(TurnEnd::Looping));
    let stranger = protocol::AgentId::new(uuid::Uuid::from_u128(99));
    sim.agent_says(
        (node, stranger, sim.speaker(1).2),
        turn_ended(TurnEnd::Looping),
    );
    sim.settle();
    let state = sim.run.node(node).unwrap();
    assert_eq!((state.phase, state.number()), (NodePhase::Working, 1));
}

#[test]
fn in_one_folder_without_git_a_change_is_what_tools_say_or_a_command_that_succeeded() {
    let unknown = protocol::Inspection {
        tree: None,
        changed: Vec::new(),
        ..sound(&writer(1, &[]), 5)
    };
    for (kind, wrote, done) in [
        (Kind::Edit, false, false),
        (Kind::Edit, true, true),
        (Kind::Codemod, false, true),
    ] {
        let mut planned = writer(1, &[]);
        planned.kind = kind;
        let mut sim = Sim::of(of(vec![planned]), Isolation::Shared);
        if kind.has_agent() {
            sim.begin(1);
            if wrote {
                sim.agent_says(sim.speaker(1), wrote_a_file());
            }
            sim.end(1, TurnEnd::Completed);
        } else {
            sim.answer(RunOutcome::Worked {
                node: node(1),
                attempt: 1,
                failure: None,
            });
        }
        sim.found(1, unknown.clone());
        assert_eq!(sim.phase(1) == NodePhase::Ended(NodeEnd::Done), done);
    }
}
