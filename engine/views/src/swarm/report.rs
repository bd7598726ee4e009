//! The report of a run: one line a node, the totals, where the result came to rest.

use protocol::{
    Change, CheckRun, Cost, FailureClass, GitId, Kind, NodeName, SessionId, Timestamp, Usage,
};
use serde::Serialize;

use super::{NodeState, Phase, Swarm, SwarmNode};
use crate::Tally;

/// The most characters of a reason.
const REASON: usize = 400;

/// What came of a run. It serialises as the object `formic swarm --json` prints.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SwarmReport {
    /// Always `swarm_result`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The run.
    pub run_id: SessionId,
    /// How it ended.
    pub status: RunStatus,
    /// Its goal.
    pub goal: String,
    /// One entry a node, in the order of the plan.
    pub nodes: Vec<NodeLine>,
    /// Everything together.
    pub totals: Totals,
    /// Where the result came to rest; `None` if nothing did.
    pub target: Option<Target>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Every node is done.
    Success,
    /// Some nodes are done.
    Partial,
    /// No node is done.
    Failed,
    /// A budget kept some node from being done.
    LimitReached,
    /// It was given up.
    Cancelled,
    /// Its plan was turned down.
    Rejected,
    /// It is not over: it can be resumed.
    Unfinished,
}

/// A node in the report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NodeLine {
    /// What the plan calls it.
    pub id: NodeName,
    /// A few words for people.
    pub title: String,
    /// What kind of work.
    pub kind: Kind,
    /// How far it is.
    pub state: NodeState,
    /// Attempts begun.
    pub attempts: u32,
    /// Its commit on the integration branch.
    pub commit: Option<GitId>,
    /// What it changed.
    pub files: Vec<Change>,
    /// Its checks.
    pub checks: Vec<CheckLine>,
    /// What it used.
    #[serde(flatten)]
    pub used: NodeUse,
    /// Why it is not done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What a node used.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NodeUse {
    /// Tokens.
    pub usage: TokenCount,
    /// Dollars; `None` if the price of a reply is not known.
    pub cost_usd: Option<f64>,
    /// From the beginning of its first attempt to its end, or to the latest record.
    pub wall_ms: u64,
    /// Replies of the model.
    pub model_calls: u32,
    /// Tool calls that ended.
    pub tool_calls: u32,
}

/// A check in the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckLine {
    /// The command.
    pub cmd: String,
    /// Whether it held.
    pub passed: bool,
    /// Its exit code; `None` if a signal or its time ended it.
    pub exit: Option<i32>,
    /// How long it took.
    pub ms: u64,
}

/// Tokens under the names of the result object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct TokenCount {
    /// Prompt tokens that no cache held.
    pub input_tokens: u64,
    /// Generated tokens.
    pub output_tokens: u64,
    /// Prompt tokens written to the provider's cache.
    pub cache_creation_input_tokens: u64,
    /// Prompt tokens read from it.
    pub cache_read_input_tokens: u64,
}

/// Everything together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Totals {
    /// Nodes of the plan.
    pub nodes: usize,
    /// How many are done.
    pub done: usize,
    /// How many were given up.
    pub failed: usize,
    /// How many were skipped or cancelled, or have not ended.
    pub not_done: usize,
    /// Attempts begun.
    pub attempts: u32,
    /// Agents that answered.
    pub agents: usize,
    /// What all of them used, the planner among them.
    #[serde(flatten)]
    pub used: NodeUse,
    /// Model calls that failed and were tried again.
    pub retries: u32,
    /// Batches that were merged and gated together.
    pub batches: usize,
    /// Those of them that landed.
    pub landed_batches: usize,
    /// What the whole run may use.
    pub budget: BudgetLine,
}

/// A budget under the names of plan files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct BudgetLine {
    /// Tokens.
    pub tokens: Option<u64>,
    /// Dollars.
    pub usd: Option<f64>,
    /// Wall time in milliseconds.
    pub wall_ms: Option<u64>,
    /// Tool calls.
    pub tool_calls: Option<u64>,
}

/// Where the result came to rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Target {
    /// The branch that holds it.
    pub branch: String,
    /// The commit.
    pub commit: GitId,
    /// Whether the user's branch and checkout were moved to it.
    pub fast_forwarded: bool,
    /// If not, why, and what the user can do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
}

impl Swarm {
    /// The report of the run as it stands.
    pub fn report(&self, run: SessionId) -> SwarmReport {
        let landing = self.landing.as_ref();
        SwarmReport {
            kind: "swarm_result",
            run_id: run,
            status: self.status(),
            goal: self.goal().to_owned(),
            nodes: self.nodes.iter().map(|node| self.line(node)).collect(),
            totals: self.totals(),
            target: landing.map(|landing| Target {
                branch: landing.branch.clone(),
                commit: landing.commit.clone(),
                fast_forwarded: landing.is_fast_forward,
                remark: landing.remark.clone(),
            }),
        }
    }

