//! The numbered cases of the Messages wire: what servers really send, and what must come of it.

use protocol::{Block, FaultKind, RetryHint, StopReason, Usage};
use providers::Wire;

use crate::server::{
    Play, call_texts, calls_of, messages, messages_stream, played, response, streamed, text_of,
    thinking_of,
};

const START: &str = r#"{"type":"message_start","message":{"model":"m","usage":{"input_tokens":1,"output_tokens":1}}}"#;
const STOP: &str = r#"{"type":"message_stop"}"#;
const BLOCK_STOP: &str = r#"{"type":"content_block_stop","index":0}"#;
const TOOL_START: &str = r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t1","name":"read","input":{}}}"#;

fn ended(reason: &str) -> String {
    format!(
        r#"{{"type":"message_delta","delta":{{"stop_reason":"{reason}"}},"usage":{{"output_tokens":9}}}}"#
    )
}

fn input(piece: &str) -> String {
    let piece = serde_json::to_string(piece).unwrap();
    format!(
        r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"input_json_delta","partial_json":{piece}}}}}"#
    )
}

#[tokio::test]
async fn case_01_two_inputs_back_to_back_are_never_half_run() {
    let both = input(r#"{"path":"a"}{"path":"b"}"#);
    let reply = messages(&[
        START,
        TOOL_START,
        &both,
        BLOCK_STOP,
        &ended("tool_use"),
        STOP,
    ])
    .await
    .reply();
    let raw = r#"{"path":"a"}{"path":"b"}"#.to_owned();
    assert_eq!(
        call_texts(&reply),
        vec![("read".to_owned(), "{}".to_owned(), Some(raw))]
    );
    assert_eq!(reply.stop, StopReason::ToolUse);
}

#[tokio::test]
async fn case_07_unsigned_thinking_has_no_signature() {
    let reply = messages(&[
        START,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}"#,
        BLOCK_STOP,
        &ended("end_turn"),
        STOP,
    ])
    .await
    .reply();
    assert_eq!(
        reply.content,
        vec![Block::Thinking {
            text: "hm".into(),
            signature: None
        }]
    );
}

#[tokio::test]
async fn case_09_a_plain_json_message_instead_of_a_stream_is_a_reply() {
    let body = r#"{"type":"message","model":"m","content":[{"type":"thinking","thinking":"hm","signature":"s"},{"type":"text","text":"hi"},{"type":"tool_use","id":"t","name":"read","input":{"path": "a"}}],"stop_reason":"tool_use","usage":{"input_tokens":3,"output_tokens":4}}"#;
    for kind in [
        "content-type: application/json\r\n",
        "content-type: text/event-stream\r\n",
        "",
    ] {
        let play = Play::Close(response("200 OK", kind, body));
        let reply = played(Wire::Anthropic, play).await.reply();
        assert_eq!(
            (text_of(&reply).as_str(), thinking_of(&reply).as_str()),
            ("hi", "hm")
        );
        let call = ("read".to_owned(), r#"{"path": "a"}"#.to_owned(), None);
        assert_eq!(call_texts(&reply), vec![call]);
        assert_eq!(
            reply.usage,
            Some(Usage {
                input: 3,
                output: 4,
                ..Usage::default()
            })
        );
    }
}

#[tokio::test]
async fn case_10_an_error_as_the_first_event_is_a_fault_not_an_empty_reply() {
    let table = [
        (
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
            FaultKind::Reported,
            RetryHint::Backoff,
        ),
        (
            r#"{"type":"error","error":{"type":"rate_limit_error","message":"slow"}}"#,
            FaultKind::Reported,
            RetryHint::Backoff,
        ),
        (
            r#"{"type":"error","error":{"type":"api_error","message":"oops"}}"#,
            FaultKind::Reported,
            RetryHint::Backoff,
        ),
        (
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"no"}}"#,
            FaultKind::Reported,
            RetryHint::Never,
        ),
        (
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 9 tokens > 8 maximum"}}"#,
            FaultKind::ContextTooLong,
            RetryHint::Never,
        ),
    ];
    for (event, kind, retry) in table {
        let fault = messages(&[event]).await.fault();
        assert_eq!(
            (fault.kind, fault.retry, fault.status, fault.billed),
            (kind, retry, Some(200), false),
            "{event}"
        );
    }
}

#[tokio::test]
async fn an_error_after_the_first_words_says_that_tokens_were_billed() {
    let fault = messages(&[
        START,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hel"}}"#,
        r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
    ])
    .await
    .fault();
    assert!(fault.billed);
    assert_eq!(fault.message, "overloaded_error: Overloaded");
}

#[tokio::test]
async fn case_12_an_openai_shaped_error_on_this_wire_keeps_its_message() {
    let body = r#"{"error":{"message":"upstream is down","type":"server_error","code":503}}"#;
    let fault = played(Wire::Anthropic, Play::Close(response("503 Busy", "", body)))
        .await
        .fault();
    assert_eq!(
        (fault.kind, fault.retry, fault.status),
        (FaultKind::Overloaded, RetryHint::Backoff, Some(503))
    );
    assert_eq!(fault.message, "server_error: upstream is down");
    // The same inside a stream.
    let stream = streamed(&format!("data: {body}\n\n"));
    let fault = played(Wire::Anthropic, Play::Close(stream)).await.fault();
    assert_eq!(
        (fault.kind, fault.retry),
        (FaultKind::Reported, RetryHint::Backoff)
    );
}

