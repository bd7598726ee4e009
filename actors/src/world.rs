//! What every effect of a session needs, introduced to one another once.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use protocol::ToolDecl;
use providers::Provider;
use ractor::ActorRef;
use tokio_util::task::TaskTracker;
use tools::{Registry, Shells};

use crate::answer::AnswerSchema;
use crate::broker::BrokerMsg;
use crate::bus::Bus;
use crate::context::Context;
use crate::coordinator::CoordinatorMsg;
use crate::journal::Journal;
use crate::law::Law;
use crate::redact::Redactor;
use crate::setup;
use crate::source::Source;
use crate::swarm::Fence;

/// The shared surroundings of a session's agents.
pub(crate) struct World {
    pub source: Arc<dyn Source>,
    pub bus: Bus,
    pub redactor: Redactor,
    pub law: Arc<Law>,
    pub broker: ActorRef<BrokerMsg>,
    pub journal: Journal,
    pub provider: Arc<dyn Provider>,
    pub offer: Offer,
    pub context: Arc<Context>,
    pub place: Arc<dyn tools::Place>,
    pub commands: Commands,
    /// The effects under way, to be waited for at the close.
    pub effects: TaskTracker,
}

/// What the commands of an agent need and leave.
pub(crate) struct Commands {
    pub shells: Arc<Shells>,
    /// Where the whole output of calls that were cut for the model goes.
    pub spill: PathBuf,
    /// What keeps a node's tree within its scope; `None` for everybody else.
    pub fence: Option<Fence>,
}

/// What the model is offered.
pub(crate) struct Offer {
    pub registry: Arc<Registry>,
    pub declared: Arc<[ToolDecl]>,
    pub answer: Option<Box<AnswerSchema>>,
    /// What the agents of a run know together; `None` in a chat.
    pub board: Option<Arc<dyn tools::Board>>,
    pub vision: bool,
    /// Who starts sub-agents; never set for a node of a run.
    pub coordinator: Arc<OnceLock<ActorRef<CoordinatorMsg>>>,
}

impl World {
    /// The same surroundings for another agent. Its effects are its own and so are its shells, which end with it; no
    /// answer to a schema is wanted of it, and no fence stands around it.
    pub(crate) fn beside(&self) -> Self {
        Self {
            source: self.source.clone(),
            bus: self.bus.clone(),
            redactor: self.redactor.clone(),
            law: self.law.clone(),
            broker: self.broker.clone(),
            journal: self.journal.clone(),
            provider: self.provider.clone(),
            offer: self.offer.beside(),
            context: self.context.clone(),
            place: self.place.clone(),
            commands: Commands {
                shells: setup::shells(),
                spill: self.commands.spill.clone(),
                fence: None,
            },
            effects: TaskTracker::new(),
        }
    }
}

impl Offer {
    fn beside(&self) -> Self {
        Self {
            registry: self.registry.clone(),
            declared: self.declared.clone(),
            answer: None,
            board: self.board.clone(),
            vision: self.vision,
            coordinator: self.coordinator.clone(),
        }
    }
}
