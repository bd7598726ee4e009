//! Sub-agents: one agent of `formic -p` has eight others work for it, within the same limits, seen in the stream.

use scripted::{Rule, Script};
use serde_json::{Value, json};

use crate::stage::{Fault, Reply, Stage, Step, soon};

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
    // None is answered before all have asked.
    let look = Reply::tool("list", json!({"path": "."})).held();
    let script = Script::new()
        .rule(root())
        .rule(Rule::new("all", Reply::text("all done")).marker("the whole job"))
        .rule(Rule::new("look", look).turn(0))
        .otherwise(Reply::text("found it"));
    let stage = Stage::new(script).file("a.txt", "a");
    let running = stage
        .prompt("the whole job")
        .args(["--output-format", "stream-json"])
        .start();
    let looks = || {
        let requests = stage.server().requests().into_iter();
        requests
            .filter(|request| request.answer.rule.as_deref() == Some("look"))
            .count()
    };
    assert!(soon(|| looks() == 8), "they did not overlap: {}", looks());
    stage.server().release();
    let ended = running.end();
    assert_eq!(ended.code(), Some(0), "{ended}");
    assert_eq!(looks(), 8);
    let lines = ended.lines();
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
    each_line_names_its_call(&lines, &calls);
    let asked: Vec<&str> = calls.iter().filter_map(|id| id.as_str()).collect();
    assert_eq!(
        asked,
        answered(&stage),
        "answers come in the order of the calls"
    );
    let result = lines.last().unwrap();
    assert_eq!(
        (&result["result"], &result["num_turns"]),
        (&json!("all done"), &json!(18))
    );
    let shown = stage.formic(["sessions", "show"]).succeed();
    assert!(shown.answer().contains("[sub-agent part 3]"), "{shown}");
    stage.formic(["replay"]).succeed();
}

/// Of each sub-agent what it was asked and what its one call gave; and nothing of it passes for the caller's own.
fn each_line_names_its_call(lines: &[Value], calls: &[&Value]) {
    let of = |parent: &Value, kind: &str| {
        let own = |line: &&Value| line["parent_tool_use_id"] == *parent && line["type"] == kind;
        lines
            .iter()
            .filter(own)
            .map(Value::to_string)
            .collect::<Vec<_>>()
    };
    for call in calls {
        assert_eq!(of(call, "user").len(), 2, "{call}");
    }
    let own = of(&Value::Null, "assistant");
    assert!(own.iter().all(|line| !line.contains("found it")), "{own:?}");
}

/// The calls that the model was answered in one message, in the order in which it was told.
fn answered(stage: &Stage) -> Vec<String> {
    let asked = stage.asked().into_iter();
    let all = asked
        .map(|asked| asked.results())
        .find(|told| told.len() == 8);
    let all = all.expect("the caller is answered").into_iter();
    all.map(|told| told.id).collect()
}

#[test]
fn an_interrupt_by_the_clock_ends_them_all_and_says_so() {
    let script = Script::new()
        .rule(root())
        .otherwise(Reply::failing(Fault::StallAfterEvents(1)));
    let stage = Stage::new(script);
    let ended = stage
        .prompt("the whole job")
        .args(["--timeout", "10s", "--output-format", "json"])
        .run();
    assert_eq!(ended.code(), Some(4), "{ended}");
    assert_eq!(ended.json()["subtype"], "error_timeout", "{ended}");
    assert_eq!(stage.asked().len(), 9, "nothing was asked afterwards");
}

/// Eight sub-agents, each of which does this once and then says that it is done.
fn each_doing(call: Reply) -> Script {
    Script::new()
        .rule(root())
        .rule(Rule::new("all", Reply::text("all done")).marker("the whole job"))
        .rule(Rule::new("look", call.delay_ms(200)).turn(0))
        .otherwise(Reply::text("found it"))
}

/// How many requests of sub-agents the server had at once.
fn at_once(stage: &Stage) -> usize {
    let all = stage.server().requests();
    let looks: Vec<_> = all
        .iter()
        .filter(|one| one.answer.rule.as_deref() == Some("look"))
        .map(|one| (one.at_ms, one.answer.finished_ms.unwrap_or(u64::MAX)))
        .collect();
    let with = |at: u64| {
        looks
            .iter()
            .filter(|(from, to)| *from <= at && at < *to)
            .count()
    };
    looks.iter().map(|(at, _)| with(*at)).max().unwrap_or(0)
}

