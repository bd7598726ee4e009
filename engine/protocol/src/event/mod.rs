//! Events: facts in the past tense, journaled, in families.

mod failure;
mod fault;
mod memory;
mod model;
mod pause;
mod permission;
mod plan;
mod session;
mod texts;
mod tool;
mod turn;
mod workspace;

use serde::{Deserialize, Serialize};

pub use failure::{Failure, FailureClass, GaveUp};
pub use fault::FaultEvent;
pub use memory::{BoardEntry, EntryKind, Evidence, MemoryEvent, Provenance};
pub use model::ModelEvent;
pub use pause::PauseCause;
pub use permission::PermissionEvent;
pub use plan::{
    Attempt, BEGIN_ANEW, BUDGET_USED_UP, NodeEnd, OWN_BUDGET_USED_UP, OWN_TIME_USED_UP, PlanEvent,
    Planner, TIME_USED_UP, TreeStart, besides,
};
pub use session::{ForkPoint, Opening, SessionEvent};
pub use tool::ToolEvent;
pub use turn::{TurnEnd, TurnEvent};
pub use workspace::{
    Change, ChangeKind, CheckRun, Conflict, Ground, Inspection, Isolation, Landing, Merged,
    NOT_RUN, WorkspaceEvent,
};

/// A fact. State changes only by applying one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The session as a whole.
    Session(SessionEvent),
    /// Turns: a user input until the agent rests.
    Turn(TurnEvent),
    /// Model calls.
    Model(ModelEvent),
    /// Tool calls.
    Tool(ToolEvent),
    /// Permission.
    Permission(PermissionEvent),
    /// The plan and its nodes.
    Plan(PlanEvent),
    /// Trees, proposals, gates and the integration branch.
    Workspace(WorkspaceEvent),
    /// The board.
    Memory(MemoryEvent),
    /// Faults of formic itself.
    Fault(FaultEvent),
}
