//! Times of nodes: what the plan gives one is all that it and whatever works for it or stands in its place may be at work.

use protocol::{
    Event, FailureClass, FaultKind, InterruptCause, Isolation, NodeEnd, NodeId, OWN_TIME_USED_UP,
    Plan, PlanEvent, Record, TIME_USED_UP, TurnEnd,
};
use scheduler::run::{NodePhase, RunCommand, RunOutcome, Wish};
use serde_json::json;

use super::given_calls::fault;
use super::given_replan::*;
use super::given_run::*;
use super::world::resumed;
use crate::given::node;

/// A writer that may be at work for ten seconds, and one behind it.
fn timed(attempts: u32) -> Plan {
    let mut plan = of(vec![writer(1, &[]), writer(2, &[1])]);
    plan.nodes[0].budget.wall_ms = Some(10_000);
    plan.nodes[0].budget.attempts = Some(attempts);
    plan.caps.max_replans = 2;
    plan.caps.max_parallel = 2;
    plan
}

/// How long the newest attempt at a node may take.
fn allotted(sim: &Sim, node: NodeId) -> Option<u64> {
    let state = sim.run.node(node).unwrap();
    state.attempt.as_ref().unwrap().allotted.wall_ms
}

fn overdue(sim: &mut Sim, node: NodeId) {
    let attempt = sim.run.node(node).unwrap().number();
    sim.answer(RunOutcome::Overdue { node, attempt });
}

fn why(sim: &Sim, of: NodeId) -> String {
    let mut records = sim.journal.iter().rev();
    let why = records.find_map(|record| match &record.event {
        Event::Plan(PlanEvent::NodeEnded { node, why, .. }) if *node == of => why.clone(),
        _ => None,
    });
    why.map(|why| why.as_str().into_owned()).unwrap_or_default()
}

#[test]
fn the_attempts_at_a_node_share_the_time_that_the_plan_gives_it() {
    let mut sim = Sim::of(timed(3), Isolation::Worktree);
    sim.passes(4_000);
    sim.begin(1);
    sim.end(1, TurnEnd::Looping);
    let deadline = Wish::Deadline {
        node: node(1),
        attempt: 2,
        ms: 6_000,
    };
    assert!(sim.wishes().contains(&deadline), "{:?}", sim.wishes());
    sim.passes(6_001);
    overdue(&mut sim, node(1));
    assert_eq!(sim.phase(1), NodePhase::Ended(NodeEnd::Failed));
    let said = format!("its time was over\n{OWN_TIME_USED_UP}");
    assert_eq!(why(&sim, node(1)), said);
    let refused = order(&mut sim, RunCommand::Retry { node: node(1) }).unwrap_err();
    let refused = refused.to_string();
    assert!(
        refused.contains("what the plan gives it is used up"),
        "{refused}"
    );
}

#[test]
fn only_the_time_at_work_counts_that_comes_to_something_or_is_the_nodes_own_fault() {
    let stopped = || TurnEnd::Interrupted(InterruptCause::User);
    for (end, left) in [
        (TurnEnd::Looping, 6_000),
        (TurnEnd::Completed, 6_000),
        (stopped(), 10_000),
        (fault(FaultKind::Unreachable), 10_000),
        (fault(FaultKind::RateLimited), 10_000),
        (fault(FaultKind::Garbled), 6_000),
    ] {
        let mut sim = Sim::of(timed(3), Isolation::Worktree);
        sim.passes(4_000);
        sim.begin(1);
        order(&mut sim, RunCommand::Pause).unwrap();
        sim.end(1, end.clone());
        sim.passes(70_000);
        sim.say(resumed());
        order(&mut sim, RunCommand::Unpause).unwrap();
        let now = sim.journal.iter().map(|record| record.at).max().unwrap();
        assert_eq!(
            sim.run.ledger().time_left(node(1), now),
            Some(left),
            "{end:?}"
        );
        let has_other = sim.run.node(node(1)).unwrap().number() == 2;
        assert_eq!(
            allotted(&sim, node(1)),
            Some(if has_other { left } else { 10_000 })
        );
    }
}

#[test]
fn the_time_in_which_no_process_has_the_run_counts_for_no_node() {
    let mut sim = Sim::of(timed(3), Isolation::Worktree);
    sim.passes(4_000);
    let now = sim.journal.last().unwrap().at.0;
    let at = protocol::Timestamp(now + 90_000);
    let taken_up = Record {
        at,
        ..sim.record(resumed())
    };
    sim.put(taken_up);
    sim.passes(1_000);
    sim.begin(1);
    sim.end(1, TurnEnd::Looping);
    assert_eq!(allotted(&sim, node(1)), Some(5_000));
}

