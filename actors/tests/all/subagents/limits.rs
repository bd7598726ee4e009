//! What sub-agents may: never more than their caller, never more than is left of the limits.

use protocol::{Event, Limits, PermissionMode, SessionEvent, TurnEnd};
use scripted::{Reply, Rule, Script};
use serde_json::json;

use super::{called, is_faithful, own_results, task, used_tokens};
use crate::bench::{Bench, results, soon, text};

#[tokio::test]
async fn one_that_explores_sees_nothing_of_the_caller_and_has_no_tool_that_writes() {
    let script = Script::new()
        .rule(
            Rule::new("root", Reply::steps([task("look", "explore")]))
                .marker("my secret plan")
                .turn(0),
        )
        .rule(Rule::new("all", Reply::text("all done")).marker("my secret plan"))
        .rule(
            Rule::new(
                "wild",
                Reply::tool("write", json!({"file_path": "x", "content": "x"})),
            )
            .marker("look")
            .turn(0),
        )
        .rule(
            Rule::new("spawn", Reply::steps([task("more", "edit")]))
                .marker("look")
                .turn(1),
        )
        .otherwise(Reply::text("done"));
    let bench = Bench::new(script);
    let (id, end) = soon(bench.one_turn("my secret plan")).await;
    assert_eq!(end, TurnEnd::Completed);
    let requests = bench.server.requests();
    let child = requests
        .iter()
        .find(|r| r.answer.rule.as_deref() == Some("wild"))
        .unwrap();
    let body = child.body().unwrap();
    assert!(!body.to_string().contains("my secret plan"));
    let offered: Vec<&str> = body["tools"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|tool| tool["name"].as_str())
        .collect();
    assert_eq!(offered, ["glob", "grep", "list", "read"]);
    let refused: Vec<String> = results(&bench.records(id)).iter().map(text).collect();
    assert!(refused[0].contains("not offered"), "{refused:?}");
    assert!(
        refused[1].contains("only the coordinator starts agents"),
        "{refused:?}"
    );
    assert!(!bench.root().join("x").exists());
}

#[tokio::test]
async fn one_that_edits_has_the_callers_rights_and_no_more() {
    for (mode, written) in [
        (PermissionMode::AcceptEdits, true),
        (PermissionMode::Default, false),
    ] {
        let write = Reply::tool(
            "write",
            json!({"file_path": "made.txt", "content": "made\n"}),
        );
        let script = Script::new()
            .rule(
                Rule::new("root", Reply::steps([task("make it", "edit")]))
                    .marker("the whole job")
                    .turn(0),
            )
            .rule(Rule::new("write", write).marker("make it").turn(0))
            .otherwise(Reply::text("done"));
        let mut bench = Bench::new(script);
        bench.mode = mode;
        let (id, _) = soon(bench.one_turn("the whole job")).await;
        assert_eq!(bench.root().join("made.txt").exists(), written, "{mode}");
        let own = own_results(&bench.records(id));
        assert_eq!(
            text(&own[0]).contains("it changed"),
            written,
            "{}",
            text(&own[0])
        );
        assert!(is_faithful(&bench, id));
    }
}

#[tokio::test]
async fn a_caller_without_a_tool_calls_none_that_has_it() {
    let script = Script::new()
        .rule(
            Rule::new("root", Reply::steps([task("make it", "edit")]))
                .marker("the whole job")
                .turn(0),
        )
        .otherwise(Reply::text("done"));
    let mut bench = Bench::new(script);
    bench.prompt.tools = Some(vec!["read".into(), "task".into()]);
    let (id, _) = soon(bench.one_turn("the whole job")).await;
    let opened = bench
        .records(id)
        .into_iter()
        .find_map(|record| match record.event {
            Event::Session(SessionEvent::Opened(opening)) if record.agent.is_some() => {
                Some(opening.tools)
            }
            _ => None,
        });
    assert_eq!(opened.unwrap(), ["read", "task"]);
}

#[tokio::test]
async fn a_bomb_of_sub_agents_stops_at_the_third_level_with_clear_text() {
    let both = || Reply::steps([task("again", "edit"), task("again", "edit")]);
    let script = Script::new()
        .rule(Rule::new("refused", Reply::text("I stop")).last_result("do the work yourself"))
        .rule(Rule::new("bomb", both()).turn(0))
        .otherwise(Reply::text("done"));
    let bench = Bench::new(script);
    let (id, end) = soon(bench.one_turn("go")).await;
    assert_eq!(end, TurnEnd::Completed);
    let records = bench.records(id);
    assert_eq!(called(&records).len(), 2 + 4 + 8);
    let refused = results(&records)
        .iter()
        .map(text)
        .filter(|told| told.contains("3 deep"))
        .count();
    assert_eq!(refused, 16);
    assert!(is_faithful(&bench, id));
}

#[tokio::test]
async fn the_tokens_of_all_stay_within_the_limit_of_the_run() {
    const LIMIT: u64 = 60_000;
    let greedy = Reply::tool("list", json!({"path": "."})).usage(Some(scripted::Usage {
        input: Some(2_000),
        output: Some(100),
        ..scripted::Usage::default()
    }));
    let script = Script::new()
        .rule(
            Rule::new(
                "root",
                Reply::steps((0..5).map(|n| task(&format!("greed {n}"), "explore"))),
            )
            .marker("the whole job"),
        )
        .otherwise(greedy);
    let mut bench = Bench::new(script);
    bench.limits = Limits {
        tokens: Some(LIMIT),
        ..Limits::default()
    };
    let (id, end) = soon(bench.one_turn("the whole job")).await;
    assert!(
        matches!(end, TurnEnd::Limited(_) | TurnEnd::Looping),
        "{end:?}"
    );
    let records = bench.records(id);
    assert!(
        used_tokens(&records) <= LIMIT,
        "{} used",
        used_tokens(&records)
    );
    let told = own_results(&records).iter().map(text).collect::<String>();
    assert!(told.contains("tokens was used up"), "{told}");
}

#[tokio::test]
async fn the_calls_of_all_stay_within_the_limit_of_the_run() {
    let script = Script::new()
        .rule(
            Rule::new(
                "root",
                Reply::steps((0..4).map(|n| task(&format!("steps {n}"), "explore"))),
            )
            .marker("the whole job")
            .turn(0),
        )
        .rule(Rule::new("end", Reply::text("all I know")).marker("the whole job"))
        .otherwise(Reply::tool("list", json!({"path": "."})));
    let mut bench = Bench::new(script);
    bench.limits = Limits {
        steps: Some(8),
        ..Limits::default()
    };
    let (_, end) = soon(bench.one_turn("the whole job")).await;
    assert_eq!(
        end,
        TurnEnd::Completed,
        "one call is kept for the caller's answer"
    );
    assert_eq!(bench.server.requests().len(), 8);
}
