//! Other limits for a run: what they open again, what they leave as it is, and that they hold from then on.

use proptest::prelude::*;
use protocol::{Budget, Cost, Isolation, Kind, Limit, NodeEnd, OnFail, Plan, TurnEnd};
use scheduler::run::{NodePhase, Run, RunCommand, RunPhase};

use super::given_run::*;
use super::laws::{any_plan, cases};
use super::life::{command, propose, two};
use super::world::{Weather, World, resumed};
use crate::given::node;

const FAILED: NodePhase = NodePhase::Ended(NodeEnd::Failed);

fn tokens(most: u64) -> RunCommand {
    RunCommand::Limit {
        budget: Budget {
            tokens: Some(most),
            ..Budget::default()
        },
    }
}

fn within(mut plan: Plan, tokens: u64) -> Plan {
    plan.budget.tokens = Some(tokens);
    plan
}

/// Node 1 uses so many tokens, and its agent says that these were all.
fn uses_up(sim: &mut Sim, n: usize, tokens: u64) {
    sim.begin(n);
    sim.agent_says(sim.speaker(n), replied("more", tokens));
    sim.end(n, TurnEnd::Limited(Limit::Tokens));
}

#[test]
fn a_run_that_ended_itself_for_want_of_tokens_goes_on_with_more_and_one_that_somebody_gave_up_does_not()
 {
    let mut plan = of(vec![writer(1, &[]), writer(2, &[1]), writer(3, &[])]);
    plan.nodes[0].weight.on_fail = OnFail::Abort;
    // It wants no tokens but the first one's files, and is ended with the run.
    plan.nodes[2].kind = Kind::Codemod;
    plan.nodes[2].scope = plan.nodes[0].scope.clone();
    let mut sim = Sim::of(within(plan, 4_000), Isolation::Worktree);
    while sim.phase(1) == NodePhase::Working {
        uses_up(&mut sim, 1, 1_900);
    }
    assert_eq!((sim.phase(1), sim.run.phase()), (FAILED, RunPhase::Closed));
    limit(&mut sim, 40_000);
    sim.settle();
    assert_eq!(sim.phase(1), NodePhase::Working);
    let waiting = [2, 3].map(|n| sim.phase(n));
    assert_eq!(waiting, [NodePhase::Waiting; 2], "they were ended with it");
    assert_eq!(sim.run.given_up(), None);
    command(&mut sim, RunCommand::Cancel { why: "no".into() }).unwrap();
    sim.end(1, TurnEnd::Limited(Limit::Tokens));
    limit(&mut sim, 90_000);
    sim.settle();
    assert_eq!(sim.run.phase(), RunPhase::Closed);
}

/// A run of two nodes, one after the other, whose 4000 tokens the first has used up.
fn used_up() -> Sim {
    let mut sim = Sim::of(within(two(), 4_000), Isolation::Worktree);
    while sim.phase(1) == NodePhase::Working {
        uses_up(&mut sim, 1, 1_900);
    }
    assert_eq!(sim.run.phase(), RunPhase::Closed);
    sim
}

/// Why nothing more than the limit came of it.
fn why(sim: &Sim) -> String {
    match &sim.journal.last().unwrap().event {
        protocol::Event::Plan(protocol::PlanEvent::Patched { why, .. }) => why.clone(),
        other => panic!("{other:?}"),
    }
}

/// Decides and keeps the event alone: nothing follows yet.
fn limit(sim: &mut Sim, most: u64) {
    let input = scheduler::run::RunInput::Command(tokens(most));
    let events = scheduler::run::decide(&sim.run, input).unwrap();
    events.into_iter().for_each(|event| sim.say(event));
}

#[test]
fn what_was_given_up_for_want_of_tokens_goes_on_with_more_of_them_and_so_does_what_was_skipped() {
    let mut sim = used_up();
    assert_eq!(
        (sim.phase(1), sim.phase(2)),
        (FAILED, NodePhase::Ended(NodeEnd::Skipped))
    );
    limit(&mut sim, 40_000);
    assert_eq!(
        why(&sim),
        "the run may use 40000 tokens in all; tried again: n1"
    );
    sim.settle();
    assert_eq!(
        (sim.run.phase(), sim.phase(1), sim.phase(2)),
        (RunPhase::Running, NodePhase::Working, NodePhase::Waiting)
    );
    sim.say(resumed());
    assert_eq!(
        Run::fold(run_id(), &sim.journal).plan().budget.tokens,
        Some(40_000),
        "it holds for the next process too"
    );
    let mut world = World::new(sim, 3, Weather::default());
    world.live();
    assert_eq!(world.sim.phase(2), NodePhase::Ended(NodeEnd::Done));
}

