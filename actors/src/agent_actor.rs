//! The agent actor: carries inputs to the deciding crate, its events to the journal, its wishes to the world.
//!
//! May: await the journal's acknowledgement. Never: decide, await a model, a tool or a person.

use std::collections::HashMap;
use std::sync::Arc;

use protocol::{
    AgentId, CallId, Command, Draft, Effect, Event, Input, NodeId, Record, Seq, TurnEnd, TurnEvent,
    TurnId,
};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::{oneshot, watch};

use crate::effects;
use crate::flight::{Flights, Held, Home};
use crate::journal::Journal;
use crate::world::World;

/// Why a command was not taken.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CommandError {
    /// It makes no sense now.
    #[error("{0}")]
    Illegal(String),
    /// The session has stopped.
    #[error("reach the session: {0}")]
    Stopped(String),
}

/// What an agent understands.
pub(crate) enum AgentMsg {
    /// A wish from outside; acknowledged once its events are written.
    Command(Box<Command>, oneshot::Sender<Result<(), CommandError>>),
    /// An effect came home.
    Home(Box<Home>),
}

/// What watchers of an agent see.
#[derive(Debug, Clone, Default)]
pub(crate) struct Status {
    /// Whether a turn is under way.
    pub busy: bool,
    /// Whether it is being stopped.
    pub stopping: bool,
    /// How the last turn ended.
    pub end: Option<TurnEnd>,
    /// The turn under way, or the last one.
    pub turn: Option<TurnId>,
    /// Whether the conversation has begun.
    pub begun: bool,
    /// Why the session stopped, if it did.
    pub down: Option<String>,
}

/// What an agent starts with.
pub(crate) struct Start {
    pub me: AgentId,
    pub node: NodeId,
    pub core: agent::State,
    pub last: Seq,
    pub end: Option<TurnEnd>,
    pub world: Arc<World>,
    pub journal: Journal,
    pub status: watch::Sender<Status>,
}

pub(crate) struct AgentActor;

pub(crate) struct AgentState {
    start: Start,
    flights: Flights<Effect>,
    held: HashMap<CallId, Held>,
}

impl Actor for AgentActor {
    type Msg = AgentMsg;
    type State = AgentState;
    type Arguments = Start;

    async fn pre_start(
        &self,
        _me: ActorRef<AgentMsg>,
        start: Start,
    ) -> Result<AgentState, ActorProcessingErr> {
        let state = AgentState {
            start,
            flights: Flights::default(),
            held: HashMap::new(),
        };
        state.tell();
        Ok(state)
    }

    async fn handle(
        &self,
        me: ActorRef<AgentMsg>,
        message: AgentMsg,
        state: &mut AgentState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            AgentMsg::Command(command, answer) => {
                let taken = state.step(Input::Command(*command), None).await?;
                let _ = answer.send(taken);
            }
            AgentMsg::Home(home) => {
                state.welcome(*home).await?;
            }
        }
        state.fly(&me);
        Ok(())
    }
}

impl AgentState {
    /// Takes in what an effect brings home.
    async fn welcome(&mut self, home: Home) -> Result<(), ActorProcessingErr> {
        if !self.flights.landed(&home.effect, home.number) {
            // It was overtaken by an interrupt: nobody waits for it any more.
            return Ok(());
        }
        // Held until the records below are written: the lane is freed by the record of the end.
        let freed = self.keep(&home.effect, home.held);
        if let Some(outcome) = home.outcome {
            // Only commands can be illegal.
            let _ = self.step(Input::Outcome(outcome), Some(home.cause)).await?;
        }
        drop(freed);
        Ok(())
    }

    /// Decides, remembers, applies. Fails only when nothing can be remembered any more.
    async fn step(
        &mut self,
        input: Input,
        cause: Option<Seq>,
    ) -> Result<Result<(), CommandError>, ActorProcessingErr> {
        let events = match agent::decide(&self.start.core, input) {
            Ok(events) => events,
            Err(illegal) => return Ok(Err(CommandError::Illegal(illegal.to_string()))),
        };
        if events.is_empty() {
            return Ok(Ok(()));
        }
        let drafts = self.drafts(events, cause);
        let records = match self.start.journal.append(drafts).await {
            Ok(records) => records,
            Err(down) => {
                let why = down.to_string();
                self.start
                    .status
                    .send_modify(|status| status.down = Some(why.clone()));
                return Err(why.into());
            }
        };
        records.iter().for_each(|record| self.apply(record));
        self.tell();
        Ok(Ok(()))
    }

    fn drafts(&self, events: Vec<Event>, cause: Option<Seq>) -> Vec<Draft> {
        let (agent, node) = (Some(self.start.me), Some(self.start.node));
        let mut turn = self.start.core.flow.turn;
        let draft = |event: Event| {
            if let Event::Turn(TurnEvent::Submitted { turn: new, .. }) = &event {
                turn = Some(*new);
            }
            Draft {
                agent,
                node,
                turn,
                cause,
                event,
            }
        };
        events.into_iter().map(draft).collect()
    }

    fn apply(&mut self, record: &Arc<Record>) {
        self.start.core.apply(&record.event);
        self.start.last = record.seq;
        if let Event::Turn(TurnEvent::Ended { end, .. }) = &record.event {
            self.start.end = Some(end.clone());
        }
    }

    /// Tells watchers how things stand.
    fn tell(&self) {
        let core = &self.start.core;
        self.start.status.send_modify(|status| {
            status.busy = core.flow.is_busy();
            status.stopping = core.flow.is_stopping();
            status.turn = core.flow.turn;
            status.begun = !core.messages.is_empty();
            status.end.clone_from(&self.start.end);
        });
    }

    /// A permitted write waits for its commit; a committed one is to be freed.
    fn keep(&mut self, effect: &Effect, held: Option<Held>) -> Option<Held> {
        let held = held?;
        match effect {
            Effect::RunCall { call } => self.held.insert(*call, held),
            Effect::CommitCall { .. }
            | Effect::SettleCall { .. }
            | Effect::CallModel { .. }
            | Effect::Wait { .. } => Some(held),
        }
    }

    /// Starts the effects wished for now and cancels those that no longer are.
    fn fly(&mut self, me: &ActorRef<AgentMsg>) {
        let core = &self.start.core;
        for (effect, flight) in self.flights.reconcile(&agent::wishes(core)) {
            let held = match &effect {
                Effect::CommitCall { call } => self.held.remove(call),
                Effect::CallModel { .. }
                | Effect::Wait { .. }
                | Effect::RunCall { .. }
                | Effect::SettleCall { .. } => None,
            };
            let order = effects::Order {
                effect,
                held,
                flight,
                cause: self.start.last,
                agent: self.start.me,
            };
            effects::start(&self.start.world, core, order, me.clone());
        }
        let under_way = |slot: &agent::Slot| matches!(slot.state, agent::SlotState::Started(_));
        // A permit whose write will not be started any more must not block the lane.
        self.held.retain(|call, _| {
            core.flow
                .slot(*call)
                .is_some_and(|slot| under_way(slot) || !core.flow.is_stopping())
        });
        if core.flow.is_stopping() {
            self.flights.hurry();
        }
    }
}
