//! The JSON of the Chat stream as it is read: tolerant, and borrowed from the event where possible.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::piece::{Count, Piece};

/// One chunk, or a whole completion as one JSON body.
#[derive(Deserialize)]
pub(super) struct Chunk<'a> {
    #[serde(borrow, default)]
    pub(super) model: Piece<'a>,
    #[serde(borrow, default)]
    pub(super) choices: Option<Vec<Choice<'a>>>,
    #[serde(default)]
    pub(super) usage: Option<UsageIn>,
    #[serde(borrow, default)]
    pub(super) error: Option<&'a RawValue>,
}

/// One choice; only the first is asked for.
#[derive(Deserialize)]
pub(super) struct Choice<'a> {
    #[serde(default)]
    pub(super) index: Count,
    #[serde(borrow, default)]
    pub(super) delta: Option<DeltaIn<'a>>,
    #[serde(borrow, default)]
    pub(super) message: Option<DeltaIn<'a>>,
    #[serde(borrow, default)]
    pub(super) finish_reason: Piece<'a>,
    #[serde(borrow, default)]
    pub(super) error: Option<&'a RawValue>,
}

/// What a chunk adds. Reasoning is `reasoning_content` with DeepSeek and LiteLLM, `reasoning` with
/// OpenRouter and newer vLLM.
#[derive(Deserialize)]
pub(super) struct DeltaIn<'a> {
    #[serde(borrow, default)]
    pub(super) content: Piece<'a>,
    #[serde(borrow, default)]
    pub(super) reasoning_content: Piece<'a>,
    #[serde(borrow, default)]
    pub(super) reasoning: Piece<'a>,
    #[serde(borrow, default)]
    pub(super) refusal: Piece<'a>,
    #[serde(borrow, default)]
    pub(super) tool_calls: Option<Vec<CallIn<'a>>>,
}

/// A piece of a tool call.
#[derive(Deserialize)]
pub(super) struct CallIn<'a> {
    #[serde(default)]
    pub(super) index: Count,
    #[serde(borrow, default)]
    pub(super) id: Piece<'a>,
    #[serde(borrow, default)]
    pub(super) function: Option<FunctionIn<'a>>,
}

/// The function of a call; its arguments are a JSON text in a string, with some servers the object itself.
#[derive(Default, Deserialize)]
pub(super) struct FunctionIn<'a> {
    #[serde(borrow, default)]
    pub(super) name: Piece<'a>,
    #[serde(borrow, default)]
    pub(super) arguments: Option<&'a RawValue>,
}

/// Token counts; `prompt_tokens` includes the cached ones.
#[derive(Deserialize)]
pub(super) struct UsageIn {
    #[serde(default)]
    pub(super) prompt_tokens: Count,
    #[serde(default)]
    pub(super) completion_tokens: Count,
    #[serde(default)]
    pub(super) prompt_tokens_details: Option<PromptDetails>,
    /// DeepSeek's name for the cached ones.
    #[serde(default)]
    pub(super) prompt_cache_hit_tokens: Count,
}

/// Where prompt tokens came from.
#[derive(Deserialize)]
pub(super) struct PromptDetails {
    #[serde(default)]
    pub(super) cached_tokens: Count,
    #[serde(default)]
    pub(super) cache_write_tokens: Count,
}
