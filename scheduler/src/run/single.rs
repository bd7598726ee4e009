//! Ending one node of a run that goes on: when it can be, and what becomes of those it was being integrated with.

use protocol::{NodeEnd, NodeId, PlanEvent};

use super::lane::BatchStage;
use super::node_run::NodePhase;
use super::{Illegal, Run};

/// The node's end. Too late where its work may be on the branch already, or is another node's by now.
pub(super) fn end(run: &Run, node: NodeId, why: String) -> Result<PlanEvent, Illegal> {
    let state = run.planned(node).and(run.node(node));
    let state = state.ok_or(Illegal::UnknownNode(node))?;
    let is_moving = |stage| stage == BatchStage::Advancing;
    let reason = match state.phase {
        NodePhase::Ended(_) => Some("it has come to its end"),
        NodePhase::Resolving => Some("another node resolves its conflict; end that one"),
        NodePhase::InBatch if run.batch().is_some_and(|batch| is_moving(batch.stage)) => {
            Some("its work is being brought to the branch")
        }
        NodePhase::Waiting
        | NodePhase::Working
        | NodePhase::Inspecting
        | NodePhase::Inspected
        | NodePhase::Queued
        | NodePhase::InBatch
        | NodePhase::Bounced
        | NodePhase::Returned
        | NodePhase::Replanning => None,
    };
    match reason {
        Some(reason) => Err(Illegal::NotEndable(node, reason)),
        None => Ok(PlanEvent::NodeEnded {
            node,
            end: NodeEnd::Cancelled,
            why: Some(why.into()),
        }),
    }
}

/// Takes a node out of the lane. A batch it is in comes to nothing; gives the others of that batch, in their order.
pub(super) fn withdraw(run: &mut Run, node: NodeId) -> Vec<NodeId> {
    run.lane.withdraw(&[node]);
    let is_its = |batch: &mut super::Batch| batch.nodes.contains(&node);
    let batch = run.lane.batch.take_if(is_its);
    let others = batch.into_iter().flat_map(|batch| batch.nodes);
    let others: Vec<NodeId> = others.filter(|other| *other != node).collect();
    for other in others.iter().rev() {
        run.lane.queue.push_front(*other);
    }
    others
}
