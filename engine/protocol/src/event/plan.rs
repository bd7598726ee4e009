//! Facts about the plan and its nodes.

use serde::{Deserialize, Serialize};

use crate::{AgentId, NodeId, Plan};

/// Facts about the plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanEvent {
    /// The plan was validated and accepted.
    Accepted {
        /// The plan.
        plan: Plan,
    },
    /// An agent took a node.
    NodeStarted {
        /// The node.
        node: NodeId,
        /// The agent.
        agent: AgentId,
    },
    /// A node came to its end.
    NodeEnded {
        /// The node.
        node: NodeId,
        /// How.
        end: NodeEnd,
    },
}

/// How a node ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeEnd {
    /// Its work is done.
    Done,
    /// It was given up.
    Failed,
}
