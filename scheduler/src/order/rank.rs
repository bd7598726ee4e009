//! Upward ranks: how much work lies ahead of a node on its longest way to the end of the plan.

use std::collections::BTreeMap;

use protocol::{Node, NodeId, Plan, Risk};

use super::jobs::{Jobs, expected_ms};

/// The upward rank of each node, in weighted milliseconds: its own expected time, more if it is risky, and the largest
/// rank among the nodes that wait for it.
pub fn ranks(plan: &Plan) -> BTreeMap<NodeId, u64> {
    let jobs = Jobs::bare(plan);
    let own: Vec<u64> = plan.nodes.iter().map(weighted).collect();
    jobs.ids.iter().copied().zip(upward(&jobs, &own)).collect()
}

/// A node's time, weighted by its risk: what may need another attempt should start early.
pub(super) fn weighted(node: &Node) -> u64 {
    let percent = match node.weight.risk {
        Risk::Low => 95,
        Risk::Med => 100,
        Risk::High => 125,
    };
    expected_ms(node).saturating_mul(percent) / 100
}

/// Each place's own time and the longest way after it.
pub(super) fn upward(jobs: &Jobs, own: &[u64]) -> Vec<u64> {
    let mut ranks = own.to_vec();
    for &at in jobs.sorted().iter().rev() {
        let below = jobs.opens[at].iter().map(|open| ranks[*open]).max();
        ranks[at] = own[at].saturating_add(below.unwrap_or(0));
    }
    ranks
}

/// The longest way before each place, its own time not counted.
pub(super) fn downward(jobs: &Jobs, own: &[u64]) -> Vec<u64> {
    let mut heads = vec![0; own.len()];
    for at in jobs.sorted() {
        let above = jobs.needs[at].iter().map(|need| heads[*need] + own[*need]);
        heads[at] = above.max().unwrap_or(0);
    }
    heads
}

/// Places by rank, the highest first; among equals the one that unlocks more, then the one that stands earlier.
pub(super) fn by_rank(jobs: &Jobs, own: &[u64]) -> Vec<usize> {
    let ranks = upward(jobs, own);
    let mut places: Vec<usize> = (0..own.len()).collect();
    places.sort_by_key(|&at| (std::cmp::Reverse((ranks[at], jobs.opens[at].len())), at));
    places
}

/// How many nodes the longest way through the plan passes.
pub(crate) fn longest(plan: &Plan) -> usize {
    let jobs = Jobs::bare(plan);
    let ranks = upward(&jobs, &vec![1; plan.nodes.len()]);
    ranks.into_iter().max().unwrap_or(0) as usize
}
