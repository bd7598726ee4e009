//! The lines a report is made of, as they are printed and serialised.

use protocol::{Change, GitId, Kind, NodeName, SessionId, Usage};
use serde::Serialize;

use super::{NodeState, PlanChange};

/// What came of a run. It serialises as the object `formic swarm --json` prints.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SwarmReport {
    /// Always `swarm_result`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The run.
    pub run_id: SessionId,
    /// How it ended.
    pub status: RunStatus,
    /// Its goal.
    pub goal: String,
    /// Why the run as a whole goes no further, where no node of it says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// One entry a node, in the order of the plan.
    pub nodes: Vec<NodeLine>,
    /// Everything together.
    pub totals: Totals,
    /// Where the result came to rest, or is collected; `None` if there is nothing yet.
    pub target: Option<Target>,
    /// Changes of the plan in which others took the place of a node.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<PlanChange>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Every node is done.
    Success,
    /// Some nodes are done.
    Partial,
    /// No node is done.
    Failed,
    /// A budget, or the time, kept some node from being done.
    LimitReached,
    /// It was given up.
    Cancelled,
    /// Its plan was turned down.
    Rejected,
    /// It is not over: it can be resumed.
    Unfinished,
}

/// A node in the report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NodeLine {
    /// What the plan calls it.
    pub id: NodeName,
    /// A few words for people.
    pub title: String,
    /// What kind of work.
    pub kind: Kind,
    /// How far it is.
    pub state: NodeState,
    /// Attempts begun.
    pub attempts: u32,
    /// Its commit on the integration branch.
    pub commit: Option<GitId>,
    /// What it changed.
    pub files: Vec<Change>,
    /// Its checks.
    pub checks: Vec<CheckLine>,
    /// What it used.
    #[serde(flatten)]
    pub used: NodeUse,
    /// The ref that keeps what it changed, where that is on no branch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<String>,
    /// Calls of its agents that permission denied.
    #[serde(skip_serializing_if = "is_none")]
    pub denials: usize,
    /// Why it is not done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What a node used.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NodeUse {
    /// Tokens.
    pub usage: TokenCount,
    /// Dollars; `None` if the price of a reply is not known.
    pub cost_usd: Option<f64>,
    /// From the beginning of its first attempt to its end, or to the latest record.
    pub wall_ms: u64,
    /// Tokens that providers counted beyond what was set aside for a call: only by these can a limit be passed.
    pub overrun_tokens: u64,
    /// Tokens of calls that broke off or were lost and that no provider counted to their end.
    #[serde(skip_serializing_if = "is_nothing")]
    pub estimated_tokens: u64,
    /// Replies of the model.
    pub model_calls: u32,
    /// Tool calls that ended.
    pub tool_calls: u32,
}

/// A check in the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckLine {
    /// The command.
    pub cmd: String,
    /// Whether it held.
    pub passed: bool,
    /// Its exit code; `None` if a signal or its time ended it.
    pub exit: Option<i32>,
    /// How long it took.
    pub ms: u64,
    /// Why permission was denied for it: it was not run then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denied: Option<String>,
}

/// Tokens under the names of the result object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct TokenCount {
    /// Prompt tokens that no cache held.
    pub input_tokens: u64,
    /// Generated tokens.
    pub output_tokens: u64,
    /// Prompt tokens written to the provider's cache.
    pub cache_creation_input_tokens: u64,
    /// Prompt tokens read from it.
    pub cache_read_input_tokens: u64,
}

/// Everything together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Totals {
    /// Nodes of the plan.
    pub nodes: usize,
    /// How many are done.
    pub done: usize,
    /// How many were given up.
    pub failed: usize,
    /// How many were skipped or cancelled, or have not ended.
    pub not_done: usize,
    /// Attempts begun.
    pub attempts: u32,
    /// Agents that answered.
    pub agents: usize,
    /// What all of them used, the planner among them.
    #[serde(flatten)]
    pub used: NodeUse,
    /// Model calls that failed and were tried again.
    pub retries: u32,
    /// Batches that were merged and gated together.
    pub batches: usize,
    /// Those of them that landed.
    pub landed_batches: usize,
    /// What the whole run may use.
    pub budget: BudgetLine,
}

/// A budget under the names of plan files, and what of it is used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct BudgetLine {
    /// Tokens.
    pub tokens: Option<u64>,
    /// Dollars.
    pub usd: Option<f64>,
    /// Wall time in milliseconds.
    pub wall_ms: Option<u64>,
    /// Tool calls.
    pub tool_calls: Option<u64>,
    /// Tokens that count against it so far; where a provider did not count, an estimate.
    pub used_tokens: u64,
    /// Dollars that count against it so far; `None` if a price is not known.
    pub used_usd: Option<f64>,
}

/// Where the result came to rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Target {
    /// The branch that holds it.
    pub branch: String,
    /// The commit.
    pub commit: GitId,
    /// Whether the user's branch and checkout were moved to it.
    pub fast_forwarded: bool,
    /// If not, why, and what the user can do; if so, why the run's own branch is still there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
}

impl TokenCount {
    /// Every token.
    pub const fn total(&self) -> u64 {
        self.input_tokens
            .saturating_add(self.output_tokens)
            .saturating_add(self.cache_creation_input_tokens)
            .saturating_add(self.cache_read_input_tokens)
    }
}

impl From<Usage> for TokenCount {
    fn from(usage: Usage) -> Self {
        Self {
            input_tokens: usage.input,
            output_tokens: usage.output,
            cache_creation_input_tokens: usage.cache_write,
            cache_read_input_tokens: usage.cache_read,
        }
    }
}

const fn is_nothing(tokens: &u64) -> bool {
    *tokens == 0
}

const fn is_none(count: &usize) -> bool {
    *count == 0
}
