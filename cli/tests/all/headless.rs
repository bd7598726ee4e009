//! Headless runs against a scripted model: each output form, the result object, denials, limits, faults.

use serde_json::{Value, json};

use crate::formic::World;

/// Greets, and writes a file when told to.
fn script() -> Value {
    json!({"version": 1, "rules": [
        {"name": "write", "when": {"last_user": "write", "turn": 0}, "reply": {"steps": [
            {"text": "I write."},
            {"tool": "write", "input": {"file_path": "a.txt", "content": "hello\n"}}]}},
        {"name": "after", "when": {"last_user": "write"}, "reply": {"text": "That is all."}},
        {"name": "greet", "when": {"last_user": "hi"}, "reply": {"text": "Hello."}}
    ]})
}

#[test]
fn text_is_the_answer_and_nothing_else() {
    let (world, _server) = World::with_model(&script());
    let ran = world.run(&["-p", "hi"]);
    assert_eq!(
        (ran.code, ran.out.as_str(), ran.err.as_str()),
        (0, "Hello.\n", "")
    );
}

#[test]
fn json_is_one_object_with_every_field() {
    let (world, _server) = World::with_model(&script());
    let ran = world.run(&["-p", "hi", "--output-format", "json"]);
    let result = ran.json();
    assert_eq!(ran.code, 0);
    for (field, then) in [
        ("type", json!("result")),
        ("subtype", json!("success")),
        ("is_error", json!(false)),
        ("result", json!("Hello.")),
        ("num_turns", json!(1)),
        ("terminal_reason", json!("completed")),
        ("permission_denials", json!([])),
    ] {
        assert_eq!(result[field], then, "{field}");
    }
    for field in [
        "duration_ms",
        "duration_api_ms",
        "total_cost_usd",
        "session_id",
        "uuid",
    ] {
        assert!(!result[field].is_null(), "{field}");
    }
    let used = &result["modelUsage"]["claude-sonnet-5-5"];
    assert_eq!(used["inputTokens"], result["usage"]["input_tokens"]);
    assert_eq!(used["costUSD"], result["total_cost_usd"]);
}

#[test]
fn a_cost_that_is_not_known_is_null() {
    let (world, _server) = World::with_model(&script());
    let result = world
        .run(&[
            "-p",
            "hi",
            "--model",
            "anthropic/mystery-1",
            "--output-format=json",
        ])
        .json();
    assert_eq!(result["total_cost_usd"], Value::Null);
    assert_eq!(result["modelUsage"]["mystery-1"]["costUSD"], Value::Null);
}

