//! Laws over any plan and any run of it, against the plainest way to compute the same.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use protocol::{NodeEnd, NodeId, Plan};
use scheduler::{Dag, NodeState, PlanError};

use crate::given::*;

/// Any edges at all between a few nodes: about half of these plans have a circle.
fn any_plan() -> impl Strategy<Value = Plan> {
    let deps = |n: usize| proptest::collection::vec(proptest::collection::vec(0..n, 0..3), n);
    (1..7usize)
        .prop_flat_map(deps)
        .prop_map(|deps| planned(&deps))
}

/// Edges that only lead back in the order, shuffled: never a circle.
fn sound_plan() -> impl Strategy<Value = Plan> {
    let deps =
        |n: usize| proptest::collection::vec(proptest::collection::vec(any::<usize>(), 0..4), n);
    let earlier = |deps: Vec<Vec<usize>>| -> Vec<Vec<usize>> {
        let before = |(n, deps): (usize, Vec<usize>)| {
            deps.into_iter()
                .filter(|_| n > 0)
                .map(|dep| dep % n.max(1))
                .collect()
        };
        deps.into_iter().enumerate().map(before).collect()
    };
    (1..12usize)
        .prop_flat_map(deps)
        .prop_map(move |deps| planned(&earlier(deps)).nodes)
        .prop_shuffle()
        .prop_map(|nodes| Plan { nodes, ..plan(&[]) })
}

fn planned(deps: &[Vec<usize>]) -> Plan {
    let nodes: Vec<(usize, &[usize])> = deps
        .iter()
        .enumerate()
        .map(|(n, deps)| (n, &deps[..]))
        .collect();
    plan(&nodes)
}

/// Takes away nodes without open dependencies until none is left, or none can be taken.
fn has_circle(plan: &Plan) -> bool {
    let mut left: BTreeMap<NodeId, &[NodeId]> = plan
        .nodes
        .iter()
        .map(|node| (node.id, &node.deps[..]))
        .collect();
    loop {
        let known: BTreeSet<NodeId> = left.keys().copied().collect();
        left.retain(|_, deps| deps.iter().any(|dep| known.contains(dep)));
        if left.len() == known.len() {
            return !left.is_empty();
        }
    }
}

/// What each node's state must be, from nothing but what was started and how it ended.
fn expected(
    plan: &Plan,
    running: &BTreeSet<NodeId>,
    ended: &BTreeMap<NodeId, NodeEnd>,
    node: NodeId,
) -> NodeState {
    if let Some(end) = ended.get(&node) {
        return NodeState::Ended(*end);
    }
    if running.contains(&node) {
        return NodeState::Running;
    }
    let planned = plan
        .nodes
        .iter()
        .find(|planned| planned.id == node)
        .unwrap();
    let free = planned
        .deps
        .iter()
        .all(|dep| ended.get(dep) == Some(&NodeEnd::Done));
    if free {
        NodeState::Ready
    } else {
        NodeState::Blocked
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_circle_is_found_exactly_when_there_is_one(plan in any_plan()) {
        match Dag::new(&plan) {
            Ok(_) => prop_assert!(!has_circle(&plan)),
            Err(PlanError::Cycle { node, dep }) => {
                prop_assert!(has_circle(&plan));
                let named = plan.nodes.iter().find(|planned| planned.id == node).unwrap();
                prop_assert!(named.deps.contains(&dep), "the edge named is none of the plan");
            }
            Err(other) => prop_assert!(false, "{other}"),
        }
    }

    #[test]
    fn any_run_of_a_plan_moves_as_its_edges_say(
        plan in sound_plan(),
        moves in proptest::collection::vec((any::<prop::sample::Index>(), 0..4u8), 0..60),
    ) {
        let mut dag = Dag::new(&plan).unwrap();
        let (mut running, mut ended) = (BTreeSet::new(), BTreeMap::new());
        for (at, kind) in moves {
            let id = plan.nodes[at.index(plan.nodes.len())].id;
            let before = expected(&plan, &running, &ended, id);
            if kind < 2 {
                let started = dag.start(id);
                prop_assert_eq!(started.is_ok(), before == NodeState::Ready);
                if started.is_ok() { running.insert(id); }
            } else {
                let end = if kind == 3 { NodeEnd::Failed } else { NodeEnd::Done };
                let over = dag.end(id, end);
                prop_assert_eq!(over.is_ok(), before == NodeState::Running);
                if over.is_ok() { running.remove(&id); ended.insert(id, end); }
            }
            let states: Vec<(NodeId, NodeState)> =
                plan.nodes.iter().map(|n| (n.id, expected(&plan, &running, &ended, n.id))).collect();
            for (id, state) in &states {
                prop_assert_eq!(dag.state(*id), Some(*state));
            }
            let mut ready: Vec<NodeId> =
                states.iter().filter(|(_, s)| *s == NodeState::Ready).map(|(id, _)| *id).collect();
            ready.sort();
            prop_assert_eq!(dag.is_over(), ready.is_empty() && running.is_empty());
            prop_assert_eq!(dag.ready(), ready);
        }
    }

    #[test]
    fn a_plan_whose_nodes_all_succeed_runs_to_its_end(plan in sound_plan()) {
        let mut dag = Dag::new(&plan).unwrap();
        while let Some(&next) = dag.ready().first() {
            dag.start(next).unwrap();
            dag.end(next, NodeEnd::Done).unwrap();
        }
        let all = plan.nodes.iter().all(|n| dag.state(n.id) == Some(NodeState::Ended(NodeEnd::Done)));
        prop_assert!(all && dag.is_over());
    }
}