#[test]
fn the_new_limit_is_as_hard_as_the_old_one() {
    let mut sim = used_up();
    let before = sim.run.spent().tokens;
    command(&mut sim, tokens(6_000)).unwrap();
    let attempt = sim.run.node(node(1)).unwrap().attempt.clone().unwrap();
    assert!(attempt.allotted.tokens.unwrap() <= 6_000 - before);
    while sim.phase(1) == NodePhase::Working {
        uses_up(&mut sim, 1, 900);
    }
    assert_eq!((sim.phase(1), sim.run.phase()), (FAILED, RunPhase::Closed));
    assert!(sim.run.spent().tokens <= 6_000);
}

#[test]
fn a_limit_below_what_was_used_is_refused_with_both_numbers() {
    let mut sim = used_up();
    let used = sim.run.spent().tokens;
    let said = command(&mut sim, tokens(1_000)).unwrap_err().to_string();
    assert_eq!(
        said,
        format!("limit the run to 1000 tokens: it has used {used} tokens already")
    );
    let cents = RunCommand::Limit {
        budget: Budget {
            cost: Some(Cost(1)),
            ..Budget::default()
        },
    };
    let said = command(&mut sim, cents).unwrap_err().to_string();
    assert!(
        said.contains("to $0.000000000001: it has used $0.0000000"),
        "{said}"
    );
}

#[test]
fn what_was_set_aside_and_not_used_is_shared_anew_under_a_lower_limit() {
    let mut plan = of(vec![writer(1, &[]), writer(2, &[]), writer(3, &[])]);
    plan.nodes[0].budget.tokens = Some(9_000);
    let mut sim = Sim::of(within(plan, 500_000), Isolation::Worktree);
    for n in [1, 2, 3] {
        sim.begin(n);
        sim.agent_says(sim.speaker(n), replied("so far", 3_000));
    }
    let held = |sim: &Sim, n| {
        let held = sim.run.ledger().reserved(node(n)).unwrap();
        held.tokens
    };
    let before = [1, 2, 3].map(|n| held(&sim, n));
    assert_eq!(before[0], 6_000);
    assert!(before[1..].iter().all(|held| *held > 100_000));
    sim.say(resumed());
    let said = command(&mut sim.clone(), tokens(8_999)).unwrap_err();
    assert_eq!(
        said.to_string(),
        "limit the run to 8999 tokens: it has used 9000 tokens already"
    );
    limit(&mut sim, 50_000);
    let ledger = sim.run.ledger();
    assert_eq!(
        (ledger.total().tokens, ledger.total_reserved().tokens),
        (9_000, 41_000)
    );
    // Whoever wants less than a fair share keeps it.
    assert_eq!([1, 2, 3].map(|n| held(&sim, n)), [6_000, 17_500, 17_500]);
    let allotted = |sim: &Sim, n| {
        let attempt = sim.run.node(node(n)).unwrap().attempt.clone();
        attempt.unwrap().allotted.tokens
    };
    assert_eq!(
        [1, 2, 3].map(|n| allotted(&sim, n)),
        [Some(9_000), Some(20_500), Some(20_500)]
    );
    assert_eq!(sim.run, Run::fold(run_id(), &sim.journal));
    limit(&mut sim, 9_000);
    assert_eq!(sim.run.ledger().total_reserved().tokens, 0);
}

