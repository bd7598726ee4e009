//! The names every room speaks: ids, messages, claims, verdicts, plans, commands, events, effects, outcomes, records, deltas.
//!
//! May: name things, serialise them, hash content, check that a transition is legal.
//! Never: read a clock, touch disk or network, allocate an id by itself, know another room.

pub mod claim;
pub mod command;
pub mod delta;
pub mod effect;
pub mod event;
pub mod id;
pub mod limits;
pub mod message;
pub mod model;
pub mod outcome;
pub mod plan;
pub mod record;
pub mod shell;
pub mod text;
pub mod time;
pub mod tool;
pub mod usage;
pub mod verdict;

pub use claim::{Access, Action, Claim, Reach};
pub use command::{Command, InterruptCause};
pub use delta::{BlockKind, Delta, DeltaBody, Notice};
pub use effect::Effect;
pub use event::{
    Attempt, BEGIN_ANEW, BUDGET_USED_UP, BoardEntry, Change, ChangeKind, CheckRun, Conflict,
    EntryKind, Event, Evidence, Failure, FailureClass, FaultEvent, ForkPoint, GaveUp, Ground,
    Inspection, Isolation, Landing, MemoryEvent, Merged, ModelEvent, NOT_RUN, NodeEnd,
    OWN_BUDGET_USED_UP, OWN_TIME_USED_UP, Opening, PauseCause, PermissionEvent, PlanEvent, Planner,
    Provenance, SessionEvent, TIME_USED_UP, ToolEvent, TreeStart, TurnEnd, TurnEvent,
    WorkspaceEvent, besides,
};
pub use id::{
    AgentId, BlobHasher, BlobId, CallId, GitId, MemoryId, NodeId, Seq, SessionId, TurnId,
    WireCallId,
};
pub use limits::{Limit, Limits, Room, Spending};
pub use message::{Block, Message, Role, ToolCall};
pub use model::{
    FaultKind, Heard, ModelFault, ModelRef, ModelTraits, Prompt, Reply, RetryHint, StopReason,
    ToolDecl,
};
pub use outcome::{Input, Outcome};
pub use plan::{
    Budget, BudgetDocument, Caps, CapsDocument, Check, CheckDocument, DEFAULT_CHECK_MS, Expect,
    Kind, Node, NodeDocument, NodeHints, NodeName, OnFail, PLAN_VERSION, Plan, PlanDocument,
    PlanPatch, Risk, Scope, Tier, Weight,
};
pub use record::{Draft, RECORD_VERSION, Record};
pub use text::{BULK_BYTES, StoredText, Text};
pub use time::Timestamp;
pub use tool::{
    Fact, Intent, Note, PlannedCall, ResultBlock, TASK_TOOL, Todo, TodoState, ToolResult,
    ToolStatus,
};
pub use usage::{Charge, Cost, LongPrompt, Price, Usage};
pub use verdict::{Decider, PermissionMode, Reason, RuleEffect, RuleRef, Verdict};
