//! Reading scripts: what is accepted, and how precisely mistakes are named.

use scripted::{
    Arguments, Content, Fault, Rate, Reply, Rule, Script, ScriptError, Server, Step, ToolCall,
    Usage, Wire,
};
use serde_json::json;

use crate::client::post;

#[test]
fn every_field_is_read() {
    let text = r#"{
        "version": 1,
        "models": ["a"],
        "rules": [
            {"name": "n", "times": 2,
             "when": {"model": "m", "marker": "k", "last_user": "u", "turn": 1, "last_result": "r",
                      "last_result_is_error": true, "call": 3, "wire": "openai"},
             "reply": {"steps": [{"thinking": "t", "signature": "s"}, {"text": "x"},
                                 {"tool": "read", "id": "i", "input": {"p": 1}},
                                 {"tool": "x", "raw_arguments": "{\"a\": tr"},
                                 {"tool": "bare"}],
                       "stop": "pause_turn", "usage": {"input": 4}, "delay_ms": 5}}
        ],
        "otherwise": {"text": "o", "usage": null},
        "rate": {"requests": 10, "per_ms": 6000}
    }"#;
    let tool = |name: &str, id: Option<&str>, arguments: Arguments| {
        Step::Tool(ToolCall {
            name: name.into(),
            id: id.map(str::to_owned),
            arguments,
        })
    };
    let steps = [
        Step::Thinking {
            text: "t".into(),
            signature: Some("s".into()),
        },
        Step::text("x"),
        tool("read", Some("i"), Arguments::Json(json!({"p": 1}))),
        tool("x", None, Arguments::Raw("{\"a\": tr".into())),
        Step::tool("bare", json!({})),
    ];
    let usage = Usage {
        input: Some(4),
        ..Usage::default()
    };
    let reply = Reply::steps(steps)
        .stop("pause_turn")
        .usage(Some(usage))
        .delay_ms(5);
    let rule = Rule::new("n", reply)
        .times(2)
        .model("m")
        .marker("k")
        .last_user("u")
        .turn(1)
        .last_result("r")
        .last_result_is_error(true)
        .call(3)
        .wire(Wire::OpenAi);
    let mut expected = Script::new()
        .rule(rule)
        .otherwise(Reply::text("o").usage(None))
        .rate(rate(10, 6000));
    expected.models = vec!["a".to_owned()];
    assert_eq!(Script::from_json(text).unwrap(), expected);
}

fn rate(requests: u64, per_ms: u64) -> Rate {
    Rate {
        requests: requests.try_into().unwrap(),
        per_ms: per_ms.try_into().unwrap(),
    }
}

