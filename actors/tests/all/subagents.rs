//! Sub-agents of a chat: many at once, within limits, stopped with their caller, taken up where they were.

use std::collections::BTreeSet;

use actors::Session;
use actors::archive::{self, DataFolder};
use protocol::{
    AgentId, Event, InterruptCause, Kind, Limits, ModelEvent, NodeEnd, PermissionMode, PlanEvent,
    Record, SessionEvent, SessionId, ToolEvent, ToolResult, ToolStatus, TurnEnd, TurnEvent,
};
use scripted::{Fault, Reply, Rule, Script, Step};
use serde_json::{Value, json};

use crate::bench::{Bench, results, said, soon, text};

fn task(prompt: &str, kind: &str) -> Step {
    let input = json!({"description": format!("do {prompt}"), "prompt": prompt, "kind": kind});
    Step::tool("task", input)
}

fn ended_nodes(records: &[Record]) -> Vec<NodeEnd> {
    let ends = records.iter().filter_map(|record| match &record.event {
        Event::Plan(PlanEvent::NodeEnded { end, .. }) => Some(*end),
        _ => None,
    });
    ends.collect()
}

/// The agents that were opened for others.
fn called(records: &[Record]) -> BTreeSet<AgentId> {
    let opened = records
        .iter()
        .filter(|record| matches!(&record.event, Event::Session(SessionEvent::Opened(_))));
    opened.filter_map(|record| record.agent).collect()
}

/// The results of the session's own agent.
fn own_results(records: &[Record]) -> Vec<ToolResult> {
    let called = called(records);
    let own = records
        .iter()
        .filter(|record| record.agent.is_none_or(|agent| !called.contains(&agent)));
    results(&own.cloned().collect::<Vec<_>>())
}

fn used_tokens(records: &[Record]) -> u64 {
    let replies = records.iter().filter_map(|record| match &record.event {
        Event::Model(ModelEvent::Replied { reply, .. }) => reply.usage,
        _ => None,
    });
    replies.map(|usage| usage.total()).sum()
}

fn is_faithful(bench: &Bench, id: SessionId) -> bool {
    let data = DataFolder::at(bench.data.path());
    archive::replay(&data, id).unwrap().is_faithful()
}

#[tokio::test]
async fn eight_of_one_reply_work_at_once_and_answer_in_the_order_of_the_calls() {
    let parts: Vec<String> = (0..8).map(|n| format!("part-{n}")).collect();
    let mut script = Script::new().rule(
        Rule::new(
            "root",
            Reply::steps(parts.iter().map(|part| task(part, "explore"))),
        )
        .marker("the whole job")
        .turn(0),
    );
    // The first is the slowest.
    for (n, part) in parts.iter().enumerate() {
        let reply = Reply::text(format!("answer of {part}")).delay_ms(700 - 40 * n as u64);
        script = script.rule(Rule::new(part, reply).marker(part.as_str()));
    }
    let bench = Bench::new(script.otherwise(Reply::text("all done")));
    let (id, end) = soon(bench.one_turn("the whole job")).await;
    assert_eq!(end, TurnEnd::Completed);
    let requests = bench.server.requests();
    let theirs: Vec<_> = requests
        .iter()
        .filter(|request| {
            request
                .answer
                .rule
                .as_deref()
                .is_some_and(|rule| rule.starts_with("part"))
        })
        .collect();
    assert_eq!(theirs.len(), 8);
    let last_began = theirs.iter().map(|request| request.at_ms).max();
    let first_ended = theirs
        .iter()
        .filter_map(|request| request.answer.finished_ms)
        .min();
    assert!(last_began < first_ended, "they did not overlap");
    let body = requests.last().unwrap().body().unwrap();
    let answers = body["messages"][2]["content"].as_array().unwrap();
    for (part, answer) in parts.iter().zip(answers) {
        let told = answer.to_string();
        assert!(told.contains(&format!("answer of {part}")), "{told}");
        assert!(told.contains("1 model call,"), "{told}");
    }
    let records = bench.records(id);
    assert_eq!(called(&records).len(), 8);
    assert_eq!(ended_nodes(&records), [NodeEnd::Done; 9]);
    assert!(is_faithful(&bench, id));
}

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

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_ends_them_before_their_caller_and_the_session_goes_on() {
    let script = Script::new()
        .rule(Rule::new("later", Reply::text("went on")).last_user("again"))
        .rule(
            Rule::new(
                "root",
                Reply::steps([task("stall a", "explore"), task("deep", "edit")]),
            )
            .marker("the whole job"),
        )
        .rule(Rule::new("deep", Reply::steps([task("stall b", "explore")])).marker("deep"))
        .otherwise(Reply::failing(Fault::StallAfterEvents(1)));
    let bench = Bench::new(script);
    let session = Session::open(bench.options(), None).await.unwrap();
    session.submit(said("the whole job")).await.unwrap();
    let server = &bench.server;
    tokio::task::block_in_place(|| {
        server.wait_until_blocking(|requests| {
            let stalled = requests
                .iter()
                .filter(|r| r.answer.rule.as_deref() == Some("otherwise"));
            stalled.count() == 2
        })
    });
    session.interrupt(InterruptCause::User).await.unwrap();
    let end = soon(session.rest()).await.unwrap();
    assert_eq!(end, Some(TurnEnd::Interrupted(InterruptCause::User)));
    let before = server.requests().len();
    session.submit(said("again")).await.unwrap();
    assert_eq!(
        soon(session.rest()).await.unwrap(),
        Some(TurnEnd::Completed)
    );
    let id = session.id();
    session.close().await;
    assert_eq!(server.requests().len(), before + 1, "nothing went on");
    let records = bench.records(id);
    let called = called(&records);
    let ends: Vec<bool> = records
        .iter()
        .filter(|record| matches!(record.event, Event::Turn(TurnEvent::Ended { .. })))
        .map(|record| record.agent.is_some_and(|agent| called.contains(&agent)))
        .collect();
    assert_eq!(ends, [true, true, true, false, false]);
    let own = own_results(&records);
    assert!(
        own.iter()
            .all(|result| result.status == ToolStatus::Interrupted),
        "{own:?}"
    );
    assert!(is_faithful(&bench, id));
}

