//! Sub-agents: one agent of `formic -p` has eight others work for it, within the same limits, seen in the stream.

use scripted::{Rule, Script};
use serde_json::{Value, json};

use crate::stage::{Fault, Reply, Stage, Step};

fn part(n: usize) -> Step {
    let prompt = format!("look into part-{n}");
    Step::tool(
        "task",
        json!({"description": format!("part {n}"), "prompt": prompt}),
    )
}

fn root() -> Rule {
    Rule::new("root", Reply::steps((0..8).map(part)))
        .marker("the whole job")
        .turn(0)
}

#[test]
fn eight_sub_agents_of_one_reply_overlap_and_the_stream_says_whose_each_line_is() {
    let look = Reply::tool("list", json!({"path": "."})).delay_ms(400);
    let script = Script::new()
        .rule(root())
        .rule(Rule::new("all", Reply::text("all done")).marker("the whole job"))
        .rule(Rule::new("look", look).turn(0))
        .otherwise(Reply::text("found it"));
    let stage = Stage::new(script).file("a.txt", "a");
    let ended = stage
        .prompt("the whole job")
        .args(["--output-format", "stream-json"])
        .succeed();
    let lines = ended.lines();
    let requests = stage.server().requests();
    let first: Vec<_> = requests
        .iter()
        .filter(|r| r.answer.rule.as_deref() == Some("look"))
        .collect();
    assert_eq!(first.len(), 8);
    let last_began = first.iter().map(|r| r.at_ms).max();
    let first_ended = first.iter().filter_map(|r| r.answer.finished_ms).min();
    assert!(last_began < first_ended, "they did not overlap");
    let of = |parent: &Value| {
        lines
            .iter()
            .filter(|line| line["parent_tool_use_id"] == *parent && line["type"] == "assistant")
            .count()
    };
    let calls: Vec<&Value> = lines
        .iter()
        .filter(|line| line["type"] == "assistant" && line["parent_tool_use_id"].is_null())
        .flat_map(|line| line["message"]["content"].as_array().into_iter().flatten())
        .filter(|block| block["name"] == "task")
        .map(|block| &block["id"])
        .collect();
    assert_eq!(calls.len(), 8);
    for call in &calls {
        assert_eq!(of(call), 2, "{ended}");
    }
    let told: Vec<&Value> = stage_results(&lines);
    assert_eq!(told, calls, "answers come in the order of the calls");
    let result = lines.last().unwrap();
    assert_eq!(
        (&result["result"], &result["num_turns"]),
        (&json!("all done"), &json!(18))
    );
    let shown = stage.formic(["sessions", "show"]).succeed();
    assert!(shown.answer().contains("[sub-agent part 3]"), "{shown}");
    stage.formic(["replay"]).succeed();
}

/// The calls the session's own agent was answered, as the model was told them.
fn stage_results(lines: &[Value]) -> Vec<&Value> {
    let mut told: Vec<&Value> = lines
        .iter()
        .filter(|line| line["type"] == "user" && line["parent_tool_use_id"].is_null())
        .flat_map(|line| line["message"]["content"].as_array().into_iter().flatten())
        .filter_map(|block| block.get("tool_use_id"))
        .collect();
    told.sort_by_key(|id| {
        lines
            .iter()
            .flat_map(|line| line["message"]["content"].as_array().into_iter().flatten())
            .position(|block| block["id"] == **id)
    });
    told
}

#[test]
fn an_interrupt_by_the_clock_ends_them_all_and_says_so() {
    let script = Script::new()
        .rule(root())
        .otherwise(Reply::failing(Fault::StallAfterEvents(1)));
    let stage = Stage::new(script);
    let ended = stage
        .prompt("the whole job")
        .args(["--timeout", "2s", "--output-format", "json"])
        .run();
    assert_eq!(ended.code(), Some(4), "{ended}");
    assert_eq!(ended.json()["subtype"], "error_timeout", "{ended}");
    assert_eq!(stage.asked().len(), 9, "nothing was asked afterwards");
}