#[test]
fn nothing_is_tried_again_that_more_of_it_would_not_help() {
    let mut failed = two();
    failed.nodes[0].budget.attempts = Some(1);
    let mut sim = Sim::of(within(failed, 30_000), Isolation::Worktree);
    sim.begin(1);
    sim.end(1, TurnEnd::Looping);
    let mut own = two();
    own.nodes[0].budget.tokens = Some(4_000);
    let mut other = Sim::of(within(own, 30_000), Isolation::Worktree);
    uses_up(&mut other, 1, 4_000);
    let mut cancelled = Sim::of(within(two(), 30_000), Isolation::Worktree);
    command(&mut cancelled, RunCommand::Cancel { why: "no".into() }).unwrap();
    let mut late = within(two(), 4_000);
    late.budget.wall_ms = Some(3);
    let mut late = Sim::of(late, Isolation::Worktree);
    uses_up(&mut late, 1, 1_900);
    for mut sim in [sim, other, cancelled, late] {
        assert_eq!(sim.run.phase(), RunPhase::Closed);
        let before: Vec<NodePhase> = sim.run.nodes().map(|(_, state)| state.phase).collect();
        limit(&mut sim, 90_000);
        sim.settle();
        let after: Vec<NodePhase> = sim.run.nodes().map(|(_, state)| state.phase).collect();
        assert_eq!((after, sim.run.phase()), (before, RunPhase::Closed));
        assert_eq!(
            why(&sim),
            "the run may use 90000 tokens in all; it is over, and no node of it was given up for want of that"
        );
        assert_eq!(sim.run.plan().budget.tokens, Some(90_000));
    }
}

#[test]
fn a_node_is_not_tried_again_with_no_more_than_its_last_attempt_had_too_little_of() {
    let mut sim = used_up();
    let retry = || RunCommand::Retry { node: node(1) };
    let left = 4_000 - sim.run.spent().tokens;
    let said = command(&mut sim, retry()).unwrap_err().to_string();
    let wanted = format!(
        "of the run's limit of 4000 tokens, {left} tokens are left; resume the run with a higher limit"
    );
    assert!(said.ends_with(&wanted), "{said}");
    assert_eq!(sim.run.phase(), RunPhase::Closed);
    let mut own = two();
    own.nodes[0].budget.tokens = Some(4_000);
    let mut sim = Sim::of(within(own, 30_000), Isolation::Worktree);
    uses_up(&mut sim, 1, 4_000);
    let said = command(&mut sim, retry()).unwrap_err().to_string();
    assert!(said.contains("what the plan gives it is used up"), "{said}");
    // One that was given up for another reason has what is left.
    let mut failed = two();
    failed.nodes[0].budget.attempts = Some(1);
    let mut sim = Sim::of(within(failed, 9_000), Isolation::Worktree);
    sim.begin(1);
    sim.agent_says(sim.speaker(1), replied("no", 2_000));
    sim.end(1, TurnEnd::Looping);
    command(&mut sim, retry()).unwrap();
    assert_eq!(sim.phase(1), NodePhase::Working);
}

/// A run of one node with these limits, each of whose attempts uses so much and then says that it needs more.
fn short(plan: Plan, each: u64) -> Sim {
    let mut sim = Sim::of(plan, Isolation::Worktree);
    while sim.phase(1) == NodePhase::Working {
        uses_up(&mut sim, 1, each);
    }
    assert_eq!((sim.phase(1), sim.run.phase()), (FAILED, RunPhase::Closed));
    sim
}

#[test]
fn a_limit_that_leaves_too_little_for_another_attempt_opens_nothing_and_says_how_much_is_enough() {
    // All 30000 were its own, and of these it left 2500.
    let mut sim = short(within(of(vec![writer(1, &[])]), 30_000), 27_500);
    let enough = 27_500 + 30_001;
    for most in [30_000, 30_500, enough - 1] {
        limit(&mut sim, most);
        sim.settle();
        assert_eq!((sim.phase(1), sim.run.phase()), (FAILED, RunPhase::Closed));
        assert_eq!(
            why(&sim),
            format!(
                "the run may use {most} tokens in all; another attempt at n1 wants a limit of {enough} tokens"
            )
        );
    }
    limit(&mut sim, enough);
    sim.settle();
    assert_eq!(sim.phase(1), NodePhase::Working);
}

#[test]
fn more_of_something_else_than_was_used_up_opens_nothing() {
    let mut plan = within(of(vec![writer(1, &[])]), 30_000);
    plan.budget.cost = Some(Cost(1_000_000));
    let mut sim = short(plan, 27_500);
    let dollars = RunCommand::Limit {
        budget: Budget {
            cost: Some(Cost(2_000_000)),
            ..Budget::default()
        },
    };
    command(&mut sim, dollars).unwrap();
    assert_eq!((sim.phase(1), sim.run.phase()), (FAILED, RunPhase::Closed));
    assert!(
        why(&sim).ends_with("another attempt at n1 wants a limit of 57501 tokens"),
        "{}",
        why(&sim)
    );
}

