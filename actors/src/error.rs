//! Why a session could not be opened.

use protocol::{ModelRef, SessionId};

/// Why a session could not be opened, resumed or forked.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The disk or the journal.
    #[error(transparent)]
    Store(#[from] store::StoreError),
    /// Permission rules that make no sense.
    #[error("understand the permission rules: {0}")]
    Rules(String),
    /// The model server's description.
    #[error(transparent)]
    Endpoint(#[from] providers::ConnectError),
    /// The wanted output schema.
    #[error("use the JSON schema: {0}")]
    Schema(String),
    /// A tool that does not exist was to be offered.
    #[error("offer the tool {0}: there is no such tool")]
    UnknownTool(String),
    /// The session's first record never became durable.
    #[error("take up session {0}: it ended before its first record; begin a new one")]
    Unbegun(SessionId),
    /// git, or the repository.
    #[error(transparent)]
    Git(#[from] workspace::GitError),
    /// The branch the result is for.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// Every rule a plan breaks.
    #[error("use the plan: {}", listed(.0))]
    Plan(Vec<scheduler::plan::Problem>),
    /// A limit that cannot be kept.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// A chat is not a run.
    #[error("take up run {0}: it is a chat, not a run")]
    NoRun(SessionId),
    /// A part of formic could not start.
    #[error("start the session: {0}")]
    Stopped(String),
}

/// Why a result cannot be for a branch.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// There is none of that name.
    #[error("find the branch {0}")]
    Missing(String),
    /// Nodes are not kept apart: nothing is ever brought to a branch.
    #[error(
        "use --target {branch} with --isolation shared, {why}: all work is done in the one folder and is for no branch"
    )]
    Shared {
        /// The branch.
        branch: String,
        /// Why they are not.
        why: String,
    },
}

/// Why a limit cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum LimitError {
    /// Money is limited, and nobody knows what this model costs.
    #[error("keep the plan's budget of money: the price of {0} is not known")]
    Unpriced(ModelRef),
    /// More than that has been used.
    #[error(transparent)]
    Spent(#[from] scheduler::run::Illegal),
}

fn listed(problems: &[scheduler::plan::Problem]) -> String {
    let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
    all.join("; ")
}

impl From<ractor::SpawnErr> for OpenError {
    fn from(error: ractor::SpawnErr) -> Self {
        Self::Stopped(error.to_string())
    }
}

impl From<crate::journal::JournalDown> for OpenError {
    fn from(error: crate::journal::JournalDown) -> Self {
        Self::Stopped(error.to_string())
    }
}
