//! What reaches the machine of a run and what it wishes: commands, outcomes, wishes, refusals.

use protocol::{
    AgentId, Budget, CheckRun, Conflict, Failure, GitId, Inspection, Landing, MemoryId, Merged,
    NodeId, Plan, PlanPatch, Planner,
};

use super::RunPhase;
use crate::PlanError;
use crate::plan::Problem;

/// Whatever makes a run decide.
#[derive(Debug, Clone, PartialEq)]
pub enum RunInput {
    /// A wish from outside.
    Command(RunCommand),
    /// The carrier's answer to one of the run's own wishes.
    Outcome(RunOutcome),
}

/// What a person, or the coordinator for them, wants of a run.
#[derive(Debug, Clone, PartialEq)]
pub enum RunCommand {
    /// Lay a plan before the user; it has been validated and normalised.
    Propose {
        /// The plan.
        plan: Plan,
        /// Who made it.
        by: Planner,
        /// What is worth knowing before it is approved, for people.
        remarks: Vec<String>,
    },
    /// Do what was proposed.
    Approve {
        /// The plan as edited, validated again; `None` to take it as proposed.
        plan: Option<Plan>,
    },
    /// Do nothing of what was proposed; the run is then over.
    Reject {
        /// Why, for people.
        why: String,
    },
    /// Start nothing new.
    Pause,
    /// Go on.
    Unpause,
    /// Give the run up.
    Cancel {
        /// Why, for people.
        why: String,
    },
    /// End one node; the rest of the run goes on without it.
    End {
        /// The node.
        node: NodeId,
        /// Why, for people.
        why: String,
    },
    /// Change what has not started.
    Patch {
        /// How; validated before.
        patch: PlanPatch,
        /// Why, for people.
        why: String,
    },
    /// Take the change of the plan that was made for a node, or turn it down: the node has then failed.
    Replan {
        /// The node.
        node: NodeId,
        /// Why it is turned down, for people; `None` to take it.
        refused: Option<String>,
    },
    /// Give the run other limits of tokens or money, and try again what was given up only for want of them; also in a
    /// run that is over.
    Limit {
        /// The new limits; what is `None` in it stays as it is, and so does everything but tokens and money.
        budget: Budget,
    },
    /// Try a node again that was given up; also in a run that is over.
    Retry {
        /// The node.
        node: NodeId,
    },
}

/// How the world answered a wish. An answer to a wish the run does not have any more changes nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum RunOutcome {
    /// A codemod's command ended, or an agent could not be put to work.
    Worked {
        /// The node.
        node: NodeId,
        /// The attempt.
        attempt: u32,
        /// What went wrong. `None` says nothing new of a node with an agent: the end of its turn does.
        failure: Option<Failure>,
    },
    /// The time of an attempt is over.
    Overdue {
        /// The node.
        node: NodeId,
        /// The attempt.
        attempt: u32,
    },
    /// An agent was told what others found out.
    Informed {
        /// The agent.
        agent: AgentId,
        /// What.
        entries: Vec<MemoryId>,
    },
    /// A node's tree was looked at.
    Inspected {
        /// The node.
        node: NodeId,
        /// The attempt.
        attempt: u32,
        /// What was found.
        found: Inspection,
    },
    /// A batch was merged in memory. Together the two lists name the batch's nodes, each once.
    Merged {
        /// The batch.
        batch: u32,
        /// What merged, in order, each commit on top of the one before.
        commits: Vec<Merged>,
        /// What did not.
        conflicts: Vec<Conflict>,
    },
    /// The plan's checks ran on what the work starts from.
    Checked {
        /// How they went, one for each that was due.
        runs: Vec<CheckRun>,
    },
    /// Checks ran on a merged commit.
    Gated {
        /// The batch.
        batch: u32,
        /// The commit.
        commit: GitId,
        /// How they went.
        runs: Vec<CheckRun>,
    },
    /// The integration branch was moved.
    Advanced {
        /// The batch.
        batch: u32,
        /// Where it stands.
        to: GitId,
    },
    /// The integration branch was not where it was expected.
    Moved {
        /// The batch.
        batch: u32,
        /// Where it stands; where it should have gone if a former process had already moved it.
        now: GitId,
    },
    /// The result came to rest.
    Landed(Landing),
    /// formic or the machine could not carry a wish out.
    Failed {
        /// The wish.
        wish: Wish,
        /// What was said.
        text: String,
    },
}

