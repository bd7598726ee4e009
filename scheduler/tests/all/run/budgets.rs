//! Budgets of a run: time, tokens and tool calls, what is set aside and what is left for others.

use protocol::{
    BUDGET_USED_UP, Budget, Event, Isolation, Limit, NodeEnd, OWN_BUDGET_USED_UP, Plan, PlanEvent,
    TIME_USED_UP, TurnEnd,
};
use scheduler::run::{NodePhase, RunCommand, Wish, wishes};

use super::given_run::*;
use super::life::command;
use super::world::resumed;
use crate::given::node;

fn two() -> Plan {
    of(vec![writer(1, &[]), writer(2, &[1])])
}

#[test]
fn an_attempt_has_its_own_time_or_what_is_left_of_the_runs() {
    let own = |wall| Budget {
        wall_ms: wall,
        ..Budget::default()
    };
    for (node_ms, run_ms, ms) in [
        (None, None, 30 * 60 * 1000),
        (Some(5_000), None, 5_000),
        (None, Some(8_000), 8_000),
        (Some(5_000), Some(8_000), 5_000),
    ] {
        let mut plan = two();
        plan.nodes[0].budget = own(node_ms);
        plan.budget = own(run_ms);
        let sim = Sim::of(plan, Isolation::Worktree);
        let deadline = Wish::Deadline {
            node: node(1),
            attempt: 1,
            ms,
        };
        assert!(wishes(&sim.run).contains(&deadline), "{:?}", sim.wishes());
    }
}

#[test]
fn when_the_runs_time_is_over_nothing_begins_any_more() {
    let mut plan = two();
    plan.budget.wall_ms = Some(6);
    let mut sim = Sim::of(plan, Isolation::Worktree);
    sim.submit(1);
    sim.integrate(1, 8);
    assert_eq!(sim.phase(1), NodePhase::Ended(NodeEnd::Done));
    assert_eq!(sim.phase(2), NodePhase::Ended(NodeEnd::Failed));
    assert!(
        matches!(sim.wishes()[..], [Wish::Land { .. }]),
        "what is there lands"
    );
    let retry = RunCommand::Retry { node: node(2) };
    let refused = command(&mut sim, retry).unwrap_err().to_string();
    assert!(refused.ends_with("the run's time is used up"), "{refused}");
}

#[test]
fn the_last_attempt_ends_for_want_of_the_runs_time_only_where_the_run_left_it_too_little() {
    for (own, of_run, attempts, why) in [
        (None, Some(6), 1, TIME_USED_UP),
        (None, Some(6), 3, TIME_USED_UP),
        (Some(3_000), Some(900_000), 1, "its time was over"),
        (None, None, 1, "its time was over"),
    ] {
        let mut plan = two();
        plan.nodes[0].budget = Budget {
            wall_ms: own,
            attempts: Some(attempts),
            ..Budget::default()
        };
        plan.budget.wall_ms = of_run;
        let mut sim = Sim::of(plan, Isolation::Worktree);
        while sim.phase(1) == NodePhase::Working {
            sim.begin(1);
            sim.end(1, TurnEnd::Limited(Limit::Time));
        }
        let ended = sim.journal.iter().find_map(|record| match &record.event {
            Event::Plan(PlanEvent::NodeEnded { why, .. }) => why.clone(),
            _ => None,
        });
        let ended = ended.map(|why| why.as_str().into_owned());
        assert_eq!(ended.as_deref(), Some(why), "{own:?} {of_run:?} {attempts}");
    }
}

#[test]
fn an_allotment_that_was_too_small_grows_as_long_as_the_run_has_more() {
    let mut plan = of(vec![writer(1, &[]), writer(2, &[1]), writer(3, &[2])]);
    plan.budget.tokens = Some(30_000);
    let mut sim = Sim::of(plan, Isolation::Worktree);
    let mut allotted = Vec::new();
    while sim.phase(1) == NodePhase::Working {
        let tokens = sim
            .run
            .node(node(1))
            .unwrap()
            .attempt
            .as_ref()
            .unwrap()
            .allotted
            .tokens
            .unwrap();
        allotted.push(tokens);
        sim.begin(1);
        sim.agent_says(sim.speaker(1), replied("more", tokens));
        sim.end(1, TurnEnd::Limited(protocol::Limit::Tokens));
    }
    assert_eq!(allotted, [10_000, 20_000]);
    assert_eq!(sim.phase(1), NodePhase::Ended(NodeEnd::Failed));
    assert!(sim.run.spent().tokens <= 30_000);
}

