//! Schedules against what no schedule can beat, and against the best there is.

use protocol::Plan;
use scheduler::order::{Capacity, Durations, Order, expected_ms, lower_bound, ranks, simulate};

use crate::optimum::optimum;
use crate::random::{Dice, id, plan, risky};

fn lanes(dice: &mut Dice) -> Capacity {
    Capacity::lanes(dice.between(2, 4) as u32)
}

fn makespan(plan: &Plan, capacity: &Capacity) -> u64 {
    let schedule = simulate(plan, capacity, &Durations::new());
    assert!(schedule.stuck.is_empty());
    assert_eq!(schedule.spans.len(), plan.nodes.len());
    schedule.makespan_ms
}

#[test]
fn small_plans_nearly_always_get_the_shortest_schedule_there_is() {
    let (mut shortest, count) = (0, 1_000);
    for seed in 0..count {
        let mut dice = Dice::new(seed);
        let nodes = dice.between(3, 10);
        let plan = plan(&mut dice, nodes);
        let capacity = lanes(&mut dice);
        let found = makespan(&plan, &capacity);
        let floor = lower_bound(&plan, &capacity, &Durations::new());
        let best = optimum(&plan, &capacity, found, floor);
        assert!(floor <= best && best <= found, "seed {seed}");
        shortest += u64::from(found == best);
    }
    assert!(shortest * 100 >= count * 99, "{shortest} of {count}");
}

#[test]
fn schedules_stay_close_to_what_nothing_can_beat() {
    let (mut tight, mut plain, count) = (0.0, 0.0, 1_000);
    for seed in 0..count {
        let mut dice = Dice::new(seed);
        let nodes = dice.between(3, 40);
        let plan = plan(&mut dice, nodes);
        let capacity = lanes(&mut dice);
        let found = makespan(&plan, &capacity);
        let floor = lower_bound(&plan, &capacity, &Durations::new());
        assert!(found >= floor, "seed {seed}");
        tight += found as f64 / floor as f64;
        plain += found as f64 / plain_bound(&plan, &capacity).min(floor) as f64;
    }
    // Against the sharpest bound there is, which also counts what must come before and after the work of a resource;
    // and against the plain one: longest chain, work over lanes, over the build lane, on the same path.
    let (tight, plain) = (tight / count as f64, plain / count as f64);
    assert!(tight < 1.02, "{tight}");
    assert!(plain < 1.05, "{plain}");
}

fn plain_bound(plan: &Plan, capacity: &Capacity) -> u64 {
    let work = |agent: bool| -> u64 {
        let nodes = plan.nodes.iter();
        let nodes = nodes.filter(|node| node.kind.has_agent() == agent);
        nodes.map(expected_ms).sum()
    };
    let lanes = work(true).div_ceil(u64::from(capacity.slots));
    let scope = |writes: &[String]| -> u64 {
        let nodes = plan.nodes.iter().filter(|node| node.scope.writes == writes);
        nodes.map(expected_ms).sum()
    };
    let writers = plan.nodes.iter().filter(|node| node.kind.writes());
    let scopes = writers.map(|node| scope(&node.scope.writes)).max();
    chain(plan)
        .max(lanes)
        .max(work(false))
        .max(scopes.unwrap_or(0))
}

fn chain(plan: &Plan) -> u64 {
    ranks(plan).into_values().max().unwrap_or(0)
}

#[test]
fn without_scopes_and_commands_grahams_bound_holds() {
    for seed in 0..400 {
        let mut dice = Dice::new(seed);
        let nodes = dice.between(1, 30);
        let mut plan = plan(&mut dice, nodes);
        for node in &mut plan.nodes {
            node.kind = protocol::Kind::Explore;
            node.scope.writes.clear();
        }
        let capacity = lanes(&mut dice);
        let work: u64 = plan.nodes.iter().map(expected_ms).sum();
        let (slots, chain) = (u64::from(capacity.slots), chain(&plan));
        let graham = chain + (work - chain.min(work)).div_ceil(slots);
        assert!(makespan(&plan, &capacity) <= graham, "seed {seed}");
    }
}

