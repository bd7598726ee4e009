//! The numbered cases of the Chat wire: what servers really send, and what must come of it.

use protocol::{Block, FaultKind, RetryHint, StopReason, Usage};
use providers::Wire;

use crate::server::{
    Play, call_texts, calls_of, chat, played, response, streamed, text_of, thinking_of,
};

const STOP: &str = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
const TOOLS: &str = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#;

fn says(text: &str) -> String {
    let text = serde_json::to_string(text).unwrap();
    format!(r#"{{"choices":[{{"index":0,"delta":{{"content":{text}}}}}]}}"#)
}

/// A chunk with one piece of a call, given as the JSON inside `tool_calls`.
fn calls(piece: &str) -> String {
    format!(r#"{{"choices":[{{"index":0,"delta":{{"tool_calls":[{piece}]}}}}]}}"#)
}

/// Names and arguments of the calls that `pieces` make.
async fn called(pieces: &[&str]) -> Vec<(String, String)> {
    let mut chunks: Vec<String> = pieces.iter().map(|piece| calls(piece)).collect();
    chunks.push(TOOLS.to_owned());
    let chunks: Vec<&str> = chunks.iter().map(String::as_str).collect();
    let reply = chat(&chunks).await.reply();
    call_texts(&reply)
        .into_iter()
        .map(|(name, arguments, _)| (name, arguments))
        .collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(name, arguments): &(&str, &str)| ((*name).to_owned(), (*arguments).to_owned());
    expected.iter().map(own).collect()
}

#[tokio::test]
async fn case_02_chunk_ids_that_differ_do_not_matter() {
    let chunks = [
        r#"{"id":"a","choices":[{"index":0,"delta":{"content":"one "}}]}"#,
        r#"{"id":"b","choices":[{"index":0,"delta":{"content":"reply"}}]}"#,
        STOP,
    ];
    assert_eq!(text_of(&chat(&chunks).await.reply()), "one reply");
}

#[tokio::test]
async fn case_03_usage_in_a_chunk_with_an_empty_delta_after_the_finish_is_kept() {
    let usage =
        r#"{"choices":[{"index":0,"delta":{}}],"usage":{"prompt_tokens":5,"completion_tokens":6}}"#;
    let reply = chat(&[&says("hi"), STOP, usage]).await.reply();
    assert_eq!(
        reply.usage,
        Some(Usage {
            input: 5,
            output: 6,
            ..Usage::default()
        })
    );
    assert_eq!(reply.stop, StopReason::EndTurn);
}

#[tokio::test]
async fn case_08_and_17_type_index_role_and_name_repeated_merge_into_one_call() {
    let piece = |text: &str| {
        let text = serde_json::to_string(text).unwrap();
        format!(
            r#"{{"index":0,"id":"c1","type":"function","function":{{"name":"read","arguments":{text}}}}}"#
        )
    };
    let made = called(&[&piece("{\"path\":"), &piece("\"a\""), &piece("}")]).await;
    assert_eq!(made, pairs(&[("read", r#"{"path":"a"}"#)]));
}

#[tokio::test]
async fn case_09_a_plain_json_completion_instead_of_a_stream_is_a_reply() {
    let body = r#"{"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":null,"reasoning_content":"hm","tool_calls":[{"id":"c1","type":"function","function":{"name":"read","arguments":"{\"path\":\"a\"}"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#;
    let play = Play::Close(response(
        "200 OK",
        "content-type: application/json\r\n",
        body,
    ));
    let reply = played(Wire::OpenAiChat, play).await.reply();
    assert_eq!(thinking_of(&reply), "hm");
    assert_eq!(
        call_texts(&reply),
        vec![("read".to_owned(), r#"{"path":"a"}"#.to_owned(), None)]
    );
}

#[tokio::test]
async fn case_10_an_error_object_as_first_data_fails() {
    let fault = chat(&[r#"{"error":{"message":"model is loading","type":"server_error"}}"#])
        .await
        .fault();
    assert_eq!(
        (fault.kind, fault.retry, fault.billed),
        (FaultKind::Reported, RetryHint::Backoff, false)
    );
    let body = r#"{"error":"model 'x' not found"}"#;
    let play = Play::Close(response(
        "200 OK",
        "content-type: application/json\r\n",
        body,
    ));
    let fault = played(Wire::OpenAiChat, play).await.fault();
    assert_eq!(
        (fault.retry, fault.message.as_str()),
        (RetryHint::Never, "model 'x' not found")
    );
}

#[tokio::test]
async fn case_11_finish_stop_with_calls_present_means_tools() {
    let call = calls(r#"{"index":0,"id":"c","function":{"name":"read","arguments":"{}"}}"#);
    assert_eq!(chat(&[&call, STOP]).await.reply().stop, StopReason::ToolUse);
}

#[tokio::test]
async fn case_14_no_arguments_in_any_spelling_are_an_empty_object() {
    for arguments in ["null", "\"\"", "\"{}\"", "\"null\"", "{}"] {
        let piece = format!(
            r#"{{"index":0,"id":"c","function":{{"name":"list","arguments":{arguments}}}}}"#
        );
        assert_eq!(
            called(&[&piece]).await,
            pairs(&[("list", "{}")]),
            "{arguments}"
        );
    }
    assert_eq!(
        called(&[r#"{"index":0,"id":"c","function":{"name":"list"}}"#]).await,
        pairs(&[("list", "{}")])
    );
}

#[tokio::test]
async fn case_15_a_missing_id_is_minted_and_matches_the_call() {
    let call = calls(r#"{"index":0,"function":{"name":"read","arguments":"{}"}}"#);
    let made = calls_of(&chat(&[&call, TOOLS]).await.reply());
    assert_eq!(made[0].wire.as_str(), made[0].id.to_string());
}

#[tokio::test]
async fn case_16_parallel_calls_all_numbered_0_stay_apart() {
    let ids = [
        r#"{"index":0,"id":"c1","function":{"name":"read","arguments":"{\"path\":\"a\"}"}}"#,
        r#"{"index":0,"id":"c2","function":{"name":"read","arguments":"{\"path\":\"b\"}"}}"#,
    ];
    let both = pairs(&[("read", r#"{"path":"a"}"#), ("read", r#"{"path":"b"}"#)]);
    assert_eq!(called(&ids).await, both);
    let names = [
        r#"{"index":0,"function":{"name":"read","arguments":"{\"path\":\"a\"}"}}"#,
        r#"{"index":0,"function":{"name":"list","arguments":"{}"}}"#,
    ];
    assert_eq!(
        called(&names).await,
        pairs(&[("read", r#"{"path":"a"}"#), ("list", "{}")])
    );
    let neither = [
        r#"{"index":0,"function":{"name":"read","arguments":"{\"path\":\"a\"}"}}"#,
        r#"{"index":0,"function":{"name":"read","arguments":"{\"path\":\"b\"}"}}"#,
    ];
    assert_eq!(called(&neither).await, both);
}

#[tokio::test]
async fn an_id_made_up_for_every_chunk_does_not_split_a_call() {
    let made = called(&[
        r#"{"index":0,"id":"x1","function":{"name":"read","arguments":""}}"#,
        r#"{"index":0,"id":"x2","function":{"arguments":"{\"path\":"}}"#,
        r#"{"index":0,"id":"x3","function":{"arguments":"\"a\"}"}}"#,
    ])
    .await;
    assert_eq!(made, pairs(&[("read", r#"{"path":"a"}"#)]));
}

#[tokio::test]
async fn pieces_of_two_calls_that_interleave_find_their_calls() {
    let made = called(&[
        r#"{"index":0,"id":"c1","function":{"name":"read","arguments":""}}"#,
        r#"{"index":1,"id":"c2","function":{"name":"list","arguments":""}}"#,
        r#"{"index":0,"function":{"arguments":"{\"path\":\"a\"}"}}"#,
        r#"{"index":1,"function":{"arguments":"{\"dir\":\"b\"}"}}"#,
    ])
    .await;
    assert_eq!(
        made,
        pairs(&[("read", r#"{"path":"a"}"#), ("list", r#"{"dir":"b"}"#)])
    );
}

#[tokio::test]
async fn case_18_whole_calls_in_one_chunk_are_accepted() {
    let two = r#"{"function":{"name":"read","arguments":"{\"path\":\"a\"}"}},{"function":{"name":"list","arguments":"{}"}}"#;
    assert_eq!(
        called(&[two]).await,
        pairs(&[("read", r#"{"path":"a"}"#), ("list", "{}")])
    );
}

#[tokio::test]
async fn case_20_a_first_chunk_without_choices_is_skipped() {
    let filters = r#"{"choices":[],"prompt_filter_results":[{"prompt_index":0}]}"#;
    assert_eq!(
        text_of(&chat(&[filters, &says("hi"), STOP]).await.reply()),
        "hi"
    );
}

#[tokio::test]
async fn case_21_null_or_absent_usage_is_unknown_not_zero() {
    for chunk in [
        r#"{"choices":[],"usage":null}"#,
        r#"{"choices":[],"usage":{}}"#,
        r#"{"choices":[]}"#,
    ] {
        let reply = chat(&[&says("hi"), STOP, chunk]).await.reply();
        assert_eq!((reply.usage, reply.cost), (None, None), "{chunk}");
    }
}

#[tokio::test]
async fn case_22_null_content_beside_calls_is_no_text() {
    let chunk = r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"c","function":{"name":"read","arguments":"{}"}}]}}]}"#;
    let reply = chat(&[chunk, TOOLS]).await.reply();
    assert!(matches!(reply.content.as_slice(), [Block::ToolUse(_)]));
}

#[tokio::test]
async fn case_23_think_tags_become_thinking() {
    let reply = chat(&[
        &says("<thi"),
        &says("nk>why"),
        &says("</think>\n\n"),
        &says("so"),
        STOP,
    ])
    .await
    .reply();
    assert_eq!(
        (thinking_of(&reply).as_str(), text_of(&reply).as_str()),
        ("why", "so")
    );
}

#[tokio::test]
async fn case_23_reasoning_under_either_name_becomes_thinking_once() {
    for field in ["reasoning_content", "reasoning"] {
        let chunk = format!(r#"{{"choices":[{{"index":0,"delta":{{"{field}":"why"}}}}]}}"#);
        let reply = chat(&[&chunk, &says("so"), STOP]).await.reply();
        let thinking = Block::Thinking {
            text: "why".into(),
            signature: None,
        };
        assert_eq!(
            reply.content,
            vec![thinking, Block::Text("so".into())],
            "{field}"
        );
    }
    let both = r#"{"choices":[{"index":0,"delta":{"reasoning":"why","reasoning_content":"why"}}]}"#;
    assert_eq!(thinking_of(&chat(&[both, STOP]).await.reply()), "why");
}

#[tokio::test]
async fn case_24_comments_are_no_events() {
    let stream = format!(
        ": OPENROUTER PROCESSING\n\n:\ndata: {}\n\n: more\n\ndata: {STOP}\n\ndata: [DONE]\n\n",
        says("hi")
    );
    let reply = played(Wire::OpenAiChat, Play::Close(streamed(&stream)))
        .await
        .reply();
    assert_eq!(text_of(&reply), "hi");
}

#[tokio::test]
async fn case_25_an_error_inside_a_chunk_fails_the_reply() {
    let chunk = r#"{"id":"g","choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}],"error":{"code":502,"message":"upstream went away"}}"#;
    let fault = chat(&[&says("half an ans"), chunk]).await.fault();
    assert_eq!(
        (fault.kind, fault.retry, fault.billed),
        (FaultKind::Reported, RetryHint::Backoff, true)
    );
    assert_eq!(fault.message, "upstream went away");
    let stream =
        streamed("error: {\"code\":500,\"message\":\"slot failed\",\"type\":\"server_error\"}\n\n");
    let fault = played(Wire::OpenAiChat, Play::Close(stream)).await.fault();
    assert_eq!(
        (fault.kind, fault.message.as_str()),
        (FaultKind::Reported, "server_error: slot failed")
    );
}

#[tokio::test]
async fn case_27_arguments_as_an_object_are_accepted() {
    let piece = r#"{"index":0,"id":"c","function":{"name":"read","arguments":{"path": "a"}}}"#;
    assert_eq!(
        called(&[piece]).await,
        pairs(&[("read", r#"{"path": "a"}"#)])
    );
}

#[tokio::test]
async fn case_31_a_call_cut_by_the_reply_limit_is_malformed() {
    let cut = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"length"}]}"#;
    for arguments in ["{\\\"path\\\":", ""] {
        let call = calls(&format!(
            r#"{{"index":0,"id":"c","function":{{"name":"read","arguments":"{arguments}"}}}}"#
        ));
        let reply = chat(&[&call, cut]).await.reply();
        assert_eq!(reply.stop, StopReason::MaxTokens);
        assert!(call_texts(&reply)[0].2.is_some(), "{arguments:?}");
    }
}

#[tokio::test]
async fn case_32_unknown_finish_reasons_and_shapes_are_passed_over_and_told() {
    let odd = r#"{"choices":[{"index":0,"delta":"what"}]}"#;
    let bored = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"bored"}]}"#;
    let reply = chat(&[odd, &says("hi"), bored]).await.reply();
    assert_eq!(
        (text_of(&reply).as_str(), &reply.stop),
        ("hi", &StopReason::Other("bored".to_owned()))
    );
    assert_eq!(reply.oddities.len(), 2, "{:?}", reply.oddities);
}

#[tokio::test]
async fn a_refusal_and_a_filter_are_refusals() {
    let refusal = r#"{"choices":[{"index":0,"delta":{"refusal":"I cannot."}}]}"#;
    let reply = chat(&[refusal, STOP]).await.reply();
    assert_eq!(
        (text_of(&reply).as_str(), &reply.stop),
        ("I cannot.", &StopReason::Refusal)
    );
    let filter = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"content_filter"}]}"#;
    assert_eq!(chat(&[filter]).await.reply().stop, StopReason::Refusal);
}

#[tokio::test]
async fn the_end_may_lack_done_or_the_finish_reason_but_not_both() {
    let finished = streamed(&format!("data: {}\n\ndata: {STOP}\n\n", says("hi")));
    assert_eq!(
        text_of(
            &played(Wire::OpenAiChat, Play::Close(finished))
                .await
                .reply()
        ),
        "hi"
    );
    let reply = chat(&[&says("hi")]).await.reply();
    assert_eq!((reply.stop, reply.oddities.len()), (StopReason::EndTurn, 1));
    let neither = streamed(&format!("data: {}\n\n", says("hi")));
    let fault = played(Wire::OpenAiChat, Play::Close(neither)).await.fault();
    assert_eq!(
        (fault.kind, fault.retry, fault.billed),
        (FaultKind::Broken, RetryHint::Backoff, true)
    );
}
