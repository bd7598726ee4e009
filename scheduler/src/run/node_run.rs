//! How far one node of a run is: its phase, its attempts and what they used.

use std::sync::Arc;

use protocol::{
    AgentId, Attempt, Cost, Failure, GitId, Inspection, ModelFault, NodeEnd, Text, Timestamp,
    TreeStart, TurnEnd, TurnId,
};

/// How far a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NodePhase {
    /// It has not started; it may wait for others, for room, or for its turn.
    Waiting,
    /// Its agent or its command is at work.
    Working,
    /// Its tree is being looked at and its check run.
    Inspecting,
    /// Its tree was looked at; what follows from that is due.
    Inspected,
    /// Its proposal waits to be integrated.
    Queued,
    /// Its proposal is being integrated with others.
    InBatch,
    /// Its proposal was turned back by the merge or the gate; its return is due.
    Bounced,
    /// An attempt came to nothing; the next one, or its end, is due.
    Returned,
    /// Its proposal did not merge; a merge node does the rest.
    Resolving,
    /// Its attempts are used up; what it leaves undone is being planned anew.
    Replanning,
    /// It came to its end.
    Ended(NodeEnd),
}

/// One node of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeRun {
    /// How far it is.
    pub phase: NodePhase,
    /// The newest attempt.
    pub attempt: Option<Attempt>,
    /// The agent of the newest attempt.
    pub agent: Option<AgentId>,
    /// Attempts that came to nothing, since the node was last begun anew.
    pub setbacks: Vec<Setback>,
    /// What all attempts used.
    pub spent: Spent,
    /// What the newest attempt used.
    pub spent_now: Spent,
    /// What was found in its tree last.
    pub found: Option<Inspection>,
    /// The commit that changes in its tree are counted from.
    pub base: Option<GitId>,
    /// What its agent said last.
    pub said: Option<Text>,
    pub(super) turn: Turn,
    pub(super) rungs: Rungs,
    /// How many attempts of the run had started when its phase changed last.
    pub(super) since: u64,
}

/// An attempt that came to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setback {
    /// Which attempt.
    pub attempt: u32,
    /// Why.
    pub failure: Failure,
    /// Whether it counts against the node's attempts.
    pub burns: bool,
    /// Whether it was borne because there was no model to ask: a person lies between it and the next attempt.
    pub is_halt: bool,
}

/// What models and tools used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent {
    /// Tokens; where a provider did not count, an estimate.
    pub tokens: u64,
    /// Money.
    pub cost: Cost,
    /// Tool calls that were asked for.
    pub tool_calls: u64,
}

impl Spent {
    pub(super) fn add(&mut self, other: Self) {
        self.tokens = self.tokens.saturating_add(other.tokens);
        self.cost += other.cost;
        self.tool_calls = self.tool_calls.saturating_add(other.tool_calls);
    }
}

/// What a node wants integrated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The commit the files are a change of.
    pub base: GitId,
    /// The files, as a tree.
    pub tree: GitId,
}

/// The turn of a node's agent.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Turn {
    /// The turn that has begun and not ended.
    pub open: Option<TurnId>,
    /// How the newest attempt's turn ended.
    pub end: Option<TurnEnd>,
    /// Whether it ended because there was no model to ask.
    pub is_halt: bool,
    /// The model call that has not been answered.
    pub call: Option<Call>,
    /// Calls of the newest attempt that were denied.
    pub denied: Denied,
    /// What a planner of the newest attempt answered.
    pub answer: Option<Arc<str>>,
    pub watch: Watch,
}

/// A model call under way.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Call {
    /// What the run had heard of models when it was made, or first came to nothing and was made again: how many replies,
    /// or beginnings of one.
    pub heard: u64,
    /// What was said when it was tried last, if the model was not heard at all.
    pub mute: Option<ModelFault>,
}

/// How long an attempt has been at work, as the records tell it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Watch {
    /// When it began, or this process took it up.
    pub since: Timestamp,
    /// What it had worked before, in milliseconds.
    pub before_ms: u64,
}

/// Calls that were denied.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Denied {
    pub count: u32,
    /// Why the last one was.
    pub last: String,
}

/// Where on the ladder of attempts a node is.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Rungs {
    /// Agents so far.
    pub generation: u32,
    /// Tiers above the planned one.
    pub raised: u8,
    /// Whether a tree was made for it.
    pub has_tree: bool,
    /// Whether its agent or command wrote any file in the newest attempt.
    pub has_written: bool,
    /// How often it halted the run because nothing was heard of its model, since that answered last.
    pub silences: u32,
    /// Looks at its tree that the machine failed at, one after the other.
    pub blind: u32,
    /// Why its proposal was turned back, and from what the next attempt starts.
    pub bounce: Option<Bounce>,
}

/// A proposal that was turned back.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bounce {
    pub failure: Failure,
    pub start: TreeStart,
    /// The paths in conflict. A rename may have taken them out of the node's own scope.
    pub paths: Vec<String>,
}

impl Default for NodeRun {
    fn default() -> Self {
        Self {
            phase: NodePhase::Waiting,
            attempt: None,
            agent: None,
            setbacks: Vec::new(),
            spent: Spent::default(),
            spent_now: Spent::default(),
            found: None,
            base: None,
            said: None,
            turn: Turn::default(),
            rungs: Rungs::default(),
            since: 0,
        }
    }
}

impl NodeRun {
    /// The number of the newest attempt; 0 before the first.
    pub fn number(&self) -> u32 {
        self.attempt.as_ref().map_or(0, |attempt| attempt.number)
    }

    /// Attempts that count against the node's number of attempts.
    pub fn burnt(&self) -> u32 {
        self.setbacks.iter().filter(|one| one.burns).count() as u32
    }

    /// Whether it came to its end.
    pub const fn is_over(&self) -> bool {
        matches!(self.phase, NodePhase::Ended(_))
    }

    /// Whether an agent of it is still being ended though nothing more is wanted of it: until then it may touch files.
    pub fn lingers(&self) -> bool {
        self.turn.open.is_some() && self.phase != NodePhase::Working
    }

    /// Whether it has a slot: something of it is at work.
    pub(super) fn is_busy(&self) -> bool {
        self.phase == NodePhase::Working || self.lingers()
    }

    /// Whether it holds its scope: others that write the same would not see its work.
    pub(super) fn holds_scope(&self) -> bool {
        match self.phase {
            NodePhase::Waiting => false,
            NodePhase::Resolving | NodePhase::Replanning | NodePhase::Ended(_) => self.lingers(),
            NodePhase::Working
            | NodePhase::Inspecting
            | NodePhase::Inspected
            | NodePhase::Queued
            | NodePhase::InBatch
            | NodePhase::Bounced
            | NodePhase::Returned => true,
        }
    }
}
