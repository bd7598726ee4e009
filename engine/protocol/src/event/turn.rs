//! Facts about turns.

use serde::{Deserialize, Serialize};

use crate::{BlobId, Block, InterruptCause, Limit, ModelFault, Text, TurnId};

/// Facts about a turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TurnEvent {
    /// A turn began.
    Submitted {
        /// Its id.
        turn: TurnId,
        /// Environment and instruction texts, before the input in the same message.
        context: Vec<Text>,
        /// What the user said.
        content: Vec<Block>,
    },
    /// The user said something in the middle of the turn.
    Steered {
        /// What.
        content: Vec<Block>,
    },
    /// formic itself told the model something, for example that its answer missed the schema.
    Nudged {
        /// What.
        text: Text,
    },
    /// formic told the model something others found out; it is heard at the next step.
    Informed {
        /// What.
        text: Text,
    },
    /// formic told the model that its limits are nearly used up; it is heard at the next step.
    Warned {
        /// What.
        text: Text,
    },
    /// The turn is being stopped from outside; what runs is being ended.
    Interrupted {
        /// Why.
        cause: InterruptCause,
    },
    /// The turn ended.
    Ended {
        /// How.
        end: TurnEnd,
        /// Digest of the agent's state just before this event; replay must come to the same.
        state: BlobId,
    },
}

/// How a turn ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TurnEnd {
    /// The model had said all.
    Completed,
    /// The model or its provider's filter refused.
    Refused,
    /// The reply limit cut the answer.
    Cut,
    /// A limit of the run was reached.
    Limited(Limit),
    /// The same calls with the same results came over and over.
    Looping,
    /// Stopped from outside.
    Interrupted(InterruptCause),
    /// The model could not be reached or did not answer usably.
    Failed(ModelFault),
}

impl TurnEnd {
    /// Why there is no model to ask, for anybody; `None` if that is not what ended the turn.
    pub fn no_model(&self) -> Option<&ModelFault> {
        match self {
            Self::Failed(fault) => Some(fault).filter(|fault| fault.meets_every_call()),
            Self::Completed
            | Self::Refused
            | Self::Cut
            | Self::Limited(_)
            | Self::Looping
            | Self::Interrupted(_) => None,
        }
    }
}
