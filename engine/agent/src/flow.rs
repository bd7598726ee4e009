//! The small part of an agent's state that decisions look at: phase, calls under way, limits, spending.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use protocol::{
    Block, Charge, Cost, Intent, InterruptCause, Limit, Limits, ModelFault, ModelRef, ModelTraits,
    PermissionMode, PlannedCall, Room, Spending, StopReason, TASK_TOOL, Text, Todo, ToolResult,
    TurnId,
};
use serde::Serialize;

/// What decisions look at. Cheap to clone: bulk is shared.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Flow {
    /// How the session is set up; `None` before its first event.
    pub setup: Option<Arc<Setup>>,
    /// What the agent is doing.
    pub phase: Phase,
    /// The turn under way, or the last one.
    pub turn: Option<TurnId>,
    /// Model calls of the session that were answered, given up or stopped: the number of the next.
    pub step: u32,
    /// The calls of the newest reply.
    pub calls: Vec<Slot>,
    /// Said by the user in the middle of the turn and not yet read by the model.
    pub steering: Vec<Block>,
    /// What this run has used.
    pub spent: Spent,
    /// The folder the next command starts in.
    pub cwd: PathBuf,
    /// The to-do list.
    pub todos: Arc<[Todo]>,
    /// Instruction files the model has been given because of what was touched.
    pub instructed: Arc<BTreeSet<PathBuf>>,
    /// The answer that fits the wanted schema, once there is one.
    pub structured: Option<Arc<str>>,
    /// How often in a row the same calls gave the same results.
    pub echo: crate::looping::Echo,
}

/// How a session is set up.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Setup {
    /// The folder the session works in.
    pub cwd: PathBuf,
    /// The permission mode.
    pub mode: PermissionMode,
    /// The model.
    pub model: ModelRef,
    /// What is known of the model.
    pub traits: ModelTraits,
    /// The system prompt.
    pub system: Text,
    /// The offered tools, sorted by name.
    pub tools: Vec<String>,
    /// The limits of this run.
    pub limits: Limits,
    /// Bytes of the offered tools as they are declared.
    pub tool_bytes: u64,
}

/// What an agent is doing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub enum Phase {
    /// Nothing: it waits for the user.
    #[default]
    Resting,
    /// A model call is due and not yet decided on.
    Due,
    /// The model is being asked.
    Calling {
        /// Failed attempts so far.
        attempt: u32,
        /// What is set aside for it.
        room: Room,
    },
    /// It pauses before another attempt.
    Waiting {
        /// Failed attempts so far.
        attempt: u32,
        /// The pause in milliseconds.
        ms: u64,
        /// What is set aside for the call.
        room: Room,
    },
    /// The model replied without calling a tool; what that means is not yet decided on.
    Answered {
        /// Why it stopped.
        stop: StopReason,
    },
    /// The model could not be reached or did not answer usably; the turn is to be ended.
    Failed {
        /// How.
        fault: ModelFault,
        /// The limit that left no room for another attempt, where it would have been made.
        #[serde(skip_serializing_if = "Option::is_none")]
        limit: Option<Limit>,
    },
    /// Calls of the newest reply run.
    Acting,
    /// It is being stopped; what has started is being ended.
    Stopping {
        /// Why.
        cause: InterruptCause,
    },
}

/// One call of the newest reply.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Slot {
    /// The call.
    pub plan: PlannedCall,
    /// The provider's id of it.
    pub wire: protocol::WireCallId,
    /// How far it is.
    pub state: SlotState,
}

/// How far a call is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub enum SlotState {
    /// Not run, or a read that is running.
    Open,
    /// A write whose start is durable.
    Started(Intent),
    /// A write that had started when a former process died.
    InDoubt(Intent),
    /// Ended.
    Done(Arc<ToolResult>),
}

impl Slot {
    /// Whether the call has ended.
    pub const fn is_done(&self) -> bool {
        matches!(self.state, SlotState::Done(_))
    }

    /// Whether a sub-agent works on it, or is to: such a call is not left behind by an interrupt, because what works
    /// for it must come to its end first.
    pub(crate) fn is_delegated(&self) -> bool {
        self.state == SlotState::Open && self.plan.tool == TASK_TOOL && self.plan.refusal.is_none()
    }
}

/// What a run has used since it began.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Spent {
    /// Model calls answered.
    pub steps: u32,
    /// Tokens, as reported or, where nothing was reported, estimated.
    pub tokens: u64,
    /// Money.
    pub cost: Cost,
    /// Tokens of the newest call, prompt and reply, if reported: the floor of the next prompt.
    pub context: Option<u64>,
    /// Bytes of the conversation the newest report does not cover.
    pub unreported_bytes: u64,
    /// Answers that missed the wanted schema.
    pub misses: u32,
    /// Whether the model was told that a limit is nearly used up.
    pub is_warned: bool,
    /// Whether the next turn begins a new count.
    pub fresh: bool,
    /// What a call whose process is gone counts for, until it is charged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost: Option<Charge>,
}

impl Spent {
    /// Counts a call for what it was charged.
    pub(crate) fn pay(&mut self, charge: Charge) {
        self.tokens = self.tokens.saturating_add(charge.tokens);
        self.cost += charge.cost.unwrap_or_default();
    }

    /// Counts what a sub-agent used: its calls are calls of the run.
    pub(crate) fn add(&mut self, used: &Spending) {
        self.steps = self.steps.saturating_add(used.steps);
        self.tokens = self.tokens.saturating_add(used.tokens);
        self.cost += used.cost;
    }

    /// The part that counts against the limits.
    pub const fn spending(&self) -> Spending {
        Spending {
            steps: self.steps,
            tokens: self.tokens,
            cost: self.cost,
        }
    }
}

impl Flow {
    /// The slot of a call, if it belongs to the newest reply.
    pub fn slot(&self, call: protocol::CallId) -> Option<&Slot> {
        self.calls.iter().find(|slot| slot.plan.call == call)
    }

    /// The limits of this run.
    pub fn limits(&self) -> Limits {
        self.setup
            .as_ref()
            .map(|setup| setup.limits)
            .unwrap_or_default()
    }

    /// Whether a turn is under way.
    pub const fn is_busy(&self) -> bool {
        !matches!(self.phase, Phase::Resting)
    }

    /// Whether the turn is being stopped from outside.
    pub const fn is_stopping(&self) -> bool {
        matches!(self.phase, Phase::Stopping { .. })
    }

    /// Whether the run wants its answer through the answer tool.
    pub fn wants_schema(&self) -> bool {
        let offered =
            |setup: &Arc<Setup>| setup.tools.iter().any(|tool| tool == crate::ANSWER_TOOL);
        self.setup.as_ref().is_some_and(offered)
    }
}
