//! What a call of the tool gives, and what is wrong with one that makes no sense.

use scripted::{Reply, Rule, Script};
use serde_json::{Value, json};

use super::{own_results, task};
use crate::bench::{Bench, results, soon, text};

#[tokio::test]
async fn a_call_that_makes_no_sense_is_told_why() {
    let wrong = [
        (json!({"prompt": "p"}), "description"),
        (json!({"description": "d", "prompt": " "}), "prompt has"),
        (
            json!({"description": "d", "prompt": "p", "kind": "conquer"}),
            "must be one of",
        ),
    ];
    for (input, told) in wrong {
        let script = Script::new()
            .rule(Rule::new("root", Reply::tool("task", input.clone())).turn(0))
            .otherwise(Reply::text("done"));
        let bench = Bench::new(script);
        let (id, _) = soon(bench.one_turn("go")).await;
        let own = results(&bench.records(id));
        assert!(text(&own[0]).contains(told), "{input}: {}", text(&own[0]));
    }
}

#[tokio::test]
async fn the_last_words_of_any_length_are_whole_in_a_file() {
    let long: String = (0..9_000).map(|n| format!("line {n}\n")).collect();
    let script = Script::new()
        .rule(
            Rule::new("root", Reply::steps([task("tell", "explore")]))
                .marker("the whole job")
                .turn(0),
        )
        .rule(Rule::new("tell", Reply::text(long.clone())).marker("tell"))
        .otherwise(Reply::text("done"));
    let bench = Bench::new(script);
    let (id, _) = soon(bench.one_turn("the whole job")).await;
    let own = own_results(&bench.records(id));
    let told = text(&own[0]);
    assert!(
        told.len() < 40_000 && told.contains("left out"),
        "{}",
        told.len()
    );
    let file = own[0].facts.iter().find_map(|fact| match fact {
        protocol::Fact::Spilled(file) => Some(file.clone()),
        _ => None,
    });
    assert_eq!(std::fs::read_to_string(file.unwrap()).unwrap(), long.trim());
}

/// The model never sees a field it did not ask for.
#[tokio::test]
async fn the_tool_is_declared_with_what_it_needs() {
    let bench = Bench::new(Script::new().otherwise(Reply::text("done")));
    soon(bench.one_turn("go")).await;
    let body = bench.server.requests()[0].body().unwrap();
    let declared = body["tools"].as_array().unwrap().iter();
    let task: Vec<&Value> = declared.filter(|tool| tool["name"] == "task").collect();
    assert_eq!(task.len(), 1);
    assert_eq!(
        task[0]["input_schema"]["required"],
        json!(["description", "prompt"])
    );
}
