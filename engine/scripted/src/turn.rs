//! One reply filled in for one request, in terms both wires can be written from.

use std::num::NonZeroUsize;

use bytes::Bytes;
use serde::Serialize;

use crate::{
    facts::Facts,
    form::REPEAT_LIMIT,
    reply::{Arguments, Repeat, Reply, Step, ToolCall, Usage},
    rule::Wire,
    template,
};

/// A body as the pieces it is sent in, made one at a time.
pub(crate) type Events = Box<dyn Iterator<Item = Bytes> + Send>;

/// What the model says to one request.
#[derive(Debug)]
pub(crate) struct Turn {
    /// The request's number, from which ids are made.
    pub(crate) seq: u64,
    pub(crate) model: String,
    pub(crate) blocks: Vec<Block>,
    /// The stop reason in Anthropic's words.
    pub(crate) stop: String,
    pub(crate) counts: Option<Counts>,
    /// Whether an OpenAI stream was asked for its usage chunk.
    pub(crate) wants_usage: bool,
    /// Bytes a piece of text or arguments, rounded up to a character.
    pub(crate) piece: Option<NonZeroUsize>,
}

/// One content block with its templates filled.
#[derive(Debug, Clone)]
pub(crate) enum Block {
    Thinking {
        text: String,
        signature: Option<String>,
    },
    Text(String),
    Tool {
        id: String,
        name: String,
        arguments: String,
    },
    Repeat(Repeat),
}

/// Token counts, none of them missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Input tokens that came from no cache.
    pub input: u64,
    /// Output tokens.
    pub output: u64,
    /// Input tokens read from the cache.
    pub cache_read: u64,
    /// Input tokens written to the cache.
    pub cache_write: u64,
}

/// The request a reply is filled in for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) facts: &'a Facts<'a>,
    pub(crate) seq: u64,
    pub(crate) body_bytes: u64,
}

impl Turn {
    pub(crate) fn new(reply: &Reply, steps: &[Step], asked: Asked<'_>) -> Self {
        let blocks: Vec<Block> = steps
            .iter()
            .enumerate()
            .map(|(index, step)| block(step, index, asked))
            .collect();
        let calls_tool = blocks
            .iter()
            .any(|block| matches!(block, Block::Tool { .. }));
        let inferred = if calls_tool { "tool_use" } else { "end_turn" };
        Self {
            seq: asked.seq,
            model: asked.facts.model.to_owned(),
            stop: reply.stop.clone().unwrap_or_else(|| inferred.to_owned()),
            counts: reply
                .usage
                .map(|usage| counts(usage, asked.body_bytes, &blocks)),
            wants_usage: asked.facts.wants_usage,
            piece: reply.chunk.bytes,
            blocks,
        }
    }
}

impl Block {
    /// The bytes the model had to write for this block.
    fn len(&self) -> usize {
        match self {
            Self::Thinking { text, .. } | Self::Text(text) => text.len(),
            Self::Tool {
                name, arguments, ..
            } => name.len() + arguments.len(),
            Self::Repeat(repeat) => repeat.text.len().saturating_mul(repeat.count),
        }
    }
}

fn block(step: &Step, index: usize, asked: Asked<'_>) -> Block {
    let fill = |text: &str| template::fill(text, asked.facts);
    match step {
        Step::Thinking { text, signature } => Block::Thinking {
            text: fill(text),
            signature: signature.clone(),
        },
        Step::Text(text) => Block::Text(fill(text)),
        Step::Repeat(repeat) => Block::Repeat(repeat.clone()),
        Step::Tool(call) => Block::Tool {
            id: call.id.clone().unwrap_or_else(|| call_id(asked, index)),
            name: call.name.clone(),
            arguments: arguments(call, asked.facts),
        },
    }
}

fn call_id(asked: Asked<'_>, index: usize) -> String {
    let prefix = match asked.facts.wire {
        Wire::Anthropic => "toolu",
        Wire::OpenAi => "call",
    };
    format!("{prefix}_{}_{index}", asked.seq)
}

fn arguments(call: &ToolCall, facts: &Facts<'_>) -> String {
    match &call.arguments {
        Arguments::Json(value) => template::fill_json(value, facts).to_string(),
        Arguments::Raw(text) => text.clone(),
    }
}

fn counts(usage: Usage, body_bytes: u64, blocks: &[Block]) -> Counts {
    let written = blocks
        .iter()
        .fold(0_usize, |sum, block| sum.saturating_add(block.len()));
    let estimate = |bytes: u64| (bytes / 4).max(1);
    Counts {
        input: usage.input.unwrap_or_else(|| estimate(body_bytes)),
        output: usage.output.unwrap_or_else(|| estimate(written as u64)),
        cache_read: usage.cache_read,
        cache_write: usage.cache_write,
    }
}

/// A repeat as one text, for a reply that is not streamed; one built past the script's limit is cut to it.
pub(crate) fn whole(repeat: &Repeat) -> String {
    let most = REPEAT_LIMIT / repeat.text.len().max(1);
    repeat.text.repeat(repeat.count.min(most))
}

/// Cuts a text into pieces of `size` bytes, each rounded up to a whole character; an empty text has no piece.
pub(crate) fn pieces(
    text: String,
    size: Option<NonZeroUsize>,
) -> impl Iterator<Item = String> + Send {
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = text.get(start..).filter(|rest| !rest.is_empty())?;
        let mut end = size.map_or(rest.len(), |size| size.get().min(rest.len()));
        while !rest.is_char_boundary(end) {
            end += 1;
        }
        start += end;
        rest.get(..end).map(str::to_owned)
    })
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::pieces;

    #[test]
    fn pieces_are_whole_characters_and_add_up() {
        let cases: [(&str, usize, &[&str]); 5] = [
            ("", 1, &[]),
            ("abc", 2, &["ab", "c"]),
            ("aé", 1, &["a", "é"]),
            ("🦀b", 2, &["🦀", "b"]),
            ("abc", 9, &["abc"]),
        ];
        for (text, size, expected) in cases {
            let cut: Vec<String> = pieces(text.to_owned(), NonZeroUsize::new(size)).collect();
            assert_eq!(cut, expected, "{text} by {size}");
        }
        let uncut: Vec<String> = pieces("abc".to_owned(), None).collect();
        assert_eq!(uncut, ["abc"]);
    }
}
