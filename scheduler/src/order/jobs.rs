//! A plan by place: what the order of work computes with, numbers instead of ids, scopes compared once.

use std::collections::BTreeMap;

use protocol::{Kind, Node, NodeId, Plan, Tier};

use crate::scope::{Glob, Globs};

/// How long a node will take, in milliseconds: its estimate, or what is usual for its kind. Orders work, never decides
/// correctness.
pub fn expected_ms(node: &Node) -> u64 {
    match (node.weight.est_ms, node.kind) {
        (0, Kind::Edit | Kind::Merge) => 180_000,
        (0, Kind::Chat | Kind::Plan | Kind::Explore | Kind::Review) => 90_000,
        (0, Kind::Contract | Kind::Summarise | Kind::Memory) => 60_000,
        (0, Kind::Codemod | Kind::Verify) => 30_000,
        (est, _) => est,
    }
}

/// The plan's nodes, each known by its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Jobs {
    pub(super) ids: Vec<NodeId>,
    pub(super) places: BTreeMap<NodeId, usize>,
    /// Dependencies of each.
    pub(super) needs: Vec<Vec<usize>>,
    /// Dependents of each.
    pub(super) opens: Vec<Vec<usize>>,
    /// Nodes that may not be at work together with each, because of their scopes.
    pub(super) clashes: Vec<Vec<usize>>,
    pub(super) seats: Vec<Seat>,
}

/// What a node takes up while it is at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seat {
    /// A slot, and one in each pool that serves the tier.
    Agent(Tier),
    /// The build lane.
    Build,
}

impl Jobs {
    pub(super) fn new(plan: &Plan) -> Self {
        Self {
            clashes: clashes(plan),
            ..Self::bare(plan)
        }
    }

    /// Without a look at the scopes.
    pub(super) fn bare(plan: &Plan) -> Self {
        let ids: Vec<NodeId> = plan.nodes.iter().map(|node| node.id).collect();
        let places: BTreeMap<NodeId, usize> =
            ids.iter().enumerate().map(|(at, id)| (*id, at)).collect();
        let mut opens = vec![Vec::new(); ids.len()];
        let mut needs = vec![Vec::new(); ids.len()];
        for (at, node) in plan.nodes.iter().enumerate() {
            let mut deps: Vec<usize> = node
                .deps
                .iter()
                .filter_map(|d| places.get(d))
                .copied()
                .collect();
            deps.sort_unstable();
            deps.dedup();
            for &dep in &deps {
                opens[dep].push(at);
            }
            needs[at] = deps;
        }
        let seats = plan.nodes.iter().map(|node| match node.kind.has_agent() {
            true => Seat::Agent(node.tier),
            false => Seat::Build,
        });
        Self {
            seats: seats.collect(),
            clashes: vec![Vec::new(); ids.len()],
            ids,
            places,
            needs,
            opens,
        }
    }

    /// Places in an order in which each stands after all it depends on; what is in a circle is left out.
    pub(super) fn sorted(&self) -> Vec<usize> {
        let mut missing: Vec<usize> = self.needs.iter().map(Vec::len).collect();
        let mut sorted: Vec<usize> = (0..missing.len()).filter(|at| missing[*at] == 0).collect();
        let mut next = 0;
        while let Some(&at) = sorted.get(next) {
            for &open in &self.opens[at] {
                missing[open] -= 1;
                if missing[open] == 0 {
                    sorted.push(open);
                }
            }
            next += 1;
        }
        sorted
    }
}

/// What a node's scope locks: what it writes for itself alone, what it reads together with other readers. Reading
/// everything locks nothing: such a node is content with the state it starts from.
struct Locks {
    reads: Globs,
    writes: Globs,
}

impl Locks {
    /// A glob that cannot be read locks everything: what is unknown is a conflict.
    fn of(node: &Node) -> Self {
        let all = || Glob::parse("**").into_iter().collect::<Globs>();
        let writes = Globs::parse(&node.scope.writes).unwrap_or_else(|_| all());
        let reads = Globs::parse(&node.scope.reads).unwrap_or_else(|_| all());
        let reads_all = reads.iter().any(Glob::is_everything);
        Self {
            reads: if reads_all { Globs::default() } else { reads },
            writes,
        }
    }

    fn clash(&self, other: &Self) -> bool {
        self.writes.intersects(&other.writes)
            || self.writes.intersects(&other.reads)
            || self.reads.intersects(&other.writes)
    }
}

fn clashes(plan: &Plan) -> Vec<Vec<usize>> {
    let locks: Vec<Locks> = plan.nodes.iter().map(Locks::of).collect();
    let mut clashes = vec![Vec::new(); locks.len()];
    for (b, node) in plan.nodes.iter().enumerate() {
        for (a, earlier) in plan.nodes[..b].iter().enumerate() {
            // A merge node takes over the scope of the node it resolves.
            let resolves = node.resolves == Some(earlier.id) || earlier.resolves == Some(node.id);
            if !resolves && locks[a].clash(&locks[b]) {
                clashes[a].push(b);
                clashes[b].push(a);
            }
        }
    }
    clashes
}