#[test]
fn what_is_ended_late_counts_until_it_has_ended_and_is_taken_back_if_nobody_was_heard() {
    for (class, left) in [
        (FailureClass::Check, 5_000),
        (FailureClass::Stopped, 10_000),
    ] {
        let mut sim = Sim::of(timed(3), Isolation::Worktree);
        sim.passes(4_000);
        sim.begin(1);
        let speaker = sim.speaker(1);
        sim.say(Event::Plan(PlanEvent::NodeReturned {
            node: node(1),
            attempt: 1,
            failure: protocol::Failure {
                class,
                evidence: "no".into(),
            },
        }));
        sim.passes(1_000);
        sim.agent_says(
            speaker,
            turn_ended(TurnEnd::Interrupted(InterruptCause::User)),
        );
        sim.settle();
        assert_eq!(allotted(&sim, node(1)), Some(left), "{class:?}");
    }
}

#[test]
fn a_planner_and_the_parts_are_at_work_within_the_time_that_the_node_left() {
    let mut sim = Sim::of(timed(1), Isolation::Worktree);
    sim.passes(4_000);
    fails(&mut sim, node(1));
    let planner = id("n1-replan-1");
    assert_eq!(allotted(&sim, planner), Some(6_000));
    sim.passes(1_000);
    let parts = ["d1/a/**", "d1/b/**", "d1/c/**"].map(|glob| part(glob, "S"));
    answers(&mut sim, "n1-replan-1", &json!({ "parts": parts }));
    // Nothing of it is at work while the change is looked at.
    sim.passes(60_000);
    command(&mut sim, node(1), None).unwrap();
    let parts = ["n1.1", "n1.2", "n1.3"].map(id);
    for part in &parts[..2] {
        assert_eq!(
            allotted(&sim, *part),
            Some(5_000),
            "both are at work at once"
        );
    }
    sim.passes(2_000);
    fails(&mut sim, parts[0]);
    let waiting = ["n1.1-replan-1", "n1.3"].map(id);
    let is_at_work = |sim: &Sim, node: NodeId| {
        let state = sim.run.node(node);
        state.is_some_and(|state| state.phase == NodePhase::Working)
    };
    let (next, never): (Vec<NodeId>, Vec<NodeId>) = waiting
        .into_iter()
        .partition(|node| is_at_work(&sim, *node));
    let (next, never) = (next[0], never[0]);
    assert_eq!(allotted(&sim, next), Some(3_000));
    sim.passes(3_000);
    let before = sim.journal.len();
    overdue(&mut sim, parts[1]);
    overdue(&mut sim, next);
    let mut after = sim.journal[before..].iter();
    let begins = |event: &Event| matches!(event, Event::Plan(PlanEvent::NodeStarted { .. }));
    assert!(
        !after.any(|record| begins(&record.event)),
        "none has any time left"
    );
    let over = NodePhase::Ended(NodeEnd::Failed);
    for part in parts {
        assert_eq!(sim.run.node(part).unwrap().phase, over);
    }
    assert_eq!(why(&sim, never), OWN_TIME_USED_UP);
}

/// Two parts that stand for a node and are at work for ten seconds together, as long as the run has time.
fn in_parts(of_run: Option<u64>) -> (Sim, [NodeId; 2]) {
    let mut plan = timed(1);
    plan.budget.wall_ms = of_run;
    plan.caps.max_replans = 1;
    let mut sim = Sim::of(plan, Isolation::Worktree);
    fails(&mut sim, node(1));
    answers(&mut sim, "n1-replan-1", &halves());
    command(&mut sim, node(1), None).unwrap();
    (sim, ["n1.1", "n1.2"].map(id))
}

/// The turn of a node's agent begins and ends.
fn ends(sim: &mut Sim, node: NodeId, end: TurnEnd) {
    let speaker = speaker(sim, node);
    sim.agent_says(speaker, submitted(speaker.2));
    sim.agent_says(speaker, turn_ended(end));
    sim.settle();
}

/// How much of its time a node has left, in seconds: the records between take a few milliseconds.
fn seconds_left(sim: &Sim, of: NodeId) -> u64 {
    let now = sim.journal.iter().map(|record| record.at).max();
    let left = sim.run.ledger().time_left(of, now.unwrap());
    left.unwrap().div_ceil(1_000)
}

#[test]
fn what_is_not_charged_to_one_part_is_charged_to_another_only_as_long_as_that_was_at_work() {
    let busy = || fault(FaultKind::RateLimited);
    for (order_of, left) in [
        // The first is at work from the beginning, the second after a second; one ends after three, the other after four.
        ([(0, busy()), (1, TurnEnd::Looping)], 7),
        ([(0, TurnEnd::Looping), (1, TurnEnd::Looping)], 6),
        ([(0, TurnEnd::Looping), (1, busy())], 7),
        ([(1, TurnEnd::Looping), (0, busy())], 8),
        ([(1, busy()), (0, TurnEnd::Looping)], 6),
        ([(1, busy()), (0, busy())], 10),
    ] {
        let (mut sim, parts) = in_parts(None);
        sim.passes(1_000);
        ends(&mut sim, parts[1], busy());
        order(&mut sim, RunCommand::Pause).unwrap();
        sim.passes(1_000);
        for (at, end) in order_of.clone() {
            sim.passes(1_000);
            ends(&mut sim, parts[at], end);
        }
        assert_eq!(seconds_left(&sim, parts[0]), left, "{order_of:?}");
    }
}

