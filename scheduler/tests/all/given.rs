//! Plans in few words: each node's number is its place, followed by what it depends on.

use protocol::{Kind, Node, NodeId, Plan};
use scheduler::{Dag, PlanError};
use uuid::Uuid;

pub(crate) fn node(n: usize) -> NodeId {
    NodeId::new(Uuid::from_u128(n as u128))
}

/// A plan of nodes with their dependencies.
pub(crate) fn plan(nodes: &[(usize, &[usize])]) -> Plan {
    let planned = |&(n, deps): &(usize, &[usize])| Node {
        deps: deps.iter().map(|&dep| node(dep)).collect(),
        ..Node::new(node(n), Kind::Chat, format!("node {n}"))
    };
    Plan {
        version: 1,
        goal: "go".into(),
        nodes: nodes.iter().map(planned).collect(),
        ..Plan::default()
    }
}

pub(crate) fn dag(nodes: &[(usize, &[usize])]) -> Result<Dag, PlanError> {
    Dag::new(&plan(nodes))
}

pub(crate) fn nodes(numbers: &[usize]) -> Vec<NodeId> {
    numbers.iter().map(|&n| node(n)).collect()
}
