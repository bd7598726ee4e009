//! What a listing tells of a run of a swarm, folded from its records: how far it is, what is done, where the result is.

use std::collections::BTreeMap;

use protocol::{
    BUDGET_USED_UP, CheckRun, Failure, FailureClass, Kind, NodeEnd, NodeId, OWN_BUDGET_USED_UP,
    OWN_TIME_USED_UP, Plan, PlanEvent, PlanPatch, TIME_USED_UP, WorkspaceEvent, besides,
};
use serde::{Deserialize, Serialize};

/// Why a node ended for which nothing was left of a limit.
const USED_UP: [&str; 4] = [
    TIME_USED_UP,
    OWN_TIME_USED_UP,
    BUDGET_USED_UP,
    OWN_BUDGET_USED_UP,
];

/// How far a run of a swarm is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStage {
    /// There is no plan yet.
    Planning,
    /// A plan waits to be approved.
    Proposed,
    /// Its nodes are worked on.
    Running,
    /// Nothing new starts.
    Paused,
    /// It was given up and is being ended.
    Ending,
    /// Its plan was turned down.
    Rejected,
    /// It is over.
    Closed,
}

/// What has come of a run so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunTally {
    /// Nodes of its plan; none before there is one.
    pub nodes: usize,
    /// How many are done.
    pub done: usize,
    /// Whether it was given up because somebody wanted that.
    pub is_cancelled: bool,
    /// Whether it was given up because it could not succeed.
    pub has_failed: bool,
    /// Whether a node was given up because nothing was left of a budget.
    pub is_limited: bool,
    /// The branch its work is on, without `refs/heads/`; `None` while nothing of it is on any.
    pub branch: Option<String>,
    /// Whether the user's own branch was moved to its result.
    pub is_landed: bool,
}

/// What has to be known of a run to tell that.
#[derive(Debug, Default)]
pub(super) struct RunFold {
    nodes: BTreeMap<NodeId, Mark>,
    /// The branch that collects its work.
    integration: Option<String>,
    is_cancelled: bool,
    /// Whether nobody wanted that, but it could not succeed.
    has_failed: bool,
    /// Whether a check did not go as the plan declares before any of the work: then the run failed.
    is_unfounded: bool,
    branch: Option<String>,
    is_landed: bool,
}

/// What is known of a node.
#[derive(Debug, Default)]
struct Mark {
    was_begun: bool,
    last: Option<Failure>,
    end: Option<NodeEnd>,
    /// Whether a limit was why, of the run or its own.
    is_short: bool,
}

impl RunFold {
    pub(super) fn tally(&self) -> RunTally {
        let nodes = || self.nodes.values();
        let ran_out = |mark: &Mark| {
            // What fails before its first attempt had nothing left to begin with.
            let last = mark.last.as_ref().map(|last| last.class);
            let is_out = mark.is_short || !mark.was_begun || last == Some(FailureClass::Budget);
            mark.end == Some(NodeEnd::Failed) && is_out
        };
        // Older journals say so only of checks that did not go as the plan declares before any of the work.
        let has_failed = self.has_failed || self.is_unfounded;
        RunTally {
            nodes: nodes().count(),
            done: nodes()
                .filter(|mark| mark.end == Some(NodeEnd::Done))
                .count(),
            is_cancelled: self.is_cancelled && !has_failed,
            has_failed: self.is_cancelled && has_failed,
            is_limited: nodes().any(ran_out),
            branch: self.branch.clone(),
            is_landed: self.is_landed,
        }
    }

    pub(super) fn workspace(&mut self, event: &WorkspaceEvent) {
        match event {
            WorkspaceEvent::Begun(ground) => {
                let name = ground.integration.as_deref();
                let name = name.map(|name| name.strip_prefix("refs/heads/").unwrap_or(name));
                self.integration = name.map(str::to_owned);
            }
            WorkspaceEvent::Advanced { nodes, .. } => {
                for merged in nodes {
                    self.change(merged.node, |mark| mark.end = Some(NodeEnd::Done));
                }
                self.branch.clone_from(&self.integration);
                self.is_landed = false;
            }
            WorkspaceEvent::Landed(landing) => {
                self.branch = Some(landing.branch.clone());
                self.is_landed = landing.is_fast_forward;
            }
            WorkspaceEvent::TreeMade { .. }
            | WorkspaceEvent::Reverted { .. }
            | WorkspaceEvent::Worked { .. }
            | WorkspaceEvent::Inspected { .. }
            | WorkspaceEvent::BatchTaken { .. }
            | WorkspaceEvent::Merged { .. }
            | WorkspaceEvent::Gated { .. }
            | WorkspaceEvent::Advancing { .. }
            | WorkspaceEvent::Failed { .. } => {}
        }
    }

    pub(super) fn plan(&mut self, event: &PlanEvent) {
        match event {
            PlanEvent::Accepted { plan } => self.accepted(plan),
            PlanEvent::Patched { patch, .. } => self.patched(patch),
            PlanEvent::NodeStarted { node, .. } => {
                self.change(*node, |mark| mark.was_begun = true);
            }
            PlanEvent::NodeReturned { node, failure, .. } => {
                self.change(*node, |mark| mark.last = Some(failure.clone()));
            }
            PlanEvent::NodeEnded { node, end, why } => {
                self.change(*node, |mark| {
                    let last = mark.last.as_ref().map(|last| last.evidence.as_str());
                    let why = why.as_ref().map(|why| why.as_str()).unwrap_or_default();
                    let said = besides(&why, &last.unwrap_or_default()).to_owned();
                    mark.is_short = USED_UP.contains(&&*said);
                    mark.end = Some(*end);
                });
            }
            PlanEvent::Cancelled { is_failure, .. } => {
                (self.is_cancelled, self.has_failed) = (true, *is_failure);
            }
            PlanEvent::Checked { runs } => {
                self.is_unfounded = !runs.iter().all(CheckRun::is_as_declared);
            }
            PlanEvent::Proposed { .. }
            | PlanEvent::Rejected { .. }
            | PlanEvent::Paused { .. }
            | PlanEvent::Unpaused
            | PlanEvent::Closed => {}
        }
    }

    /// The nodes that only make a plan are none of the run's.
    fn accepted(&mut self, plan: &Plan) {
        let is_work = plan.nodes.iter().filter(|node| node.kind != Kind::Plan);
        self.nodes = is_work.map(|node| (node.id, Mark::default())).collect();
    }

    /// A node that was given up and is planned anew begins again, and with it whatever was skipped.
    fn patched(&mut self, patch: &PlanPatch) {
        patch.remove.iter().for_each(|node| {
            self.nodes.remove(node);
        });
        for node in patch.add.iter().filter(|node| node.kind != Kind::Plan) {
            self.nodes.insert(node.id, Mark::default());
        }
        let is_given_up = |end: Option<NodeEnd>| end.is_some_and(|end| end != NodeEnd::Done);
        let again = patch.reopened().filter(|node| {
            let mark = self.nodes.get(node);
            mark.is_some_and(|mark| is_given_up(mark.end))
        });
        let again: Vec<NodeId> = again.collect();
        if again.is_empty() {
            return;
        }
        self.is_cancelled = false;
        for (node, mark) in &mut self.nodes {
            if again.contains(node) || mark.end == Some(NodeEnd::Skipped) {
                mark.end = None;
            }
        }
    }

    /// A node that makes or changes the plan is none of the plan's.
    fn change(&mut self, node: NodeId, change: impl FnOnce(&mut Mark)) {
        if let Some(mark) = self.nodes.get_mut(&node) {
            change(mark);
        }
    }
}
