//! The crew: the agents of a run that are at their places, one a node.

use std::collections::BTreeMap;
use std::sync::Arc;

use protocol::{AgentId, Command, InterruptCause, NodeId, Opening};
use ractor::{ActorId, ActorRef};
use tokio::sync::{oneshot, watch};

use crate::agent_actor::{AgentMsg, CommandError, Status};
use crate::world::World;

/// An agent at its place.
#[derive(Clone)]
pub(crate) struct Member {
    pub agent: AgentId,
    pub actor: ActorRef<AgentMsg>,
    pub status: watch::Receiver<Status>,
    pub world: Arc<World>,
    /// How its part of the journal begins in this process.
    pub opening: Arc<Opening>,
}

impl Member {
    /// Gives it a command and waits until what that causes is written.
    ///
    /// # Errors
    /// It makes no sense now, or the agent has ended.
    pub(crate) async fn command(&self, command: Command) -> Result<(), CommandError> {
        let gone = || CommandError::Stopped("its agent has ended".to_owned());
        let (answer, taken) = oneshot::channel();
        let message = AgentMsg::Command(Box::new(command), answer);
        self.actor.send_message(message).map_err(|_| gone())?;
        taken.await.map_err(|_| gone())?
    }

    /// Has it stop its turn, without waiting.
    pub(crate) fn interrupt(&self, cause: InterruptCause) {
        let (answer, _) = oneshot::channel();
        let message = AgentMsg::Command(Box::new(Command::Interrupt { cause }), answer);
        // One that has ended is stopped already.
        let _ = self.actor.send_message(message);
    }

    /// Ends it and whatever it left running.
    pub(crate) async fn end(&self) {
        let _ = self.actor.stop_and_wait(None, None).await;
        self.world.effects.close();
        self.world.effects.wait().await;
        self.world.commands.shells.end_all().await;
    }
}

/// Who is at work.
#[derive(Default)]
pub(crate) struct Crew {
    members: BTreeMap<NodeId, Member>,
    /// Agents of a former process that have not been taken up yet.
    pasts: BTreeMap<AgentId, agent::State>,
}

impl Crew {
    pub(crate) fn new(pasts: BTreeMap<AgentId, agent::State>) -> Self {
        Self {
            members: BTreeMap::new(),
            pasts,
        }
    }

    /// The agent of a node.
    pub(crate) fn of(&self, node: NodeId) -> Option<&Member> {
        self.members.get(&node)
    }

    /// What an agent of a former process had, until it is at its place.
    pub(crate) fn past(&self, agent: AgentId) -> Option<agent::State> {
        self.pasts.get(&agent).cloned()
    }

    /// What an agent of a former process had, which nobody takes up any more.
    pub(crate) fn forget(&mut self, agent: AgentId) -> Option<agent::State> {
        self.pasts.remove(&agent)
    }

    pub(crate) fn hire(&mut self, node: NodeId, member: Member) {
        self.pasts.remove(&member.agent);
        self.members.insert(node, member);
    }

    /// An agent's actor has ended by itself.
    pub(crate) fn lose(&mut self, actor: ActorId) {
        self.members
            .retain(|_, member| member.actor.get_id() != actor);
    }

    /// Takes out those whose node needs them no more.
    pub(crate) fn leave(&mut self, is_over: impl Fn(NodeId) -> bool) -> Vec<Member> {
        let over = self.members.extract_if(.., |node, _| is_over(*node));
        over.map(|(_, member)| member).collect()
    }

    /// Ends all of them.
    pub(crate) async fn end(self) {
        let ending = self.members.values().map(Member::end);
        futures_util::future::join_all(ending).await;
    }
}
