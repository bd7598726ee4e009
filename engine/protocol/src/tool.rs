//! Tool calls on their way: planned, intended, finished, and the facts a result leaves behind.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Access, BlobId, CallId, EntryKind, Evidence, Spending, Text};

/// The tool through which an agent of a chat has a sub-agent work for it.
pub const TASK_TOOL: &str = "task";

/// A call of a reply after its name and arguments were matched to a tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedCall {
    /// Which call.
    pub call: CallId,
    /// The tool's canonical name, or the name as written if there is no such tool.
    pub tool: String,
    /// Whether the tool is one that writes: it takes the lane, one at a time, and its start is journaled.
    pub writes: bool,
    /// What it touches; orders the calls of one reply.
    pub accesses: Vec<Access>,
    /// What the model is told instead when the call cannot run at all (no such tool, broken arguments).
    pub refusal: Option<Text>,
}

/// What a write is about to do, journaled before it does it, so that a crash can be judged after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Intent {
    /// One file goes from one content to another.
    File {
        /// The file.
        path: PathBuf,
        /// Its content id now; `None` if it does not exist.
        before: Option<BlobId>,
        /// Its content id afterwards.
        after: BlobId,
        /// What the model is told when it is done.
        done: Box<ToolResult>,
    },
    /// A command runs; what it changes is not known.
    Command {
        /// The command text.
        command: Text,
        /// The folder it starts in.
        cwd: PathBuf,
    },
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolStatus {
    /// It did what it should.
    Ok,
    /// It ran and failed, or could not run with these arguments.
    Failed,
    /// Permission denied it.
    Denied,
    /// An interrupt or the end of the run stopped it.
    Interrupted,
    /// It had started when the process died, and whether it finished is not known.
    InDoubt,
}

impl ToolStatus {
    /// Whether the model is told that this is an error.
    pub const fn is_error(self) -> bool {
        !matches!(self, Self::Ok)
    }
}

/// What a call gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolResult {
    /// How it ended.
    pub status: ToolStatus,
    /// What the model reads.
    pub content: Vec<ResultBlock>,
    /// What the session now knows.
    pub facts: Vec<Fact>,
}

impl ToolResult {
    /// A successful result with one text.
    pub fn ok(text: impl Into<Text>) -> Self {
        Self::with_status(ToolStatus::Ok, text)
    }

    /// A failed result with one text.
    pub fn failed(text: impl Into<Text>) -> Self {
        Self::with_status(ToolStatus::Failed, text)
    }

    /// A result with one text and no facts.
    pub fn with_status(status: ToolStatus, text: impl Into<Text>) -> Self {
        Self {
            status,
            content: vec![ResultBlock::Text(text.into())],
            facts: Vec::new(),
        }
    }

    /// The same result with one more fact.
    #[must_use]
    pub fn knowing(mut self, fact: Fact) -> Self {
        self.facts.push(fact);
        self
    }
}

/// One block of a tool's result.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ResultBlock {
    /// Text.
    Text(Text),
    /// A picture.
    Image {
        /// For example `image/png`.
        media_type: String,
        /// The bytes in base64.
        data: Text,
    },
}

/// Something a result lets the session know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fact {
    /// This agent has seen, or just written, this content of this file.
    FileSeen {
        /// The file, the symlinks on its way resolved.
        path: PathBuf,
        /// Its content id.
        content: BlobId,
    },
    /// A file was created or changed by this agent.
    FileWritten {
        /// The file.
        path: PathBuf,
        /// Lines added.
        added: u64,
        /// Lines removed.
        removed: u64,
    },
    /// The folder the next command starts in.
    Cwd(PathBuf),
    /// The whole output was too long for the model and lies in this file.
    Spilled(PathBuf),
    /// The exit code of a command that ended by itself.
    Exited(i32),
    /// The to-do list is now this.
    Todos(Vec<Todo>),
    /// Instruction files that apply to what was touched; the model reads them next.
    Instructions {
        /// The file.
        path: PathBuf,
        /// Its text.
        text: Text,
    },
    /// Something for the board of the run; the coordinator decides whether it goes there.
    Noted(Box<Note>),
    /// A sub-agent used this: it counts for whoever called it.
    Delegated(Spending),
    /// An answer that fits the wanted output schema: its exact JSON text.
    Structured(Arc<str>),
}

/// What an agent wants the others of its run to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// What it is.
    pub kind: EntryKind,
    /// What it is about, at most 200 bytes.
    pub key: String,
    /// What is said, at most 8 KiB.
    pub value: Text,
    /// Files that show it.
    pub evidence: Vec<Evidence>,
}

/// One entry of the to-do list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Todo {
    /// What is to be done.
    pub content: String,
    /// How far it is.
    pub status: TodoState,
}

/// How far a to-do entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TodoState {
    /// Not begun.
    Pending,
    /// Being worked on.
    InProgress,
    /// Done.
    Completed,
}
