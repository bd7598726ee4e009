//! The coordinator actor: one per session. Accepts the plan, gives its ready nodes to agents, watches over them. Only it
//! starts agents: those that work for other agents too.
//!
//! May: ask the scheduler, journal the plan's facts, restart an agent from its records. Never: decide what an agent does.

mod brief;
mod caller;
mod delegation;
mod errand;
mod outfit;
mod past;
mod tidings;

use std::collections::BTreeMap;
use std::sync::Arc;

use protocol::{
    AgentId, Command, Event, FaultEvent, InterruptCause, NodeEnd, NodeId, PlanEvent, Seq,
};
use ractor::{Actor, ActorId, ActorProcessingErr, ActorRef, SupervisionEvent};
use scheduler::Dag;
use scheduler::subagents::Subagents;
use tokio::sync::{oneshot, watch};

use crate::agent_actor::{AgentActor, AgentMsg, CommandError, Status};
use crate::world::World;

use brief::{Folded, resumption};
use delegation::Delegations;
use past::Pasts;
use tidings::Tidings;

pub(crate) use brief::{Brief, of_session, opening};
pub(crate) use caller::{Caller, Order};
pub(crate) use outfit::Outfits;

/// How often an agent that failed is taken up again before it is given up.
const RESTARTS: u32 = 3;

/// What the coordinator understands.
pub(crate) enum CoordinatorMsg {
    /// For the session's own agent.
    Command(Box<Command>, oneshot::Sender<Result<(), CommandError>>),
    /// For a sub-agent.
    Tell(
        NodeId,
        Box<Command>,
        oneshot::Sender<Result<(), CommandError>>,
    ),
    /// An agent wants a sub-agent.
    Delegate(Box<Order>),
    /// Whoever wanted a sub-agent is being stopped.
    Recall(NodeId),
    /// A sub-agent has come to its end; an error says why it cannot be told what became of it.
    Rested(NodeId, Result<Box<Tidings>, String>),
    /// The session closes; answered when the plan's end is written.
    Close(oneshot::Sender<()>),
}

pub(crate) struct CoordinatorActor;

pub(crate) struct CoordinatorState {
    brief: Brief,
    dag: Dag,
    /// The session's own agent.
    own: Post,
    delegations: Delegations,
    is_closing: bool,
}

/// An agent at its place.
struct Post {
    agent: AgentId,
    node: NodeId,
    actor: ActorRef<AgentMsg>,
    status: watch::Sender<Status>,
    world: Arc<World>,
    restarts: u32,
}

impl Actor for CoordinatorActor {
    type Msg = CoordinatorMsg;
    type State = CoordinatorState;
    type Arguments = Brief;

    async fn pre_start(
        &self,
        me: ActorRef<CoordinatorMsg>,
        mut brief: Brief,
    ) -> Result<CoordinatorState, ActorProcessingErr> {
        let (plan, node, agent) = brief.ensure_plan().await?;
        let mut dag = Dag::new(&plan)?;
        dag.start(node)?;
        let mut subagents = Subagents::new(&plan);
        let pasts = Pasts::fold(&brief.records, &mut subagents);
        // It is told whom to ask before anybody can.
        let _ = brief.world.offer.coordinator.set(me.clone());
        let last = brief.records.last().map(|record| record.seq);
        let start = Folded::new(&brief.records, agent).start(
            (agent, node),
            (&brief.world, &brief.journal),
            (last.unwrap_or_default(), brief.status.clone()),
        );
        let (actor, _) = Actor::spawn_linked(None, AgentActor, start, me.get_cell()).await?;
        // The agents have folded them; a long session must not be held twice.
        brief.records = Vec::new();
        let own = Post {
            agent,
            node,
            actor,
            status: brief.status.clone(),
            world: brief.world.clone(),
            restarts: 0,
        };
        Ok(CoordinatorState {
            brief,
            dag,
            own,
            delegations: Delegations::new(subagents, pasts),
            is_closing: false,
        })
    }

    async fn handle(
        &self,
        me: ActorRef<CoordinatorMsg>,
        message: CoordinatorMsg,
        state: &mut CoordinatorState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            CoordinatorMsg::Command(command, answer) => {
                if let Command::Interrupt { cause } = &*command {
                    state.delegations.cause = *cause;
                }
                state.own.give(command, answer);
            }
            CoordinatorMsg::Tell(node, command, answer) => {
                state.delegations.tell(node, command, answer);
            }
            CoordinatorMsg::Close(done) => {
                state.close().await;
                let _ = done.send(());
            }
            // Another process goes on with what is not finished.
            CoordinatorMsg::Delegate(_)
            | CoordinatorMsg::Recall(_)
            | CoordinatorMsg::Rested(..)
                if state.is_closing => {}
            CoordinatorMsg::Delegate(order) => {
                let taken = state.delegate(&me, *order).await;
                return state.or_fall(taken);
            }
            CoordinatorMsg::Recall(node) => {
                let taken = state.recall(&me, node).await;
                return state.or_fall(taken);
            }
            CoordinatorMsg::Rested(node, tidings) => {
                let taken = state.rested(&me, node, tidings).await;
                return state.or_fall(taken);
            }
        }
        Ok(())
    }

    /// An agent that ends does not take the session with it: its records are all there is to it.
    async fn handle_supervisor_evt(
        &self,
        me: ActorRef<CoordinatorMsg>,
        event: SupervisionEvent,
        state: &mut CoordinatorState,
    ) -> Result<(), ActorProcessingErr> {
        match event {
            SupervisionEvent::ActorFailed(cell, error) if !state.is_closing => {
                state.recover(&me, cell.get_id(), error.to_string()).await
            }
            SupervisionEvent::ActorFailed(..)
            | SupervisionEvent::ActorStarted(_)
            | SupervisionEvent::ActorTerminated(..)
            | SupervisionEvent::ProcessGroupChanged(_) => Ok(()),
        }
    }
}

