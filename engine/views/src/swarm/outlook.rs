//! What a run still waits for: what blocks a node, and the longest chain ahead.

use std::collections::{BTreeMap, BTreeSet};

use protocol::NodeId;

use super::{NodeState, Swarm, SwarmNode};

impl Swarm {
    /// The nodes that keep this one from starting: dependencies that are not done.
    pub fn blockers(&self, node: &SwarmNode) -> Vec<&SwarmNode> {
        let deps = node.node.deps.iter();
        let deps = deps.filter_map(|dep| self.node(*dep));
        deps.filter(|dep| dep.state != NodeState::Done).collect()
    }

    /// The nodes that this one keeps from starting, directly or not, in the order of the plan.
    pub fn blocked(&self, node: &SwarmNode) -> Vec<&SwarmNode> {
        let mut behind = BTreeSet::from([node.id()]);
        // As many rounds as the longest chain has nodes.
        for _ in 0..self.nodes.len() {
            let reached = self.nodes.iter().filter(|one| {
                let mut deps = one.node.deps.iter();
                one.state != NodeState::Done && deps.any(|dep| behind.contains(dep))
            });
            let reached: BTreeSet<NodeId> = reached.map(SwarmNode::id).collect();
            let before = behind.len();
            behind.extend(reached);
            if behind.len() == before {
                break;
            }
        }
        let is_behind = |one: &&SwarmNode| one.id() != node.id() && behind.contains(&one.id());
        self.nodes.iter().filter(is_behind).collect()
    }

    /// The nodes whose failure is why this one was not begun: the failed or cancelled ones upstream.
    pub fn causes(&self, node: &SwarmNode) -> Vec<&SwarmNode> {
        let (mut seen, mut found) = (BTreeSet::new(), Vec::new());
        let mut ahead: Vec<&SwarmNode> = self.blockers(node);
        while let Some(next) = ahead.pop() {
            if !seen.insert(next.id()) {
                continue;
            }
            match next.state {
                NodeState::Failed | NodeState::Cancelled => found.push(next),
                NodeState::Skipped => ahead.extend(self.blockers(next)),
                NodeState::Waiting
                | NodeState::Ready
                | NodeState::Working
                | NodeState::Inspecting
                | NodeState::Queued
                | NodeState::InBatch
                | NodeState::Done => {}
            }
        }
        found.sort_by_key(|node| node.id());
        found
    }

    /// The longest chain of nodes that have not ended, first to last, by their estimates; a node of which none is
    /// given counts as one of average length.
    pub fn critical_path(&self) -> Vec<&SwarmNode> {
        let open: Vec<&SwarmNode> = self.nodes.iter().filter(|n| !n.state.is_end()).collect();
        let known = open.iter().map(|node| node.node.weight.est_ms);
        let known: Vec<u64> = known.filter(|ms| *ms > 0).collect();
        let average = known.iter().sum::<u64>() / (known.len() as u64).max(1);
        let mut longest: BTreeMap<NodeId, (u64, Option<NodeId>)> = BTreeMap::new();
        // As many rounds as the longest chain has nodes; a circle, which no accepted plan has, ends here too.
        for _ in 0..open.len() {
            let before = longest.clone();
            for node in &open {
                let behind = node.node.deps.iter();
                let behind = behind.filter_map(|dep| Some((before.get(dep)?.0, *dep)));
                let best = behind.max_by_key(|(length, _)| *length);
                let own = match node.node.weight.est_ms {
                    0 => average.max(1),
                    ms => ms,
                };
                let length = own.saturating_add(best.map_or(0, |(length, _)| length));
                longest.insert(node.id(), (length, best.map(|(_, dep)| dep)));
            }
            if longest == before {
                break;
            }
        }
        self.chain(&longest)
    }

    fn chain(&self, longest: &BTreeMap<NodeId, (u64, Option<NodeId>)>) -> Vec<&SwarmNode> {
        let last = longest.iter().max_by_key(|(_, (length, _))| *length);
        let mut at = last.map(|(id, _)| *id);
        let mut chain = Vec::new();
        while let Some(id) = at.filter(|_| chain.len() < longest.len()) {
            chain.extend(self.node(id));
            at = longest.get(&id).and_then(|(_, before)| *before);
        }
        chain.reverse();
        chain
    }
}