#[test]
fn every_fault_is_read() {
    let cases = [
        (
            r#"{"text": "x", "fault": {"cut_after_events": 3}}"#,
            Fault::CutAfterEvents(3),
        ),
        (
            r#"{"raw": {"body": "x"}, "fault": {"cut_after_bytes": 3}}"#,
            Fault::CutAfterBytes(3),
        ),
        (
            r#"{"text": "x", "fault": {"stall_after_events": 0}}"#,
            Fault::StallAfterEvents(0),
        ),
        (
            r#"{"fault": {"close_before_byte": true}}"#,
            Fault::CloseBeforeByte,
        ),
        (r#"{"fault": {"garbage": "?"}}"#, Fault::Garbage("?".into())),
        (r#"{"fault": {"status": 429}}"#, Fault::status(429)),
        (
            r#"{"text": "x", "fault": {"error_event_after": 2, "message": "m", "kind": "k"}}"#,
            Fault::ErrorEvent {
                after: 2,
                kind: "k".into(),
                message: "m".into(),
            },
        ),
    ];
    for (reply, fault) in cases {
        let script =
            Script::from_json(&format!(r#"{{"version": 1, "otherwise": {reply}}}"#)).unwrap();
        assert_eq!(script.otherwise.unwrap().fault, Some(fault), "{reply}");
    }
}

/// A reply, the path of the field blamed, and a part of the message.
type Mistake = (&'static str, &'static str, &'static str);

const REPLY_MISTAKES: &[Mistake] = &[
    (r#"{"txt": "x"}"#, "otherwise.txt", "unknown field `txt`"),
    (
        r#"{"text": 3}"#,
        "otherwise.text",
        "invalid type: integer `3`, expected a string",
    ),
    (r#"{}"#, "otherwise", "a reply needs"),
    (
        r#"{"text": "x", "steps": []}"#,
        "otherwise",
        "either \"text\" or \"steps\"",
    ),
    (
        r#"{"steps": [{"text": "x"}, {"tool": "t", "text": "x"}]}"#,
        "otherwise.steps[1]",
        "only one of",
    ),
    (r#"{"steps": [{}]}"#, "otherwise.steps[0]", "a step needs"),
    (
        r#"{"steps": [{"text": "x", "input": {}}]}"#,
        "otherwise.steps[0]",
        "\"input\" does not belong",
    ),
    (
        r#"{"steps": [{"tool": "t", "input": {}, "raw_arguments": ""}]}"#,
        "otherwise.steps[0]",
        "not both",
    ),
    (
        r#"{"steps": [{"tool": "t", "inptu": {}}]}"#,
        "otherwise.steps[0].inptu",
        "unknown field `inptu`",
    ),
    (
        r#"{"repeat": {"text": "xx", "count": 1000000000}}"#,
        "otherwise",
        "2000000000 bytes",
    ),
    (
        r#"{"steps": [{"repeat": {"text": "xx", "count": 1000000000}}]}"#,
        "otherwise.steps[0]",
        "2000000000 bytes",
    ),
    (
        r#"{"raw": {"body": "x"}, "stop": "x"}"#,
        "otherwise",
        "\"stop\" has no effect",
    ),
    (
        r#"{"raw": {"body": "x", "status": 99}}"#,
        "otherwise.raw.status",
        "status 99 is not between",
    ),
    (
        r#"{"raw": {"body": "x", "content_type": "a\nb"}}"#,
        "otherwise.raw.content_type",
        "cannot be sent",
    ),
    (
        r#"{"raw": {"body": "x"}, "fault": {"cut_after_events": 1}}"#,
        "otherwise",
        "cut_after_bytes",
    ),
    (
        r#"{"text": "x", "chunk": {"bytes": 0}}"#,
        "otherwise.chunk.bytes",
        "nonzero",
    ),
    (
        r#"{"text": "x", "usage": {"in": 1}}"#,
        "otherwise.usage.in",
        "unknown field `in`",
    ),
];

const FAULT_MISTAKES: &[Mistake] = &[
    (
        r#"{"text": "x", "fault": {"status": 500}}"#,
        "otherwise",
        "\"text\" has no effect",
    ),
    (
        r#"{"text": "x", "fault": {}}"#,
        "otherwise.fault",
        "a fault needs one of",
    ),
    (
        r#"{"text": "x", "fault": {"close_before_byte": false}}"#,
        "otherwise.fault",
        "a fault needs one of",
    ),
    (
        r#"{"fault": {"status": 500, "garbage": ""}}"#,
        "otherwise.fault",
        "only one of",
    ),
    (
        r#"{"fault": {"garbage": "", "cut_after_events": 1}}"#,
        "otherwise.fault",
        "only one of",
    ),
    (
        r#"{"fault": {"status": 1000}}"#,
        "otherwise.fault",
        "status 1000",
    ),
    (
        r#"{"fault": {"status": 500, "headers": {"a b": "c"}}}"#,
        "otherwise.fault",
        "\"a b\" is not a header name",
    ),
    (
        r#"{"fault": {"status": 500, "headers": {"a": "\n"}}}"#,
        "otherwise.fault",
        "value of \"a\"",
    ),
    (
        r#"{"fault": {"garbage": "", "body": ""}}"#,
        "otherwise.fault",
        "\"body\" does not belong",
    ),
];

#[test]
fn mistakes_in_a_reply_are_named_with_their_place() {
    for (reply, place, part) in REPLY_MISTAKES.iter().chain(FAULT_MISTAKES) {
        let error =
            Script::from_json(&format!("{{\"version\": 1,\n\"otherwise\": {reply}}}")).unwrap_err();
        let ScriptError::Invalid {
            line,
            column,
            at,
            problem,
            ..
        } = error
        else {
            panic!("{error}")
        };
        assert_eq!(at, *place, "{reply}: {problem}");
        assert!(problem.contains(part), "{reply}: {problem}");
        assert!(line == 2 && column > 10, "{reply}: {line}:{column}");
    }
}

#[test]
fn mistakes_in_a_script_are_named_with_their_place() {
    let cases = [
        ("{}", "missing field `version`"),
        (
            r#"{"version": 2}"#,
            "version 2 is not known here; this server reads version 1",
        ),
        (r#"{"version": 1, "rulez": []}"#, "unknown field `rulez`"),
        (r#"{"version": 1} x"#, "trailing characters"),
        (r#"{"version": 1"#, "EOF while parsing"),
        (
            r#"{"version": 1, "rules": [{"reply": {"text": ""}, "when": {"turns": 1}}]}"#,
            "rules[0].when.turns: unknown field",
        ),
        (
            r#"{"version": 1, "rules": [{"reply": {"text": ""}, "when": {"wire": "grpc"}}]}"#,
            "unknown variant `grpc`",
        ),
        (
            r#"{"version": 1, "rules": [{"name": "x"}]}"#,
            "rules[0]: missing field `reply`",
        ),
        (
            r#"{"version": 1, "rate": {"requests": 0, "per_ms": 60}}"#,
            "rate.requests: invalid value",
        ),
        (
            r#"{"version": 1, "rate": {"requests": 1}}"#,
            "rate: missing field `per_ms`",
        ),
    ];
    for (text, part) in cases {
        let error = Script::from_json(text).unwrap_err().to_string();
        assert!(error.contains(part), "{text}: {error}");
        assert!(
            error.starts_with("understand the script: line 1, column "),
            "{error}"
        );
    }
}

#[test]
fn a_file_is_named_in_its_errors() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("demo.json");
    let missing = Script::load(&path).unwrap_err();
    assert!(
        missing
            .to_string()
            .starts_with(&format!("read the script {}: ", path.display())),
        "{missing}"
    );

    std::fs::write(&path, "{\n  \"version\": 1,\n  \"rule\": []\n}").unwrap();
    let error = Script::load(&path).unwrap_err().to_string();
    let place = format!(
        "understand the script {}: line 3, column 8, at rule: unknown field `rule`",
        path.display()
    );
    assert!(error.starts_with(&place), "{error}");

    std::fs::write(
        &path,
        r#"{"version": 1, "otherwise": {"raw": {"body": "b"}}}"#,
    )
    .unwrap();
    let content = Script::load(&path).unwrap().otherwise.unwrap().content;
    assert!(
        matches!(content, Content::Raw(raw) if raw.content_type == "text/event-stream" && raw.status == 200)
    );
}

#[test]
fn the_guides_example_plays_as_it_says() {
    let guide = include_str!("../../../../docs/model-server.md");
    let (_, rest) = guide.split_once("```json\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    let server = Server::in_background(Script::from_json(example).unwrap()).unwrap();
    let first = json!({"messages": [{"role": "user", "content": "Read the README"}]});
    let then = |result: serde_json::Value| {
        json!({"messages": [
            {"role": "user", "content": "Read the README"},
            {"role": "assistant", "content": "Let me read it."},
            {"role": "user", "content": [result]},
        ]})
    };
    let fine = then(json!({"type": "tool_result", "content": "hello"}));
    let failed = then(json!({"type": "tool_result", "content": "no file", "is_error": true}));
    for request in [&first, &first, &fine, &failed, &json!({"messages": []})] {
        post(server.addr(), "/v1/messages", request);
    }
    let rules: Vec<_> = server
        .requests()
        .into_iter()
        .map(|request| request.answer.rule.unwrap())
        .collect();
    assert_eq!(
        rules,
        [
            "overloaded once",
            "start",
            "sum up",
            "no such file",
            "otherwise"
        ]
    );
}
