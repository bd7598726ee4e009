//! Plans without a planner: what the facts alone allow, and the plan for one agent.

use protocol::{Kind, NodeDocument, NodeName, PlanDocument};

use super::assemble::{Frame, Part};
use super::cluster::telling;
use super::material::below;
use super::{ClusterId, CommandId, Draft, Size};

/// How many paths a brief names before it says `and more`.
const MOST_NAMED: usize = 24;

impl Draft {
    /// The plan that follows from the facts alone: a node for each cluster the goal means, for every cluster if it means
    /// none by name. The same draft always gives the same plan.
    pub fn fallback(&self) -> PlanDocument {
        let frame = Frame {
            gate: self.whole(),
            ..Frame::default()
        };
        let parts: Vec<Part> = self
            .groups()
            .iter()
            .map(|group| self.own_part(group))
            .collect();
        if parts.is_empty() {
            return self.single();
        }
        // Groups are stretches of one order, so no circle can arise.
        self.build(&parts, &frame).unwrap_or_else(|_| self.single())
    }

    /// The plan for one agent that does it all.
    pub fn single(&self) -> PlanDocument {
        let mut plan = self.blank();
        plan.nodes.push(NodeDocument {
            name: NodeName::from("work"),
            kind: Kind::Edit,
            brief: Some(self.goal.clone()),
            writes: vec!["**".to_owned()],
            accept: self.check(self.whole()),
            ..NodeDocument::default()
        });
        plan
    }

    /// The most telling command that covers everything.
    pub(super) fn whole(&self) -> Option<CommandId> {
        let commands = self.material.commands.iter().enumerate();
        let whole = commands.filter(|(_, command)| below("", &command.covers));
        whole
            .min_by_key(|(place, command)| (command.purpose, *place))
            .map(|(place, _)| CommandId::at(place))
    }

    /// The clusters to work on, neighbours joined until there are few enough.
    fn groups(&self) -> Vec<Vec<ClusterId>> {
        let meant = self.relevance.meant();
        let code = || self.clusters.iter().filter(|c| !c.plain).map(|c| c.id);
        let most = self.limits.fallback.max(1);
        let chosen: Vec<ClusterId> = if meant.is_empty() {
            code().collect()
        } else {
            meant
        };
        // A goal that names nothing and concerns a large repository cannot be cut by code.
        if self.relevance.meant().is_empty() && chosen.len() > most {
            return Vec::new();
        }
        let each = chosen.len().div_ceil(most).max(1);
        chosen.chunks(each).map(<[ClusterId]>::to_vec).collect()
    }

    fn own_part(&self, group: &[ClusterId]) -> Part {
        let members = group.iter().filter_map(|id| self.cluster(*id));
        let files: Vec<usize> = members
            .flat_map(|cluster| cluster.files.iter().copied())
            .collect();
        let named = files
            .iter()
            .take(MOST_NAMED)
            .map(|&f| self.material.files[f].path.as_str());
        let mut paths = named.collect::<Vec<_>>().join(", ");
        if files.len() > MOST_NAMED {
            paths.push_str(&format!(" and {} more", files.len() - MOST_NAMED));
        }
        Part {
            clusters: group.iter().copied().collect(),
            accept: telling(&self.material, &files),
            brief: format!(
                "{}\n\nYour part of this: {paths}. Others do the same in other files. Change nothing if the goal asks nothing \
                 of these.",
                self.goal.trim()
            ),
            files,
            size: Size::M,
            noop: true,
            ..Part::default()
        }
    }
}
