//! What a run's actor understands, starts with and shows.

use std::collections::BTreeMap;
use std::sync::Arc;

use protocol::{AgentId, Block, Command, InterruptCause, NodeId, Seq};
use scheduler::run::{Change, Run, RunCommand, RunOutcome, RunPhase, Wish};
use tokio::sync::{oneshot, watch};
use tools::WritePermit;

use super::crew::Member;
use super::house::{House, Houses};
use super::site::Site;
use crate::agent_actor::{CommandError, Status};
use crate::feed::Intake;

/// What a run understands.
pub(crate) enum RunMsg {
    /// Records have come.
    Heard,
    /// Everything that had come before this is taken in: what follows is to be looked at.
    Due,
    /// A wish from outside; acknowledged once its facts are written.
    Command(Box<RunCommand>, oneshot::Sender<Result<(), CommandError>>),
    /// Something for a node's agent.
    Tell(
        NodeId,
        Box<Command>,
        oneshot::Sender<Result<(), CommandError>>,
    ),
    /// A node's agent is to be stopped; answered with how it stands, if there is one.
    Interrupt(
        NodeId,
        InterruptCause,
        oneshot::Sender<Option<watch::Receiver<Status>>>,
    ),
    /// An agent is at its place.
    Hired(NodeId, Member),
    /// A node has its tree.
    Housed(NodeId, Arc<House>),
    /// A plan was drafted; it is to be proposed, and approved if that is what was asked for.
    Drafted(Result<Box<RunCommand>, String>),
    /// An effect came home.
    Home(Box<Home>),
    /// The process wants to end.
    Close(oneshot::Sender<()>),
}

/// What an effect of a run brings home.
pub(crate) struct Home {
    /// Which wish.
    pub wish: Wish,
    /// Which flight of it.
    pub number: u64,
    /// The answer; `None` if records have said it already, or it was cancelled.
    pub outcome: Option<RunOutcome>,
    /// The lane of the branches, kept until the answer is written.
    pub held: Option<WritePermit>,
}

/// What watchers of a run see.
#[derive(Debug, Clone)]
pub(crate) struct RunStatus {
    /// How far it is.
    pub phase: RunPhase,
    /// Effects under way.
    pub under_way: usize,
    /// A change of the plan that waits to be taken or turned down.
    pub change: Option<Arc<Change>>,
    /// Why it stopped, if it could not go on.
    pub down: Option<String>,
}

/// What a run starts with.
pub(crate) struct RunStart {
    pub site: Arc<Site>,
    /// What the records so far say.
    pub run: Run,
    pub houses: Houses,
    /// The agents of a former process that have work left.
    pub pasts: BTreeMap<AgentId, agent::State>,
    /// What the planner answered in a former process.
    pub answer: Option<Arc<str>>,
    pub intake: Intake,
    /// The last record that is in all of this already.
    pub known: Seq,
    pub status: watch::Sender<RunStatus>,
}

/// Whoever gave a command, and what is to be told.
pub(crate) type Told = (
    oneshot::Sender<Result<(), CommandError>>,
    Result<(), CommandError>,
);

/// How the run goes on after a message.
pub(crate) enum Flow {
    /// What follows is looked at now.
    On,
    /// The same, and then somebody is told.
    Told(Told),
    /// What follows is looked at with what else has come.
    Later,
    /// Nothing follows.
    Nothing,
    /// It does not.
    Closed,
}

/// What is said to an agent in the middle of its turn.
pub(crate) fn steer(content: Vec<Block>) -> Box<Command> {
    Box::new(Command::Steer { content })
}
