//! Facts about permission.

use serde::{Deserialize, Serialize};

use crate::{CallId, Decider, Verdict};

/// Facts about permission. Reads that are allowed leave no record of their own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PermissionEvent {
    /// A claim was judged, once and for all.
    Decided {
        /// Which call.
        call: CallId,
        /// How and why.
        verdict: Verdict,
        /// Who had the last word.
        by: Decider,
    },
}
