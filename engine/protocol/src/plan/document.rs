//! A plan as people and planners write it: JSON or TOML, names instead of ids, nearly everything optional.

use serde::{Deserialize, Serialize};

use super::{Expect, Kind, NodeName, OnFail, Risk, Tier};

/// A plan as written. Unknown fields are refused by name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanDocument {
    /// Version of this document's form: 1.
    pub version: u32,
    /// The goal in the user's words.
    pub goal: String,
    /// The nodes.
    pub nodes: Vec<NodeDocument>,
    /// Sentences every node is bound by.
    #[serde(default)]
    pub contracts: Vec<String>,
    /// What must hold on the merged tree.
    #[serde(default)]
    pub gate: Option<CheckDocument>,
    /// What the whole run may use.
    #[serde(default)]
    pub budget: BudgetDocument,
    /// How far the plan may grow.
    #[serde(default)]
    pub caps: CapsDocument,
}

/// A node as written.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeDocument {
    /// Its name, which other nodes' `deps` use.
    #[serde(rename = "id")]
    pub name: NodeName,
    /// What kind of work.
    #[serde(default)]
    pub kind: Kind,
    /// A few words for people; left out, the name.
    #[serde(default)]
    pub title: Option<String>,
    /// What its agent is told to do; for a codemod the command.
    #[serde(default)]
    pub brief: Option<String>,
    /// Names of the nodes that must be done before.
    #[serde(default)]
    pub deps: Vec<NodeName>,
    /// Globs it reads; left out, everything.
    #[serde(default)]
    pub reads: Vec<String>,
    /// Globs it may change.
    #[serde(default)]
    pub writes: Vec<String>,
    /// What must hold in its tree.
    #[serde(default)]
    pub accept: Option<CheckDocument>,
    /// How strong a model it wants.
    #[serde(default)]
    pub tier: Tier,
    /// What it may use.
    #[serde(default)]
    pub budget: BudgetDocument,
    /// The rest, seldom written.
    #[serde(default)]
    pub hints: NodeHints,
}

/// What is seldom said of a node.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NodeHints {
    /// How long it will take, in milliseconds.
    pub est_ms: u64,
    /// How risky it is.
    pub risk: Risk,
    /// What becomes of it when every attempt failed.
    pub on_fail: OnFail,
    /// Whether a result without any change is a success.
    pub noop: bool,
    /// Whether tests may check less than before, be skipped or be taken away.
    pub weakens_tests: bool,
    /// Whether its tree holds no more than the folders its `reads` and `writes` lie in.
    pub sparse: bool,
}

/// A check as written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckDocument {
    /// The command.
    pub cmd: String,
    /// How long it may take, such as `90s` or `10m`; left out, ten minutes.
    #[serde(default)]
    pub timeout: Option<String>,
    /// What it does on the base commit.
    #[serde(default)]
    pub expect: Expect,
}

/// A budget as written.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BudgetDocument {
    /// Tokens.
    pub tokens: Option<u64>,
    /// US dollars.
    pub usd: Option<f64>,
    /// Wall time, such as `10m`.
    pub wall: Option<String>,
    /// Tool calls.
    pub tool_calls: Option<u64>,
    /// Attempts.
    pub attempts: Option<u32>,
}

/// Caps as written; what is left out has its default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CapsDocument {
    /// Nodes in all.
    pub max_nodes: Option<u32>,
    /// Levels of sub-agents.
    pub max_depth: Option<u32>,
    /// Agents at work at once.
    pub max_parallel: Option<u32>,
    /// How often what a node leaves undone may be planned anew, at most 2.
    pub max_replans: Option<u32>,
}
