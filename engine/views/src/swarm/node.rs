//! One node of a run: how far it is, what its agent does, what came of its attempts.

use protocol::{
    AgentId, BEGIN_ANEW, Block, CallId, Event, Failure, FailureClass, GitId, Inspection, Kind,
    ModelEvent, NOT_RUN, Node, NodeEnd, NodeId, PermissionEvent, PlannedCall, Reason, Record,
    Reply, Text, Timestamp, ToolEvent, ToolStatus, TurnEvent, Verdict,
};
use serde::Serialize;

use crate::about;

/// A node as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct SwarmNode {
    /// The node as planned.
    pub node: Node,
    /// How far it is.
    pub state: NodeState,
    /// The latest attempt, counted from 1; 0 if it was never begun.
    pub attempt: u32,
    /// The agent that took it last.
    pub agent: Option<AgentId>,
    /// When.
    pub times: Times,
    /// Attempts that came to nothing, in order: which, and why.
    pub returns: Vec<(u32, Failure)>,
    /// Why it ended, if it is not done.
    pub why: Option<Text>,
    /// What its tree held when it was looked at last.
    pub found: Option<Inspection>,
    /// Paths outside its scope that were changed and put back.
    pub reverted: Vec<String>,
    /// Its commit on the integration branch.
    pub commit: Option<GitId>,
    hands: Hands,
}

/// What an agent has in its hands.
#[derive(Debug, Clone, Default, PartialEq)]
struct Hands {
    /// Calls of the latest reply that have not ended: which, the tool, what it is about.
    open: Vec<(CallId, String, String)>,
    is_asking: bool,
    /// Calls that permission denied, in order: the tool and what it was about.
    denied: Vec<String>,
    /// The same of commands in doubt.
    in_doubt: Vec<String>,
    /// Whether a command was denied because no rule allows it.
    is_unruled: bool,
}

/// Moments of a node.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Times {
    /// When its first attempt began.
    pub began: Option<Timestamp>,
    /// When it entered its present state.
    pub since: Option<Timestamp>,
    /// When it came to its end.
    pub ended: Option<Timestamp>,
}

/// How far a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeState {
    /// Something it depends on is not done.
    Waiting,
    /// It may start as soon as there is room.
    Ready,
    /// Its agent is at work, or its command runs.
    Working,
    /// Its agent has come to rest; its tree is looked at and its check runs.
    Inspecting,
    /// Its proposal waits to be merged.
    Queued,
    /// Its proposal is being merged and gated.
    InBatch,
    /// Its work is done, and landed if it changed files.
    Done,
    /// It was given up.
    Failed,
    /// It never started, because something it depends on was not done.
    Skipped,
    /// It was ended from outside, alone or with the whole run.
    Cancelled,
}

impl NodeState {
    /// In a word or two.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Ready => "ready",
            Self::Working => "working",
            Self::Inspecting => "inspecting",
            Self::Queued => "queued",
            Self::InBatch => "in batch",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Cancelled => "cancelled",
        }
    }

    /// As [`NodeState::name`], of a node that was tried so often: what was ended before its first attempt was never started.
    pub const fn said(self, attempts: u32) -> &'static str {
        match self {
            Self::Cancelled if attempts == 0 => "never started",
            state => state.name(),
        }
    }

    /// Whether nothing more will happen to it by itself.
    pub const fn is_end(self) -> bool {
        matches!(
            self,
            Self::Done | Self::Failed | Self::Skipped | Self::Cancelled
        )
    }
}

/// What an agent does at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing<'a> {
    /// Nothing that was recorded.
    Nothing,
    /// It waits for its model.
    Asking,
    /// It uses a tool: which, and about what.
    Using(&'a str, &'a str),
}

impl SwarmNode {
    pub(super) fn new(node: &Node) -> Self {
        Self {
            node: node.clone(),
            state: NodeState::Waiting,
            attempt: 0,
            agent: None,
            times: Times::default(),
            returns: Vec::new(),
            why: None,
            found: None,
            reverted: Vec::new(),
            commit: None,
            hands: Hands::default(),
        }
    }

    pub(super) fn rewritten(self, node: &Node) -> Self {
        Self {
            node: node.clone(),
            ..self
        }
    }

