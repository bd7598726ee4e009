//! Messages on stdin, one a line: each is a turn, and a broken one loses nothing that came before.

use serde_json::{Value, json};

use crate::formic::World;

fn script() -> Value {
    json!({"version": 1, "rules": [
        {"name": "one", "when": {"last_user": "one"}, "reply": {"text": "First."}},
        {"name": "two", "when": {"last_user": "two"}, "reply": {"text": "Second."}}]})
}

const ONE: &str = r#"{"type":"user","message":{"role":"user","content":"one"}}"#;
const TWO: &str =
    r#"{"type":"user","message":{"role":"user","content":[{"type":"text","text":"two"}]}}"#;

fn results(lines: &[Value]) -> Vec<&str> {
    let results = lines.iter().filter(|line| line["type"] == "result");
    results
        .map(|line| line["result"].as_str().unwrap())
        .collect()
}

#[test]
fn each_line_is_a_turn_of_one_session() {
    let (world, _server) = World::with_model(&script());
    let args = [
        "-p",
        "--input-format",
        "stream-json",
        "--output-format",
        "stream-json",
    ];
    let ran = world.feed(&args, &format!("{ONE}\n\n{TWO}\n"));
    let lines = ran.lines();
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(results(&lines), ["First.", "Second."]);
    assert_eq!(
        lines
            .iter()
            .filter(|line| line["subtype"] == "init")
            .count(),
        1
    );
}

#[test]
fn a_broken_line_names_itself_after_the_turns_before_it() {
    let (world, _server) = World::with_model(&script());
    let args = [
        "-p",
        "--input-format",
        "stream-json",
        "--output-format",
        "stream-json",
    ];
    let ran = world.feed(&args, &format!("{ONE}\n{{\"type\":\n{TWO}\n"));
    let lines = ran.lines();
    assert_eq!(ran.code, 2);
    assert_eq!(results(&lines), ["First."]);
    let last = lines.last().unwrap();
    assert_eq!(
        (&last["type"], &last["kind"]),
        (&json!("error"), &json!("input"))
    );
    assert!(
        last["message"]
            .as_str()
            .unwrap()
            .starts_with("stdin: line 2: not JSON"),
        "{last}"
    );
}

#[test]
fn with_text_and_json_out_the_lines_are_answered_too() {
    let (world, _server) = World::with_model(&script());
    let stdin = format!("{ONE}\n{TWO}\n");
    let text = world.feed(&["-p", "--input-format", "stream-json"], &stdin);
    assert_eq!(text.out, "First.\nSecond.\n");
    let one = world.feed(
        &["-p", "--input-format=stream-json", "--output-format=json"],
        &stdin,
    );
    assert_eq!(
        (
            one.json()["result"].as_str(),
            one.json()["num_turns"].as_u64()
        ),
        (Some("Second."), Some(2))
    );
}
