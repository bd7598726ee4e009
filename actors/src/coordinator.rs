//! The coordinator actor: one per session. Accepts the plan, gives its ready nodes to agents, watches over them.
//!
//! May: ask the scheduler, journal the plan's facts, restart an agent from its records. Never: decide what an agent does.

use std::sync::Arc;

use protocol::{
    AgentId, Command, Draft, Event, FaultEvent, Kind, Node, NodeEnd, NodeId, PLAN_VERSION, Plan,
    PlanEvent, Record, SessionEvent, TurnEvent,
};
use ractor::{Actor, ActorProcessingErr, ActorRef, SupervisionEvent};
use scheduler::Dag;
use tokio::sync::{oneshot, watch};

use crate::agent_actor::{AgentActor, AgentMsg, CommandError, Start, Status};
use crate::journal::{self, JournalMsg};
use crate::world::World;

/// How often an agent that failed is taken up again before the session gives up.
const RESTARTS: u32 = 3;

/// What the coordinator understands.
pub(crate) enum CoordinatorMsg {
    /// For the session's agent.
    Command(Box<Command>, oneshot::Sender<Result<(), CommandError>>),
    /// The session closes; answered when the plan's end is durable.
    Close(oneshot::Sender<()>),
}

/// What a coordinator starts with.
pub(crate) struct Brief {
    pub world: Arc<World>,
    pub journal: ActorRef<JournalMsg>,
    pub status: watch::Sender<Status>,
    /// The records so far.
    pub records: Vec<Arc<Record>>,
    /// What this process adds before anything else.
    pub first: Vec<Draft>,
    pub reader: RecordReader,
}

/// Reads the session's records again, for an agent that has to be rebuilt. All of them or, as the error, why not:
/// an agent must not go on from half of what it did. Blocks.
pub(crate) type RecordReader = Arc<dyn Fn() -> Result<Vec<Arc<Record>>, String> + Send + Sync>;

pub(crate) struct CoordinatorActor;

pub(crate) struct CoordinatorState {
    brief: Brief,
    dag: Dag,
    node: NodeId,
    me: AgentId,
    agent: ActorRef<AgentMsg>,
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
        let start = brief.start(agent, node);
        let (actor, _) = Actor::spawn_linked(None, AgentActor, start, me.get_cell()).await?;
        // The agent has folded them; a long session must not be held twice.
        brief.records = Vec::new();
        Ok(CoordinatorState {
            brief,
            dag,
            node,
            me: agent,
            agent: actor,
            restarts: 0,
        })
    }

    async fn handle(
        &self,
        _me: ActorRef<CoordinatorMsg>,
        message: CoordinatorMsg,
        state: &mut CoordinatorState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            CoordinatorMsg::Command(command, answer) => {
                if let Err(refused) = state.agent.send_message(AgentMsg::Command(command, answer))
                    && let ractor::MessagingErr::SendErr(AgentMsg::Command(_, answer)) = refused
                {
                    let stopped = CommandError::Stopped("its agent has stopped".to_owned());
                    let _ = answer.send(Err(stopped));
                }
            }
            CoordinatorMsg::Close(done) => {
                state.close().await;
                let _ = done.send(());
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
            SupervisionEvent::ActorFailed(_, error) => state.recover(me, error.to_string()).await,
            SupervisionEvent::ActorStarted(_)
            | SupervisionEvent::ActorTerminated(..)
            | SupervisionEvent::ProcessGroupChanged(_) => Ok(()),
        }
    }
}

impl CoordinatorState {
    /// Takes a failed agent up again from the journal; if that cannot be, the session is down.
    async fn recover(
        &mut self,
        me: ActorRef<CoordinatorMsg>,
        message: String,
    ) -> Result<(), ActorProcessingErr> {
        let message = self.brief.world.redactor.clean(&message).into_owned();
        let again = self.restart(me, message).await;
        if let Err(why) = &again {
            let down = |status: &mut Status| {
                status.down.get_or_insert_with(|| why.to_string());
            };
            self.brief.status.send_modify(down);
        }
        again
    }

    async fn restart(
        &mut self,
        me: ActorRef<CoordinatorMsg>,
        message: String,
    ) -> Result<(), ActorProcessingErr> {
        self.restarts += 1;
        if self.restarts > RESTARTS {
            return Err(message.into());
        }
        let actor = "agent".to_owned();
        let fault = Event::Fault(FaultEvent::ActorFailed { actor, message });
        journal::append(&self.brief.journal, vec![self.brief.draft(fault)]).await?;
        let reader = self.brief.reader.clone();
        self.brief.records = tokio::task::spawn_blocking(move || reader()).await??;
        let start = self.brief.start(self.me, self.node);
        self.brief.records = Vec::new();
        let resume = resumption(&start.core.flow);
        let (actor, _) = Actor::spawn_linked(None, AgentActor, start, me.get_cell()).await?;
        if let Some(resume) = resume {
            let (answer, _) = oneshot::channel();
            actor.send_message(AgentMsg::Command(Box::new(resume), answer))?;
        }
        self.agent = actor;
        Ok(())
    }

    /// The node is done when its agent rests; an unfinished one stays open for a later process. The agent is stopped
    /// first: it finishes what it is handling, so that it has told how it stands by the time that is asked.
    async fn close(&mut self) {
        let _ = self.agent.stop_and_wait(None, None).await;
        let resting = !self.brief.status.borrow().busy;
        if resting && self.dag.end(self.node, NodeEnd::Done).is_ok() {
            let (node, end) = (self.node, NodeEnd::Done);
            let draft = self.brief.draft(Event::Plan(PlanEvent::NodeEnded {
                node,
                end,
                why: None,
            }));
            // If it cannot be kept, the node stays open: exactly what the journal then says.
            let _ = journal::append(&self.brief.journal, vec![draft]).await;
        }
    }
}