    /// Its id.
    pub fn id(&self) -> NodeId {
        self.node.id
    }

    /// What people call it: its name, or its title where it has none.
    pub fn name(&self) -> &str {
        match self.node.name.as_str() {
            "" => &self.node.title,
            name => name,
        }
    }

    /// What its agent does.
    pub fn doing(&self) -> Doing<'_> {
        match (self.hands.open.first(), self.hands.is_asking) {
            (Some((_, tool, about)), _) => Doing::Using(tool, about),
            (None, true) => Doing::Asking,
            (None, false) => Doing::Nothing,
        }
    }

    /// The calls of its agents that permission denied, in order: the tool and what it was about.
    pub fn denied(&self) -> &[String] {
        &self.hands.denied
    }

    /// The commands of its agents that were running when a process ended and were not run again, in order: the tool and
    /// what it was about.
    pub fn in_doubt(&self) -> &[String] {
        &self.hands.in_doubt
    }

    /// Whether a command of its agents was denied because no rule allows it.
    pub const fn is_unruled(&self) -> bool {
        self.hands.is_unruled
    }

    /// Whether its last attempt came back for a command that permission was denied for, or that is none: another attempt
    /// comes to the same unless somebody mends that.
    pub fn is_in_vain(&self) -> bool {
        let Some(last) = self.last_failure() else {
            return false;
        };
        let check = self.found.as_ref().and_then(|found| found.check.as_ref());
        let brief = self.node.brief.as_ref().map(|brief| brief.as_str());
        let denied = brief.map(|brief| format!("`{brief}` was {NOT_RUN}"));
        let evidence = last.evidence.as_str();
        let is_told = evidence
            .lines()
            .next()
            .is_some_and(|line| line.ends_with(BEGIN_ANEW));
        let is_denied = denied.is_some_and(|denied| evidence.starts_with(&denied));
        let is_denied = is_denied || check.is_some_and(|run| run.denied.is_some());
        last.class == FailureClass::Check && (is_told || is_denied)
    }

    /// Whether it was added to plan anew what another one leaves undone.
    pub(super) fn plans_anew(&self) -> bool {
        self.node.kind == Kind::Plan && self.node.resolves.is_some()
    }

    /// The latest attempt's failure, if it failed.
    pub fn last_failure(&self) -> Option<&Failure> {
        self.returns.last().map(|(_, failure)| failure)
    }

    pub(super) fn enters(&mut self, state: NodeState, now: Timestamp) {
        if self.state != state {
            self.state = state;
            self.times.since = Some(now);
        }
    }

    pub(super) fn started(&mut self, agent: AgentId, attempt: u32, now: Timestamp) {
        self.enters(NodeState::Working, now);
        self.attempt = attempt;
        self.agent = Some(agent);
        self.times.began = self.times.began.or(Some(now));
        self.times.since = Some(now);
        self.times.ended = None;
        self.why = None;
        self.rests();
    }

    pub(super) fn returned(&mut self, attempt: u32, failure: &Failure, now: Timestamp) {
        self.enters(NodeState::Ready, now);
        self.returns.push((attempt, failure.clone()));
        self.rests();
    }

    pub(super) fn inspected(&mut self, found: &Inspection, now: Timestamp) {
        let is_offered = self.node.kind.writes() && self.passes(found);
        self.found = Some(found.clone());
        let next = match is_offered {
            true => NodeState::Queued,
            false => NodeState::Inspecting,
        };
        self.enters(next, now);
    }

    /// Whether an inspection leaves nothing to object to.
    fn passes(&self, found: &Inspection) -> bool {
        found.fault.is_none()
            && found.strays.is_empty()
            && found.markers.is_empty()
            && (self.node.scope.noop || !found.changed.is_empty())
            && found.check.as_ref().is_none_or(|run| run.passed())
    }

    pub(super) fn landed(&mut self, commit: &GitId, now: Timestamp) {
        self.commit = Some(commit.clone());
        self.ended(NodeEnd::Done, None, now);
    }

    pub(super) fn ended(&mut self, end: NodeEnd, why: Option<Text>, now: Timestamp) {
        let state = match end {
            NodeEnd::Done => NodeState::Done,
            NodeEnd::Failed => NodeState::Failed,
            NodeEnd::Skipped => NodeState::Skipped,
            NodeEnd::Cancelled => NodeState::Cancelled,
        };
        self.enters(state, now);
        self.times.ended = Some(now);
        self.why = why;
        self.rests();
    }

    pub(super) fn reopened(&mut self, now: Timestamp) {
        self.enters(NodeState::Waiting, now);
        self.times.ended = None;
        self.why = None;
    }

    fn rests(&mut self) {
        self.hands.open.clear();
        self.hands.is_asking = false;
    }

    /// Takes in what its agent did. Records of an agent it no longer has are part of its account, not of its state.
    pub(super) fn agent_event(&mut self, record: &Record, now: Timestamp) {
        if record.agent != self.agent || self.agent.is_none() {
            return;
        }
        match &record.event {
            Event::Model(event) => self.model(event),
            Event::Permission(PermissionEvent::Decided { call, verdict, .. }) => {
                self.judged(*call, verdict);
            }
            Event::Tool(ToolEvent::Finished { call, result, .. }) => {
                self.ended_call(*call, result.status);
            }
            Event::Turn(TurnEvent::Ended { .. }) => {
                self.rests();
                if self.state == NodeState::Working {
                    self.enters(NodeState::Inspecting, now);
                }
            }
            Event::Turn(
                TurnEvent::Submitted { .. }
                | TurnEvent::Steered { .. }
                | TurnEvent::Nudged { .. }
                | TurnEvent::Warned { .. }
                | TurnEvent::Informed { .. }
                | TurnEvent::Interrupted { .. },
            )
            | Event::Tool(ToolEvent::Started { .. } | ToolEvent::Reopened { .. })
            | Event::Session(_)
            | Event::Plan(_)
            | Event::Workspace(_)
            | Event::Memory(_)
            | Event::Fault(_) => {}
        }
    }

    fn judged(&mut self, call: CallId, verdict: &Verdict) {
        let Verdict::Deny(Reason { text, rule: None }) = verdict else {
            return;
        };
        let mut open = self.hands.open.iter();
        let is_command = open.any(|(open, tool, _)| *open == call && tool == "bash");
        self.hands.is_unruled |= is_command && text.starts_with("no rule allows ");
    }

    fn ended_call(&mut self, call: CallId, status: ToolStatus) {
        let known = self
            .hands
            .open
            .iter()
            .position(|(open, _, _)| *open == call);
        let Some(at) = known else {
            return;
        };
        let (_, tool, about) = self.hands.open.remove(at);
        let list = match status {
            ToolStatus::Denied => &mut self.hands.denied,
            ToolStatus::InDoubt => &mut self.hands.in_doubt,
            ToolStatus::Ok | ToolStatus::Failed | ToolStatus::Interrupted => return,
        };
        list.push(format!("{tool} {about}"));
    }

    fn model(&mut self, event: &ModelEvent) {
        match event {
            ModelEvent::Requested { .. } => {
                self.rests();
                self.hands.is_asking = true;
            }
            ModelEvent::Replied { reply, calls, .. } => {
                self.hands.is_asking = false;
                self.hands.open = calls.iter().map(|call| opened(reply, call)).collect();
            }
            ModelEvent::Failed { .. } | ModelEvent::Lost { .. } => self.hands.is_asking = false,
            ModelEvent::Retried { .. } | ModelEvent::Resumed { .. } => {}
        }
    }
}

fn opened(reply: &Reply, planned: &PlannedCall) -> (CallId, String, String) {
    let written = reply.content.iter().find_map(|block| match block {
        Block::ToolUse(call) if call.id == planned.call => Some(call),
        Block::ToolUse(_)
        | Block::Text(_)
        | Block::Thinking { .. }
        | Block::RedactedThinking(_)
        | Block::Image { .. }
        | Block::ToolResult { .. }
        | Block::Foreign(_) => None,
    });
    let about = written.map(|call| about(&call.arguments.as_str()));
    (
        planned.call,
        planned.tool.clone(),
        about.unwrap_or_default(),
    )
}
