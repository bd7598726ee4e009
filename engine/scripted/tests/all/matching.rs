//! Which rule answers which request.

use scripted::{Reply, Rule, Script, Server, Wire};
use serde_json::{Value, json};

use crate::client::post;

const ANTHROPIC: &str = "/v1/messages";
const OPENAI: &str = "/v1/chat/completions";

/// A conversation that has had one tool call with a failed result.
fn second_turn() -> Value {
    json!({"model": "m", "system": "You are the red agent.", "messages": [
        {"role": "user", "content": "open the door"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "push", "input": {}}]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "t", "content": "it is locked", "is_error": true},
        ]},
    ]})
}

fn plays(script: Script, path: &str, body: &Value) -> Option<String> {
    let server = Server::in_background(script).unwrap();
    post(server.addr(), path, body);
    server.requests().remove(0).answer.rule
}

#[test]
fn each_condition_holds_or_does_not() {
    type Condition = fn(Rule) -> Rule;
    let cases: [(&str, Condition, bool); 15] = [
        ("no condition", |rule| rule, true),
        ("model", |rule| rule.model("m"), true),
        ("model is exact", |rule| rule.model(""), false),
        ("marker in system", |rule| rule.marker("red agent"), true),
        (
            "marker in an old user text",
            |rule| rule.marker("the door"),
            true,
        ),
        (
            "marker is not sought in results",
            |rule| rule.marker("locked"),
            false,
        ),
        ("last_user", |rule| rule.last_user("open"), true),
        ("other last_user", |rule| rule.last_user("close"), false),
        ("turn", |rule| rule.turn(1), true),
        ("other turn", |rule| rule.turn(0), false),
        ("last_result", |rule| rule.last_result("locked"), true),
        ("other last_result", |rule| rule.last_result("door"), false),
        ("error", |rule| rule.last_result_is_error(true), true),
        ("no error", |rule| rule.last_result_is_error(false), false),
        ("other wire", |rule| rule.wire(Wire::OpenAi), false),
    ];
    for (name, condition, holds) in cases {
        let rule = condition(Rule::new("tried", Reply::text("x")));
        let script = Script::new().rule(rule).otherwise(Reply::text("y"));
        let expected = if holds { "tried" } else { "otherwise" };
        assert_eq!(
            plays(script, ANTHROPIC, &second_turn()).as_deref(),
            Some(expected),
            "{name}"
        );
    }
}

#[test]
fn conditions_on_a_result_need_one() {
    let first = json!({"messages": [{"role": "user", "content": "go"}]});
    for rule in [
        Rule::new("r", Reply::text("x")).last_result(""),
        Rule::new("r", Reply::text("x")).last_result_is_error(false),
    ] {
        let script = Script::new().rule(rule).otherwise(Reply::text("y"));
        assert_eq!(plays(script, OPENAI, &first).as_deref(), Some("otherwise"));
    }
}

#[test]
fn rules_are_used_up_and_calls_are_counted() {
    let script = Script::new()
        .rule(Rule::new("twice", Reply::text("a")).marker("go").times(2))
        .rule(
            Rule::new("second call", Reply::text("b"))
                .marker("go")
                .call(1),
        )
        .otherwise(Reply::text("c"));
    let server = Server::in_background(script).unwrap();
    for text in ["go", "stay", "go", "go", "go", "go"] {
        post(
            server.addr(),
            OPENAI,
            &json!({"messages": [{"role": "user", "content": text}]}),
        );
    }
    let rules: Vec<_> = server
        .requests()
        .into_iter()
        .map(|request| request.answer.rule.unwrap())
        .collect();
    assert_eq!(
        rules,
        [
            "twice",
            "otherwise",
            "twice",
            "otherwise",
            "second call",
            "otherwise"
        ]
    );
}

#[test]
fn a_request_nothing_matches_is_explained() {
    let script = Script::new()
        .rule(Rule::new("start", Reply::text("x")).turn(0))
        .rule(Rule::new("", Reply::text("x")).last_result("open"))
        .rule(Rule::new("spent", Reply::text("x")).times(0));
    let server = Server::in_background(script).unwrap();

    let received = post(server.addr(), ANTHROPIC, &second_turn());

    assert_eq!(received.status, 400);
    let error = received.json()["error"].clone();
    assert_eq!(error["type"], "invalid_request_error");
    assert_eq!(
        error["message"],
        "no rule of the script matches this request: wire anthropic, model \"m\", turn 1, last_user \"open the door\", \
         last_result \"it is locked\" (an error); \"start\": turn is 1, not 0; \
         \"rules[1]\": last_result does not contain \"open\"; \"spent\": used up after 0"
    );
    assert_eq!(server.requests()[0].answer.rule, None);
}