#[test]
fn the_same_plan_gives_the_same_schedule() {
    for seed in 0..100 {
        let mut dice = Dice::new(seed);
        let nodes = dice.between(1, 30);
        let plan = plan(&mut dice, nodes);
        let plan = risky(&mut dice, plan);
        let capacity = lanes(&mut dice);
        let again = plan.clone();
        assert_eq!(Order::new(&plan, &capacity), Order::new(&again, &capacity));
        let none = Durations::new();
        assert_eq!(
            simulate(&plan, &capacity, &none),
            simulate(&again, &capacity, &none)
        );
    }
}

#[test]
fn a_schedule_keeps_dependencies_scopes_and_lanes_whatever_the_nodes_really_take() {
    for seed in 0..400 {
        let mut dice = Dice::new(seed);
        let nodes = dice.between(1, 20);
        let plan = plan(&mut dice, nodes);
        let capacity = lanes(&mut dice);
        let order = Order::new(&plan, &capacity);
        let real = plan
            .nodes
            .iter()
            .map(|node| (node.id, dice.below(400) as u64 * 1_000));
        let schedule = order.simulate(&capacity, &real.collect());
        assert_eq!(schedule.spans.len(), nodes, "seed {seed}: all of it ends");
        let span = |node| {
            schedule
                .spans
                .iter()
                .find(|span| span.node == node)
                .unwrap()
        };
        for (at, a) in plan.nodes.iter().enumerate() {
            for dep in &a.deps {
                assert!(span(*dep).end_ms <= span(a.id).start_ms, "seed {seed}");
            }
            let here = span(a.id);
            let beside = |other: &&protocol::Node| {
                let other = span(other.id);
                other.start_ms <= here.start_ms && here.start_ms < other.end_ms
            };
            let others = plan
                .nodes
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != at);
            for (_, other) in others.filter(|(_, other)| beside(other)) {
                assert!(!order.clash(a.id, other.id), "seed {seed}");
            }
            for (agent, size) in [(true, capacity.slots), (false, capacity.builds)] {
                let busy = plan
                    .nodes
                    .iter()
                    .filter(|node| node.kind.has_agent() == agent);
                assert!(busy.filter(beside).count() <= size as usize, "seed {seed}");
            }
        }
    }
}

#[test]
fn a_rank_is_a_nodes_own_time_and_the_longest_way_after_it() {
    let mut plan = crate::given::plan(&[(0, &[]), (1, &[0]), (2, &[0]), (3, &[1, 2])]);
    for (node, seconds) in plan.nodes.iter_mut().zip([1, 10, 5, 2]) {
        node.weight.est_ms = seconds * 1_000;
    }
    let rank = |plan: &Plan| -> Vec<u64> { ranks(plan).into_values().collect() };
    assert_eq!(rank(&plan), [13_000, 12_000, 7_000, 2_000]);
    plan.nodes[2].weight.risk = protocol::Risk::High;
    assert_eq!(rank(&plan), [13_000, 12_000, 8_250, 2_000]);
}

#[test]
fn a_slot_is_left_free_for_the_chain_that_decides_when_it_is_about_to_need_it() {
    // Two long nodes could take both slots at once; a short command opens the long chain shortly after.
    let nodes = [
        (0, 133, &[][..]),
        (1, 236, &[]),
        (2, 334, &[]),
        (3, 418, &[0]),
    ];
    let mut plan = Plan::default();
    for (at, seconds, deps) in nodes {
        let mut node = protocol::Node::new(id(at), protocol::Kind::Explore, "go");
        node.deps = deps.iter().map(|dep| id(*dep)).collect();
        node.weight.est_ms = seconds * 1_000;
        plan.nodes.push(node);
    }
    plan.nodes[0].kind = protocol::Kind::Verify;
    let capacity = Capacity::lanes(2);
    assert_eq!(makespan(&plan, &capacity), 570_000);
    // Had the command taken far longer than expected, everything would still get done.
    let late = [(id(0), 10_000_000)].into_iter().collect();
    assert_eq!(simulate(&plan, &capacity, &late).spans.len(), 4);
}
