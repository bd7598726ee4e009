//! What a run needs to know before it starts: resolved once by the caller, never looked up later.

use std::path::PathBuf;
use std::sync::Arc;

use protocol::{Caps, Limits, ModelRef, PermissionMode};

use policy::RuleSpec;
use providers::Endpoint;

/// Everything a session runs on.
#[derive(Clone)]
pub struct Options {
    /// formic's data folder.
    pub data: PathBuf,
    /// Where it works.
    pub place: PlaceOptions,
    /// Where instruction files may lie.
    pub sources: config::Sources,
    /// What it may do.
    pub permission: PermissionOptions,
    /// The model server.
    pub endpoint: Endpoint,
    /// The model at that server.
    pub model: ModelRef,
    /// What the model is told and offered.
    pub prompt: PromptOptions,
    /// Hard limits of this run.
    pub limits: Limits,
    /// What must never be written or shown.
    pub secrets: Secrets,
    /// What the commands of tools are given.
    pub commands: CommandOptions,
    /// Where times and ids come from.
    pub source: Arc<dyn crate::Source>,
    /// Stops the process right before or after a record, to prove that nothing acknowledged is lost.
    pub crash: Option<CrashPoint>,
}

/// Where a session works.
#[derive(Debug, Clone)]
pub struct PlaceOptions {
    /// The folder commands start in.
    pub cwd: PathBuf,
    /// The project's root; writes stay below it.
    pub root: PathBuf,
    /// Further folders that may be written.
    pub added: Vec<PathBuf>,
    /// The user's home folder.
    pub home: Option<PathBuf>,
}

/// What a session may do.
#[derive(Debug, Clone)]
pub struct PermissionOptions {
    /// The mode.
    pub mode: PermissionMode,
    /// Rules from every layer.
    pub rules: Vec<RuleSpec>,
    /// Settings files that grant rights and are therefore never written by an agent.
    pub settings_files: Vec<PathBuf>,
}

/// What the model is told and offered.
#[derive(Debug, Clone, Default)]
pub struct PromptOptions {
    /// Replaces the system prompt.
    pub system: Option<String>,
    /// Goes after the system prompt.
    pub append: Option<String>,
    /// The offered tools; `None` for all.
    pub tools: Option<Vec<String>>,
    /// How deep, how many and how many at once the sub-agents of a chat may be; the session's own agent is one node.
    pub tasks: Caps,
    /// JSON Schema the final answer must fit.
    pub schema: Option<serde_json::Value>,
    /// The date, `YYYY-MM-DD`.
    pub date: String,
}

/// What the commands of tools are given.
#[derive(Debug, Clone, Default)]
pub struct CommandOptions {
    /// Environment variables set for each, by name and value.
    pub env: Vec<(String, String)>,
    /// Folders outside its tree that the commands of a swarm's node may write: the caches of build tools. Those that
    /// are not there are passed over.
    pub caches: Vec<PathBuf>,
}

/// What must never be written or shown.
#[derive(Clone, Default)]
pub struct Secrets {
    /// Names and values; values shorter than 6 bytes are too common to be taken out of texts.
    pub values: Vec<(String, String)>,
    /// Environment variables the children of tools must not see.
    pub scrubbed: Vec<String>,
}

/// Where the process stops by itself, as if killed, or as if the machine lost its power.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrashPoint {
    /// Right before this record would be written.
    Before(protocol::Seq),
    /// Right after this record is durable, before anybody is told.
    After(protocol::Seq),
    /// When the disk is made to keep records next, once this one was written: the machine has none of them.
    Unsynced(protocol::Seq),
}