impl CoordinatorState {
    /// Takes a failed agent up again from the journal. If that cannot be, a sub-agent is given up, and with its own agent
    /// the session is down.
    async fn recover(
        &mut self,
        me: &ActorRef<CoordinatorMsg>,
        failed: ActorId,
        message: String,
    ) -> Result<(), ActorProcessingErr> {
        let message = self.brief.world.redactor.clean(&message).into_owned();
        if self.own.actor.get_id() == failed {
            let again = self.own.restart(&self.brief, me, message).await;
            return self.or_fall(again);
        }
        // One that has come to its end needs no place any more.
        if let Some(post) = self.delegations.post(failed)
            && let Err(why) = post.restart(&self.brief, me, message).await
        {
            post.fall(&why);
        }
        Ok(())
    }

    /// The session cannot go on when the coordinator cannot.
    fn or_fall(&self, taken: Result<(), ActorProcessingErr>) -> Result<(), ActorProcessingErr> {
        if let Err(why) = &taken {
            self.own.fall(why);
        }
        taken
    }

    /// The node is done when its agent rests; an unfinished one stays open for a later process. The agents are stopped
    /// first: each finishes what it is handling, so that it has told how it stands by the time that is asked.
    async fn close(&mut self) {
        self.is_closing = true;
        let _ = self.own.actor.stop_and_wait(None, None).await;
        self.delegations.close().await;
        let resting = !self.brief.status.borrow().busy;
        if resting && self.dag.end(self.own.node, NodeEnd::Done).is_ok() {
            let ended = PlanEvent::NodeEnded {
                node: self.own.node,
                end: NodeEnd::Done,
                why: None,
            };
            // If it cannot be kept, the node stays open: exactly what the journal then says.
            let draft = of_session(Event::Plan(ended));
            let _ = self.brief.journal.append(vec![draft]).await;
        }
    }
}

impl Post {
    /// Hands a command on.
    fn give(&self, command: Box<Command>, answer: oneshot::Sender<Result<(), CommandError>>) {
        if let Err(refused) = self.actor.send_message(AgentMsg::Command(command, answer))
            && let ractor::MessagingErr::SendErr(AgentMsg::Command(_, answer)) = refused
        {
            let stopped = CommandError::Stopped("its agent has stopped".to_owned());
            let _ = answer.send(Err(stopped));
        }
    }

    /// Has it stop its turn, without waiting.
    fn interrupt(&self, cause: InterruptCause) {
        let (answer, _) = oneshot::channel();
        self.give(Box::new(Command::Interrupt { cause }), answer);
    }

    /// Tells its watchers that it cannot go on.
    fn fall(&self, why: &ActorProcessingErr) {
        let down = |status: &mut Status| {
            status.down.get_or_insert_with(|| why.to_string());
        };
        self.status.send_modify(down);
    }

    async fn restart(
        &mut self,
        brief: &Brief,
        me: &ActorRef<CoordinatorMsg>,
        message: String,
    ) -> Result<(), ActorProcessingErr> {
        self.restarts += 1;
        if self.restarts > RESTARTS {
            return Err(message.into());
        }
        let actor = "agent".to_owned();
        let fault = Event::Fault(FaultEvent::ActorFailed { actor, message });
        brief.journal.append(vec![of_session(fault)]).await?;
        let reader = brief.reader.clone();
        let records = tokio::task::spawn_blocking(move || reader(Seq(1))).await??;
        let folded = Folded::new(&records, self.agent);
        let resume = resumption(&folded.core.flow);
        let last = records.last().map(|record| record.seq);
        let start = folded.start(
            (self.agent, self.node),
            (&self.world, &brief.journal),
            (last.unwrap_or_default(), self.status.clone()),
        );
        let (actor, _) = Actor::spawn_linked(None, AgentActor, start, me.get_cell()).await?;
        self.actor = actor;
        if let Some(resume) = resume {
            let (answer, _) = oneshot::channel();
            self.give(Box::new(resume), answer);
        }
        Ok(())
    }
}

/// Agents by their nodes.
type Posts<T> = BTreeMap<NodeId, T>;