#[test]
fn the_stream_begins_with_init_and_ends_with_the_result() {
    let (world, _server) = World::with_model(&script());
    let args = [
        "-p",
        "write",
        "--output-format",
        "stream-json",
        "--permission-mode",
        "acceptEdits",
    ];
    let ran = world.run(&args);
    let lines = ran.lines();
    let kinds: Vec<&str> = lines
        .iter()
        .map(|line| line["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        ["system", "assistant", "user", "assistant", "result"],
        "{}",
        ran.out
    );
    assert_eq!(lines[0]["subtype"], "init");
    assert_eq!(lines[0]["cwd"], json!(world.path("project")));
    assert_eq!(lines[0]["permissionMode"], "acceptEdits");
    assert_eq!(lines[0]["apiKeySource"], "none");
    assert!(
        lines[0]["tools"]
            .as_array()
            .unwrap()
            .contains(&json!("write"))
    );
    let call = &lines[1]["message"]["content"][1];
    assert_eq!(
        (&call["type"], &call["name"]),
        (&json!("tool_use"), &json!("write"))
    );
    let answer = &lines[2]["message"]["content"][0];
    assert_eq!(
        (&answer["tool_use_id"], &answer["is_error"]),
        (&call["id"], &json!(false))
    );
    for line in &lines {
        assert_eq!(line["session_id"], lines[0]["session_id"]);
    }
    let ids: std::collections::BTreeSet<&str> = lines
        .iter()
        .map(|line| line["uuid"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), lines.len(), "an id was given twice");
    assert_eq!(
        std::fs::read_to_string(world.path("project/a.txt")).unwrap(),
        "hello\n"
    );
}

#[test]
fn partial_messages_add_up_to_the_whole_ones() {
    let mut slow = script();
    slow["rules"][2]["reply"]["chunk"] = json!({"bytes": 2});
    let (world, _server) = World::with_model(&slow);
    let lines = world
        .run(&[
            "-p",
            "hi",
            "--output-format=stream-json",
            "--include-partial-messages",
        ])
        .lines();
    let events = lines
        .iter()
        .filter(|line| line["type"] == "stream_event")
        .map(|line| &line["event"]);
    let kinds: Vec<&str> = events
        .clone()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    assert_eq!(kinds.first(), Some(&"message_start"));
    assert_eq!(kinds.last(), Some(&"message_stop"));
    let text: String = events
        .filter_map(|event| event["delta"]["text"].as_str())
        .collect();
    assert_eq!(text, "Hello.");
}

#[test]
fn events_are_the_journal_line_by_line() {
    let (world, _server) = World::with_model(&script());
    let events = world
        .run(&["-p", "hi", "--output-format", "events"])
        .lines();
    let session = events[0]["session"].as_str().unwrap();
    let journal = world.run(&["sessions", "export", session]).lines();
    assert_eq!(events, journal);
    let seqs: Vec<u64> = events
        .iter()
        .map(|event| event["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
}

#[test]
fn what_would_ask_is_denied_listed_and_ends_with_5() {
    let (world, _server) = World::with_model(&script());
    let ran = world.run(&["-p", "write", "--output-format", "json"]);
    let result = ran.json();
    assert_eq!(ran.code, 5);
    assert_eq!(result["terminal_reason"], "permission_denied");
    assert_eq!(result["is_error"], true);
    assert_eq!(result["result"], "That is all.");
    let denial = &result["permission_denials"][0];
    assert_eq!(denial["tool_name"], "write");
    assert_eq!(
        denial["tool_input"],
        json!({"file_path": "a.txt", "content": "hello\n"})
    );
    assert!(denial["tool_use_id"].is_string(), "{denial}");
    assert!(!world.path("project/a.txt").exists());
}

#[test]
fn a_denial_the_model_found_a_way_around_is_no_failure() {
    let (world, _server) = World::with_model(&json!({"version": 1, "rules": [
        {"name": "denied", "when": {"turn": 0}, "reply": {"steps": [{"tool": "bash", "input": {"command": "rm -r x"}}]}},
        {"name": "around", "when": {"turn": 1}, "reply": {"steps": [{"tool": "list", "input": {"path": "."}}]}},
        {"name": "end", "when": {"turn": 2}, "reply": {"text": "Seen."}}]}));
    let ran = world.run(&["-p", "go", "--output-format", "json"]);
    assert_eq!((ran.code, &ran.json()["subtype"]), (0, &json!("success")));
    assert_eq!(
        ran.json()["permission_denials"].as_array().unwrap().len(),
        1
    );
}

#[test]
fn rules_of_flags_and_settings_allow_and_deny() {
    for (settings, flags, code) in [
        ("{}", &["--allowedTools", "Write"][..], 0),
        (r#"{"permissions": {"allow": ["Write(a.txt)"]}}"#, &[], 0),
        (
            r#"{"permissions": {"allow": ["Write"]}}"#,
            &["--disallowedTools", "Write(a.txt)"],
            5,
        ),
        ("{}", &["--permission-mode", "plan"], 5),
        ("{}", &["--dangerously-skip-permissions"], 0),
    ] {
        let (world, _server) = World::with_model(&script());
        world.write("project/.claude/settings.json", settings);
        let ran = world.run(&[&["-p", "write"], flags].concat());
        assert_eq!(ran.code, code, "{settings} {flags:?}: {}", ran.err);
        assert_eq!(
            world.path("project/a.txt").exists(),
            code == 0,
            "{settings} {flags:?}"
        );
    }
}

#[test]
fn each_limit_stops_before_the_call_that_would_pass_it() {
    for (flags, subtype, reason, calls) in [
        (["--max-turns", "1"], "error_max_turns", "max_turns", 1),
        (
            ["--max-budget-tokens", "50"],
            "error_max_budget_tokens",
            "max_budget_tokens",
            0,
        ),
        (
            ["--max-budget-usd", "0.0000001"],
            "error_max_budget_usd",
            "max_budget_usd",
            0,
        ),
    ] {
        let (world, server) = World::with_model(&script());
        let ran = world.run(&[&["-p", "write", "--output-format=json"], &flags[..]].concat());
        let result = ran.json();
        assert_eq!(ran.code, 4, "{flags:?}: {}", ran.out);
        assert_eq!(
            (&result["subtype"], &result["terminal_reason"]),
            (&json!(subtype), &json!(reason))
        );
        assert_eq!(server.requests().len(), calls, "{flags:?}");
    }
}

#[test]
fn a_backend_that_is_not_there_or_refuses_the_key_ends_with_3() {
    let refusing = json!({"version": 1, "rules": [
        {"name": "no", "reply": {"fault": {"status": 401, "message": "who are you"}}}]});
    let (refused, _server) = World::with_model(&refusing);
    let ran = refused.run(&["-p", "hi", "--output-format", "json"]);
    assert_eq!(
        (ran.code, &ran.json()["terminal_reason"]),
        (3, &json!("authentication_failed"))
    );
    let world = World::new();
    world.write("config/settings.json", r#"{"retry": {"max_attempts": 1}}"#);
    let ran = world.run(&[
        "-p",
        "hi",
        "--provider",
        "openai",
        "--base-url",
        "http://127.0.0.1:9",
    ]);
    assert_eq!((ran.code, ran.out.as_str()), (3, ""));
    assert!(ran.err.starts_with("error: openai/"), "{}", ran.err);
    assert_eq!(ran.err.lines().count(), 2, "{}", ran.err);
}

#[test]
fn a_retry_is_told_in_the_stream() {
    let (world, _server) = World::with_model(&json!({"version": 1, "rules": [
        {"name": "busy", "times": 1, "reply": {"fault": {"status": 529, "headers": {"retry-after": "0"}, "message": "busy"}}},
        {"name": "greet", "reply": {"text": "Hello."}}]}));
    let lines = world
        .run(&["-p", "hi", "--output-format", "stream-json"])
        .lines();
    let retry = lines
        .iter()
        .find(|line| line["subtype"] == "api_retry")
        .unwrap();
    assert_eq!(
        (&retry["attempt"], &retry["error_status"]),
        (&json!(1), &json!(529))
    );
    assert_eq!(lines.last().unwrap()["subtype"], "success");
}

#[test]
fn a_schema_gives_structured_output() {
    let (world, _server) = World::with_model(&json!({"version": 1, "rules": [
        {"name": "miss", "when": {"turn": 0}, "reply": {"steps": [{"tool": "structured_output", "input": {"n": "one"}}]}},
        {"name": "hit", "when": {"turn": 1}, "reply": {"steps": [{"tool": "structured_output", "input": {"n": 1}}]}},
        {"name": "end", "reply": {"text": "done"}}]}));
    let schema =
        r#"{"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}"#;
    let file = world.write("schema.json", schema);
    let ran = world.run(&[
        "-p",
        "count",
        "--json-schema",
        file.to_str().unwrap(),
        "--output-format",
        "json",
    ]);
    assert_eq!(
        (ran.code, &ran.json()["structured_output"]),
        (0, &json!({"n": 1})),
        "{}",
        ran.out
    );
}

#[test]
fn the_debug_log_colours_nothing_but_a_terminal() {
    let (world, _server) =
        World::with_model(&json!({"version": 1, "otherwise": {"text": "Hello."}}));
    let ran = world.run(&["-p", "hi", "--debug"]);
    assert_eq!(ran.out, "Hello.\n");
    assert!(
        ran.err.contains("DEBUG") && !ran.err.contains('\u{1b}'),
        "{:?}",
        ran.err
    );
}
