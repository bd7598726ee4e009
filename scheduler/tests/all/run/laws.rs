//! Laws over whole runs: any plan, any order of events, any weather, a process that may die after any record.

use proptest::prelude::*;
use protocol::{Budget, Isolation, Kind, Node, OnFail, Plan, Scope};
use scheduler::run::{Batch, BatchStage, RunCommand, RunInput, RunPhase, decide};

use super::given_run::*;
use super::world::{Weather, World};

/// What one node of a random plan is.
type Draw = (Vec<usize>, u8, u8, u8, u8);

fn planned(at: usize, (deps, kind, folder, accept, on_fail): Draw) -> Node {
    let deps: Vec<usize> = deps
        .into_iter()
        .filter(|_| at > 0)
        .map(|dep| dep % at.max(1))
        .collect();
    let kind = match kind {
        0 => Kind::Explore,
        1 => Kind::Codemod,
        2 => Kind::Verify,
        _ => Kind::Edit,
    };
    let writes = match kind.writes() {
        true => vec![format!("d{folder}/**")],
        false => Vec::new(),
    };
    let mut node = Node {
        kind,
        scope: Scope {
            writes,
            ..Scope::default()
        },
        accept: (accept < 2 || kind == Kind::Verify).then(|| check(&format!("check {folder}"))),
        ..writer(at, &deps)
    };
    node.weight.on_fail = match on_fail {
        0 => OnFail::Skip,
        1 => OnFail::Abort,
        _ => OnFail::Retry,
    };
    node
}

pub(crate) fn any_plan() -> impl Strategy<Value = Plan> {
    let draw = (
        proptest::collection::vec(any::<usize>(), 0..3),
        0..8u8,
        0..5u8,
        0..4u8,
        0..16u8,
    );
    let nodes = proptest::collection::vec(draw, 1..10);
    (nodes, 1..5u32, any::<bool>(), 0..3u32).prop_map(|(draws, lanes, gate, replans)| {
        let nodes = draws.into_iter().enumerate();
        let mut plan = of(nodes.map(|(at, draw)| planned(at, draw)).collect());
        plan.caps.max_parallel = lanes;
        plan.caps.max_replans = replans;
        plan.gate = gate.then(|| check("gate"));
        plan
    })
}

pub(crate) fn any_weather() -> impl Strategy<Value = Weather> {
    let overrun = prop_oneof![Just(0), 0..300u64];
    let conflict = (0..400u64, 0..400u64);
    (0..400u64, conflict, 0..300u64, 0..40u64, 0..30u64, overrun).prop_map(
        |(failure, (conflict, astray), red, chaos, death, overrun)| Weather {
            failure,
            conflict,
            astray,
            red,
            chaos,
            death,
            overrun,
        },
    )
}

pub(crate) fn lived(plan: Plan, isolation: Isolation, seed: u64, weather: Weather) -> World {
    let mut world = World::new(Sim::of(plan, isolation), seed, weather);
    world.live();
    world.judge();
    world
}

pub(crate) fn cases(count: u32) -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(count)
    }
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn any_run_in_any_weather_ends_with_each_work_on_the_branch_exactly_once(
        plan in any_plan(), seed: u64, weather in any_weather(),
    ) {
        lived(plan, Isolation::Worktree, seed, weather);
    }

    #[test]
    fn any_run_in_one_shared_tree_ends_too(plan in any_plan(), seed: u64, weather in any_weather()) {
        let world = lived(plan, Isolation::Shared, seed, weather);
        prop_assert!(world.integrated.is_empty());
    }

    #[test]
    fn in_fair_weather_everything_is_done(plan in any_plan(), seed: u64) {
        let world = lived(plan, Isolation::Worktree, seed, Weather::default());
        let run = &world.sim.run;
        prop_assert!(run.nodes().all(|(node, _)| run.end(node.id) == Some(protocol::NodeEnd::Done)));
        let writers = run.nodes().filter(|(node, _)| node.kind.writes()).count();
        prop_assert_eq!(world.integrated.len(), writers);
        prop_assert_eq!(run.landing().is_some(), writers > 0);
    }

    #[test]
    fn the_same_seed_writes_the_same_journal(plan in any_plan(), seed: u64, weather in any_weather()) {
        let one = lived(plan.clone(), Isolation::Worktree, seed, weather);
        let other = lived(plan, Isolation::Worktree, seed, weather);
        prop_assert_eq!(one.sim.journal, other.sim.journal);
    }

    #[test]
    fn a_run_that_is_cancelled_anywhere_ends_and_keeps_what_landed(
        plan in any_plan(), seed: u64, weather in any_weather(),
        steps in 0..120usize, in_doubt: bool,
    ) {
        let mut world = World::new(Sim::of(plan, Isolation::Worktree), seed, weather);
        for at in 0..400 {
            world.settle();
            let moves = |batch: &Batch| batch.stage == BatchStage::Advancing;
            let is_there = !in_doubt || world.sim.run.batch().is_some_and(moves);
            if world.sim.run.phase() == RunPhase::Closed || (at >= steps && is_there) {
                break;
            }
            world.step();
        }
        if in_doubt {
            world.weather.death = 100;
        }
        let cancel = RunInput::Command(RunCommand::Cancel { why: "enough".into() });
        for event in decide(&world.sim.run, cancel).unwrap_or_default() {
            world.say(event);
        }
        world.live();
        world.judge();
    }
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn a_budget_is_never_passed_and_a_run_without_any_left_ends(
        plan in any_plan(), seed: u64, weather in any_weather(),
        total in 1_000..40_000u64, own in proptest::option::of(1_000..30_000u64),
    ) {
        let mut plan = plan;
        plan.budget.tokens = Some(total);
        plan.nodes[0].budget = Budget { tokens: own, ..Budget::default() };
        let first = plan.nodes[0].clone();
        let world = lived(plan, Isolation::Worktree, seed, weather);
        prop_assert!(world.sim.run.spent().tokens <= total + world.over);
        if let Some(own) = own {
            world.judge_subtree(&first, own);
        }
    }
}
