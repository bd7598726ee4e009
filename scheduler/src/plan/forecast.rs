//! What a plan would take: agents, tokens, money, time. An estimate, shown before anything runs.

use std::collections::BTreeMap;

use protocol::{Cost, Kind, Node, NodeId, Plan, Price, Tier, Usage};

use crate::order::{Capacity, Durations, Order, lower_bound, ranks};

/// What the models of each tier cost; a tier that is missing has no known price.
pub type Prices = BTreeMap<Tier, Price>;

/// What a plan would take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forecast {
    /// Nodes with an agent.
    pub agents: u32,
    /// Tokens, prompt and reply of all calls.
    pub tokens: u64,
    /// Money; `None` if some agent's model has no known price.
    pub cost: Option<Cost>,
    /// From the first start to the last end, in milliseconds, gates aside.
    pub makespan_ms: u64,
    /// What no schedule could beat, in milliseconds.
    pub lower_bound_ms: u64,
    /// The chain of nodes that decides the time, first to last.
    pub critical_path: Vec<NodeId>,
}

/// What a plan would take with so many agents at once.
pub fn forecast(plan: &Plan, lanes: u32, prices: &Prices) -> Forecast {
    let capacity = Capacity::lanes(lanes);
    let durations = Durations::new();
    let agents: Vec<&Node> = plan
        .nodes
        .iter()
        .filter(|node| node.kind.has_agent())
        .collect();
    let usages = agents.iter().map(|node| (node.tier, expected(node)));
    let usages: Vec<(Tier, Usage)> = usages.collect();
    let cost = usages
        .iter()
        .try_fold(Cost::default(), |mut sum, (tier, usage)| {
            sum += prices.get(tier)?.cost(usage);
            Some(sum)
        });
    Forecast {
        agents: u32::try_from(agents.len()).unwrap_or(u32::MAX),
        tokens: usages
            .iter()
            .map(|(_, usage)| usage.total())
            .fold(0, u64::saturating_add),
        cost,
        makespan_ms: Order::new(plan, &capacity)
            .simulate(&capacity, &durations)
            .makespan_ms,
        lower_bound_ms: lower_bound(plan, &capacity, &durations),
        critical_path: critical_path(plan),
    }
}

/// What a node's agent usually uses: most of its prompt comes from the cache. Never more than its budget.
fn expected(node: &Node) -> Usage {
    let (input, output, cache_read) = match node.kind {
        Kind::Edit | Kind::Merge => (25_000, 6_000, 150_000),
        Kind::Chat | Kind::Plan | Kind::Explore | Kind::Review => (25_000, 3_000, 80_000),
        Kind::Contract | Kind::Summarise | Kind::Memory => (12_000, 2_000, 20_000),
        Kind::Codemod | Kind::Verify => (0, 0, 0),
    };
    let usual = Usage {
        input,
        output,
        cache_read,
        cache_write: 0,
    };
    let scale = |part: u64, tokens: u64| part * tokens / usual.total().max(1);
    match node.budget.tokens.filter(|tokens| *tokens < usual.total()) {
        Some(tokens) => Usage {
            input: scale(input, tokens),
            output: scale(output, tokens),
            cache_read: scale(cache_read, tokens),
            cache_write: 0,
        },
        None => usual,
    }
}

/// From the node with the most work ahead of it, always on to the one that still has the most.
fn critical_path(plan: &Plan) -> Vec<NodeId> {
    let ranks = ranks(plan);
    let most = |candidates: &mut dyn Iterator<Item = &Node>| {
        let rank = |node: &&Node| ranks.get(&node.id).copied().unwrap_or(0);
        // The last of equal maxima is taken: from the back, that is the first in the plan.
        let mut all: Vec<&Node> = candidates.collect();
        all.reverse();
        all.into_iter().max_by_key(rank).map(|node| node.id)
    };
    let mut path = Vec::new();
    let mut next = most(&mut plan.nodes.iter().filter(|node| node.deps.is_empty()));
    while let Some(node) = next.filter(|_| path.len() < plan.nodes.len()) {
        path.push(node);
        next = most(&mut plan.nodes.iter().filter(|other| other.deps.contains(&node)));
    }
    path
}
