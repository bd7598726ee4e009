//! One batch of the integration lane: what was merged together, how its gates went, whether it landed.

use protocol::{CheckRun, Conflict, GitId, Merged, NodeId};
use serde::Serialize;

/// Proposals that were merged and gated together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Batch {
    /// Counted from 1.
    pub number: u32,
    /// Its nodes, in the order of merging.
    pub nodes: Vec<NodeId>,
    /// The commit they were merged onto.
    pub tip: GitId,
    /// The nodes that merged, with their commits.
    pub commits: Vec<Merged>,
    /// The nodes that did not.
    pub conflicts: Vec<NodeId>,
    /// Every round of checks on the merged tree.
    pub rounds: Vec<Vec<CheckRun>>,
    /// Where the integration branch stands after it; `None` if nothing of it landed.
    pub landed: Option<GitId>,
}

impl Batch {
    pub(super) fn new(number: u32, nodes: &[NodeId], tip: &GitId) -> Self {
        Self {
            number,
            nodes: nodes.to_vec(),
            tip: tip.clone(),
            commits: Vec::new(),
            conflicts: Vec::new(),
            rounds: Vec::new(),
            landed: None,
        }
    }

    pub(super) fn merged(&mut self, commits: &[Merged], conflicts: &[Conflict]) {
        self.commits = commits.to_vec();
        self.conflicts = conflicts.iter().map(|conflict| conflict.node).collect();
    }

    /// Whether the latest round of checks was red.
    pub fn is_red(&self) -> bool {
        let latest = self.rounds.last();
        latest.is_some_and(|runs| !runs.iter().all(CheckRun::passed))
    }
}