/// A job of two: one looks, one changes a file and has another look on the way.
fn job() -> Script {
    let write = Reply::tool(
        "write",
        json!({"file_path": "made.txt", "content": "made\n"}),
    );
    Script::new()
        .rule(
            Rule::new(
                "root",
                Reply::steps([task("see", "explore"), task("make", "edit")]),
            )
            .marker("the whole job")
            .turn(0),
        )
        .rule(Rule::new("all", Reply::text("all done")).marker("the whole job"))
        .rule(
            Rule::new("see", Reply::tool("list", json!({"path": "."})))
                .marker("see")
                .turn(0),
        )
        .rule(Rule::new("make", write).marker("make").turn(0))
        .rule(
            Rule::new("help", Reply::steps([task("deeper", "explore")]))
                .marker("make")
                .turn(1),
        )
        .otherwise(Reply::text("found it"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_death_after_any_record_changes_nothing_of_the_end() {
    let bench = Bench::new(job());
    let (whole, end) = soon(bench.one_turn("the whole job")).await;
    assert_eq!(end, TurnEnd::Completed);
    let records = bench.records(whole);
    let replies = bench.server.requests().len();
    let data = DataFolder::at(bench.data.path());
    let submitted = |record: &Record| {
        let own = matches!(&record.event, Event::Turn(TurnEvent::Submitted { .. }));
        own && record
            .agent
            .is_some_and(|agent| !called(&records).contains(&agent))
    };
    let begun = records.iter().position(submitted).unwrap();
    for dead in &records[begun..] {
        let id = SessionId::derived(&[&dead.seq.0.to_be_bytes()]);
        archive::fork(&data, whole, Some(dead.seq), id).unwrap();
        let (session, _) = Session::resume(bench.options(), id).await.unwrap();
        let end = soon(session.rest()).await.unwrap();
        session.close().await;
        assert_eq!(end, Some(TurnEnd::Completed), "after {dead:?}");
        let after = bench.records(id);
        assert_eq!(called(&after).len(), 3, "after {dead:?}");
        let count = |fits: &dyn Fn(&Event) -> bool| after.iter().filter(|r| fits(&r.event)).count();
        let replied = count(&|event| matches!(event, Event::Model(ModelEvent::Replied { .. })));
        assert_eq!(
            replied, replies,
            "no reply is asked for twice, after {dead:?}"
        );
        let patched = count(&|event| matches!(event, Event::Plan(PlanEvent::Patched { .. })));
        assert_eq!(patched, 3, "after {dead:?}");
        let writes = count(&|event| matches!(event, Event::Tool(ToolEvent::Started { .. })));
        assert!(writes <= 2, "after {dead:?}");
        let own = own_results(&after);
        assert!(
            own.iter().all(|result| result.status == ToolStatus::Ok),
            "{own:?}"
        );
        assert!(is_faithful(&bench, id), "after {dead:?}");
    }
}

#[tokio::test]
async fn the_plan_grows_by_what_was_asked_for() {
    let bench = Bench::new(job());
    let (id, _) = soon(bench.one_turn("the whole job")).await;
    let added: Vec<(Kind, String)> = bench
        .records(id)
        .into_iter()
        .filter_map(|record| match record.event {
            Event::Plan(PlanEvent::Patched { patch, .. }) => Some(patch.add),
            _ => None,
        })
        .flatten()
        .map(|node| (node.kind, node.title))
        .collect();
    let wanted = [
        (Kind::Explore, "do see"),
        (Kind::Edit, "do make"),
        (Kind::Explore, "do deeper"),
    ];
    assert_eq!(added, wanted.map(|(kind, title)| (kind, title.to_owned())));
}

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
