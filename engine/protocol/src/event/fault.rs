//! Facts about faults of formic itself or of its disk.

use serde::{Deserialize, Serialize};

/// Facts about faults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FaultEvent {
    /// The journal's tail was torn or flipped and was cut off when the session was taken up.
    JournalCut {
        /// The byte in the last segment after which nothing was whole.
        at_byte: u64,
        /// How many bytes were set aside.
        lost_bytes: u64,
        /// Why, for people.
        reason: String,
    },
    /// A part of formic failed; a bug to be reported.
    ActorFailed {
        /// Which.
        actor: String,
        /// How.
        message: String,
    },
}
