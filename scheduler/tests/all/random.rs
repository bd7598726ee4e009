//! Seeded randomness and random plans: the same seed gives the same plan on every machine.

use protocol::{Kind, Node, NodeId, Plan, Risk, Tier};
use uuid::Uuid;

/// A small generator (SplitMix64).
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }

    /// True so many times in a hundred.
    pub(crate) fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    pub(crate) fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// How the nodes of a random plan hang together.
const SHAPES: usize = 5;

/// A plan of `count` nodes such as planners make: layers, trees, loose dependencies, a first and a last node around
/// independent ones; times from ten seconds to ten minutes, most of them short; some commands among the agents; here
/// and there two scopes that exclude each other without an edge between them.
pub(crate) fn plan(dice: &mut Dice, count: usize) -> Plan {
    let shape = dice.below(SHAPES);
    let clashes = dice.percent(40);
    let nodes = (0..count).map(|at| {
        let mut node = Node::new(id(at), kind(dice), format!("node {at}"));
        node.name = format!("n{at}").as_str().into();
        node.brief = Some("go".into());
        node.deps = deps(dice, shape, at, count);
        node.tier = *dice.pick(&[Tier::Small, Tier::Mid, Tier::Frontier]);
        node.weight.est_ms = est(dice);
        if node.kind.writes() {
            let path = if clashes && dice.percent(20) {
                dice.below(3)
            } else {
                at + 10
            };
            node.scope.writes = vec![format!("src/{path}.rs")];
        }
        node
    });
    Plan {
        version: 1,
        goal: "go".into(),
        nodes: nodes.collect(),
        ..Plan::default()
    }
}

/// Gives some nodes of a plan another risk.
pub(crate) fn risky(dice: &mut Dice, mut plan: Plan) -> Plan {
    for node in &mut plan.nodes {
        node.weight.risk = *dice.pick(&[Risk::Low, Risk::Med, Risk::Med, Risk::High]);
    }
    plan
}

pub(crate) fn id(at: usize) -> NodeId {
    NodeId::new(Uuid::from_u128(at as u128 + 1))
}

fn kind(dice: &mut Dice) -> Kind {
    match dice.below(100) {
        0..80 => Kind::Edit,
        80..90 => Kind::Explore,
        90..95 => Kind::Codemod,
        _ => Kind::Verify,
    }
}

fn est(dice: &mut Dice) -> u64 {
    let seconds = match dice.below(10) {
        0..5 => dice.between(10, 90),
        5..9 => dice.between(60, 300),
        _ => dice.between(200, 600),
    };
    seconds as u64 * 1_000
}

fn deps(dice: &mut Dice, shape: usize, at: usize, count: usize) -> Vec<NodeId> {
    if at == 0 {
        return Vec::new();
    }
    let mut deps = match shape {
        // A contract first, a summary last.
        0 if at + 1 == count => (0..at).collect(),
        0 => vec![0],
        // Layers of about a quarter of the nodes.
        1 => {
            let width = (count / 4).max(1);
            let layer = at / width * width;
            let above = layer.saturating_sub(width)..layer;
            above.filter(|_| dice.percent(40)).collect()
        }
        // A tree.
        2 => vec![dice.below(at)],
        // Loose dependencies on a few nodes shortly before.
        3 => (0..dice.below(3))
            .map(|_| at - 1 - dice.below(at.min(6)))
            .collect(),
        // Hardly any.
        _ if dice.percent(30) => vec![dice.below(at)],
        _ => Vec::new(),
    };
    deps.sort_unstable();
    deps.dedup();
    deps.into_iter().map(id).collect()
}
