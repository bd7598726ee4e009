//! Facts about a session as a whole.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{Limits, ModelRef, ModelTraits, PermissionMode, Seq, SessionId, Text};

/// Facts about a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SessionEvent {
    /// The session began.
    Opened(Box<Opening>),
    /// A new process took the session up; whatever was under way before is in doubt.
    Resumed {
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
    /// The session branched off another one; the records before this one were copied from it.
    Forked(ForkPoint),
}

/// How a session began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// The folder it works in.
    pub cwd: PathBuf,
    /// The formic version that opened it.
    pub formic: String,
    /// The permission mode.
    pub mode: PermissionMode,
    /// The model.
    pub model: ModelRef,
    /// What is known of that model.
    pub traits: ModelTraits,
    /// The system prompt, exact: the stable prefix of every request.
    pub system: Text,
    /// The offered tools, sorted by name.
    pub tools: Vec<String>,
    /// The limits of the first run.
    pub limits: Limits,
    /// Bytes of the offered tools as they are declared to the model; 0 in journals older than the field.
    #[serde(default, skip_serializing_if = "crate::plan::is_default")]
    pub tool_bytes: u64,
}

/// Where a fork branched off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForkPoint {
    /// The session it came from.
    pub session: SessionId,
    /// The last record it shares.
    pub seq: Seq,
}
