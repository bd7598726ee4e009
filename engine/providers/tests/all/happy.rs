//! Both wires when everything goes well: what is sent, what streams by, what comes back.

use protocol::{BlockKind, Cost, DeltaBody, StopReason, Usage};
use providers::{Auth, Endpoint, Secret, Wire, anthropic};

use crate::server::{
    Play, Server, call_texts, calls_of, chat_stream, exchange_at, messages_stream, prompt,
    streamed, text_of, thinking_of,
};

pub const MESSAGES: &[&str] = &[
    r#"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5-20250929","content":[],"stop_reason":null,"usage":{"input_tokens":10,"cache_read_input_tokens":100,"cache_creation_input_tokens":5,"output_tokens":1}}}"#,
    r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}}"#,
    r#"{"type":"content_block_stop","index":0}"#,
    r#"{"type":"ping"}"#,
    r#"{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}"#,
    r#"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"I "}}"#,
    r#"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"réad 🦀"}}"#,
    r#"{"type":"content_block_stop","index":1}"#,
    r#"{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"toolu_1","name":"read","input":{}}}"#,
    r#"{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":""}}"#,
    r#"{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"path\": "}}"#,
    r#"{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"\"a.rs\"}"}}"#,
    r#"{"type":"content_block_stop","index":2}"#,
    r#"{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":20}}"#,
    r#"{"type":"message_stop"}"#,
];

pub const CHAT: &[&str] = &[
    r#"{"id":"c1","object":"chat.completion.chunk","model":"gpt-4o-2024-08-06","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null}"#,
    r#"{"id":"c1","model":"gpt-4o-2024-08-06","choices":[{"index":0,"delta":{"content":"I "},"finish_reason":null}]}"#,
    r#"{"id":"c1","model":"gpt-4o-2024-08-06","choices":[{"index":0,"delta":{"content":"réad 🦀"},"finish_reason":null}]}"#,
    r#"{"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"read","arguments":""}}]}}]}"#,
    r#"{"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"path\": "}}]}}]}"#,
    r#"{"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\"a.rs\"}"}}]}}]}"#,
    r#"{"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"call_2","type":"function","function":{"name":"list","arguments":"{}"}}]}}]}"#,
    r#"{"id":"c1","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#,
    r#"{"id":"c1","choices":[],"usage":{"prompt_tokens":115,"completion_tokens":20,"prompt_tokens_details":{"cached_tokens":100}}}"#,
];

#[tokio::test]
async fn a_body_of_any_length_is_sent_whole_with_its_length_told() {
    for length in [1, 12_000, 400_000] {
        let asked = prompt(&"a\n".repeat(length));
        let pieces = anthropic::encode(&asked).unwrap();
        let whole = String::from_utf8(pieces.pieces().concat()).unwrap();
        assert!(pieces.pieces().iter().all(|piece| !piece.is_empty()));
        let server = Server::start(vec![Play::Close(streamed(&messages_stream(MESSAGES)))]);
        let endpoint = Endpoint::new("test", Wire::Anthropic, &*server.url);
        exchange_at(endpoint, &asked).await.reply();
        let request = server.request();
        let told = format!("content-length: {}", whole.len());
        assert!(request.head.contains(&told), "{}", request.head);
        assert!(request.body == whole, "{length}");
    }
}