#[test]
fn what_an_attempt_leaves_is_for_the_others() {
    let mut plan = of(vec![reader(1, &[]), reader(2, &[1]), reader(3, &[1])]);
    plan.budget.tokens = Some(30_000);
    let mut sim = Sim::of(plan, Isolation::Worktree);
    let allotted = |sim: &Sim, n| {
        let attempt = sim.run.node(node(n)).unwrap().attempt.clone();
        attempt.unwrap().allotted.tokens
    };
    assert_eq!(allotted(&sim, 1), Some(10_000));
    assert_eq!(sim.run.ledger().total_reserved().tokens, 10_000);
    sim.begin(1);
    sim.agent_says(sim.speaker(1), replied("done", 2_000));
    sim.end(1, TurnEnd::Completed);
    assert_eq!(
        (allotted(&sim, 2), allotted(&sim, 3)),
        (Some(14_000), Some(14_000))
    );
}

#[test]
fn tool_calls_beyond_the_allotment_end_the_attempt() {
    let mut plan = two();
    plan.nodes[0].budget.tool_calls = Some(2);
    let mut sim = Sim::of(plan.clone(), Isolation::Worktree);
    sim.begin(1);
    for (calls, phase) in [
        (2, NodePhase::Working),
        (1, NodePhase::Ended(NodeEnd::Failed)),
    ] {
        sim.agent_says(sim.speaker(1), asked(calls));
        sim.settle();
        assert_eq!(sim.phase(1), phase);
    }
    plan.nodes[0].budget.tool_calls = Some(0);
    let sim = Sim::of(plan, Isolation::Worktree);
    let nothing = NodePhase::Ended(NodeEnd::Failed);
    assert_eq!(sim.phase(1), nothing, "there is nothing to begin with");
}

#[test]
fn what_is_used_up_is_not_tried_again_with_no_more_of_it() {
    let limited = |limit| TurnEnd::Limited(limit);
    let tokens = |own, run| (Some(own), Some(run));
    for ((own, run), end, attempts) in [
        // Its own limit is used up.
        (tokens(4_000, 30_000), limited(Limit::Tokens), 1),
        // The run has no more than that.
        ((None, Some(4_000)), limited(Limit::Tokens), 1),
        // Nothing limits the tokens; more of them is what it had.
        ((None, None), limited(Limit::Tokens), 1),
        // The session's steps are the same the next time, whatever else is left.
        (tokens(30_000, 30_000), limited(Limit::Steps), 1),
        ((None, Some(30_000)), limited(Limit::Steps), 1),
    ] {
        let mut first = writer(1, &[]);
        first.budget.tokens = own;
        first.budget.tool_calls = Some(50);
        let mut plan = of(vec![first]);
        plan.budget.tokens = run;
        let mut sim = Sim::of(plan, Isolation::Worktree);
        while sim.phase(1) == NodePhase::Working {
            sim.begin(1);
            sim.agent_says(sim.speaker(1), replied("more", 4_000));
            sim.end(1, end.clone());
        }
        assert_eq!(sim.phase(1), NodePhase::Ended(NodeEnd::Failed));
        let number = sim.run.node(node(1)).unwrap().number();
        assert_eq!(number, attempts, "{own:?} {run:?} {end:?}");
    }
}

