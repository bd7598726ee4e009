//! What comes back: answers that fit a schema, refusals that say so, streams a script can read.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::stage::{Reply, Stage, Step, WIRES};

const SCHEMA: &str = r#"{"type": "object", "properties": {"count": {"type": "integer"}}, "required": ["count"], "additionalProperties": false}"#;

/// The tool through which the model gives an answer that must fit a schema.
fn answer_tool() -> String {
    let stage = Stage::of([Reply::text("No.")]);
    stage.prompt("go").run();
    let plain: Vec<String> = stage.asked()[0]
        .tools()
        .into_iter()
        .map(str::to_owned)
        .collect();
    let stage = Stage::of([Reply::text("No.")]);
    stage
        .prompt("go")
        .args(["--json-schema", SCHEMA, "--max-turns", "1"])
        .run();
    let asked = &stage.asked()[0];
    let mut added = asked
        .tools()
        .into_iter()
        .filter(|name| !plain.iter().any(|known| known == name));
    added.next().expect("a schema adds a tool").to_owned()
}

#[test]
fn an_answer_that_is_written_out_is_taken_if_it_fits() {
    let stage = Stage::of([Reply::text("```json\n{\"count\": 3}\n```")]);
    let ended = stage
        .prompt("count")
        .args(["--json-schema", SCHEMA, "--output-format", "json"])
        .succeed();
    assert_eq!(
        ended.json()["structured_output"],
        json!({"count": 3}),
        "{ended}"
    );
    assert_eq!(stage.asked().len(), 1, "{ended}");
}

#[test]
fn an_answer_that_misses_the_schema_is_asked_for_again() {
    let tool = answer_tool();
    for wire in WIRES {
        let stage = Stage::of([
            Reply::text("There are three."),
            Reply::tool(tool.as_str(), json!({"count": "three"})),
            Reply::tool(tool.as_str(), json!({"count": 3})),
            Reply::text("Three."),
        ]);
        let stage = stage.on(wire);
        let ended = stage
            .prompt("count")
            .args(["--json-schema", SCHEMA, "--output-format", "json"])
            .succeed();
        let result = ended.json();
        assert_eq!(result["structured_output"], json!({"count": 3}), "{ended}");
        assert_eq!(result["subtype"], "success", "{ended}");
        assert_eq!(
            stage.asked().len(),
            3,
            "{wire}: the first answer that fits ends the turn"
        );
        assert!(
            stage.asked()[2].results()[0].text.contains("count"),
            "the model is told what is wrong"
        );
    }
}

#[test]
fn a_model_that_never_fits_the_schema_ends_in_its_own_error() {
    let stage = Stage::of([Reply::text("I will not.")]);
    let ended = stage
        .prompt("count")
        .args(["--json-schema", SCHEMA, "--output-format", "json"])
        .run();
    assert_eq!(
        ended.json()["subtype"],
        "error_max_structured_output_retries",
        "{ended}"
    );
    assert_eq!(ended.code(), Some(1), "{ended}");
}

#[test]
fn a_write_that_nobody_allowed_is_denied_named_and_not_done() {
    for wire in WIRES {
        let write = json!({"file_path": "new.txt", "content": "x"});
        let stage = Stage::of([
            Reply::tool("write", write.clone()),
            Reply::text("I may not."),
        ])
        .on(wire);
        let ended = stage
            .formic(["-p", "write", "--output-format", "json"])
            .run();
        assert_eq!(ended.code(), Some(5), "{ended}");
        let result = ended.json();
        let [denial] = &result["permission_denials"].as_array().expect("a list")[..] else {
            panic!("not one denial: {ended}");
        };
        assert_eq!(denial["tool_name"], "write", "{ended}");
        assert_eq!(denial["tool_input"], write, "{ended}");
        assert_eq!(result["result"], "I may not.", "{ended}");
        assert!(stage.tree().is_empty());
        assert!(
            !stage.last_asked().results()[0].text.is_empty(),
            "the model is told why"
        );
    }
}

#[test]
fn a_stream_begins_with_the_session_pairs_every_call_and_ends_with_the_result() {
    for wire in WIRES {
        let stage = Stage::of([
            Reply::steps([
                Step::text("I look."),
                Step::tool("read", json!({"file_path": "a.txt"})),
                Step::tool("list", json!({})),
            ]),
            Reply::text("Seen."),
        ]);
        let stage = stage.on(wire).file("a.txt", "alpha\n");
        let lines = stage
            .prompt("look")
            .args(["--output-format", "stream-json", "--verbose"])
            .succeed()
            .lines();
        let first = lines.first().expect("a line");
        assert_eq!(
            (&first["type"], &first["subtype"]),
            (&json!("system"), &json!("init"))
        );
        assert_eq!(first["cwd"], json!(stage.project()), "{first}");
        let last = lines.last().expect("a line");
        assert_eq!(
            (&last["type"], &last["subtype"]),
            (&json!("result"), &json!("success"))
        );
        assert_eq!(last["result"], "Seen.");
        assert_eq!(last["session_id"], first["session_id"]);
        let called = ids(&lines, "assistant", "tool_use", "id");
        assert_eq!(called.len(), 2);
        // Each result is told as it comes: what the model gets is in the order of the calls, and proven elsewhere.
        assert_eq!(ids(&lines, "user", "tool_result", "tool_use_id"), called);
    }
}

/// The ids in blocks of `kind` in messages of `from`.
fn ids(lines: &[Value], from: &str, kind: &str, id: &str) -> BTreeSet<String> {
    let blocks = |line: &Value| line["message"]["content"].as_array().cloned();
    let of = lines.iter().filter(|line| line["type"] == from);
    of.filter_map(blocks)
        .flatten()
        .filter(|block| block["type"] == kind)
        .map(|block| block[id].as_str().expect("an id").to_owned())
        .collect()
}

#[test]
fn pieces_of_a_streamed_answer_add_up_to_it() {
    let answer = "Ein Häuschen, 家, und 🐜 viele Wörter.";
    for wire in WIRES {
        let chunk = serde_json::from_value(json!({"bytes": 4})).unwrap();
        let stage = Stage::of([Reply::text(answer).chunk(chunk)]).on(wire);
        let flags = [
            "--output-format",
            "stream-json",
            "--verbose",
            "--include-partial-messages",
        ];
        let lines = stage.prompt("speak").args(flags).succeed().lines();
        let pieces = lines.iter().filter(|line| line["type"] == "stream_event");
        let said: String = pieces
            .filter_map(|line| line["event"]["delta"]["text"].as_str())
            .collect();
        assert_eq!(said, answer, "{wire}");
    }
}
