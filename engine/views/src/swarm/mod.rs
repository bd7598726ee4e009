//! A swarm run as it stands: its plan with the state of every node, what was integrated, what was used.

mod batch;
mod change;
mod course;
mod lack;
mod lines;
mod node;
mod outlook;
mod report;
mod story;

use std::collections::BTreeMap;

use protocol::{
    Budget, CheckRun, Event, Ground, Kind, Landing, NodeEnd, NodeId, Plan, PlanEvent, PlanPatch,
    Planner, Record, SessionEvent, Timestamp, WorkspaceEvent,
};

pub use batch::Batch;
pub use change::PlanChange;
pub use course::NoModel;
pub use lack::Lack;
pub use lines::{
    BudgetLine, CheckLine, NodeLine, NodeUse, RunStatus, SwarmReport, Target, TokenCount, Totals,
};
pub use node::{Doing, NodeState, SwarmNode, Times};
pub use story::{AttemptStory, Stories, Story};

use course::Course;

use crate::{Ledger, View};

/// A swarm run as it stands. Its times leave out the stretches in which no process had the run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Swarm {
    /// How far the run as a whole is.
    pub phase: Phase,
    /// Who made the plan proposed last.
    pub planner: Option<Planner>,
    /// What was said of the plan proposed last, for people.
    pub remarks: Vec<String>,
    /// Where the run's work goes.
    pub ground: Option<Ground>,
    /// The nodes of the plan, in its order, those added later at the end.
    pub nodes: Vec<SwarmNode>,
    /// What was merged and gated together, in order.
    pub batches: Vec<Batch>,
    /// Where the result came to rest, if nothing was added to it since.
    pub landing: Option<Landing>,
    /// Tokens, money and calls: in all, by agent, by node.
    pub ledger: Ledger,
    /// When it began, and when its latest record was written.
    pub span: Option<(Timestamp, Timestamp)>,
    frame: Frame,
    course: Course,
}

/// What holds the nodes together.
#[derive(Debug, Clone, Default, PartialEq)]
struct Frame {
    /// The plan without its nodes.
    plan: Plan,
    /// Where each node stands among the nodes.
    places: BTreeMap<NodeId, usize>,
}

/// How far a run is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Phase {
    /// There is no plan yet.
    #[default]
    Planning,
    /// A plan waits to be approved.
    Proposed,
    /// Its nodes are worked on.
    Running,
    /// Nothing new starts.
    Paused,
    /// It is given up and what runs is being ended: why.
    Cancelled(String),
    /// The plan was turned down: why.
    Rejected(String),
    /// It is over.
    Closed,
}

impl Swarm {
    /// The goal; empty before there is a plan.
    pub fn goal(&self) -> &str {
        &self.frame.plan.goal
    }

    /// What the whole run may use.
    pub fn budget(&self) -> &Budget {
        &self.frame.plan.budget
    }

    /// Agents at work at once, at most.
    pub fn lanes(&self) -> u32 {
        self.frame.plan.caps.max_parallel
    }

    /// The plan as it is now.
    pub fn plan(&self) -> Plan {
        let nodes = self.nodes.iter().map(|node| node.node.clone()).collect();
        Plan {
            nodes,
            ..self.frame.plan.clone()
        }
    }

    /// A node of the plan.
    pub fn node(&self, id: NodeId) -> Option<&SwarmNode> {
        self.nodes.get(*self.frame.places.get(&id)?)
    }

    /// A moment of the clock on the wall as this view counts time.
    pub fn active(&self, at: Timestamp) -> Timestamp {
        Timestamp(at.0.saturating_sub(self.course.idle))
    }

