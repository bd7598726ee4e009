//! Where nodes come from that stand in the place of others, and how often a subtree was planned anew.

use std::collections::{BTreeMap, BTreeSet};

use protocol::{Kind, Node, NodeId, NodeName, PlanPatch};

use super::Run;
use super::node_run::NodePhase;
use crate::replan::free_names;

/// What changes of the plan after failures have led to.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Lineage {
    origins: BTreeMap<NodeId, Origin>,
    /// How often what a node of the first plan leaves undone was planned anew, its parts included.
    replans: BTreeMap<NodeId, u32>,
    /// Names of nodes that are gone: nobody has them again.
    gone: BTreeSet<NodeName>,
}

/// Where a node comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Origin {
    /// The node of the first plan in whose place it stands.
    root: NodeId,
    /// Counted from 1 for nodes of the first plan.
    depth: u32,
}

impl Lineage {
    fn of(&self, node: NodeId) -> Origin {
        let first = Origin {
            root: node,
            depth: 1,
        };
        self.origins.get(&node).copied().unwrap_or(first)
    }

    /// How far below the first plan a node is, counted from 1.
    pub fn depth(&self, node: NodeId) -> u32 {
        self.of(node).depth
    }

    /// How often the subtree of a node was planned anew.
    pub fn replans(&self, node: NodeId) -> u32 {
        self.replans
            .get(&self.of(node).root)
            .copied()
            .unwrap_or_default()
    }

    /// Names that no new node may have.
    pub const fn gone(&self) -> &BTreeSet<NodeName> {
        &self.gone
    }
}

/// A name made of a node's that no other node has or had.
pub(super) fn name(run: &Run, node: &Node, between: &str) -> NodeName {
    let mut free = free_names((&node.name, between), &run.plan, run.stage.lineage.gone());
    free.next().unwrap_or_default()
}

/// Takes in a change of the plan, before it is made; gives the node in whose place others come, if there is one.
pub(super) fn learn(run: &mut Run, patch: &PlanPatch) -> Option<NodeId> {
    let is_replaced = |node: &&NodeId| {
        let state = run.nodes.get(node);
        state.is_some_and(|state| state.phase == NodePhase::Replanning)
    };
    let replaced = patch.remove.iter().find(is_replaced).copied();
    let gone: Vec<NodeName> = patch
        .remove
        .iter()
        .filter_map(|node| Some(run.planned(*node)?.name.clone()))
        .collect();
    let lineage = &mut run.stage.lineage;
    lineage.gone.extend(gone);
    for node in &patch.add {
        match (node.resolves, node.kind) {
            (Some(failed), Kind::Plan) => {
                let root = lineage.of(failed).root;
                *lineage.replans.entry(root).or_default() += 1;
            }
            (_, _) => {
                if let Some(replaced) = replaced {
                    let Origin { root, depth } = lineage.of(replaced);
                    let depth = depth + 1;
                    lineage.origins.insert(node.id, Origin { root, depth });
                }
            }
        }
    }
    replaced
}