#[tokio::test]
async fn case_14_no_arguments_in_any_spelling_are_an_empty_object() {
    for piece in ["", "null", "{}", "\"\""] {
        let reply = messages(&[
            START,
            TOOL_START,
            &input(piece),
            BLOCK_STOP,
            &ended("tool_use"),
            STOP,
        ])
        .await
        .reply();
        assert_eq!(
            call_texts(&reply),
            vec![("read".to_owned(), "{}".to_owned(), None)],
            "{piece:?}"
        );
    }
}

#[tokio::test]
async fn case_15_a_missing_or_doubled_id_is_minted() {
    let nameless = r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","name":"read","input":{}}}"#;
    let reply = messages(&[
        START,
        nameless,
        TOOL_START,
        TOOL_START,
        &ended("tool_use"),
        STOP,
    ])
    .await
    .reply();
    let calls = calls_of(&reply);
    let wires: Vec<_> = calls
        .iter()
        .map(|call| call.wire.as_str().to_owned())
        .collect();
    assert_eq!(
        wires,
        [
            calls[0].id.to_string(),
            "t1".to_owned(),
            calls[2].id.to_string()
        ]
    );
}

#[tokio::test]
async fn case_21_absent_usage_is_unknown_not_zero() {
    let start = r#"{"type":"message_start","message":{"model":"m"}}"#;
    let end = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":null}"#;
    let reply = messages(&[start, end, STOP]).await.reply();
    assert_eq!((reply.usage, reply.cost), (None, None));
}

#[tokio::test]
async fn the_usage_of_message_delta_is_cumulative_and_wins() {
    let end = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":7,"cache_read_input_tokens":3,"output_tokens":42}}"#;
    let reply = messages(&[START, end, STOP]).await.reply();
    let usage = Usage {
        input: 7,
        output: 42,
        cache_read: 3,
        cache_write: 0,
    };
    assert_eq!(reply.usage, Some(usage));
}

#[tokio::test]
async fn case_27_the_whole_input_in_the_blocks_start_is_accepted() {
    let start = r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"read","input":{"path":"a"}}}"#;
    let reply = messages(&[START, start, BLOCK_STOP, &ended("tool_use"), STOP])
        .await
        .reply();
    assert_eq!(
        call_texts(&reply),
        vec![("read".to_owned(), r#"{"path":"a"}"#.to_owned(), None)]
    );
}

#[tokio::test]
async fn case_31_a_call_cut_by_the_reply_limit_is_malformed() {
    for piece in ["{\"path\":\"a", ""] {
        let reply = messages(&[START, TOOL_START, &input(piece), &ended("max_tokens"), STOP])
            .await
            .reply();
        assert_eq!(reply.stop, StopReason::MaxTokens);
        assert_eq!(call_texts(&reply)[0].2.as_deref(), Some(piece));
    }
}

#[tokio::test]
async fn case_32_unknown_reasons_events_blocks_and_deltas_are_passed_over_and_told() {
    let reply = messages(&[
        START,
        r#"{"type":"weather","index":"none"}"#,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"server_tool_use","id":"s","name":"web_search","input":{}}}"#,
        &input(r#"{"query":"ants"}"#),
        BLOCK_STOP,
        r#"{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}"#,
        r#"{"type":"content_block_delta","index":1,"delta":{"type":"citations_delta","citation":{}}}"#,
        r#"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"hi"}}"#,
        r#"{"type":"content_block_delta","index":9,"delta":{"type":"text_delta","text":" you"}}"#,
        &ended("bored"),
        STOP,
    ])
    .await
    .reply();
    assert_eq!(reply.stop, StopReason::Other("bored".to_owned()));
    assert_eq!(text_of(&reply), "hi you");
    let Block::Foreign(json) = &reply.content[0] else {
        panic!("{:?}", reply.content[0])
    };
    let json: serde_json::Value = serde_json::from_str(&json.as_str()).unwrap();
    assert_eq!(json["input"]["query"], "ants");
    let told = reply.oddities.join("; ");
    for what in [
        "weather",
        "server_tool_use",
        "citations_delta",
        "outside of a text block",
        "bored",
    ] {
        assert!(told.contains(what), "{what} in {told}");
    }
}

#[tokio::test]
async fn every_stop_reason_has_its_meaning() {
    let table = [
        ("end_turn", StopReason::EndTurn),
        ("stop_sequence", StopReason::StopSequence),
        ("pause_turn", StopReason::PauseTurn),
        ("refusal", StopReason::Refusal),
        ("model_context_window_exceeded", StopReason::ContextFull),
        ("max_tokens", StopReason::MaxTokens),
        ("tool_use", StopReason::EndTurn),
    ];
    for (given, then) in table {
        assert_eq!(
            messages(&[START, &ended(given), STOP]).await.reply().stop,
            then,
            "{given} without calls"
        );
    }
}

#[tokio::test]
async fn a_block_number_used_again_means_the_newer_block() {
    let text = |text: &str| {
        format!(
            r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{text}"}}}}"#
        )
    };
    let start =
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#;
    let events = [
        START,
        start,
        &text("one"),
        BLOCK_STOP,
        start,
        &text("two"),
        BLOCK_STOP,
        &ended("end_turn"),
        STOP,
    ];
    let reply = messages(&events).await.reply();
    assert_eq!(
        reply.content,
        vec![Block::Text("one".into()), Block::Text("two".into())]
    );
}

#[tokio::test]
async fn a_stream_without_its_message_stop_is_broken() {
    let stream = messages_stream(&[START, &ended("end_turn")]);
    let fault = played(Wire::Anthropic, Play::Close(streamed(&stream)))
        .await
        .fault();
    assert_eq!(
        (fault.kind, fault.retry),
        (FaultKind::Broken, RetryHint::Backoff)
    );
}
