//! Facts about the board, the shared memory of a run.

use serde::{Deserialize, Serialize};

use crate::{AgentId, BlobId, MemoryId, NodeId, Text};

/// Facts about the board.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum MemoryEvent {
    /// An entry was put on the board, or replaced one with the same key.
    Noted {
        /// The entry.
        entry: Box<BoardEntry>,
    },
    /// Entries were shown to an agent, with its brief or between two of its steps; never shown to it again.
    Shown {
        /// The agent.
        agent: AgentId,
        /// Which.
        entries: Vec<MemoryId>,
    },
}

/// One thing the agents of a run know together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoardEntry {
    /// Its id.
    pub id: MemoryId,
    /// What it is.
    pub kind: EntryKind,
    /// What it is about, unique with its kind: a later entry with the same key takes its place.
    pub key: String,
    /// What is said, at most 8 KiB.
    pub value: Text,
    /// Where it comes from.
    pub origin: Provenance,
    /// Counted from 1; each replacement is one higher.
    pub version: u32,
}

/// What an entry of the board is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// Something that holds in the tree; the one verified last wins.
    Fact,
    /// Something that was decided; only the coordinator writes it.
    Decision,
    /// Something every node is bound by; only the coordinator writes it.
    Contract,
    /// Something noticed; findings are only added.
    Finding,
    /// What a node leaves to those after it.
    Handoff,
}

/// Where an entry comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// The node whose agent wrote it; `None` for the coordinator.
    pub node: Option<NodeId>,
    /// The agent.
    pub agent: Option<AgentId>,
    /// Files that show it, with their content at that time: when a content is gone from the tree, the entry is stale.
    pub evidence: Vec<Evidence>,
}

/// A file as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Relative to the root.
    pub path: String,
    /// Its content id.
    pub content: BlobId,
}
