//! Budgets: whatever is reserved, used and released, no limit is passed and nothing is lost.

use protocol::{Budget, Cost, NodeId};
use scheduler::ledger::{Ledger, Meter, Short, Spend};

use crate::random::{Dice, id};

fn tokens(tokens: u64) -> Budget {
    Budget {
        tokens: Some(tokens),
        ..Budget::default()
    }
}

fn used(tokens: u64) -> Spend {
    Spend {
        tokens,
        ..Spend::default()
    }
}

#[test]
fn what_is_reserved_is_there_for_nobody_else_until_it_is_released() {
    let mut ledger = Ledger::new(&tokens(100));
    ledger.open(id(0), None, &Budget::default());
    ledger.open(id(1), None, &tokens(30));
    ledger.reserve(id(0), &tokens(80)).unwrap();
    assert_eq!(ledger.room(id(1)), tokens(20));
    let short = |left, wanted| Short::Room {
        node: id(1),
        meter: Meter::Tokens,
        left,
        wanted,
    };
    assert_eq!(ledger.reserve(id(1), &tokens(25)), Err(short(20, 25)));
    assert_eq!(
        ledger.reserve(id(0), &tokens(1)),
        Err(Short::Reserved(id(0)))
    );
    assert_eq!(
        ledger.reserve(id(9), &tokens(1)),
        Err(Short::Unknown(id(9)))
    );
    ledger.settle(id(0), &used(50));
    assert_eq!(
        (ledger.total(), ledger.total_reserved()),
        (used(50), used(30))
    );
    ledger.release(id(0));
    assert_eq!(ledger.reserved(id(0)), None);
    assert_eq!(ledger.run_room(), tokens(50));
    assert_eq!(ledger.reserve(id(1), &tokens(31)), Err(short(30, 31)));
    ledger.reserve(id(1), &tokens(30)).unwrap();
}

#[test]
fn more_than_was_reserved_is_counted_all_the_same_and_leaves_less() {
    let mut ledger = Ledger::new(&tokens(100));
    ledger.open(id(0), None, &tokens(40));
    ledger.reserve(id(0), &tokens(40)).unwrap();
    ledger.settle(id(0), &used(60));
    assert_eq!(
        (ledger.settled(id(0)), ledger.reserved(id(0))),
        (used(60), Some(used(0)))
    );
    assert_eq!(
        (ledger.room(id(0)), ledger.run_room()),
        (tokens(0), tokens(40))
    );
    ledger.settle(id(0), &used(u64::MAX));
    assert_eq!(ledger.run_room(), tokens(0));
}

#[test]
fn a_subtree_shares_the_budget_of_its_root() {
    let mut ledger = Ledger::new(&Budget::default());
    ledger.open(id(0), None, &tokens(100));
    for child in [1, 2] {
        ledger.open(id(child), Some(id(0)), &Budget::default());
    }
    ledger.reserve(id(1), &tokens(70)).unwrap();
    assert_eq!(ledger.room(id(2)), tokens(30));
    ledger.settle(id(1), &used(10));
    ledger.release(id(1));
    assert_eq!(ledger.room(id(2)), tokens(90));
    assert_eq!(
        (ledger.settled(id(0)), ledger.total()),
        (used(10), used(10))
    );
}

#[test]
fn no_limit_is_passed_at_any_step_of_any_run() {
    for seed in 0..3_000 {
        let mut dice = Dice::new(seed);
        let limit = |dice: &mut Dice| Budget {
            tokens: dice.percent(60).then(|| dice.below(1_000) as u64),
            cost: dice.percent(40).then(|| Cost(dice.below(500) as u64)),
            tool_calls: dice.percent(40).then(|| dice.below(50) as u64),
            attempts: dice.percent(40).then(|| dice.below(5) as u32),
            wall_ms: None,
        };
        let run = limit(&mut dice);
        let mut ledger = Ledger::new(&run);
        let nodes: Vec<(NodeId, Budget)> = (0..4).map(|at| (id(at), limit(&mut dice))).collect();
        for (at, (node, budget)) in nodes.iter().enumerate() {
            ledger.open(*node, None, budget);
            assert_eq!(ledger.settled(nodes[at].0), Spend::default());
        }
        let mut sum = Spend::default();
        for _ in 0..40 {
            let node = id(dice.below(4));
            match dice.below(3) {
                0 => _ = ledger.reserve(node, &limit(&mut dice)),
                1 => ledger.release(node),
                _ => {
                    let held = ledger.reserved(node).unwrap_or_default();
                    let spend = Spend {
                        tokens: dice.below(held.tokens as usize + 1) as u64,
                        cost: Cost(dice.below(held.cost.0 as usize + 1) as u64),
                        tool_calls: dice.below(held.tool_calls as usize + 1) as u64,
                        attempts: dice.below(held.attempts as usize + 1) as u32,
                    };
                    ledger.settle(node, &spend);
                    sum.tokens += spend.tokens;
                    sum.cost += spend.cost;
                    sum.tool_calls += spend.tool_calls;
                    sum.attempts += spend.attempts;
                }
            }
            assert_eq!(
                ledger.total(),
                sum,
                "nothing is lost, nothing counted twice"
            );
            hold(&run, ledger.total(), ledger.total_reserved());
            for (node, limit) in &nodes {
                let reserved = ledger.reserved(*node).unwrap_or_default();
                hold(limit, ledger.settled(*node), reserved);
            }
        }
    }
}

pub(crate) fn hold(limit: &Budget, settled: Spend, reserved: Spend) {
    let within = |limit: Option<u64>, settled: u64, reserved: u64| {
        assert!(limit.is_none_or(|limit| settled + reserved <= limit));
    };
    within(limit.tokens, settled.tokens, reserved.tokens);
    within(
        limit.cost.map(|cost| cost.0),
        settled.cost.0,
        reserved.cost.0,
    );
    within(limit.tool_calls, settled.tool_calls, reserved.tool_calls);
    let attempts = limit.attempts.map(u64::from);
    within(attempts, settled.attempts.into(), reserved.attempts.into());
}
