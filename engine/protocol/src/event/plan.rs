//! Facts about the plan and its nodes.

use serde::{Deserialize, Serialize};

use super::{Failure, PauseCause};
use crate::{AgentId, Budget, CheckRun, GitId, NodeId, Plan, PlanPatch, Text};

/// Why a node ended that could begin no more because the time of the run was over.
pub const TIME_USED_UP: &str = "the run's time is used up";

/// Why a node ended that could begin no more because the time was over that the plan gives it, or the node whose time it
/// shares. It follows what the last attempt came to, if there was one.
pub const OWN_TIME_USED_UP: &str = "the time that the plan gives it is used up";

/// The same of the run's tokens, money or tool calls.
pub const BUDGET_USED_UP: &str = "the run's budget is used up";

/// The same of those that the plan gives it, or the node whose budget it shares.
pub const OWN_BUDGET_USED_UP: &str = "the budget that the plan gives it is used up";

/// How what is told of a command ends that only a change of the plan can mend: a run's plan stays what it is.
pub const BEGIN_ANEW: &str = "in the plan and begin a new run";

/// What is said of a node's end besides what its last attempt came to. A log may say anything.
pub fn besides<'a>(why: &'a str, last: &str) -> &'a str {
    let more = why.strip_prefix(last).filter(|_| !last.is_empty());
    more.unwrap_or(why).trim()
}

/// Facts about the plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "snake_case", deny_unknown_fields)]
pub enum PlanEvent {
    /// A plan is there to be looked at: validated, normalised, with the edges its scopes demand.
    Proposed {
        /// The plan.
        plan: Plan,
        /// Who made it.
        by: Planner,
        /// What is worth knowing before it is approved, for people.
        remarks: Vec<String>,
    },
    /// The plan was validated and accepted.
    Accepted {
        /// The plan.
        plan: Plan,
    },
    /// The plan was turned down; nothing of it was done.
    Rejected {
        /// Why, for people.
        why: String,
    },
    /// The unfinished part of the plan changed.
    Patched {
        /// How.
        patch: PlanPatch,
        /// Why, for people.
        why: String,
    },
    /// The plan's checks were run on what the work starts from, before any of it.
    Checked {
        /// How they went; all that were due.
        runs: Vec<CheckRun>,
    },
    /// An agent took a node.
    NodeStarted {
        /// The node.
        node: NodeId,
        /// The agent.
        agent: AgentId,
        /// The attempt; in a chat always the first. `None` only in journals of chats.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        attempt: Option<Attempt>,
    },
    /// An attempt at a node came to nothing; another one follows, or the node's end.
    NodeReturned {
        /// The node.
        node: NodeId,
        /// Which attempt.
        attempt: u32,
        /// What went wrong.
        failure: Failure,
    },
    /// A node came to its end. A node whose work was integrated ends with that record instead.
    NodeEnded {
        /// The node.
        node: NodeId,
        /// How.
        end: NodeEnd,
        /// Why, if it is not done.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<Text>,
    },
    /// Nothing new starts until the run goes on; what runs comes to its end.
    Paused {
        /// Why. A pause by somebody is written in one word; in journals older than the field every pause is.
        cause: PauseCause,
    },
    /// The run goes on.
    Unpaused,
    /// The run is given up; what runs is being ended.
    Cancelled {
        /// Why, for people.
        why: String,
        /// Whether nobody wanted that: the run found that it cannot succeed, or its plan says that it then stops. Absent
        /// in journals older than the field.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        is_failure: bool,
    },
    /// The run is over: nothing is under way and nothing more will start.
    Closed,
}

/// Who made a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Planner {
    /// A plan file or an edit by the user.
    User,
    /// A model's choices, assembled by code.
    Model,
    /// Code alone, because the model gave nothing usable.
    Fallback,
}

/// One attempt at a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attempt {
    /// Counted from 1. Every effect of the attempt carries it: an effect of an earlier one is refused.
    pub number: u32,
    /// Whether its agent begins with an empty context.
    pub is_fresh: bool,
    /// What was set aside for it.
    pub allotted: Budget,
    /// What its tree holds when it begins.
    pub start: TreeStart,
}

/// What a node's tree holds when an attempt begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TreeStart {
    /// No tree of its own: the user's folder itself.
    Shared,
    /// This commit.
    Commit(GitId),
    /// What the attempt before left there.
    Kept,
    /// The files of one tree, as changes to a commit: a proposal laid on newer work.
    Onto {
        /// The commit it is to be a change of.
        base: GitId,
        /// The files.
        tree: GitId,
    },
}

/// How a node ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeEnd {
    /// Its work is done.
    Done,
    /// It was given up after its last attempt.
    Failed,
    /// It never started, because a node it depends on was not done.
    Skipped,
    /// It was ended from outside, alone or with the whole run.
    Cancelled,
}
