//! Replies of a model in the wires' own words, to be spoiled, and what becomes of a turn that gets one.

use actors::Wire;
use protocol::{SessionId, ToolResult, TurnEnd};
use serde_json::{Value, json};

use crate::bench::results;
use crate::wild::{Wild, stream_of};

/// Both wires.
pub const WIRES: [Wire; 2] = [Wire::Anthropic, Wire::OpenAiChat];

/// Turns of one session: enough to save the opening of sessions, few enough to keep requests small.
const TURNS: usize = 40;

/// The events of a reply that thinks, speaks and calls these.
pub fn events(wire: Wire, calls: &[(Value, &str, Value)]) -> Vec<String> {
    match wire {
        Wire::Anthropic => messages(calls),
        Wire::OpenAiChat => chat(calls),
    }
}

pub fn messages(calls: &[(Value, &str, Value)]) -> Vec<String> {
    let mut events = vec![
        json!({"type": "message_start", "message": {"model": "m", "usage": {"input_tokens": 10, "output_tokens": 1}}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "hm"}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "s"}}),
        json!({"type": "content_block_stop", "index": 0}),
    ];
    for (at, (id, name, arguments)) in (1..).zip(calls) {
        let written = arguments
            .as_str()
            .map_or_else(|| arguments.to_string(), str::to_owned);
        let half = written.ceil_char_boundary(written.len() / 2);
        let block = json!({"type": "tool_use", "id": id, "name": name, "input": {}});
        events.push(json!({"type": "content_block_start", "index": at, "content_block": block}));
        for piece in [&written[..half], &written[half..]] {
            let delta = json!({"type": "input_json_delta", "partial_json": piece});
            events.push(json!({"type": "content_block_delta", "index": at, "delta": delta}));
        }
        events.push(json!({"type": "content_block_stop", "index": at}));
    }
    events.push(json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 9}}));
    events.push(json!({"type": "message_stop"}));
    events.iter().map(Value::to_string).collect()
}

pub fn chat(calls: &[(Value, &str, Value)]) -> Vec<String> {
    let chunk = |delta: Value| json!({"model": "m", "choices": [{"index": 0, "delta": delta}]});
    let mut events = vec![chunk(json!({"reasoning_content": "hm"}))];
    for (at, (id, name, arguments)) in (0..).zip(calls) {
        let written = arguments
            .as_str()
            .map_or_else(|| arguments.to_string(), str::to_owned);
        let function = json!({"name": name, "arguments": ""});
        let call = json!({"index": at, "id": id, "type": "function", "function": function});
        events.push(chunk(json!({"tool_calls": [call]})));
        let function = json!({"arguments": written});
        let more = json!({"index": at, "function": function});
        events.push(chunk(json!({"tool_calls": [more]})));
    }
    events.push(json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}));
    events.push(json!({"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 9}}));
    let mut events: Vec<String> = events.iter().map(Value::to_string).collect();
    events.push("[DONE]".to_owned());
    events
}

pub fn two_calls(wire: Wire) -> Vec<String> {
    let read = (json!("c1"), "read", json!({"file_path": "a.txt"}));
    let glob = (json!("c2"), "glob", json!({"pattern": "*.tüt"}));
    events(wire, &[read, glob])
}

/// Takes all of these replies, each in a turn of its own.
pub async fn survive(wire: Wire, bodies: impl IntoIterator<Item = Vec<u8>>) {
    let wild = Wild::on(wire);
    let bodies: Vec<Vec<u8>> = bodies.into_iter().collect();
    for some in bodies.chunks(TURNS) {
        let session = wild.open().await;
        for body in some {
            wild.turn(&session, body.clone()).await;
        }
        wild.close(session).await;
    }
}

/// One turn that begins with this reply; what came of it.
pub async fn lived(wire: Wire, events: &[impl AsRef<str>]) -> Lived {
    let wild = Wild::on(wire);
    let session = wild.open().await;
    let end = wild.turn(&session, stream_of(events)).await;
    let request = wild.last_request();
    let id = wild.close(session).await;
    Lived {
        wild,
        id,
        end,
        request,
    }
}

pub struct Lived {
    pub wild: Wild,
    pub id: SessionId,
    pub end: TurnEnd,
    /// The last one of the turn.
    pub request: Vec<u8>,
}

impl Lived {
    pub fn results(&self) -> Vec<ToolResult> {
        results(&self.wild.bench.records(self.id))
    }
}