/// What should be under way. Equal wishes are the same wish: what is under way goes on, what is not wished any more is
/// ended.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wish {
    /// Run the checks that [`Run::due_checks`](super::Run::due_checks) names on what the work starts from.
    Check,
    /// The node's agent, or for a codemod its command, should be at work; over with the end of the agent's turn, or
    /// with [`RunOutcome::Worked`].
    Work {
        /// The node.
        node: NodeId,
        /// The attempt.
        attempt: u32,
        /// The agent; a new one if the attempt is fresh.
        agent: AgentId,
    },
    /// Say [`RunOutcome::Overdue`] after this time.
    Deadline {
        /// The node.
        node: NodeId,
        /// The attempt.
        attempt: u32,
        /// How long the attempt may work, in milliseconds.
        ms: u64,
    },
    /// Tell the agent of a node, in the middle of its turn, what others found out.
    Inform {
        /// The node.
        node: NodeId,
        /// The agent.
        agent: AgentId,
        /// What, best first.
        entries: Vec<MemoryId>,
    },
    /// Look at the node's tree: snapshot, changes, strays, its check. A verify node has no change, only its check.
    Inspect {
        /// The node.
        node: NodeId,
        /// The attempt.
        attempt: u32,
    },
    /// Merge the batch's proposals in memory onto the tip, one after the other.
    Merge {
        /// The batch.
        batch: u32,
    },
    /// Run the checks that [`Run::checks`](super::Run::checks) names on a merged commit.
    Gate {
        /// The batch.
        batch: u32,
        /// The commit.
        commit: GitId,
        /// Counted from 1; the second one shows whether the first was chance.
        round: u32,
    },
    /// Move the integration branch by compare-and-set.
    Advance {
        /// The batch.
        batch: u32,
        /// Where it must stand.
        from: GitId,
        /// Where it goes.
        to: GitId,
    },
    /// Fast-forward the user's branch, or leave the result on a branch of its own.
    Land {
        /// The result.
        commit: GitId,
    },
}

/// An input the run's state does not allow; nothing changed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Illegal {
    /// The run is elsewhere.
    #[error("{wanted} the run: it is {phase}")]
    Phase {
        /// What was wanted, for example `approve`.
        wanted: &'static str,
        /// Where the run is.
        phase: RunPhase,
    },
    /// The plan cannot be ordered.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// No such node.
    #[error("find node {0}: it is not in the plan")]
    UnknownNode(NodeId),
    /// The plan a patch leads to breaks rules.
    #[error("change the plan: {}", list(.0))]
    Problems(Vec<Problem>),
    /// A patch touches a node that has started.
    #[error("change node {0}: it has started")]
    Started(NodeId),
    /// The node was not given up, or something it depends on was.
    #[error("try node {0} again: {1}")]
    NotRetryable(NodeId, &'static str),
    /// The limit is below what has been used already.
    #[error("limit the run to {limit}: it has used {used} already")]
    Spent {
        /// The limit, with its unit.
        limit: String,
        /// What is used, with its unit.
        used: String,
    },
    /// Another attempt would end as the one before, for want of what the run limits.
    #[error(
        "try node {node} again: of the run's limit of {limit}, {left} are left; resume the run with a higher limit"
    )]
    UsedUp {
        /// The node.
        node: NodeId,
        /// The limit, with its unit.
        limit: String,
        /// What it leaves.
        left: String,
    },
    /// The node has ended, or its work is not its own any more.
    #[error("end node {0}: {1}")]
    NotEndable(NodeId, &'static str),
    /// No change of the plan waits to be taken for the node.
    #[error("change the plan for node {0}: no change of it waits to be taken")]
    NoChange(NodeId),
    /// The carrier's answer does not fit what it was asked.
    #[error("take the answer about batch {batch}: {what}")]
    Mismatch {
        /// The batch.
        batch: u32,
        /// What does not fit.
        what: &'static str,
    },
}

fn list(problems: &[Problem]) -> String {
    let texts: Vec<String> = problems.iter().map(Problem::to_string).collect();
    texts.join("; ")
}