    /// How the run ended.
    pub fn status(&self) -> RunStatus {
        let is_over_budget = |node: &SwarmNode| {
            let failure = node.last_failure();
            node.state == NodeState::Failed
                && failure.is_some_and(|failure| failure.class == FailureClass::Budget)
        };
        let done = self.count(|state| state == NodeState::Done);
        match &self.phase {
            Phase::Rejected(_) => RunStatus::Rejected,
            Phase::Planning | Phase::Proposed | Phase::Running | Phase::Paused => {
                RunStatus::Unfinished
            }
            Phase::Cancelled(_) => RunStatus::Cancelled,
            Phase::Closed if self.count(|state| state == NodeState::Cancelled) > 0 => {
                RunStatus::Cancelled
            }
            Phase::Closed if done == self.nodes.len() => RunStatus::Success,
            Phase::Closed if self.nodes.iter().any(is_over_budget) => RunStatus::LimitReached,
            Phase::Closed if done == 0 => RunStatus::Failed,
            Phase::Closed => RunStatus::Partial,
        }
    }

    /// How many nodes are in a state.
    pub fn count(&self, is: impl Fn(NodeState) -> bool) -> usize {
        self.nodes.iter().filter(|node| is(node.state)).count()
    }

    /// Why a node is not done, for people; `None` if it is, or nothing keeps it.
    pub fn reason(&self, node: &SwarmNode) -> Option<String> {
        let names = |nodes: &[&SwarmNode]| {
            let names: Vec<&str> = nodes.iter().map(|node| node.name()).collect();
            names.join(", ")
        };
        let text = match node.state {
            NodeState::Done => return None,
            NodeState::Skipped => match self.causes(node).as_slice() {
                [] => node.why.as_ref()?.as_str().into_owned(),
                causes => format!("it needs {}, not done", names(causes)),
            },
            NodeState::Waiting => match self.blockers(node).as_slice() {
                [] => return None,
                blockers => format!("waits for {}", names(blockers)),
            },
            NodeState::Failed
            | NodeState::Cancelled
            | NodeState::Ready
            | NodeState::Working
            | NodeState::Inspecting
            | NodeState::Queued
            | NodeState::InBatch => fault(node)?,
        };
        Some(brief(&text))
    }

    fn line(&self, node: &SwarmNode) -> NodeLine {
        let tally = self.ledger.nodes.get(&node.id());
        let found = node.found.as_ref();
        NodeLine {
            id: match node.node.name.as_str() {
                "" => node.node.title.as_str().into(),
                _ => node.node.name.clone(),
            },
            title: node.node.title.clone(),
            kind: node.node.kind,
            state: node.state,
            attempts: node.attempt,
            commit: node.commit.clone(),
            files: found.map(|found| found.changed.clone()).unwrap_or_default(),
            checks: found
                .and_then(|found| found.check.as_ref())
                .map(check)
                .into_iter()
                .collect(),
            used: used(tally, self.wall(node)),
            reason: self.reason(node),
        }
    }

    /// How long a node took so far, in milliseconds.
    fn wall(&self, node: &SwarmNode) -> u64 {
        let latest = self.span.map(|(_, last)| last);
        let until: Option<Timestamp> = node.times.ended.or(latest);
        match (until, node.times.began) {
            (Some(until), Some(began)) => until.since(began),
            _ => 0,
        }
    }

    /// Everything together.
    pub fn totals(&self) -> Totals {
        let (done, failed) = (
            self.count(|state| state == NodeState::Done),
            self.count(|state| state == NodeState::Failed),
        );
        let wall = self.span.map_or(0, |(began, last)| last.since(began));
        let budget = self.budget();
        let landed = self.batches.iter().filter(|batch| batch.landed.is_some());
        Totals {
            nodes: self.nodes.len(),
            done,
            failed,
            not_done: self.nodes.len() - done - failed,
            attempts: self.nodes.iter().map(|node| node.attempt).sum(),
            agents: self
                .ledger
                .agents
                .values()
                .filter(|tally| tally.steps > 0)
                .count(),
            used: used(Some(&self.ledger.total), wall),
            retries: self.ledger.total.retries,
            batches: self.batches.len(),
            landed_batches: landed.count(),
            budget: BudgetLine {
                tokens: budget.tokens,
                usd: budget.cost.map(Cost::usd),
                wall_ms: budget.wall_ms,
                tool_calls: budget.tool_calls,
            },
        }
    }
}

/// Why the latest attempt came to nothing, or the node was given up.
fn fault(node: &SwarmNode) -> Option<String> {
    let failure = node.last_failure();
    let class = failure.map(|failure| format!("{}: ", failure.class.name()));
    let said = match (&node.why, failure) {
        (Some(why), _) => why.as_str().into_owned(),
        (None, Some(failure)) => failure.evidence.as_str().into_owned(),
        (None, None) => return None,
    };
    Some(format!("{}{said}", class.unwrap_or_default()))
}

/// A reason on one line that a table can hold.
fn brief(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(REASON) {
        Some((at, _)) => format!("{}...", &line[..at]),
        None => line,
    }
}

fn check(run: &CheckRun) -> CheckLine {
    CheckLine {
        cmd: run.check.cmd.clone(),
        passed: run.passed(),
        exit: run.exit,
        ms: run.ms,
    }
}

fn used(tally: Option<&Tally>, wall_ms: u64) -> NodeUse {
    let tally = tally.cloned().unwrap_or_default();
    NodeUse {
        usage: tally.usage.into(),
        cost_usd: tally.cost.map(Cost::usd),
        wall_ms,
        model_calls: tally.steps,
        tool_calls: tally.tool_calls,
    }
}

impl From<Usage> for TokenCount {
    fn from(usage: Usage) -> Self {
        Self {
            input_tokens: usage.input,
            output_tokens: usage.output,
            cache_creation_input_tokens: usage.cache_write,
            cache_read_input_tokens: usage.cache_read,
        }
    }
}
