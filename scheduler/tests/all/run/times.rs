//! Times of nodes: what the plan gives one is all that it and whatever works for it or stands in its place may be at work.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use proptest::prelude::*;
use protocol::{
    Event, FailureClass, FaultKind, InterruptCause, Isolation, Kind, Node, NodeEnd, NodeId,
    OWN_TIME_USED_UP, Plan, PlanEvent, Record, TurnEnd, TurnEvent, WorkspaceEvent,
};
use scheduler::run::{NodePhase, RunCommand, RunOutcome, Wish};
use serde_json::json;

use super::given_calls::fault;
use super::given_replan::*;
use super::given_run::*;
use super::laws::{any_plan, any_weather, cases, lived};
use super::world::{is_of, resumed};
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

/// The attempts at nodes of a subtree that were charged, each from when it began until its agent or command was no longer
/// at work, by the place of their records: a record is a millisecond.
fn at_work(journal: &[Record], all: &BTreeSet<NodeId>) -> Vec<Range<usize>> {
    let mut open: BTreeMap<NodeId, (usize, u32)> = BTreeMap::new();
    let mut found = Vec::new();
    for (at, record) in journal.iter().enumerate() {
        let over = match &record.event {
            Event::Plan(PlanEvent::NodeStarted { node, attempt, .. }) if all.contains(node) => {
                open.insert(*node, (at, attempt.as_ref().unwrap().number));
                None
            }
            Event::Plan(
                PlanEvent::NodeReturned { node, .. } | PlanEvent::NodeEnded { node, .. },
            )
            | Event::Workspace(WorkspaceEvent::Worked { node, .. }) => Some(*node),
            Event::Turn(TurnEvent::Ended { .. }) => record.node,
            _ => None,
        };
        if let Some((node, (from, number))) = over.and_then(|node| open.remove_entry(&node))
            && is_charged(journal, (node, number))
        {
            found.push(from..at);
        }
    }
    found
}

/// Whether it was the attempt's own fault, if it came to nothing.
fn is_charged(journal: &[Record], whose: (NodeId, u32)) -> bool {
    let back = journal.iter().position(|record| {
        matches!(&record.event, Event::Plan(PlanEvent::NodeReturned { node, attempt, .. })
            if (*node, *attempt) == whose)
    });
    let Some(at) = back else { return true };
    let Event::Plan(PlanEvent::NodeReturned { failure, .. }) = &journal[at].event else {
        return true;
    };
    match failure.class {
        FailureClass::Machine | FailureClass::Model | FailureClass::Stopped => false,
        // A run that pauses then does so because nobody was heard.
        FailureClass::Deadline => !journal
            .get(at + 1)
            .is_some_and(|next| matches!(next.event, Event::Plan(PlanEvent::Paused { .. }))),
        _ => true,
    }
}

/// No attempt at a node, or at one that works for it or stands in its place, begins with more time than they left.
fn judge(journal: &[Record], root: &Node, limit: u64) {
    let patches = journal.iter().filter_map(|record| match &record.event {
        Event::Plan(PlanEvent::Patched { patch, .. }) => Some(patch),
        _ => None,
    });
    let added = patches.flat_map(|patch| &patch.add);
    let added = added.filter(|node| is_of(root, node)).map(|node| node.id);
    let all: BTreeSet<NodeId> = added.chain([root.id]).collect();
    let spans = at_work(journal, &all);
    // Until when no process had the run.
    let is_up = |at: &usize| !matches!(journal[at + 1].event, Event::Session(_));
    for (at, record) in journal.iter().enumerate() {
        let Event::Plan(PlanEvent::NodeStarted { node, attempt, .. }) = &record.event else {
            continue;
        };
        if all.contains(node) {
            let past = (0..at - 1).filter(|at| spans.iter().any(|span| span.contains(at)));
            let left = limit.saturating_sub(past.filter(is_up).count() as u64);
            let has = attempt.as_ref().unwrap().allotted.wall_ms.unwrap();
            assert!((1..=left).contains(&has), "record {at}: {has} of {left}");
        }
    }
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn no_attempt_begins_with_more_time_than_its_subtree_has_left_and_the_run_ends(
        plan in any_plan(), seed: u64, weather in any_weather(), own in 1..60u64,
    ) {
        let mut plan = plan;
        prop_assume!(plan.nodes[0].kind != Kind::Verify);
        plan.nodes[0].budget.wall_ms = Some(own);
        plan.caps.max_replans = 2;
        let first = plan.nodes[0].clone();
        let world = lived(plan, Isolation::Worktree, seed, weather);
        judge(&world.sim.journal, &first, own);
    }
}
