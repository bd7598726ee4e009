//! What goes to a model and what comes back: prompt, reply, stop reasons, faults.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::usage::Price;
use crate::{Block, Cost, Message, Usage};

/// A model at a provider, printed `provider/model`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelRef {
    /// The provider's name in the settings, for example `anthropic`.
    pub provider: String,
    /// The model's name as that provider spells it.
    pub model: String,
}

impl fmt::Display for ModelRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.model)
    }
}

/// What is known of a model before it is called.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelTraits {
    /// Tokens the model can see at once, if known.
    pub context_window: Option<u64>,
    /// The largest reply to ask for, in tokens.
    pub max_output: u64,
    /// Whether it reads pictures.
    pub vision: bool,
    /// What it costs; `None` when not known.
    pub price: Option<Price>,
}

/// A tool as declared to the model.
#[derive(Debug, Clone)]
pub struct ToolDecl {
    /// The name the model calls.
    pub name: String,
    /// What it does, when not to use it, its limits.
    pub description: String,
    /// JSON Schema of the arguments, exact bytes.
    pub schema: Box<RawValue>,
}

/// Everything one model call sends. The parts are shared, not copied, between calls.
#[derive(Debug, Clone)]
pub struct Prompt {
    /// The model's name at its provider.
    pub model: String,
    /// The system prompt: the stable prefix.
    pub system: Arc<str>,
    /// The declared tools, sorted by name.
    pub tools: Arc<[ToolDecl]>,
    /// The conversation; starts with the user.
    pub messages: Vec<Arc<Message>>,
    /// The largest reply to accept, in tokens.
    pub max_tokens: u64,
}

/// A whole reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// The model that answered, as the provider names it.
    pub model: String,
    /// The blocks, in order.
    pub content: Vec<Block>,
    /// Why it stopped.
    pub stop: StopReason,
    /// Tokens, if the provider told.
    pub usage: Option<Usage>,
    /// What it cost at the price of this moment; `None` when price or usage is unknown.
    pub cost: Option<Cost>,
    /// Things of the stream formic did not know and passed over, for people who debug.
    pub oddities: Vec<String>,
}

/// Why a model stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// It had said all.
    EndTurn,
    /// It waits for tool results.
    ToolUse,
    /// The reply limit cut it; a tool call at the end may be incomplete.
    MaxTokens,
    /// A stop sequence.
    StopSequence,
    /// The provider paused a long turn: send the conversation back to go on.
    PauseTurn,
    /// The model or a filter refused.
    Refusal,
    /// The context window is full.
    ContextFull,
    /// A reason formic does not know.
    Other(String),
}

/// Why a model call failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelFault {
    /// The class.
    pub kind: FaultKind,
    /// HTTP status, if one came.
    pub status: Option<u16>,
    /// The provider's words, secrets removed, at most 2,000 characters.
    pub message: String,
    /// Whether and when it may be tried again.
    pub retry: RetryHint,
    /// Whether tokens may have been billed.
    pub billed: bool,
    /// What had come of the reply by then; absent where nothing had, and in journals older than the field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard: Option<Heard>,
}

/// What had come of a reply that broke off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heard {
    /// Tokens as far as the provider had counted them.
    pub usage: Option<Usage>,
    /// Bytes the model had written that are not counted there.
    pub uncounted: u64,
}

/// The class of a failed model call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// Nothing answered at the address.
    Unreachable,
    /// Key missing or refused (401, 403).
    Authentication,
    /// 429.
    RateLimited,
    /// 5xx, 529.
    Overloaded,
    /// The request itself was refused (other 4xx).
    BadRequest,
    /// The conversation does not fit the model.
    ContextTooLong,
    /// The stream broke off, stalled, or ended without its closing event.
    Broken,
    /// What came was not the wire's language.
    Garbled,
    /// The provider reported an error inside the stream.
    Reported,
}

impl ModelFault {
    /// Whether every other call would fail alike until somebody mends the key or the server. A 403 may be meant for what
    /// was asked: providers answer so what their moderation does not let through.
    pub const fn meets_every_call(&self) -> bool {
        match self.kind {
            FaultKind::Unreachable => true,
            FaultKind::Authentication => !matches!(self.status, Some(403)),
            FaultKind::RateLimited
            | FaultKind::Overloaded
            | FaultKind::BadRequest
            | FaultKind::ContextTooLong
            | FaultKind::Broken
            | FaultKind::Garbled
            | FaultKind::Reported => false,
        }
    }
}

impl ModelFault {
    /// Whether the model was not heard at all, or only what stands in front of its server: every other call may fare
    /// alike, or this prompt alone. A 500 is the server's own word.
    pub const fn is_mute(&self) -> bool {
        match self.kind {
            // Of a gateway (502 to 504, 520 to 524, 530), or of a server that takes nothing in (529).
            FaultKind::Overloaded => {
                matches!(self.status, Some(502..=504 | 520..=524 | 529 | 530))
            }
            FaultKind::Broken => self.heard.is_none(),
            FaultKind::Unreachable
            | FaultKind::Authentication
            | FaultKind::RateLimited
            | FaultKind::BadRequest
            | FaultKind::ContextTooLong
            | FaultKind::Garbled
            | FaultKind::Reported => false,
        }
    }
}

/// Whether a failed call may be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryHint {
    /// No: the same request would fail again.
    Never,
    /// Yes, after this many milliseconds, as the provider asked.
    AfterMs(u64),
    /// Yes, with the caller's own growing pause.
    Backoff,
}