#[tokio::test]
async fn a_messages_stream_becomes_a_reply() {
    let server = Server::start(vec![Play::Close(streamed(&messages_stream(MESSAGES)))]);
    let endpoint = Endpoint::new("test", Wire::Anthropic, &*server.url)
        .with_auth(Auth::ApiKey(Secret::new("sk-secret")));
    let outcome = exchange_at(endpoint, &prompt("hello")).await;

    let request = server.request();
    assert!(
        request.head.starts_with("post /v1/messages http/1.1"),
        "{}",
        request.head
    );
    assert!(request.head.contains("x-api-key: sk-secret"));
    assert!(request.head.contains("anthropic-version: 2023-06-01"));
    assert!(
        request
            .body
            .starts_with(r#"{"model":"claude-sonnet-4-5","stream":true,"#)
    );

    assert_eq!(outcome.deltas[0], DeltaBody::ReplyBegins { step: 0 });
    let reply = outcome.result.unwrap();
    assert_eq!(reply.model, "claude-sonnet-4-5-20250929");
    assert_eq!(thinking_of(&reply), "hm");
    assert_eq!(text_of(&reply), "I réad 🦀");
    let call = ("read".to_owned(), r#"{"path": "a.rs"}"#.to_owned(), None);
    assert_eq!(call_texts(&reply), vec![call]);
    assert_eq!(calls_of(&reply)[0].wire.as_str(), "toolu_1");
    assert_eq!(reply.stop, StopReason::ToolUse);
    let usage = Usage {
        input: 10,
        output: 20,
        cache_read: 100,
        cache_write: 5,
    };
    assert_eq!(reply.usage, Some(usage));
    // 10 x 3 + 20 x 15 + 100 x 0.30 + 5 x 3.75 dollars per million
    assert_eq!(reply.cost, Some(Cost(378_750_000)));
    assert_eq!(reply.oddities, Vec::<String>::new());
}

#[tokio::test]
async fn a_chat_stream_becomes_a_reply() {
    let server = Server::start(vec![Play::Close(streamed(&chat_stream(CHAT)))]);
    let endpoint = Endpoint::new("test", Wire::OpenAiChat, format!("{}/v1/", server.url))
        .with_auth(Auth::ApiKey(Secret::new("sk-secret")));
    let mut asked = prompt("hello");
    asked.model = "gpt-4o".to_owned();
    let outcome = exchange_at(endpoint, &asked).await;

    let request = server.request();
    assert!(
        request
            .head
            .starts_with("post /v1/chat/completions http/1.1"),
        "{}",
        request.head
    );
    assert!(request.head.contains("authorization: bearer sk-secret"));

    let reply = outcome.result.unwrap();
    assert_eq!(reply.model, "gpt-4o-2024-08-06");
    assert_eq!(text_of(&reply), "I réad 🦀");
    let calls = vec![
        ("read".to_owned(), r#"{"path": "a.rs"}"#.to_owned(), None),
        ("list".to_owned(), "{}".to_owned(), None),
    ];
    assert_eq!(call_texts(&reply), calls);
    assert_eq!(reply.stop, StopReason::ToolUse);
    let usage = Usage {
        input: 15,
        output: 20,
        cache_read: 100,
        cache_write: 0,
    };
    assert_eq!(reply.usage, Some(usage));
    // 15 x 2.50 + 20 x 10 + 100 x 1.25 dollars per million
    assert_eq!(reply.cost, Some(Cost(362_500_000)));
}

#[tokio::test]
async fn pieces_of_one_read_stream_by_as_one_delta_per_block() {
    let server = Server::start(vec![Play::Close(streamed(&messages_stream(MESSAGES)))]);
    let endpoint = Endpoint::new("test", Wire::Anthropic, &*server.url);
    let outcome = exchange_at(endpoint, &prompt("hello")).await;
    let begun: Vec<_> = outcome
        .deltas
        .iter()
        .filter_map(|delta| match delta {
            DeltaBody::BlockBegins { index, kind, name } => Some((*index, *kind, name.as_deref())),
            _ => None,
        })
        .collect();
    assert_eq!(
        begun,
        [
            (0, BlockKind::Thinking, None),
            (1, BlockKind::Text, None),
            (2, BlockKind::ToolUse, Some("read")),
        ]
    );
    let ended = outcome
        .deltas
        .iter()
        .filter(|delta| matches!(delta, DeltaBody::BlockEnds { .. }));
    assert_eq!(ended.count(), 3);
    let text: String = outcome
        .deltas
        .iter()
        .filter_map(|delta| match delta {
            DeltaBody::Text { index: 1, text } => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(text, "I réad 🦀");
}
