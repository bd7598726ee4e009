//! What a tool is: one that reads, or one that prepares a write and commits it under a permit.

use std::path::Path;

use futures_util::future::BoxFuture;
use protocol::{Access, Action, Claim, Intent, ToolResult};
use serde_json::Value;

use crate::builtin::bash::Order;
use crate::context::{ReadContext, WriteContext};
use crate::place::Place;

/// A tool. Its effect class is the variant: there is no flag and no default.
pub enum Tool {
    /// Changes nothing outside the session; many may run at once.
    Read(Box<dyn ReadTool>),
    /// Changes files or runs commands; needs the lane and a permit.
    Write(Box<dyn WriteTool>),
}

impl Tool {
    /// Whether calls of it take the write lane.
    pub const fn writes(&self) -> bool {
        matches!(self, Self::Write(_))
    }

    /// What a call would do.
    ///
    /// # Errors
    /// A sentence for the model when the arguments make no sense.
    pub fn claim(&self, args: &Value, place: &dyn Place, cwd: &Path) -> Result<Claim, String> {
        match self {
            Self::Read(tool) => tool.claim(args, place, cwd),
            Self::Write(tool) => tool.claim(args, place, cwd),
        }
    }
}

/// A tool that only reads.
pub trait ReadTool: Send + Sync {
    /// What a call would do. May touch the disk to resolve paths.
    ///
    /// # Errors
    /// A sentence for the model when the arguments make no sense.
    fn claim(&self, args: &Value, place: &dyn Place, cwd: &Path) -> Result<Claim, String>;

    /// Does it. Failure is a result the model reads.
    fn run<'a>(&'a self, args: &'a Value, ctx: &'a ReadContext) -> BoxFuture<'a, ToolResult>;
}

/// A tool that writes, in two steps: what would change, then the change itself.
pub trait WriteTool: Send + Sync {
    /// What a call would do. May touch the disk to resolve paths.
    ///
    /// # Errors
    /// A sentence for the model when the arguments make no sense.
    fn claim(&self, args: &Value, place: &dyn Place, cwd: &Path) -> Result<Claim, String>;

    /// Works out the change and changes nothing. It may be asked again at any time, for example once
    /// the lane is held.
    ///
    /// # Errors
    /// The result of a call that ends here, with nothing to permit: it cannot work, or there is
    /// nothing to do (then its status is ok).
    fn prepare<'a>(
        &'a self,
        args: &'a Value,
        ctx: &'a ReadContext,
    ) -> BoxFuture<'a, Result<Prepared, ToolResult>>;

    /// Makes the change, if the permit is for it and the world is still as it was prepared for.
    fn commit<'a>(
        &'a self,
        prepared: Prepared,
        ctx: &'a WriteContext<'a>,
    ) -> BoxFuture<'a, ToolResult>;
}

/// A change worked out but not made.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// What it would do.
    pub claim: Claim,
    /// What is journaled before it is done.
    pub intent: Intent,
    /// The change as a unified diff for people; `None` for commands.
    pub diff: Option<String>,
    pub(crate) payload: Payload,
}

/// What a commit needs and nobody else.
#[derive(Debug, Clone)]
pub(crate) enum Payload {
    /// The file's new bytes.
    Content(Vec<u8>),
    /// The command and how to run it.
    Command(Order),
}

/// What a claimed call touches, so that the calls of one reply that do not conflict run together.
pub fn accesses(claim: &Claim) -> Vec<Access> {
    match &claim.action {
        Action::Read { path, .. } => vec![Access::reads(path)],
        Action::Search { root, .. } => vec![Access::searches(root)],
        Action::Write { path, .. } => vec![Access::changes(path)],
        Action::Run { .. } => vec![Access::anything()],
        Action::Integrate { .. } => vec![Access::anything()],
        Action::Session => Vec::new(),
    }
}
