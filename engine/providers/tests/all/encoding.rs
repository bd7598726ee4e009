//! What is sent: the bytes of requests on both wires.

use std::sync::Arc;

use protocol::{Block, CallId, Prompt, ResultBlock, Role, ToolCall, ToolStatus, WireCallId};
use providers::{Quirks, RequestBody, anthropic, openai};
use serde_json::{Value, json};

use crate::server::{message, prompt};

fn call(wire: &str, arguments: &str) -> Block {
    Block::ToolUse(ToolCall {
        id: CallId::new(uuid::Uuid::from_u128(1)),
        wire: WireCallId(wire.into()),
        name: "read".to_owned(),
        arguments: arguments.into(),
        malformed: None,
    })
}

fn result(wire: &str, status: ToolStatus, content: Vec<ResultBlock>) -> Block {
    Block::ToolResult {
        call: CallId::new(uuid::Uuid::from_u128(1)),
        wire: WireCallId(wire.into()),
        status,
        content,
    }
}

fn picture() -> ResultBlock {
    ResultBlock::Image {
        media_type: "image/png".to_owned(),
        data: "AAAA".into(),
    }
}

/// A conversation with every kind of block in it.
fn conversation() -> Prompt {
    let mut prompt = prompt("look at a");
    let thinking = |signature: Option<&str>| Block::Thinking {
        text: "hm".into(),
        signature: signature.map(Into::into),
    };
    prompt.messages.extend([
        message(
            Role::Assistant,
            vec![
                thinking(Some("sig")),
                thinking(None),
                Block::RedactedThinking("cipher".into()),
                Block::Text("Looking.".into()),
                Block::Text(" ".into()),
                call("c:1", r#"{"path":  "a", "n": 1.0}"#),
                call("c2", "{}"),
                Block::Foreign(r#"{"type":"novel","x":[1, 2]}"#.into()),
            ],
        ),
        message(Role::User, vec![Block::Text("and hurry".into())]),
        message(
            Role::User,
            vec![
                result(
                    "c:1",
                    ToolStatus::Ok,
                    vec![ResultBlock::Text("text of a".into()), picture()],
                ),
                result(
                    "c2",
                    ToolStatus::Denied,
                    vec![ResultBlock::Text("not allowed".into())],
                ),
            ],
        ),
    ]);
    prompt
}

fn text(body: &RequestBody) -> String {
    String::from_utf8(body.pieces().concat()).unwrap()
}

fn messages_body(prompt: &Prompt) -> (String, Value) {
    let text = text(&anthropic::encode(prompt).unwrap());
    let value = serde_json::from_str(&text).unwrap();
    (text, value)
}

fn chat_body(prompt: &Prompt, quirks: Quirks) -> (String, Value) {
    let text = text(&openai::encode(prompt, quirks).unwrap());
    let value = serde_json::from_str(&text).unwrap();
    (text, value)
}

#[test]
fn a_messages_request_says_everything_the_wire_can_say() {
    let (text, body) = messages_body(&conversation());
    let breakpoint = json!({"type": "ephemeral"});
    assert_eq!(body["model"], "claude-sonnet-4-5");
    assert_eq!(
        (&body["stream"], &body["max_tokens"]),
        (&json!(true), &json!(1000))
    );
    assert_eq!(
        body["system"],
        json!([{"type": "text", "text": "You are formic.", "cache_control": breakpoint}])
    );
    assert_eq!(body["tools"][0]["cache_control"], breakpoint);
    let assistant = json!([
        {"type": "thinking", "thinking": "hm", "signature": "sig"},
        {"type": "redacted_thinking", "data": "cipher"},
        {"type": "text", "text": "Looking."},
        {"type": "tool_use", "id": "c_1", "name": "read", "input": {"path": "a", "n": 1.0}},
        {"type": "tool_use", "id": "c2", "name": "read", "input": {}},
        {"type": "novel", "x": [1, 2]},
    ]);
    let results = json!([
        {"type": "tool_result", "tool_use_id": "c_1", "content": [
            {"type": "text", "text": "text of a"},
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
        ]},
        {"type": "tool_result", "tool_use_id": "c2", "is_error": true, "content": [{"type": "text", "text": "not allowed"}]},
        {"type": "text", "text": "and hurry", "cache_control": breakpoint},
    ]);
    assert_eq!(
        body["messages"],
        json!([
            {"role": "user", "content": [{"type": "text", "text": "look at a"}]},
            {"role": "assistant", "content": assistant},
            {"role": "user", "content": results},
        ])
    );
    // Arguments and foreign blocks go out as the very bytes that came in.
    assert!(
        text.contains(r#""input":{"path":  "a", "n": 1.0}"#),
        "{text}"
    );
    assert!(text.contains(r#"{"type":"novel","x":[1, 2]}"#), "{text}");
}

#[test]
fn a_chat_request_says_everything_the_wire_can_say() {
    let (text, body) = chat_body(&conversation(), Quirks::default());
    assert_eq!(body["stream_options"], json!({"include_usage": true}));
    assert_eq!(body["tools"][0]["function"]["name"], "read");
    assert_eq!(
        (&body["max_tokens"], &body["max_completion_tokens"]),
        (&json!(1000), &Value::Null)
    );
    let messages = json!([
        {"role": "system", "content": "You are formic."},
        {"role": "user", "content": "look at a"},
        {"role": "assistant", "content": "Looking.", "tool_calls": [
            {"id": "c:1", "type": "function", "function": {"name": "read", "arguments": "{\"path\":  \"a\", \"n\": 1.0}"}},
            {"id": "c2", "type": "function", "function": {"name": "read", "arguments": "{}"}},
        ]},
        {"role": "tool", "tool_call_id": "c:1", "content": "text of a\n(the picture follows in the next message)"},
        {"role": "tool", "tool_call_id": "c2", "content": "not allowed"},
        {"role": "user", "content": [
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
            {"type": "text", "text": "and hurry"},
        ]},
    ]);
    assert_eq!(body["messages"], messages);
    assert!(
        !text.contains("hm"),
        "unsigned and signed reasoning stay away: {text}"
    );
}

#[test]
fn case_26_reasoning_goes_back_only_where_the_endpoint_wants_it() {
    let quirks = Quirks {
        replay_reasoning: true,
        max_completion_tokens: Some(true),
    };
    let (_, body) = chat_body(&conversation(), quirks);
    assert_eq!(body["messages"][2]["reasoning_content"], "hm\n\nhm");
    assert_eq!(
        (&body["max_completion_tokens"], &body["max_tokens"]),
        (&json!(1000), &Value::Null)
    );
}

#[test]
fn the_bytes_before_the_messages_stay_the_same() {
    let short = prompt("hello");
    let mut long = conversation();
    long.max_tokens = 7;
    let before = |text: &str| text[..text.find("\"messages\":").unwrap()].to_owned();
    assert_eq!(
        before(&messages_body(&short).0),
        before(&messages_body(&long).0)
    );
    assert_eq!(
        before(&chat_body(&short, Quirks::default()).0),
        before(&chat_body(&long, Quirks::default()).0)
    );
    assert!(messages_body(&long).0.ends_with("\"max_tokens\":7}"));
    assert!(
        chat_body(&long, Quirks::default())
            .0
            .ends_with("\"max_tokens\":7}")
    );
}

#[test]
fn what_is_empty_is_left_out() {
    let mut prompt = prompt("hello");
    prompt.system = Arc::from("");
    prompt.tools = Arc::from([]);
    prompt
        .messages
        .push(message(Role::Assistant, vec![Block::Text("".into())]));
    prompt.messages.push(message(
        Role::User,
        vec![Block::Text("still there?".into())],
    ));
    let (_, body) = messages_body(&prompt);
    assert_eq!((body.get("system"), body.get("tools")), (None, None));
    assert_eq!(body["messages"].as_array().map(Vec::len), Some(1), "{body}");
    let (_, body) = chat_body(&prompt, Quirks::default());
    assert_eq!(body.get("tools"), None);
    assert_eq!(
        body["messages"][0],
        json!({"role": "user", "content": "hello"})
    );
}

/// Memory of a large body serves the next one: neither may hear anything of the other.
#[test]
fn a_large_body_holds_its_own_text_whether_the_former_one_is_gone_or_not() {
    let large = |letter: &str, count: usize| {
        let body = anthropic::encode(&prompt(&letter.repeat(count))).unwrap();
        assert!(body.pieces().len() > 1, "in several pieces");
        body
    };
    let holds = |body: &RequestBody, letter: &str, count: usize| {
        let text = text(body);
        let longest = text.split(|c: char| letter != c.to_string());
        assert_eq!(longest.map(str::len).max(), Some(count), "of {letter}");
        let value: Value = serde_json::from_str(&text).unwrap();
        assert!(value.is_object());
    };
    let first = large("x", 3_000_000);
    let held = large("y", 2_500_000);
    holds(&first, "x", 3_000_000);
    drop(first);
    let second = large("z", 1_200_000);
    drop(held.pieces()[1].clone());
    let third = large("q", 2_200_000);
    holds(&held, "y", 2_500_000);
    holds(&second, "z", 1_200_000);
    holds(&third, "q", 2_200_000);
}
