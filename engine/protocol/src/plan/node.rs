//! A node: one piece of work, its scope, its check and its limits.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Check, is_default};
use crate::{Cost, NodeId, Text};

/// One piece of work, done by one agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Its id; follows from its name and the run.
    pub id: NodeId,
    /// What the planner calls it; unique in the plan.
    #[serde(default, skip_serializing_if = "is_default")]
    pub name: NodeName,
    /// What kind of work.
    pub kind: Kind,
    /// A few words for people.
    pub title: String,
    /// What its agent is told to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brief: Option<Text>,
    /// The nodes that must be done before; those that scopes demand are among them.
    pub deps: Vec<NodeId>,
    /// Which paths it reads and writes.
    #[serde(default, skip_serializing_if = "is_default")]
    pub scope: Scope,
    /// What must hold in its tree before its work is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept: Option<Check>,
    /// What it may use.
    pub budget: Budget,
    /// How strong a model it wants.
    #[serde(default, skip_serializing_if = "is_default")]
    pub tier: Tier,
    /// How heavy it is and what becomes of it when it fails.
    #[serde(default, skip_serializing_if = "is_default")]
    pub weight: Weight,
    /// For a merge node: the node whose proposal could not be merged and which is done when this one is. For a planner in
    /// a run under way: the node it plans anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolves: Option<NodeId>,
}

impl Node {
    /// A node of which nothing is said but its kind and title.
    pub fn new(id: NodeId, kind: Kind, title: impl Into<String>) -> Self {
        Self {
            id,
            name: NodeName::default(),
            kind,
            title: title.into(),
            brief: None,
            deps: Vec::new(),
            scope: Scope::default(),
            accept: None,
            budget: Budget::default(),
            tier: Tier::default(),
            weight: Weight::default(),
            resolves: None,
        }
    }
}

/// What a planner or a person calls a node: letters, digits, `-`, `_`, `.` and `/`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NodeName(pub Arc<str>);

impl NodeName {
    /// The longest name, in bytes.
    pub const MAX_BYTES: usize = 64;

    /// The name as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it has only allowed characters and a length from 1 to [`Self::MAX_BYTES`].
    pub fn is_valid(&self) -> bool {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
        !self.0.is_empty() && self.0.len() <= Self::MAX_BYTES && self.0.chars().all(allowed)
    }
}

impl Default for NodeName {
    fn default() -> Self {
        Self("".into())
    }
}

impl From<&str> for NodeName {
    fn from(name: &str) -> Self {
        Self(name.into())
    }
}

impl fmt::Display for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// What kind of work a node is. It decides the tools its agent gets. Plan files write the names as in `Edit`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A conversation with a person or a script, with every tool.
    Chat,
    /// Makes the plan; reads only.
    #[serde(alias = "Plan")]
    Plan,
    /// Looks into something and reports; reads only.
    #[serde(alias = "Explore")]
    Explore,
    /// Writes down decisions the others are bound by; reads only.
    #[serde(alias = "Contract")]
    Contract,
    /// Changes files within its scope.
    #[default]
    #[serde(alias = "Edit")]
    Edit,
    /// Runs a deterministic command instead of an agent: its brief is the command; costs no tokens.
    #[serde(alias = "Codemod")]
    Codemod,
    /// Runs its check on the merged tree; no agent.
    #[serde(alias = "Verify")]
    Verify,
    /// Reads a change with fresh eyes and reports; reads only.
    #[serde(alias = "Review")]
    Review,
    /// Resolves a conflict between a proposal and the integrated work.
    #[serde(alias = "Merge")]
    Merge,
    /// Sums up; reads only.
    #[serde(alias = "Summarise")]
    Summarise,
    /// Tends shared memory; reads only.
    #[serde(alias = "Memory")]
    Memory,
}

impl Kind {
    /// Whether nodes of this kind change files, and so have a tree of their own and a proposal.
    pub const fn writes(self) -> bool {
        matches!(self, Self::Edit | Self::Codemod | Self::Merge)
    }

    /// Whether an agent does the work; otherwise a command does.
    pub const fn has_agent(self) -> bool {
        !matches!(self, Self::Codemod | Self::Verify)
    }
}

/// Which paths a node may touch: globs relative to the root, `/` between names, `**` for any number of folders.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// What it reads; empty means everything.
    pub reads: Vec<String>,
    /// What it may change, create or delete; empty for a node that only reads.
    pub writes: Vec<String>,
    /// Whether a result without any change is a success; declared, never guessed.
    #[serde(default)]
    pub noop: bool,
    /// Whether tests may check less than before, be skipped or be taken away.
    #[serde(default, skip_serializing_if = "is_default")]
    pub weakens_tests: bool,
    /// Whether its tree holds only the folders that these paths lie in, and the files beside those folders' parents.
    #[serde(default, skip_serializing_if = "is_default")]
    pub sparse: bool,
}

/// How strong a model a node wants; settings say which model that is.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// A model on this machine.
    Local,
    /// A small, cheap one.
    Small,
    /// The usual one.
    #[default]
    Mid,
    /// The strongest.
    Frontier,
}

/// How heavy a node is and what becomes of it when it fails.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weight {
    /// How long it will take, in milliseconds, as estimated; orders work, never decides correctness. 0: not known.
    pub est_ms: u64,
    /// How risky it is: riskier work starts earlier.
    pub risk: Risk,
    /// What becomes of it when every attempt failed.
    pub on_fail: OnFail,
}

/// How risky a node is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// Little.
    Low,
    /// As usual.
    #[default]
    Med,
    /// Much.
    High,
}

/// What becomes of a node when its attempts are used up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFail {
    /// It is tried again up to its attempts, the last one fresh and with a stronger model; then it has failed, and
    /// what depends on it is skipped.
    #[default]
    Retry,
    /// It has failed after one attempt; what depends on it is skipped.
    Skip,
    /// The whole run stops: nothing new starts.
    Abort,
}

/// What a node or a run may use; `None` means no limit of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Tokens, prompt and reply of every call together.
    pub tokens: Option<u64>,
    /// Money, in pico-dollars.
    pub cost: Option<Cost>,
    /// Wall time, in milliseconds: a run's from when its work begins, a node's while it is at work or whatever works for it
    /// or stands in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wall_ms: Option<u64>,
    /// Tool calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_calls: Option<u64>,
    /// Attempts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
}
