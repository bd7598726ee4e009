//! Tells an agent, in the middle of its turn, what others found out.

use protocol::{AgentId, BoardEntry, Command, MemoryId, NodeId};
use scheduler::run::RunOutcome;
use tokio_util::sync::CancellationToken;

use super::Answer;
use crate::swarm::crew::Member;
use crate::swarm::run_actor::RunState;

/// What is to be told to whom.
pub(super) struct Order {
    member: Option<Member>,
    agent: AgentId,
    ids: Vec<MemoryId>,
    entries: Vec<BoardEntry>,
}

impl Order {
    pub(super) fn new(
        state: &RunState,
        (node, agent): (NodeId, AgentId),
        ids: Vec<MemoryId>,
    ) -> Self {
        let board = state.run.board();
        let member = state.crew.of(node).filter(|there| there.agent == agent);
        Self {
            member: member.cloned(),
            agent,
            entries: ids
                .iter()
                .filter_map(|id| board.get(*id))
                .cloned()
                .collect(),
            ids,
        }
    }
}

pub(super) async fn inform(order: Order, cancel: CancellationToken) -> Answer {
    let text = agent::prompt::told_by_others(&order.entries);
    if let Some(member) = &order.member
        && member.command(Command::Inform { text }).await.is_ok()
    {
        let (agent, entries) = (order.agent, order.ids);
        return Ok((Some(RunOutcome::Informed { agent, entries }), None));
    }
    // Its turn is ending, or its actor is being replaced: the wish goes with the record that says so.
    cancel.cancelled().await;
    Ok((None, None))
}
