//! The Anthropic wire's shapes, streamed and plain.

use std::num::NonZeroUsize;

use scripted::{Arguments, Chunk, Reply, Script, Server, Step, ToolCall, Usage};
use serde_json::{Value, json};

use crate::client::{ask, header, post};

const PATH: &str = "/v1/messages";

fn rich_reply() -> Reply {
    Reply::steps([
        Step::Thinking {
            text: "hmm".into(),
            signature: Some("sig".into()),
        },
        Step::text("Héllo"),
        Step::tool("read", json!({"path": "a"})),
    ])
    .usage(Some(Usage {
        input: Some(10),
        output: Some(5),
        cache_read: 3,
        cache_write: 2,
    }))
}

#[test]
fn a_stream_has_every_event_in_its_place() {
    let pieces = Chunk {
        bytes: NonZeroUsize::new(4),
        ..Chunk::default()
    };
    let server =
        Server::in_background(Script::new().otherwise(rich_reply().chunk(pieces))).unwrap();

    let received = post(server.addr(), PATH, &ask("hi"));

    let delta = |index: usize, delta: Value| json!({"type": "content_block_delta", "index": index, "delta": delta});
    let argument = |part: &str| delta(2, json!({"type": "input_json_delta", "partial_json": part}));
    let start = |index: usize, block: Value| json!({"type": "content_block_start", "index": index, "content_block": block});
    let stop = |index: usize| json!({"type": "content_block_stop", "index": index});
    let usage = |output: u64| json!({"input_tokens": 10, "output_tokens": output, "cache_read_input_tokens": 3, "cache_creation_input_tokens": 2});
    let expected = vec![
        json!({"type": "message_start", "message": {
            "id": "msg_scripted_1", "type": "message", "role": "assistant", "model": "scripted-1", "content": [],
            "stop_reason": null, "stop_sequence": null, "usage": usage(1),
        }}),
        json!({"type": "ping"}),
        start(
            0,
            json!({"type": "thinking", "thinking": "", "signature": ""}),
        ),
        delta(0, json!({"type": "thinking_delta", "thinking": "hmm"})),
        delta(0, json!({"type": "signature_delta", "signature": "sig"})),
        stop(0),
        start(1, json!({"type": "text", "text": ""})),
        delta(1, json!({"type": "text_delta", "text": "Hél"})),
        delta(1, json!({"type": "text_delta", "text": "lo"})),
        stop(1),
        start(
            2,
            json!({"type": "tool_use", "id": "toolu_1_2", "name": "read", "input": {}}),
        ),
        argument(""),
        argument(r#"{"pa"#),
        argument(r#"th":"#),
        argument(r#""a"}"#),
        stop(2),
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use", "stop_sequence": null}, "usage": usage(5)}),
        json!({"type": "message_stop"}),
    ];
    assert_eq!(received.events(), expected);
    assert!(received.is_complete);
    assert_eq!(
        header(&received.head, "content-type"),
        Some("text/event-stream")
    );
    let named = received
        .text()
        .lines()
        .filter_map(|line| line.strip_prefix("event: "));
    let types = expected.iter().map(|event| event["type"].as_str().unwrap());
    assert!(named.eq(types), "each event is named like its type");
}

#[test]
fn a_plain_reply_is_one_message() {
    let server = Server::in_background(Script::new().otherwise(rich_reply())).unwrap();
    let mut request = ask("hi");
    request["stream"] = json!(false);

    let received = post(server.addr(), PATH, &request);

    assert_eq!(
        header(&received.head, "content-type"),
        Some("application/json")
    );
    let message = received.json();
    assert_eq!(message["stop_reason"], "tool_use");
    assert_eq!(message["usage"]["output_tokens"], 5);
    assert_eq!(
        message["content"],
        json!([
            {"type": "thinking", "thinking": "hmm", "signature": "sig"},
            {"type": "text", "text": "Héllo"},
            {"type": "tool_use", "id": "toolu_1_2", "name": "read", "input": {"path": "a"}},
        ])
    );
}

#[test]
fn usage_may_be_absent_and_stop_reasons_unknown() {
    let reply = Reply::text("x").usage(None).stop("brand_new_reason");
    let server = Server::in_background(Script::new().otherwise(reply)).unwrap();

    let events = post(server.addr(), PATH, &ask("hi")).events();

    assert!(events.iter().all(|event| event.get("usage").is_none()));
    assert!(events[0]["message"].get("usage").is_none());
    let end = &events[events.len() - 2];
    assert_eq!(end["delta"]["stop_reason"], "brand_new_reason");
}

#[test]
fn unsigned_thinking_and_broken_arguments_go_out_as_written() {
    let two_objects = ToolCall {
        name: "read".into(),
        id: Some("mine".into()),
        arguments: Arguments::Raw(r#"{"a":1}{"b":"#.into()),
    };
    let thinking = Step::Thinking {
        text: "t".into(),
        signature: None,
    };
    let script = Script::new()
        .otherwise(Reply::steps([thinking, Step::Tool(two_objects)]).stop("max_tokens"));
    let server = Server::in_background(script).unwrap();

    let events = post(server.addr(), PATH, &ask("hi")).events();

    assert!(
        !events
            .iter()
            .any(|event| event["delta"]["type"] == "signature_delta")
    );
    let arguments: String = events
        .iter()
        .filter_map(|event| event["delta"]["partial_json"].as_str())
        .collect();
    assert_eq!(arguments, r#"{"a":1}{"b":"#);
    assert!(
        events
            .iter()
            .any(|event| event["content_block"]["id"] == "mine")
    );
    assert_eq!(
        events[events.len() - 2]["delta"]["stop_reason"],
        "max_tokens"
    );
}

#[test]
fn templates_are_filled_from_the_request() {
    let steps = [
        Step::text("{{last_user}}/{{last_result}}/{{turn}}"),
        Step::tool("write", json!({"content": "{{last_result}}"})),
    ];
    let server = Server::in_background(Script::new().otherwise(Reply::steps(steps))).unwrap();
    let request = json!({"model": "m", "messages": [
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": "calling"},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "x", "content": "42"}]},
    ]});

    let content = post(server.addr(), PATH, &request).json()["content"].clone();

    assert_eq!(content[0]["text"], "go/42/1");
    assert_eq!(content[1]["input"], json!({"content": "42"}));
}
