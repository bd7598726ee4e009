//! Sub-agents: in any order of asking and ending, places and limits hold and nobody waits for ever.

use std::collections::BTreeMap;

use proptest::prelude::*;
use protocol::{
    AgentId, CallId, Caps, Cost, Kind, Limits, Node, NodeId, Plan, PlanPatch, Spending,
};
use scheduler::subagents::{Ask, Refusal, Subagents};
use uuid::Uuid;

const ROOT: u128 = 1;

fn call(n: u128) -> CallId {
    CallId::new(Uuid::from_u128(n))
}

fn subagents(caps: Caps) -> Subagents {
    let root = Node::new(NodeId::new(Uuid::from_u128(ROOT)), Kind::Chat, "one agent");
    Subagents::new(&Plan {
        nodes: vec![root],
        caps,
        ..Plan::default()
    })
}

fn ask(n: u128, caller: AgentId, left: Limits, open: &[u128]) -> Ask {
    Ask {
        call: call(n),
        caller,
        left,
        open: open.iter().map(|n| call(*n)).collect(),
        former: None,
    }
}

fn grow(subagents: &mut Subagents, node: NodeId) {
    let add = vec![Node::new(node, Kind::Edit, "it")];
    subagents.grow(&PlanPatch {
        add,
        ..PlanPatch::default()
    });
}

#[test]
fn a_fourth_level_and_one_node_too_many_are_refused_by_name() {
    let caps = Caps {
        max_nodes: 5,
        ..Caps::default()
    };
    let mut all = subagents(caps);
    let mut caller = AgentId::new(Uuid::from_u128(ROOT));
    for n in 10..13 {
        all.ask(&ask(n, caller, Limits::default(), &[n])).unwrap();
        let next = all.admit().unwrap();
        grow(&mut all, next.node);
        caller = AgentId::of_call(call(n));
    }
    let deep = all.ask(&ask(13, caller, Limits::default(), &[13]));
    assert_eq!(deep, Err(Refusal::Depth(3)));
    let root = AgentId::new(Uuid::from_u128(ROOT));
    all.ask(&ask(14, root, Limits::default(), &[14, 15]))
        .unwrap();
    let many = all.ask(&ask(15, root, Limits::default(), &[14, 15]));
    assert_eq!(many, Err(Refusal::Count(5)), "one that waits counts too");
}

#[test]
fn callers_that_wait_hold_no_place_so_one_place_is_enough_for_any_depth() {
    let caps = Caps {
        max_parallel: 1,
        ..Caps::default()
    };
    let mut all = subagents(caps);
    let root = AgentId::new(Uuid::from_u128(ROOT));
    all.ask(&ask(10, root, Limits::default(), &[10, 11]))
        .unwrap();
    all.ask(&ask(11, root, Limits::default(), &[10, 11]))
        .unwrap();
    let first = all.admit().unwrap().node;
    assert_eq!(all.admit(), None);
    let inner = AgentId::of_call(call(10));
    all.ask(&ask(20, inner, Limits::default(), &[20])).unwrap();
    assert_eq!(
        all.admit().unwrap().node,
        NodeId::of_call(call(11)),
        "in order"
    );
    assert_eq!(all.admit(), None);
    all.settle(NodeId::of_call(call(11)), Spending::default());
    assert_eq!(all.admit().unwrap().node, NodeId::of_call(call(20)));
    all.settle(NodeId::of_call(call(20)), Spending::default());
    all.settle(first, Spending::default());
    assert_eq!(all.admit(), None);
}

proptest! {
    #[test]
    fn what_is_set_aside_and_used_never_passes_what_the_caller_had(
        (steps, tokens, cost) in (0u32..40, 0u64..10_000, 0u64..1_000),
        count in 1u128..12,
        places in 1u32..6,
        ends in proptest::collection::vec((any::<prop::sample::Index>(), 0u64..=100), 0..40),
    ) {
        let mut all = subagents(Caps { max_parallel: places, ..Caps::default() });
        let root = AgentId::new(Uuid::from_u128(ROOT));
        let left = Limits { steps: Some(steps), tokens: Some(tokens), cost: Some(Cost(cost)), ..Limits::default() };
        let open: Vec<u128> = (10..10 + count).collect();
        for n in &open {
            all.ask(&ask(*n, root, left, &open)).unwrap();
        }
        let mut working: BTreeMap<NodeId, Limits> = BTreeMap::new();
        let mut used = Spending::default();
        let mut begun = 0;
        let mut ends = ends.into_iter();
        loop {
            while let Some(next) = all.admit() {
                begun += 1;
                if let Ok(limits) = next.allotted {
                    working.insert(next.node, limits);
                }
            }
            prop_assert!(working.len() <= places as usize);
            let sum = working.values().fold(used, |sum, limits| Spending {
                steps: sum.steps + limits.steps.unwrap(),
                tokens: sum.tokens + limits.tokens.unwrap(),
                cost: Cost(sum.cost.0 + limits.cost.unwrap().0),
            });
            prop_assert!(sum.steps < steps.max(1) && sum.tokens <= tokens && sum.cost.0 <= cost, "{sum:?}");
            let Some(node) = working.keys().copied().collect::<Vec<_>>().first().copied() else {
                break;
            };
            let (which, part) = ends.next().map_or((node, 100), |(index, part)| {
                let nodes: Vec<_> = working.keys().copied().collect();
                (*index.get(&nodes), part)
            });
            let limits = working.remove(&which).unwrap();
            let spent = Spending {
                steps: (u64::from(limits.steps.unwrap()) * part / 100) as u32,
                tokens: limits.tokens.unwrap() * part / 100,
                cost: Cost(limits.cost.unwrap().0 * part / 100),
            };
            all.settle(which, spent);
            used.steps += spent.steps;
            used.tokens += spent.tokens;
            used.cost += spent.cost;
        }
        prop_assert_eq!(begun, count, "everyone's turn comes");
    }
}
