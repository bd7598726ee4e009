//! Anthropic Messages from the server's side: event stream, plain reply and error object.
//!
//! Shapes follow Anthropic's published streaming format: message_start, then start / deltas / stop for each block by
//! its index, then message_delta with the stop reason and cumulative usage, then message_stop.

use std::iter::once;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::turn::{Block, Counts, Events, Turn, pieces, whole};

/// The reply as a stream of server-sent events, one item each.
pub(crate) fn stream(turn: Turn) -> Events {
    let start = json!({"type": "message_start", "message": shell(&turn, &Value::Null, 1)});
    let opening = [event(&start), event(&json!({"type": "ping"}))];
    let mut end = json!({"type": "message_delta", "delta": {"stop_reason": turn.stop, "stop_sequence": null}});
    if let Some(counts) = turn.counts {
        end["usage"] = usage(counts, counts.output);
    }
    let closing = [event(&end), event(&json!({"type": "message_stop"}))];
    let piece = turn.piece;
    let blocks = turn.blocks.into_iter().enumerate().flat_map(move |(index, block)| {
        let start = json!({"type": "content_block_start", "index": index, "content_block": opened(&block)});
        let stop = json!({"type": "content_block_stop", "index": index});
        once(event(&start))
            .chain(deltas(index, block, piece))
            .chain(once(event(&stop)))
    });
    Box::new(opening.into_iter().chain(blocks).chain(closing))
}

/// The reply as one JSON object.
pub(crate) fn plain(turn: &Turn) -> Value {
    let output = turn.counts.map_or(0, |counts| counts.output);
    let mut message = shell(turn, &json!(turn.stop), output);
    message["content"] = turn.blocks.iter().map(complete).collect();
    message
}

/// The error object, for a response body.
pub(crate) fn error(kind: &str, message: &str) -> Value {
    json!({"type": "error", "error": {"type": kind, "message": message}})
}

/// The error object as an event in a stream.
pub(crate) fn error_event(kind: &str, message: &str) -> Bytes {
    event(&error(kind, message))
}

/// The error type that belongs to an HTTP status.
pub(crate) fn error_kind(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        529 => "overloaded_error",
        400..=499 => "invalid_request_error",
        _ => "api_error",
    }
}

fn shell(turn: &Turn, stop: &Value, output: u64) -> Value {
    let mut message = json!({
        "id": format!("msg_scripted_{}", turn.seq),
        "type": "message",
        "role": "assistant",
        "model": turn.model,
        "content": [],
        "stop_reason": stop,
        "stop_sequence": null,
    });
    if let Some(counts) = turn.counts {
        message["usage"] = usage(counts, output);
    }
    message
}

fn usage(counts: Counts, output: u64) -> Value {
    json!({
        "input_tokens": counts.input,
        "cache_creation_input_tokens": counts.cache_write,
        "cache_read_input_tokens": counts.cache_read,
        "output_tokens": output,
    })
}

/// A block as `content_block_start` shows it: its content still empty.
fn opened(block: &Block) -> Value {
    match block {
        Block::Thinking { .. } => json!({"type": "thinking", "thinking": "", "signature": ""}),
        Block::Text(_) | Block::Repeat(_) => json!({"type": "text", "text": ""}),
        Block::Tool { id, name, .. } => {
            json!({"type": "tool_use", "id": id, "name": name, "input": {}})
        }
    }
}

/// A block as a plain reply shows it. Arguments that are not JSON stay a string, as broken gateways send them.
fn complete(block: &Block) -> Value {
    match block {
        Block::Thinking { text, signature } => {
            json!({"type": "thinking", "thinking": text, "signature": signature.as_deref().unwrap_or_default()})
        }
        Block::Text(text) => json!({"type": "text", "text": text}),
        Block::Repeat(repeat) => json!({"type": "text", "text": whole(repeat)}),
        Block::Tool {
            id,
            name,
            arguments,
        } => {
            let input: Value = serde_json::from_str(arguments).unwrap_or_else(|_| json!(arguments));
            json!({"type": "tool_use", "id": id, "name": name, "input": input})
        }
    }
}

fn deltas(index: usize, block: Block, piece: Option<std::num::NonZeroUsize>) -> Events {
    match block {
        Block::Thinking { text, signature } => {
            let signature =
                signature.map(|text| delta(index, "signature_delta", "signature", &text));
            let thinking = pieces(text, piece)
                .map(move |piece| delta(index, "thinking_delta", "thinking", &piece));
            Box::new(thinking.chain(signature))
        }
        Block::Text(text) => Box::new(
            pieces(text, piece).map(move |piece| delta(index, "text_delta", "text", &piece)),
        ),
        Block::Tool { arguments, .. } => {
            let first = once(String::new());
            let fragments = first.chain(pieces(arguments, piece));
            Box::new(
                fragments
                    .map(move |piece| delta(index, "input_json_delta", "partial_json", &piece)),
            )
        }
        Block::Repeat(repeat) => {
            let same = delta(index, "text_delta", "text", &repeat.text);
            Box::new(std::iter::repeat_n(same, repeat.count))
        }
    }
}

fn delta(index: usize, kind: &str, field: &str, text: &str) -> Bytes {
    event(
        &json!({"type": "content_block_delta", "index": index, "delta": {"type": kind, field: text}}),
    )
}

/// One server-sent event, named like the `type` of its data.
fn event(data: &Value) -> Bytes {
    let name = data.get("type").and_then(Value::as_str).unwrap_or_default();
    Bytes::from(format!("event: {name}\ndata: {data}\n\n"))
}
