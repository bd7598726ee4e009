//! What a run had too little of, if that is why something of it is not done.

use protocol::{BUDGET_USED_UP, FailureClass, OWN_BUDGET_USED_UP, OWN_TIME_USED_UP, TIME_USED_UP};

use super::{NodeState, Swarm, SwarmNode};

/// With fewer tokens than this no further attempt is begun.
const LEAST_TOKENS: u64 = 1_000;

/// What a run had too little of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    /// Time for the whole run.
    Time,
    /// Tokens or money for the whole run.
    Budget,
    /// What a node was given for itself.
    Own,
}

impl Swarm {
    /// What nodes were given up for want of; what no new limit mends comes first.
    pub fn lack(&self) -> Option<Lack> {
        let lacks = || self.nodes.iter().filter_map(|node| self.lack_of(node));
        let mut order = [Lack::Time, Lack::Budget, Lack::Own].into_iter();
        order.find(|lack| lacks().any(|one| one == *lack))
    }

    /// Whether a node failed for want of what the plan gives it: another attempt would have no more.
    pub fn has_used_up_its_own(&self, node: &SwarmNode) -> bool {
        let own = &node.node.budget;
        let used = self.ledger.nodes.get(&node.id());
        let is_met = own.tokens.is_some_and(|limit| {
            let used = used.map_or(0, |used| used.charged);
            limit < used.saturating_add(LEAST_TOKENS)
        });
        let is_met = is_met
            || own.cost.is_some_and(|limit| {
                let used = used.and_then(|used| used.charged_cost);
                limit <= used.unwrap_or_default()
            });
        let is_met = is_met || own.tool_calls.is_some();
        let is_said = besides(node) == OWN_BUDGET_USED_UP;
        is_late(node) || is_said || (is_met && self.lack_of(node) == Some(Lack::Own))
    }

    fn lack_of(&self, node: &SwarmNode) -> Option<Lack> {
        let last = node.last_failure().map(|last| last.class);
        match (node.state, &*besides(node)) {
            (NodeState::Failed, TIME_USED_UP) => Some(Lack::Time),
            (NodeState::Failed, BUDGET_USED_UP) => Some(Lack::Budget),
            (NodeState::Failed, OWN_BUDGET_USED_UP | OWN_TIME_USED_UP) => Some(Lack::Own),
            // What fails before its first attempt had nothing left to begin with.
            (NodeState::Failed, _) if node.attempt == 0 => Some(Lack::Budget),
            (NodeState::Failed, _) if last == Some(FailureClass::Budget) => {
                Some(match self.leaves_less(node) {
                    true => Lack::Budget,
                    false => Lack::Own,
                })
            }
            _ => None,
        }
    }

    /// Whether the run leaves no more than a node has used: then it is the run's limit that it met.
    fn leaves_less(&self, node: &SwarmNode) -> bool {
        let (budget, total) = (self.budget(), &self.ledger.total);
        let own = self.ledger.nodes.get(&node.id());
        let tokens = budget.tokens.map(|limit| {
            let used = own.map_or(0, |own| own.charged);
            limit.saturating_sub(total.charged) <= used
        });
        let cost = budget.cost.map(|limit| {
            let used = own.and_then(|own| own.charged_cost).unwrap_or_default();
            let all = total.charged_cost.unwrap_or_default();
            limit.0.saturating_sub(all.0) <= used.0
        });
        tokens.unwrap_or(false) || cost.unwrap_or(false)
    }
}

/// Whether a node failed for want of the time that the plan gives it, or the node whose time it shares.
fn is_late(node: &SwarmNode) -> bool {
    let said = besides(node);
    let last = node.last_failure().map(|last| last.class);
    let is_overdue = last == Some(FailureClass::Deadline) && node.node.budget.wall_ms.is_some();
    let is_late = said == OWN_TIME_USED_UP || (is_overdue && said != TIME_USED_UP);
    node.state == NodeState::Failed && is_late
}

/// What is said of a node's end besides what its last attempt came to.
fn besides(node: &SwarmNode) -> String {
    let last = node.last_failure().map(|last| last.evidence.as_str());
    let why = node
        .why
        .as_ref()
        .map(|why| why.as_str())
        .unwrap_or_default();
    protocol::besides(&why, &last.unwrap_or_default()).to_owned()
}
