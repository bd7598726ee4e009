//! A command whose exit code says whether something holds.

use serde::{Deserialize, Serialize};

/// How long a check may take if nothing else is said, in milliseconds: ten minutes.
pub const DEFAULT_CHECK_MS: u64 = 600_000;

/// A shell command and how long it may take. It holds if it exits with 0 in that time.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// The command, run by `sh -c` in the root of the tree.
    pub cmd: String,
    /// How long it may take, in milliseconds.
    pub timeout_ms: u64,
    /// What it must do on the base commit, before anything was changed.
    #[serde(default)]
    pub expect: Expect,
}

/// What a check does on the base commit.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Expect {
    /// Nothing is said of it.
    #[default]
    Any,
    /// It passes: the work must keep it so.
    Pass,
    /// It fails: the work must make it pass.
    Fail,
}
