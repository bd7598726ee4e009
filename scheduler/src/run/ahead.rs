//! What the attempts to come will want, so that it can be made while models are waited for.

use protocol::{GitId, Isolation};

use super::node_run::NodePhase;
use super::{Run, RunPhase, admission};

/// Trees that are worth having spare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ahead {
    /// The commit they would begin with as things stand.
    pub commit: GitId,
    /// How many.
    pub trees: usize,
}

impl Run {
    /// Trees for the nodes that begin when those at work are done, as many of them as may be at work at once; `None`
    /// where none of them wants one of its own.
    pub fn ahead(&self) -> Option<Ahead> {
        let is_under_way = self.phase() == RunPhase::Running;
        if !is_under_way || self.isolation() != Some(Isolation::Worktree) {
            return None;
        }
        let is_near = |dep| {
            let has_begun = |phase| !matches!(phase, NodePhase::Waiting | NodePhase::Ended(_));
            let state = self.nodes.get(&dep);
            admission::is_done(self, dep) || state.is_some_and(|state| has_begun(state.phase))
        };
        // Asked after every step of the run: of a large plan most nodes are at work or over, and are asked nothing else.
        let waiting = self
            .nodes
            .iter()
            .filter(|(_, state)| state.phase == NodePhase::Waiting);
        let planned = waiting.filter_map(|(node, _)| self.planned(*node));
        let next = planned.filter(|node| {
            (node.kind.writes() || !node.kind.has_agent())
                && node.deps.iter().all(|dep| is_near(*dep))
        });
        let most = usize::try_from(self.plan.caps.max_parallel).unwrap_or(usize::MAX);
        let trees = next.take(most).count();
        let commit = self.tip().filter(|_| trees > 0)?.clone();
        Some(Ahead { commit, trees })
    }
}
