//! A plan: typed nodes of work and the edges between them.

use serde::{Deserialize, Serialize};

use crate::NodeId;

/// What is to be done, as a DAG. A chat is a plan with one node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Version of this document's form.
    pub version: u32,
    /// The goal in the user's words.
    pub goal: String,
    /// The nodes.
    pub nodes: Vec<Node>,
}

/// One piece of work, done by one agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Its id.
    pub id: NodeId,
    /// What kind of work.
    pub kind: Kind,
    /// A few words for people.
    pub title: String,
    /// The nodes that must be done before.
    pub deps: Vec<NodeId>,
    /// What it may use.
    pub budget: Budget,
}

/// What kind of work a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A conversation with a person or a script, with every tool.
    Chat,
}

/// What a node may use; `None` means no limit of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Tokens.
    pub tokens: Option<u64>,
    /// Money, in pico-dollars.
    pub cost: Option<crate::Cost>,
}
