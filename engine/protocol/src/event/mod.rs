//! Events: facts in the past tense, journaled, in families.

mod fault;
mod model;
mod permission;
mod plan;
mod session;
mod texts;
mod tool;
mod turn;

use serde::{Deserialize, Serialize};

pub use fault::FaultEvent;
pub use model::ModelEvent;
pub use permission::PermissionEvent;
pub use plan::{NodeEnd, PlanEvent};
pub use session::{ForkPoint, Opening, SessionEvent};
pub use tool::ToolEvent;
pub use turn::{TurnEnd, TurnEvent};

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
    /// Faults of formic itself.
    Fault(FaultEvent),
}
