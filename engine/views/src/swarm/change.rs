//! Changes of a plan under way in words: what is gone, what takes its place, who waits for it now.

use protocol::{Node, NodeId, PlanPatch};
use serde::Serialize;

use super::{Swarm, SwarmNode};

/// The most characters of a brief.
const BRIEF: usize = 120;

/// A change of the plan under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanChange {
    /// Why, for people.
    pub why: String,
    /// A line for each node it concerns: `-` for one that is gone, `+` for a new one, `~` for one that is otherwise now.
    pub lines: Vec<String>,
}

impl Swarm {
    /// The changes of the plan in which others took the place of a node, in order.
    pub fn changes(&self) -> &[PlanChange] {
        &self.course.changes
    }

    /// What a change would make of the plan as it is now.
    pub fn diff(&self, patch: &PlanPatch) -> Vec<String> {
        let gone = self
            .nodes
            .iter()
            .filter(|node| patch.remove.contains(&node.id()));
        let mut lines: Vec<String> = gone
            .map(|node| format!("- {}: {}", node.name(), node.node.title))
            .collect();
        lines.extend(patch.add.iter().map(|node| {
            let waits = self.awaited(patch, node);
            let changes = match &node.scope.writes[..] {
                [] => String::new(),
                writes => format!("; changes {}", writes.join(", ")),
            };
            format!("+ {}: {}{changes}{waits}", node.name, node.title)
        }));
        lines.extend(patch.modify.iter().map(|new| self.rewritten(patch, new)));
        lines
    }

    fn rewritten(&self, patch: &PlanPatch, new: &Node) -> String {
        let before = self.node(new.id).map(|node| &node.node);
        let mut line = format!("~ {}", new.name);
        if before.is_none_or(|before| before.deps != new.deps) {
            line.push_str(&self.awaited(patch, new));
        }
        if before.is_none_or(|before| before.brief != new.brief) {
            let brief = new.brief.as_ref().map(|brief| brief.as_str().into_owned());
            let words: Vec<String> = brief
                .unwrap_or_default()
                .split_whitespace()
                .map(str::to_owned)
                .collect();
            let brief: String = words.join(" ").chars().take(BRIEF).collect();
            line.push_str(&format!("; is told: {brief}"));
        }
        line
    }

    fn awaited(&self, patch: &PlanPatch, node: &Node) -> String {
        let name = |id: &NodeId| {
            let new = patch.add.iter().find(|node| node.id == *id);
            let new = new.map(|node| node.name.to_string());
            new.or_else(|| self.node(*id).map(|node| SwarmNode::name(node).to_owned()))
        };
        let names: Vec<String> = node.deps.iter().filter_map(name).collect();
        match names.is_empty() {
            true => String::new(),
            false => format!("; waits for {}", names.join(", ")),
        }
    }
}
