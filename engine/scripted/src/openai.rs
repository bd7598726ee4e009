//! OpenAI Chat Completions from the server's side: chunk stream, plain reply and error object.
//!
//! Shapes follow OpenAI's published chunk format: deltas of `choices[0]`, a tool call's id and name in its first chunk
//! and its arguments in pieces by `index`, then the finish reason, the usage chunk if asked for, and `[DONE]`.
//! Reasoning goes into `reasoning_content`, the field compatible servers share.

use std::{iter::once, sync::Arc};

use bytes::Bytes;
use serde_json::{Value, json};

use crate::turn::{Block, Counts, Events, Turn, pieces, whole};

/// The reply as a stream of chunks, one item each, `[DONE]` included.
pub(crate) fn stream(turn: Turn) -> Events {
    let counts = turn.counts.filter(|_| turn.wants_usage);
    let frame = Arc::new(Frame {
        id: id(&turn),
        model: turn.model,
        has_usage: counts.is_some(),
    });
    let first = frame.delta(&json!({"role": "assistant", "content": ""}));
    let finish = frame.finish(finish_reason(&turn.stop));
    let totals = counts.map(|counts| frame.totals(counts));
    let piece = turn.piece;
    let deltas =
        numbered(turn.blocks).flat_map(move |(call, block)| deltas(&frame, call, block, piece));
    let closing = once(finish).chain(totals).chain(once(data("[DONE]")));
    Box::new(once(first).chain(deltas).chain(closing))
}

/// The reply as one JSON object.
pub(crate) fn plain(turn: &Turn) -> Value {
    let mut texts: Vec<String> = Vec::new();
    let mut reasoning: Vec<&str> = Vec::new();
    let mut calls = Vec::new();
    for block in &turn.blocks {
        match block {
            Block::Thinking { text, .. } => reasoning.push(text),
            Block::Text(text) => texts.push(text.clone()),
            Block::Repeat(repeat) => texts.push(whole(repeat)),
            Block::Tool { id, name, arguments } => calls.push(
                json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}),
            ),
        }
    }
    let mut message = json!({"role": "assistant", "content": null});
    if !texts.is_empty() {
        message["content"] = json!(texts.concat());
    }
    if !reasoning.is_empty() {
        message["reasoning_content"] = json!(reasoning.concat());
    }
    if !calls.is_empty() {
        message["tool_calls"] = json!(calls);
    }
    let choice =
        json!({"index": 0, "message": message, "finish_reason": finish_reason(&turn.stop)});
    let mut reply = json!({
        "id": id(turn),
        "object": "chat.completion",
        "created": 0,
        "model": turn.model,
        "choices": [choice],
    });
    if let Some(counts) = turn.counts {
        reply["usage"] = usage(counts);
    }
    reply
}

/// The error object, for a response body.
pub(crate) fn error(kind: &str, message: &str) -> Value {
    json!({"error": {"message": message, "type": kind, "param": null, "code": null}})
}

/// The error object as a chunk in a stream.
pub(crate) fn error_event(kind: &str, message: &str) -> Bytes {
    data(&error(kind, message).to_string())
}

/// The error type that belongs to an HTTP status.
pub(crate) fn error_kind(status: u16) -> &'static str {
    match status {
        429 => "rate_limit_error",
        400..=499 => "invalid_request_error",
        _ => "server_error",
    }
}

/// What every chunk of one reply repeats.
struct Frame {
    id: String,
    model: String,
    /// With a usage chunk to come, every other chunk carries `usage: null`.
    has_usage: bool,
}

impl Frame {
    fn delta(&self, delta: &Value) -> Bytes {
        self.chunk(
            &json!([{"index": 0, "delta": delta, "finish_reason": null}]),
            &Value::Null,
        )
    }

    fn finish(&self, reason: &str) -> Bytes {
        self.chunk(
            &json!([{"index": 0, "delta": {}, "finish_reason": reason}]),
            &Value::Null,
        )
    }

    fn totals(&self, counts: Counts) -> Bytes {
        self.chunk(&json!([]), &usage(counts))
    }

    fn chunk(&self, choices: &Value, usage: &Value) -> Bytes {
        let mut chunk = json!({
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": 0,
            "model": self.model,
            "choices": choices,
        });
        if self.has_usage {
            chunk["usage"] = usage.clone();
        }
        data(&chunk.to_string())
    }
}

/// Each block with the index it has if it is a tool call: calls are counted apart from texts.
fn numbered(blocks: Vec<Block>) -> impl Iterator<Item = (usize, Block)> + Send {
    blocks.into_iter().scan(0, |calls, block| {
        let index = *calls;
        *calls += usize::from(matches!(block, Block::Tool { .. }));
        Some((index, block))
    })
}

fn deltas(
    frame: &Arc<Frame>,
    call: usize,
    block: Block,
    piece: Option<std::num::NonZeroUsize>,
) -> Events {
    let frame = Arc::clone(frame);
    match block {
        Block::Thinking { text, .. } => Box::new(
            pieces(text, piece).map(move |piece| frame.delta(&json!({"reasoning_content": piece}))),
        ),
        Block::Text(text) => {
            Box::new(pieces(text, piece).map(move |piece| frame.delta(&json!({"content": piece}))))
        }
        Block::Repeat(repeat) => {
            let same = frame.delta(&json!({"content": repeat.text}));
            Box::new(std::iter::repeat_n(same, repeat.count))
        }
        Block::Tool {
            id,
            name,
            arguments,
        } => {
            let function = json!({"name": name, "arguments": ""});
            let start = json!({"index": call, "id": id, "type": "function", "function": function});
            let start = frame.delta(&json!({"tool_calls": [start]}));
            let rest = pieces(arguments, piece).map(move |piece| {
                frame.delta(
                    &json!({"tool_calls": [{"index": call, "function": {"arguments": piece}}]}),
                )
            });
            Box::new(once(start).chain(rest))
        }
    }
}

fn id(turn: &Turn) -> String {
    format!("chatcmpl-scripted-{}", turn.seq)
}

/// The wire's own word for a stop reason; one it has no word for goes through unchanged.
fn finish_reason(stop: &str) -> &str {
    match stop {
        "end_turn" | "stop_sequence" => "stop",
        "tool_use" => "tool_calls",
        "max_tokens" => "length",
        "refusal" => "content_filter",
        other => other,
    }
}

/// OpenAI counts cached tokens as a part of the prompt.
fn usage(counts: Counts) -> Value {
    let prompt = counts
        .input
        .saturating_add(counts.cache_read)
        .saturating_add(counts.cache_write);
    json!({
        "prompt_tokens": prompt,
        "completion_tokens": counts.output,
        "total_tokens": prompt.saturating_add(counts.output),
        "prompt_tokens_details": {"cached_tokens": counts.cache_read},
    })
}

fn data(text: &str) -> Bytes {
    Bytes::from(format!("data: {text}\n\n"))
}