#[test]
fn settings_say_how_many_sub_agents_there_are_and_how_many_at_once() {
    let look = Reply::tool("list", json!({"path": "."}));
    let tasks = json!({"swarm": {"tasks": {"max_parallel": 2, "max_nodes": 6}}});
    let stage = Stage::new(each_doing(look))
        .file("a.txt", "a")
        .user_settings(&tasks);
    let ended = stage.prompt("the whole job").succeed();
    assert!((1..=2).contains(&at_once(&stage)), "{}", at_once(&stage));
    let last = stage
        .asked()
        .into_iter()
        .rfind(|asked| asked.results().len() == 8);
    let told = last.expect("the caller is answered").results();
    let refused = told
        .iter()
        .filter(|told| told.text.contains("at most 6 nodes"));
    assert_eq!(refused.count(), 3, "{ended}");
    let listed = stage.formic(["config", "list", "--json"]).succeed();
    let line = listed.stdout.replace([' ', '\n'], "");
    assert!(line.contains("max_parallel"), "{listed}");

    let wrong = json!({"swarm": {"tasks": {"max_depth": 0}}});
    let stage = Stage::of([Reply::text("Done.")]).user_settings(&wrong);
    let ended = stage.prompt("go").run();
    assert_eq!(ended.code(), Some(2), "{ended}");
    assert!(
        ended.stderr.contains("settings.json") && ended.stderr.contains("swarm.tasks"),
        "{ended}"
    );
}

#[test]
fn sub_agents_stay_within_the_rights_and_the_tokens_of_their_caller() {
    let write = Reply::tool("write", json!({"file_path": "new.txt", "content": "x"}));
    let part = |n: usize| {
        let prompt = format!("change part-{n}");
        let wanted = json!({"description": "it", "prompt": prompt, "kind": "edit"});
        Step::tool("task", wanted)
    };
    let script = Script::new()
        .rule(
            Rule::new("root", Reply::steps((0..8).map(part)))
                .marker("the whole job")
                .turn(0),
        )
        .rule(Rule::new("all", Reply::text("all done")).marker("the whole job"))
        .rule(Rule::new("look", write).turn(0))
        .otherwise(Reply::text("found it"));
    let stage = Stage::new(script).file("a.txt", "a");
    let limits = ["--disallowedTools", "Edit", "--max-budget-tokens", "400000"];
    let ended = stage
        .prompt("the whole job")
        .args(limits)
        .args(["--output-format", "json"])
        .run();
    assert!(!stage.path("new.txt").exists(), "{ended}");
    let result = ended.json();
    let asked = stage.asked();
    let results = asked.iter().flat_map(|asked| asked.results());
    let denied = results.filter(|told| told.text.contains("denied"));
    assert!(denied.count() >= 8, "{ended}");
    each_denial_is_listed(&stage, &result["permission_denials"]);
    let took = stage.took();
    assert!(took.tokens.0 + took.tokens.1 <= 400_000, "{took:?}");
    let usage = &result["usage"];
    let told: u64 = [
        "input_tokens",
        "output_tokens",
        "cache_creation_input_tokens",
        "cache_read_input_tokens",
    ]
    .iter()
    .filter_map(|key| usage[key].as_u64())
    .sum();
    assert_eq!(told, took.tokens.0 + took.tokens.1, "{ended}");
}

/// What sub-agents were denied is in the result of the run, under the ids that their model gave.
fn each_denial_is_listed(stage: &Stage, denials: &Value) {
    let listed = denials.as_array().expect("a list");
    let mut ids: Vec<&str> = listed
        .iter()
        .filter(|denial| denial["tool_name"] == "write")
        .filter_map(|denial| denial["tool_use_id"].as_str())
        .collect();
    let asked = stage.asked();
    let results = asked.iter().flat_map(|asked| asked.results());
    let told = results.filter(|told| told.text.contains("denied"));
    let mut told: Vec<String> = told.map(|told| told.id).collect();
    ids.sort_unstable();
    told.sort_unstable();
    assert_eq!((listed.len(), ids.len()), (8, 8), "{denials}");
    assert_eq!(ids, told);
    assert_eq!(listed[0]["tool_input"]["file_path"], "new.txt", "{denials}");
}