#[test]
fn a_node_that_ran_short_of_its_own_budget_is_not_tried_again_with_more_for_the_run() {
    let mut plan = within(of(vec![writer(1, &[])]), 500_000);
    plan.nodes[0].budget.tokens = Some(9_000);
    let mut sim = short(plan, 5_500);
    limit(&mut sim, 900_000);
    sim.settle();
    assert_eq!((sim.phase(1), sim.run.phase()), (FAILED, RunPhase::Closed));
    assert_eq!(
        why(&sim),
        "the run may use 900000 tokens in all; it is over, and no node of it was given up for want of that"
    );
}

#[test]
fn an_attempt_under_way_without_a_limit_gets_a_share_of_a_new_one() {
    let plan = of(vec![writer(1, &[]), writer(2, &[]), writer(3, &[1])]);
    let mut sim = Sim::of(plan, Isolation::Worktree);
    for n in [1, 2] {
        sim.begin(n);
        sim.agent_says(sim.speaker(n), replied("so far", 3_000));
    }
    sim.say(resumed());
    limit(&mut sim, 10_000);
    let allotted = |n| {
        let attempt = sim.run.node(node(n)).unwrap().attempt.clone();
        attempt.unwrap().allotted.tokens
    };
    assert_eq!((allotted(1), allotted(2)), (Some(5_000), Some(5_000)));
    let ledger = sim.run.ledger();
    assert_eq!(
        (ledger.total().tokens, ledger.total_reserved().tokens),
        (6_000, 4_000)
    );
}

#[test]
fn a_plan_that_waits_to_be_approved_takes_the_limit_along() {
    let mut sim = Sim::new();
    command(&mut sim, propose(within(two(), 9_000))).unwrap();
    command(&mut sim, tokens(30_000)).unwrap();
    assert_eq!(sim.run.phase(), RunPhase::Proposed);
    command(&mut sim, RunCommand::Approve { plan: None }).unwrap();
    assert_eq!(sim.run.plan().budget.tokens, Some(30_000));
    assert_eq!(sim.run.ledger().run_room().tokens, Some(30_000));
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn a_run_that_is_given_more_again_and_again_comes_to_its_end_within_each_limit(
        plan in any_plan(), seed in any::<u64>(), first in 1_000..20_000u64, more in 1_000..20_000u64,
    ) {
        let weather = Weather { failure: 200, conflict: 100, death: 20, ..Weather::default() };
        let sim = Sim::of(within(plan, first), Isolation::Worktree);
        let mut world = World::new(sim, seed, weather);
        world.live();
        for round in 1..4 {
            limit(&mut world.sim, first + round * more);
            world.noted();
            world.live();
            prop_assert_eq!(&world.sim.run, &Run::fold(run_id(), &world.sim.journal));
            prop_assert!(world.sim.run.spent().tokens <= first + round * more);
        }
    }

    #[test]
    fn a_limit_that_is_lowered_in_the_middle_of_a_run_holds_from_then_on(
        plan in any_plan(), seed in any::<u64>(), first in 10_000..60_000u64, steps in 0..40, part in 0..=100u64,
    ) {
        let weather = Weather { failure: 200, conflict: 100, ..Weather::default() };
        let sim = Sim::of(within(plan, first), Isolation::Worktree);
        let mut world = World::new(sim, seed, weather);
        world.settle();
        for _ in 0..steps {
            if world.sim.run.phase() != RunPhase::Closed {
                world.step();
                world.settle();
            }
        }
        world.die();
        let used = world.sim.run.ledger().total().tokens;
        let most = used + (first - used) * part / 100;
        limit(&mut world.sim, most);
        world.noted();
        world.live();
        prop_assert_eq!(&world.sim.run, &Run::fold(run_id(), &world.sim.journal));
        prop_assert!(world.sim.run.spent().tokens <= most, "{} of {most}", world.sim.run.spent().tokens);
    }
}