#[test]
fn a_part_that_had_less_time_as_another_used_it_does_not_end_for_want_of_the_runs() {
    for of_run in [None, Some(900_000)] {
        let (mut sim, parts) = in_parts(of_run);
        let busy = || fault(FaultKind::RateLimited);
        sim.passes(4_000);
        // It begins again with what the other has left by then, though that is not charged in the end.
        ends(&mut sim, parts[1], busy());
        assert_eq!(allotted(&sim, parts[1]).map(|ms| ms / 1_000), Some(5));
        sim.passes(1_000);
        ends(&mut sim, parts[0], busy());
        sim.passes(5_000);
        overdue(&mut sim, parts[1]);
        assert_eq!(why(&sim, parts[1]), "its time was over", "{of_run:?}");
    }
}

#[test]
fn the_time_of_work_that_the_machine_brought_to_nothing_is_taken_back() {
    let fault = |text: &str| Some(text.to_owned());
    for (broken, is_merged, left) in [
        (fault("the disk is full"), false, 10),
        (None, true, 10),
        (None, false, 6),
    ] {
        let mut sim = Sim::of(timed(1), Isolation::Worktree);
        sim.passes(4_000);
        sim.work(1);
        assert_eq!(seconds_left(&sim, node(1)), 6);
        let planned = sim.run.planned(node(1)).unwrap().clone();
        let found = protocol::Inspection {
            fault: broken.map(Into::into),
            ..sound(&planned, 1_000)
        };
        sim.found(1, found);
        let merge = Wish::Merge { batch: 1 };
        while is_merged && sim.wishes().contains(&merge) {
            let (wish, text) = (merge.clone(), "no".into());
            sim.answer(RunOutcome::Failed { wish, text });
        }
        assert_eq!(seconds_left(&sim, node(1)), left);
    }
}

#[test]
fn a_part_without_time_waits_as_long_as_what_another_used_of_it_may_be_taken_back() {
    for broken in [true, false] {
        let (mut sim, parts) = in_parts(None);
        sim.passes(4_000);
        ends(&mut sim, parts[1], fault(FaultKind::RateLimited));
        order(&mut sim, RunCommand::Pause).unwrap();
        sim.passes(6_000);
        ends(&mut sim, parts[0], TurnEnd::Completed);
        ends(&mut sim, parts[1], fault(FaultKind::RateLimited));
        order(&mut sim, RunCommand::Unpause).unwrap();
        let phase = |sim: &Sim| sim.run.node(parts[1]).unwrap().phase;
        assert_eq!(phase(&sim), NodePhase::Returned, "{:?}", sim.wishes());
        let planned = sim.run.planned(parts[0]).unwrap().clone();
        let found = protocol::Inspection {
            fault: broken.then(|| "the disk is full".into()),
            ..sound(&planned, 1_000)
        };
        sim.answer(RunOutcome::Inspected {
            node: parts[0],
            attempt: 1,
            found,
        });
        let merged = protocol::Merged {
            node: parts[0],
            commit: git(7),
        };
        if !broken {
            sim.answer(RunOutcome::Merged {
                batch: 1,
                commits: vec![merged],
                conflicts: Vec::new(),
            });
            let (batch, to) = (1, git(7));
            sim.answer(RunOutcome::Advanced { batch, to });
        }
        let is_working = phase(&sim) == NodePhase::Working;
        assert_eq!(is_working, broken, "{:?}", phase(&sim));
    }
}

#[test]
fn an_attempt_whose_time_was_over_has_used_it_whatever_the_clock_says() {
    for attempts in [1, 3] {
        let mut sim = Sim::of(timed(attempts), Isolation::Worktree);
        // The clock was set back: it stands as long as it shows less than it did.
        overdue(&mut sim, node(1));
        assert_eq!(seconds_left(&sim, node(1)), 0);
        assert_eq!(sim.phase(1), NodePhase::Ended(NodeEnd::Failed));
        assert!(!why(&sim, node(1)).contains(TIME_USED_UP));
    }
}

#[test]
fn less_time_than_a_plan_may_give_is_none() {
    for (used, begins) in [(8_900, true), (9_500, false)] {
        let mut sim = Sim::of(timed(3), Isolation::Worktree);
        sim.passes(used);
        fails(&mut sim, node(1));
        let is_over = sim.phase(1) == NodePhase::Ended(NodeEnd::Failed);
        assert_eq!(is_over, !begins, "{used}");
        assert_eq!(why(&sim, node(1)).ends_with(OWN_TIME_USED_UP), is_over);
    }
}
