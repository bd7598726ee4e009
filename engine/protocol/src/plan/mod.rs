//! A plan: typed nodes of work and the edges between them.

mod check;
mod document;
mod kept;
mod node;
mod patch;

use serde::{Deserialize, Serialize};

pub use check::{Check, DEFAULT_CHECK_MS, Expect};
pub use document::{
    BudgetDocument, CapsDocument, CheckDocument, NodeDocument, NodeHints, PlanDocument,
};
pub use node::{Budget, Kind, Node, NodeName, OnFail, Risk, Scope, Tier, Weight};
pub use patch::PlanPatch;

use crate::GitId;

/// The version of the plan's form this build writes and reads.
pub const PLAN_VERSION: u32 = 1;

/// What is to be done, as a DAG. A chat is a plan with one node.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Version of this document's form.
    pub version: u32,
    /// The goal in the user's words.
    pub goal: String,
    /// The commit every node's work starts from; `None` outside a git repository and in a chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<GitId>,
    /// The nodes. Dependencies derived from scopes are among their `deps`.
    pub nodes: Vec<Node>,
    /// Sentences every node is bound by, such as `keep public names`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contracts: Vec<String>,
    /// What must hold on the merged tree before anything lands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<Check>,
    /// What the whole run may use.
    #[serde(default, skip_serializing_if = "is_default")]
    pub budget: Budget,
    /// How far the plan may grow.
    #[serde(default, skip_serializing_if = "is_default")]
    pub caps: Caps,
}

/// What is as usual need not be written down.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// How far a plan may grow and how much of it may run at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Caps {
    /// Nodes in all, those added later among them.
    pub max_nodes: u32,
    /// Levels of sub-agents below the coordinator.
    pub max_depth: u32,
    /// Agents at work at once.
    pub max_parallel: u32,
    /// How often what a node leaves undone is planned anew, its parts included; 0 for never.
    #[serde(default, skip_serializing_if = "is_default")]
    pub max_replans: u32,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            max_nodes: 200,
            max_depth: 3,
            max_parallel: 8,
            max_replans: 0,
        }
    }
}
