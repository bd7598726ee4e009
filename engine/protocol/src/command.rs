//! Commands: what a user or a parent wants of the system.

use serde::{Deserialize, Serialize};

use crate::{Block, Limits, ModelRef, ModelTraits, PermissionMode, Text, TurnId};

/// A wish from outside. New ids and times arrive with it; deciding never makes them.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Begin a turn.
    Submit {
        /// The new turn's id.
        turn: TurnId,
        /// Environment and instruction texts that go before the input in the same message.
        context: Vec<Text>,
        /// What the user says.
        content: Vec<Block>,
    },
    /// Say something in the middle of a turn; read at the next step.
    Steer {
        /// What the user says.
        content: Vec<Block>,
    },
    /// Tell something in the middle of a turn that is not the user's word; read at the next step.
    Inform {
        /// What.
        text: Text,
    },
    /// Take up a session again: note the new process, settle what was under way.
    Resume {
        /// The limits of this run.
        limits: Limits,
        /// The permission mode of this run.
        mode: PermissionMode,
        /// The model of this run.
        model: ModelRef,
        /// What is known of that model.
        traits: ModelTraits,
        /// Whether this run wants its answer through the answer tool.
        structured: bool,
    },
    /// Stop the turn.
    Interrupt {
        /// Why.
        cause: InterruptCause,
    },
}

/// Why a turn is stopped from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InterruptCause {
    /// A person pressed Ctrl-C or sent SIGINT.
    User,
    /// SIGTERM.
    Terminate,
    /// The run's time is over.
    Timeout,
}
