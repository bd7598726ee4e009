//! The OpenAI wire's shapes, streamed and plain, and the model listings.

use std::num::NonZeroUsize;

use scripted::{Chunk, Reply, Script, Server, Step, Usage};
use serde_json::{Value, json};

use crate::client::{ask, get, post};

const PATH: &str = "/v1/chat/completions";

fn rich_reply() -> Reply {
    Reply::steps([
        Step::Thinking {
            text: "hmm".into(),
            signature: Some("sig".into()),
        },
        Step::text("Hi"),
        Step::tool("read", json!({"p": 1})),
        Step::tool("list", json!({})),
    ])
    .usage(Some(Usage {
        input: Some(10),
        output: Some(5),
        cache_read: 3,
        cache_write: 2,
    }))
}

#[test]
fn a_stream_has_every_chunk_in_its_place() {
    let pieces = Chunk {
        bytes: NonZeroUsize::new(4),
        ..Chunk::default()
    };
    let server =
        Server::in_background(Script::new().otherwise(rich_reply().chunk(pieces))).unwrap();
    let mut request = ask("hi");
    request["stream_options"] = json!({"include_usage": true});

    let received = post(server.addr(), PATH, &request);

    let chunk = |choices: Value, usage: Value| {
        json!({
            "id": "chatcmpl-scripted-1", "object": "chat.completion.chunk", "created": 0, "model": "scripted-1",
            "choices": choices, "usage": usage,
        })
    };
    let delta = |delta: Value| {
        chunk(
            json!([{"index": 0, "delta": delta, "finish_reason": null}]),
            Value::Null,
        )
    };
    let call = |call: Value| delta(json!({"tool_calls": [call]}));
    let opened = |index: usize, id: &str, name: &str| {
        call(
            json!({"index": index, "id": id, "type": "function", "function": {"name": name, "arguments": ""}}),
        )
    };
    let argument =
        |index: usize, part: &str| call(json!({"index": index, "function": {"arguments": part}}));
    let expected = vec![
        delta(json!({"role": "assistant", "content": ""})),
        delta(json!({"reasoning_content": "hmm"})),
        delta(json!({"content": "Hi"})),
        opened(0, "call_1_2", "read"),
        argument(0, r#"{"p""#),
        argument(0, ":1}"),
        opened(1, "call_1_3", "list"),
        argument(1, "{}"),
        chunk(
            json!([{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]),
            Value::Null,
        ),
        chunk(
            json!([]),
            json!({
                "prompt_tokens": 15, "completion_tokens": 5, "total_tokens": 20,
                "prompt_tokens_details": {"cached_tokens": 3},
            }),
        ),
        json!("[DONE]"),
    ];
    assert_eq!(received.events(), expected);
    assert!(received.is_complete);
}

#[test]
fn usage_is_sent_only_when_asked_for() {
    let server = Server::in_background(Script::new().otherwise(rich_reply())).unwrap();

    let events = post(server.addr(), "/chat/completions", &ask("hi")).events();

    assert!(
        events.iter().all(|event| event.get("usage").is_none()),
        "{events:?}"
    );
}

#[test]
fn a_plain_reply_is_one_completion() {
    let server = Server::in_background(Script::new().otherwise(rich_reply())).unwrap();
    let mut request = ask("hi");
    request["stream"] = json!(false);

    let reply = post(server.addr(), PATH, &request).json();

    assert_eq!(reply["object"], "chat.completion");
    assert_eq!(reply["usage"]["total_tokens"], 20);
    assert_eq!(reply["choices"][0]["finish_reason"], "tool_calls");
    let message = &reply["choices"][0]["message"];
    assert_eq!(
        (&message["content"], &message["reasoning_content"]),
        (&json!("Hi"), &json!("hmm"))
    );
    assert_eq!(
        message["tool_calls"],
        json!([
            {"id": "call_1_2", "type": "function", "function": {"name": "read", "arguments": r#"{"p":1}"#}},
            {"id": "call_1_3", "type": "function", "function": {"name": "list", "arguments": "{}"}},
        ])
    );
}

#[test]
fn stop_reasons_are_translated_or_passed_through() {
    let cases = [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("tool_use", "tool_calls"),
        ("max_tokens", "length"),
        ("refusal", "content_filter"),
        ("pause_turn", "pause_turn"),
        ("stop", "stop"),
    ];
    for (written, sent) in cases {
        let server =
            Server::in_background(Script::new().otherwise(Reply::text("x").stop(written))).unwrap();
        let events = post(server.addr(), PATH, &ask("hi")).events();
        let reason = &events[events.len() - 2]["choices"][0]["finish_reason"];
        assert_eq!(reason, sent, "{written}");
    }
}

#[test]
fn the_models_are_listed_for_every_client() {
    let mut script = Script::new();
    script.models = vec!["a".to_owned(), "b".to_owned()];
    let server = Server::in_background(script).unwrap();

    let models = get(server.addr(), "/v1/models").json();
    assert_eq!(
        (&models["object"], &models["has_more"]),
        (&json!("list"), &json!(false))
    );
    assert_eq!(models["data"][0]["object"], "model");
    assert_eq!(models["data"][1]["id"], "b");
    assert_eq!(models["data"][1]["type"], "model");
    assert_eq!(
        get(server.addr(), "/api/tags").json()["models"][0]["name"],
        "a"
    );
    assert_eq!(get(server.addr(), "/v1/messages").status, 405);
    assert_eq!(get(server.addr(), "/nothing").status, 404);
}