    /// Whether nothing of it goes on any more.
    pub fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Closed | Phase::Rejected(_))
    }

    fn change(&mut self, id: NodeId, change: impl FnOnce(&mut SwarmNode)) {
        let place = self.frame.places.get(&id);
        if let Some(node) = place.and_then(|at| self.nodes.get_mut(*at)) {
            change(node);
        }
    }

    fn place(&mut self) {
        let nodes = self.nodes.iter().enumerate();
        self.frame.places = nodes.map(|(at, node)| (node.id(), at)).collect();
    }

    fn clock(&mut self, record: &Record) -> Timestamp {
        let is_taken_up = matches!(record.event, Event::Session(SessionEvent::Resumed { .. }));
        let is_agreed = matches!(record.event, Event::Plan(PlanEvent::Accepted { .. }));
        let now = self.active(record.at);
        let (began, last) = self.span.unwrap_or((now, now));
        if is_taken_up || (is_agreed && self.phase == Phase::Proposed) {
            self.course.idle += now.0.saturating_sub(last.0);
        }
        let now = self.active(record.at).max(last);
        self.span = Some((began, now));
        now
    }

    /// Takes a plan over; nodes that were there keep their state.
    fn plan_is(&mut self, plan: &Plan) {
        let before = std::mem::take(&mut self.nodes).into_iter();
        let mut before: BTreeMap<NodeId, SwarmNode> =
            before.map(|known| (known.id(), known)).collect();
        self.frame.plan = Plan {
            nodes: Vec::new(),
            ..plan.clone()
        };
        for node in &plan.nodes {
            self.nodes.push(match before.remove(&node.id) {
                Some(known) => known.rewritten(node),
                None => SwarmNode::new(node),
            });
        }
        self.place();
    }

    fn patch(&mut self, (patch, why): (&PlanPatch, &str), now: Timestamp) {
        if let Some(budget) = patch.budget {
            self.frame.plan.budget = budget;
        }
        if !patch.remove.is_empty() {
            let (why, lines) = (why.to_owned(), self.diff(patch));
            self.course.changes.push(PlanChange { why, lines });
        }
        self.nodes.retain(|node| !patch.remove.contains(&node.id()));
        self.place();
        for node in &patch.modify {
            self.change(node.id, |known| known.node = node.clone());
        }
        patch.reopened().for_each(|node| self.reopen(node, now));
        for node in &patch.add {
            if let Some(original) = node.resolves.filter(|_| node.kind != Kind::Plan) {
                self.change(original, |known| known.enters(NodeState::Queued, now));
            }
            self.nodes.push(SwarmNode::new(node));
        }
        self.place();
    }

    /// A node that was given up and is planned anew begins again, and with it whatever was skipped.
    fn reopen(&mut self, id: NodeId, now: Timestamp) {
        let is_given_up = |node: &SwarmNode| node.state.is_end() && node.state != NodeState::Done;
        if !self.node(id).is_some_and(is_given_up) {
            return;
        }
        for node in &mut self.nodes {
            if node.id() == id || node.state == NodeState::Skipped {
                node.reopened(now);
            }
        }
        self.course.cancelled = None;
        if matches!(self.phase, Phase::Closed | Phase::Cancelled(_)) {
            self.phase = Phase::Running;
        }
    }

    fn goes_on(&mut self) {
        self.taken_up();
        self.phase = match is_planning(&self.plan()) {
            true => Phase::Planning,
            false => Phase::Running,
        };
    }

    /// Nodes of a plan that was never agreed to are not begun any more.
    fn leave(&mut self, now: Timestamp) {
        for node in self.nodes.iter_mut().filter(|node| !node.state.is_end()) {
            node.ended(NodeEnd::Cancelled, None, now);
        }
    }

    fn plan_event(&mut self, event: &PlanEvent, now: Timestamp) {
        match event {
            PlanEvent::Proposed { plan, by, remarks } => {
                self.plan_is(plan);
                self.planner = Some(*by);
                self.remarks.clone_from(remarks);
                self.phase = match is_planning(plan) {
                    true => Phase::Planning,
                    false => Phase::Proposed,
                };
            }
            PlanEvent::Accepted { plan } => {
                self.plan_is(plan);
                self.goes_on();
                self.course.is_agreed = self.phase == Phase::Running;
            }
            PlanEvent::Rejected { why } => {
                self.phase = Phase::Rejected(why.clone());
                self.leave(now);
            }
            PlanEvent::Patched { patch, why } => self.patch((patch, why), now),
            // What they say of the run follows as a record of its own.
            PlanEvent::Checked { runs } => {
                self.course.is_unfounded = !runs.iter().all(CheckRun::is_as_declared);
            }
            PlanEvent::NodeStarted {
                node,
                agent,
                attempt,
            } => {
                let number = attempt.as_ref().map_or(1, |attempt| attempt.number);
                self.change(*node, |node| node.started(*agent, number, now));
            }
            PlanEvent::NodeReturned {
                node,
                attempt,
                failure,
            } => self.change(*node, |node| node.returned(*attempt, failure, now)),
            PlanEvent::NodeEnded { node, end, why } => {
                self.change(*node, |node| node.ended(*end, why.clone(), now));
            }
            PlanEvent::Paused { cause } => self.pauses(cause),
            PlanEvent::Unpaused => self.goes_on(),
            PlanEvent::Cancelled { why, is_failure } => {
                self.course.has_failed = *is_failure;
                self.phase = Phase::Cancelled(why.clone());
                self.course.cancelled = Some(why.clone());
            }
            PlanEvent::Closed if matches!(self.phase, Phase::Rejected(_)) => {}
            PlanEvent::Closed => {
                self.phase = Phase::Closed;
                self.leave(now);
            }
        }
        self.settle(now);
    }

    fn workspace_event(&mut self, event: &WorkspaceEvent, now: Timestamp) {
        match event {
            WorkspaceEvent::Begun(ground) => self.ground = Some(ground.clone()),
            WorkspaceEvent::TreeMade { .. }
            | WorkspaceEvent::Worked { .. }
            | WorkspaceEvent::Advancing { .. }
            | WorkspaceEvent::Failed { .. } => {}
            WorkspaceEvent::Reverted { node, paths } => {
                self.change(*node, |node| node.reverted.extend(paths.iter().cloned()));
            }
            WorkspaceEvent::Inspected { node, found, .. } => {
                self.change(*node, |node| node.inspected(found, now));
            }
            WorkspaceEvent::BatchTaken { batch, nodes, tip } => {
                self.batches.push(Batch::new(*batch, nodes, tip));
                self.regroup(nodes, now);
            }
            WorkspaceEvent::Merged {
                batch,
                commits,
                conflicts,
            } => self.batch(*batch, |batch| batch.merged(commits, conflicts)),
            WorkspaceEvent::Gated { batch, runs, .. } => {
                self.batch(*batch, |batch| batch.rounds.push(runs.clone()));
            }
            WorkspaceEvent::Advanced { batch, to, nodes } => {
                self.batch(*batch, |batch| batch.landed = Some(to.clone()));
                self.landing = None;
                for merged in nodes {
                    self.change(merged.node, |node| node.landed(&merged.commit, now));
                }
            }
            WorkspaceEvent::Landed(landing) => self.landing = Some(landing.clone()),
        }
        self.settle(now);
    }

    fn batch(&mut self, number: u32, change: impl FnOnce(&mut Batch)) {
        if let Some(batch) = self.batches.iter_mut().rfind(|one| one.number == number) {
            change(batch);
        }
    }

    /// Whoever was in the batch before and is not in this one waits again.
    fn regroup(&mut self, taken: &[NodeId], now: Timestamp) {
        for node in &mut self.nodes {
            if taken.contains(&node.id()) {
                node.enters(NodeState::InBatch, now);
            } else if node.state == NodeState::InBatch {
                node.enters(NodeState::Queued, now);
            }
        }
    }

    /// Tells nodes whose dependencies are all done from those that still wait for one.
    fn settle(&mut self, now: Timestamp) {
        let is_done = |dep: &NodeId| {
            let dep = self.node(*dep);
            dep.is_some_and(|dep| dep.state == NodeState::Done)
        };
        let settled = |(at, node): (usize, &SwarmNode)| {
            let next = match (node.state, node.node.deps.iter().all(is_done)) {
                (NodeState::Waiting, true) => NodeState::Ready,
                (NodeState::Ready, false) => NodeState::Waiting,
                _ => return None,
            };
            Some((at, next))
        };
        let nodes = self.nodes.iter().enumerate();
        let settled: Vec<(usize, NodeState)> = nodes.filter_map(settled).collect();
        for (at, next) in settled {
            self.nodes[at].enters(next, now);
        }
    }
}

impl View for Swarm {
    fn apply(&mut self, record: &Record) {
        let now = self.clock(record);
        self.ledger.apply(record);
        match &record.event {
            Event::Plan(event) => self.plan_event(event, now),
            Event::Workspace(event) => self.workspace_event(event, now),
            Event::Model(_) | Event::Tool(_) | Event::Turn(_) | Event::Permission(_) => {
                if let Some(id) = record.node {
                    self.change(id, |node| node.agent_event(record, now));
                }
            }
            Event::Session(SessionEvent::Resumed { .. }) if record.agent.is_none() => {
                self.taken_up();
            }
            Event::Session(_) | Event::Memory(_) | Event::Fault(_) => {}
        }
    }
}

/// Whether a plan only makes a plan: nobody approves it.
fn is_planning(plan: &Plan) -> bool {
    !plan.nodes.is_empty() && plan.nodes.iter().all(|node| node.kind == Kind::Plan)
}
