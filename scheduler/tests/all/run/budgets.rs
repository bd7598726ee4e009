//! Budgets of a run: time, tokens and tool calls, what is set aside and what is left for others.

use protocol::{Budget, Isolation, NodeEnd, Plan, TurnEnd};
use scheduler::run::{NodePhase, RunOutcome, Wish, wishes};

use super::given_run::*;
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
        (Some(500), None, 500),
        (None, Some(800), 800),
        (Some(500), Some(800), 500),
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
    sim.answer(RunOutcome::Merged {
        batch: 1,
        commits: vec![protocol::Merged {
            node: node(1),
            commit: git(8),
        }],
        conflicts: Vec::new(),
    });
    sim.answer(RunOutcome::Advanced {
        batch: 1,
        to: git(8),
    });
    assert_eq!(sim.phase(1), NodePhase::Ended(NodeEnd::Done));
    assert_eq!(sim.phase(2), NodePhase::Ended(NodeEnd::Failed));
    assert!(
        matches!(sim.wishes()[..], [Wish::Land { .. }]),
        "what is there lands"
    );
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
