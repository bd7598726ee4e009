//! What the task tool may ask of the coordinator; the carrier answers it.

use futures_util::future::BoxFuture;
use protocol::{Fact, Kind, ToolStatus};

/// Work for a sub-agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Errand {
    /// A few words for people.
    pub description: String,
    /// What the sub-agent is told.
    pub prompt: String,
    /// [`Kind::Explore`] or [`Kind::Edit`].
    pub kind: Kind,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegated {
    /// How it ended.
    pub status: ToolStatus,
    /// The sub-agent's last words, of any length.
    pub said: String,
    /// What formic says of it: how it ended, what it changed and used.
    pub remark: String,
    /// What its caller now knows.
    pub facts: Vec<Fact>,
}

/// The coordinator, as one call sees it.
pub trait Delegate: Send + Sync {
    /// Has a sub-agent work and waits for its end, however long that takes. When the call is cancelled, the sub-agent is
    /// stopped first.
    fn delegate(&self, errand: Errand) -> BoxFuture<'_, Delegated>;
}
