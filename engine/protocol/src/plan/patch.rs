//! A change of the unfinished part of a plan.

use serde::{Deserialize, Serialize};

use super::{Budget, Node};
use crate::NodeId;

/// What changes; validated like a plan before it is applied. Nodes that have started are never touched,
/// but for one whose attempts are used up: others may take its place, and what was given up then waits for those.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanPatch {
    /// New nodes.
    pub add: Vec<Node>,
    /// Nodes that will not be done.
    pub remove: Vec<NodeId>,
    /// Nodes in their new form; the id stays.
    pub modify: Vec<Node>,
    /// What the run may use from here on; `None` if that stays as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
}

impl PlanPatch {
    /// Whether any node is concerned, and not only what the run may use.
    pub const fn has_nodes(&self) -> bool {
        !(self.add.is_empty() && self.remove.is_empty() && self.modify.is_empty())
    }

    /// Nodes that begin anew if they had been given up, and with them whatever was skipped. Where a node goes and others
    /// take its place, nothing does: what had been given up only waits for those others from then on.
    pub fn reopened(&self) -> impl Iterator<Item = NodeId> {
        let again = self.modify.iter().filter(|_| self.remove.is_empty());
        again.map(|node| node.id)
    }
}