impl Brief {
    /// The node that runs and its agent, with their plan: from the records, and what they lack made now. A process may
    /// have died between accepting its plan and starting the node.
    async fn ensure_plan(&mut self) -> Result<(Plan, NodeId, AgentId), ActorProcessingErr> {
        let source = self.world.source.clone();
        let mut drafts = std::mem::take(&mut self.first);
        let plan = match recorded_plan(&self.records) {
            Some(plan) => plan,
            None => {
                let plan = one_node_plan(NodeId::new(source.uuid()));
                let accepted = PlanEvent::Accepted { plan: plan.clone() };
                drafts.push(self.draft(Event::Plan(accepted)));
                plan
            }
        };
        let dag = Dag::new(&plan)?;
        let (node, agent) = match recorded_start(&self.records) {
            Some((node, agent)) => {
                if has_ended(&self.records, node) {
                    // A conversation that is taken up again is a node that is taken up again.
                    drafts.push(self.draft(Event::Plan(PlanEvent::NodeStarted {
                        node,
                        agent,
                        attempt: None,
                    })));
                }
                (node, agent)
            }
            None => {
                let node = *dag
                    .ready()
                    .first()
                    .ok_or("the plan has no node to begin with")?;
                let agent = AgentId::new(source.uuid());
                drafts.push(self.draft(Event::Plan(PlanEvent::NodeStarted {
                    node,
                    agent,
                    attempt: None,
                })));
                (node, agent)
            }
        };
        if !drafts.is_empty() {
            let kept = journal::append(&self.journal, drafts).await?;
            self.records.extend(kept);
        }
        Ok((plan, node, agent))
    }

    fn start(&self, me: AgentId, node: NodeId) -> Start {
        let own = self.records.iter().filter(|record| concerns(record, me));
        let core = agent::State::fold(own.map(Arc::as_ref));
        Start {
            me,
            node,
            core,
            last: self
                .records
                .last()
                .map(|record| record.seq)
                .unwrap_or_default(),
            end: last_end(&self.records),
            world: self.world.clone(),
            journal: self.journal.clone(),
            status: self.status.clone(),
        }
    }

    fn draft(&self, event: Event) -> Draft {
        Draft {
            agent: None,
            node: None,
            turn: None,
            cause: None,
            event,
        }
    }
}

/// Takes an agent up with what it had.
fn resumption(flow: &agent::Flow) -> Option<Command> {
    let setup = flow.setup.as_ref()?;
    Some(Command::Resume {
        limits: setup.limits,
        mode: setup.mode,
        model: setup.model.clone(),
        traits: setup.traits.clone(),
        structured: flow.wants_schema(),
    })
}

/// Whether an agent's state depends on a record: its own, and those about the session as a whole.
pub(crate) fn concerns(record: &Record, agent: AgentId) -> bool {
    record.agent.is_none_or(|of| of == agent)
}

fn one_node_plan(id: NodeId) -> Plan {
    Plan {
        version: PLAN_VERSION,
        goal: "converse with the user".to_owned(),
        nodes: vec![Node::new(id, Kind::Chat, "one agent")],
        ..Plan::default()
    }
}

/// Looks through the events of some records, the newest last.
fn find<'a, T>(records: &'a [Arc<Record>], look: impl Fn(&'a Event) -> Option<T>) -> Option<T> {
    records.iter().find_map(|record| look(&record.event))
}

fn recorded_plan(records: &[Arc<Record>]) -> Option<Plan> {
    find(records, |event| {
        let Event::Plan(PlanEvent::Accepted { plan }) = event else {
            return None;
        };
        Some(plan.clone())
    })
}

fn recorded_start(records: &[Arc<Record>]) -> Option<(NodeId, AgentId)> {
    find(records, |event| {
        let Event::Plan(PlanEvent::NodeStarted { node, agent, .. }) = event else {
            return None;
        };
        Some((*node, *agent))
    })
}

/// Whether a node's latest record is its end.
fn has_ended(records: &[Arc<Record>], node: NodeId) -> bool {
    let mut ended = false;
    for record in records {
        match &record.event {
            Event::Plan(PlanEvent::NodeStarted { node: of, .. }) if *of == node => ended = false,
            Event::Plan(PlanEvent::NodeEnded { node: of, .. }) if *of == node => ended = true,
            Event::Session(_)
            | Event::Turn(_)
            | Event::Model(_)
            | Event::Tool(_)
            | Event::Permission(_)
            | Event::Plan(_)
            | Event::Workspace(_)
            | Event::Memory(_)
            | Event::Fault(_) => {}
        }
    }
    ended
}

/// How the last turn ended, if none has begun since.
pub(crate) fn last_end(records: &[Arc<Record>]) -> Option<protocol::TurnEnd> {
    let mut end = None;
    for record in records {
        if let Event::Turn(event) = &record.event {
            match event {
                TurnEvent::Ended { end: how, .. } => end = Some(how),
                TurnEvent::Submitted { .. } => end = None,
                TurnEvent::Steered { .. }
                | TurnEvent::Informed { .. }
                | TurnEvent::Nudged { .. }
                | TurnEvent::Interrupted { .. } => {}
            }
        }
    }
    end.cloned()
}

/// The opening of a session, if its records have one.
pub(crate) fn opening(records: &[Arc<Record>]) -> Option<&protocol::Opening> {
    find(records, |event| {
        let Event::Session(SessionEvent::Opened(opening)) = event else {
            return None;
        };
        Some(opening.as_ref())
    })
}
