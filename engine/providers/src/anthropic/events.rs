//! The JSON of the Messages stream as it is read: tolerant, and borrowed from the event where possible.

use protocol::Usage;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::piece::{Count, Piece};

/// Any event; fields of all kinds side by side, so that one pass reads it.
#[derive(Deserialize)]
pub(super) struct Event<'a> {
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: Piece<'a>,
    #[serde(default)]
    pub(super) index: Count,
    #[serde(borrow, default)]
    pub(super) delta: Option<DeltaIn<'a>>,
    #[serde(borrow, default)]
    pub(super) content_block: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) message: Option<MessageIn<'a>>,
    #[serde(default)]
    pub(super) usage: Option<UsageIn>,
}

/// The `delta` of `content_block_delta` and of `message_delta`.
#[derive(Default, Deserialize)]
pub(super) struct DeltaIn<'a> {
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: Piece<'a>,
    #[serde(borrow, default)]
    pub(super) text: Piece<'a>,
    #[serde(borrow, default)]
    pub(super) thinking: Piece<'a>,
    #[serde(borrow, default)]
    pub(super) signature: Piece<'a>,
    #[serde(borrow, default)]
    pub(super) partial_json: Piece<'a>,
    #[serde(borrow, default)]
    pub(super) stop_reason: Piece<'a>,
}

/// A message: its shell in `message_start`, or the whole of it as one JSON body.
#[derive(Deserialize)]
pub(super) struct MessageIn<'a> {
    #[serde(borrow, default)]
    pub(super) model: Piece<'a>,
    #[serde(borrow, default)]
    pub(super) content: Option<Vec<&'a RawValue>>,
    #[serde(borrow, default)]
    pub(super) stop_reason: Piece<'a>,
    #[serde(default)]
    pub(super) usage: Option<UsageIn>,
}

/// A content block as it begins, or whole.
#[derive(Deserialize)]
pub(super) struct BlockIn<'a> {
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: Piece<'a>,
    #[serde(borrow, default)]
    pub(super) text: Piece<'a>,
    #[serde(borrow, default)]
    pub(super) thinking: Piece<'a>,
    #[serde(borrow, default)]
    pub(super) signature: Piece<'a>,
    #[serde(borrow, default)]
    pub(super) data: Piece<'a>,
    #[serde(borrow, default)]
    pub(super) id: Piece<'a>,
    #[serde(borrow, default)]
    pub(super) name: Piece<'a>,
    #[serde(borrow, default)]
    pub(super) input: Option<&'a RawValue>,
}

/// Token counts; `message_delta` repeats them cumulatively.
#[derive(Default, Deserialize)]
pub(super) struct UsageIn {
    #[serde(default)]
    pub(super) input_tokens: Count,
    #[serde(default)]
    pub(super) output_tokens: Count,
    #[serde(default)]
    pub(super) cache_read_input_tokens: Count,
    #[serde(default)]
    pub(super) cache_creation_input_tokens: Count,
}

impl UsageIn {
    /// Takes over every count that `newer` has.
    pub(super) fn update(&mut self, newer: &Self) {
        self.input_tokens.0 = newer.input_tokens.0.or(self.input_tokens.0);
        self.output_tokens.0 = newer.output_tokens.0.or(self.output_tokens.0);
        self.cache_read_input_tokens.0 = newer
            .cache_read_input_tokens
            .0
            .or(self.cache_read_input_tokens.0);
        self.cache_creation_input_tokens.0 = newer
            .cache_creation_input_tokens
            .0
            .or(self.cache_creation_input_tokens.0);
    }

    /// The counts, if the provider gave any; the wire's `input_tokens` already leaves out what a cache held.
    pub(super) fn counted(&self) -> Option<Usage> {
        self.input_tokens.0.or(self.output_tokens.0)?;
        Some(Usage {
            input: self.input_tokens.0.unwrap_or(0),
            output: self.output_tokens.0.unwrap_or(0),
            cache_read: self.cache_read_input_tokens.0.unwrap_or(0),
            cache_write: self.cache_creation_input_tokens.0.unwrap_or(0),
        })
    }
}
