//! What becomes of the agents and trees of nodes that need them no more.

use std::collections::BTreeSet;

use protocol::NodeId;
use scheduler::run::{Run, Wish};

use super::run_actor::RunState;

impl RunState {
    /// Lets the agents of nodes that need them no more go, and gives their trees back.
    pub(super) fn retire(&mut self) {
        // Where a command is still being ended, it may still write.
        let busy: BTreeSet<NodeId> = self.flights.all().filter_map(worked_on).collect();
        let run = &self.run;
        let is_left = |node| is_over(run, node) && !busy.contains(&node);
        let left = self.crew.leave(is_left);
        // What came of these was durable before it was on the run's branch: the next ones may have their trees at once.
        let has_landed = |node| is_left(node) && run.landed(node).is_some();
        let mut empty = self.houses.leave(has_landed);
        empty.retain(|house| house.hand_over(&self.site));
        empty.extend(self.houses.leave(is_left));
        if left.is_empty() && empty.is_empty() {
            return;
        }
        let site = self.site.clone();
        self.site.yard.effects.spawn(async move {
            for member in left {
                member.end().await;
            }
            // The next one finds other files there: that nobody needs these is durable first.
            if empty.is_empty() || site.base.sync().await.is_err() {
                return;
            }
            for house in empty {
                house.give_back(&site).await;
            }
        });
    }
}

/// The node in whose house something is done.
pub(super) const fn worked_on(wish: &Wish) -> Option<NodeId> {
    match wish {
        Wish::Work { node, .. } | Wish::Inspect { node, .. } => Some(*node),
        Wish::Check
        | Wish::Deadline { .. }
        | Wish::Inform { .. }
        | Wish::Merge { .. }
        | Wish::Gate { .. }
        | Wish::Advance { .. }
        | Wish::Land { .. } => None,
    }
}

/// Whether nobody works for a node any more.
pub(super) fn is_over(run: &Run, node: NodeId) -> bool {
    run.node(node)
        .is_none_or(|state| state.is_over() && !state.lingers())
}