#[test]
fn a_node_that_nothing_is_left_for_says_whose_limit_it_met() {
    for (own, of_run, why) in [
        (Some(4_500), None, OWN_BUDGET_USED_UP),
        (Some(4_500), Some(90_000), OWN_BUDGET_USED_UP),
        (None, Some(4_500), BUDGET_USED_UP),
    ] {
        let mut plan = of(vec![writer(1, &[])]);
        plan.nodes[0].budget.tokens = own;
        plan.budget.tokens = of_run;
        let mut sim = Sim::of(plan, Isolation::Worktree);
        sim.begin(1);
        sim.agent_says(sim.speaker(1), replied("done", 4_000));
        sim.end(1, TurnEnd::Completed);
        let planned = sim.run.planned(node(1)).unwrap().clone();
        let found = protocol::Inspection {
            changed: Vec::new(),
            ..sound(&planned, 9)
        };
        sim.found(1, found);
        assert_eq!(sim.phase(1), NodePhase::Ended(NodeEnd::Failed));
        let said = sim.journal.iter().find_map(|record| match &record.event {
            Event::Plan(PlanEvent::NodeEnded { why, .. }) => why.clone(),
            _ => None,
        });
        let said = said
            .map(|why| why.as_str().into_owned())
            .unwrap_or_default();
        assert_eq!(
            said,
            format!("it changed nothing\n{why}"),
            "{own:?} {of_run:?}"
        );
    }
}

#[test]
fn whoever_had_too_little_waits_until_the_run_has_more_for_it() {
    let mut plan = of(vec![writer(1, &[]), writer(2, &[])]);
    plan.budget.tokens = Some(20_000);
    let mut sim = Sim::of(plan, Isolation::Worktree);
    sim.begin(1);
    sim.agent_says(sim.speaker(1), replied("more", 10_000));
    sim.end(1, TurnEnd::Limited(Limit::Tokens));
    assert_eq!(sim.phase(1), NodePhase::Returned, "the other has the rest");
    sim.begin(2);
    sim.agent_says(sim.speaker(2), replied("done", 1_000));
    sim.end(2, TurnEnd::Completed);
    let less = NodePhase::Ended(NodeEnd::Failed);
    assert_eq!(
        sim.phase(1),
        less,
        "9000 are left, and 10000 were too little"
    );
}

#[test]
fn the_time_an_attempt_worked_in_former_processes_counts_and_the_time_between_does_not() {
    let mut plan = two();
    plan.nodes[0].budget.wall_ms = Some(5_000);
    let mut sim = Sim::of(plan, Isolation::Worktree);
    let left = |sim: &Sim| {
        let mut wishes = sim.wishes().into_iter();
        wishes.find_map(|wish| match wish {
            Wish::Deadline { ms, .. } => Some(ms),
            _ => None,
        })
    };
    let put = |sim: &mut Sim, at: u64, event| {
        let at = protocol::Timestamp(at);
        let record = protocol::Record {
            at,
            ..sim.record(event)
        };
        sim.put(record);
    };
    let started = sim.journal.last().unwrap().at.0;
    put(&mut sim, started + 2_000, made(1));
    assert_eq!(
        left(&sim),
        Some(5_000),
        "a wish stays the same while it is carried"
    );
    put(&mut sim, started + 90_000, resumed());
    assert_eq!(left(&sim), Some(3_000));
    put(&mut sim, started + 92_500, made(1));
    put(&mut sim, started + 99_000, resumed());
    assert_eq!(left(&sim), Some(500));
    put(&mut sim, started + 100_000, made(1));
    put(&mut sim, started + 101_000, resumed());
    assert_eq!(left(&sim), Some(0));
    sim.begin(1);
    sim.end(1, TurnEnd::Looping);
    let own = NodePhase::Ended(NodeEnd::Failed);
    assert_eq!(sim.phase(1), own, "no other attempt has any left");
}

#[test]
fn what_is_too_little_for_all_who_wait_goes_to_one_of_them() {
    let mut plan = of(vec![writer(1, &[]), writer(2, &[])]);
    plan.budget.tokens = Some(20_000);
    let mut sim = Sim::of(plan, Isolation::Worktree);
    for n in [1, 2] {
        sim.begin(n);
        sim.agent_says(sim.speaker(n), replied("more", 4_000));
        sim.end(n, TurnEnd::Limited(Limit::Tokens));
    }
    // Each had 10000 and wants more than that; 12000 are left.
    assert_eq!(sim.phase(1), NodePhase::Working);
    assert_eq!(sim.phase(2), NodePhase::Returned);
    assert_eq!(sim.run.ledger().total_reserved().tokens, 12_000);
    sim.begin(1);
    sim.agent_says(sim.speaker(1), replied("done", 1_000));
    sim.end(1, TurnEnd::Completed);
    assert_eq!(sim.phase(2), NodePhase::Working, "11000 are left for it");
}
