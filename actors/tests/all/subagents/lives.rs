//! Lives of sub-agents: beside each other, ended with their caller, taken up after any death.

use actors::Session;
use actors::archive::{self, DataFolder};
use protocol::{
    Event, InterruptCause, Kind, ModelEvent, NodeEnd, PlanEvent, Record, SessionId, ToolEvent,
    ToolStatus, TurnEnd, TurnEvent,
};
use scripted::{Fault, LoggedRequest, Reply, Rule, Script};
use serde_json::json;

use super::{called, ended_nodes, is_faithful, own_results, task};
use crate::bench::{Bench, said, soon};

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
        let reply = Reply::text(format!("answer of {part}"))
            .delay_ms(350 - 40 * n as u64)
            .held();
        script = script.rule(Rule::new(part, reply).marker(part.as_str()));
    }
    let bench = Bench::new(script.otherwise(Reply::text("all done")));
    let all_asked = async {
        let asked = |requests: &[LoggedRequest]| {
            let rules = requests.iter().filter_map(|one| one.answer.rule.as_deref());
            rules.filter(|rule| rule.starts_with("part")).count() == 8
        };
        // None is answered before all have asked: one after the other, they never would.
        bench.server.wait_until(asked).await;
        bench.server.release();
    };
    let turn = async { tokio::join!(bench.one_turn("the whole job"), all_asked).0 };
    let (id, end) = soon(turn).await;
    assert_eq!(end, TurnEnd::Completed);
    let requests = bench.server.requests();
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
