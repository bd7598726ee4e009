//! Turns: reads, writes under permits, refusals, and what the records say of them.

use protocol::{
    Event, PermissionEvent, PermissionMode, SessionEvent, ToolEvent, ToolStatus, TurnEnd, Verdict,
};
use scripted::{Reply, Rule, Script, Step};
use serde_json::json;

use crate::bench::{Bench, results, said, text};

fn edit_script() -> Script {
    Script::new()
        .rule(Rule::new("read", Reply::tool("read", json!({"file_path": "a.txt"}))).turn(0))
        .rule(
            Rule::new(
                "edit",
                Reply::tool(
                    "edit",
                    json!({"file_path": "a.txt", "old_string": "one", "new_string": "two"}),
                ),
            )
            .turn(1),
        )
        .otherwise(Reply::text("done"))
}

#[tokio::test]
async fn a_turn_reads_edits_and_ends() {
    let bench = Bench::new(edit_script()).with_file("a.txt", "one\n");
    let (id, end) = bench.one_turn("change a.txt").await;
    assert_eq!(end, TurnEnd::Completed);
    assert_eq!(bench.file("a.txt"), "two\n");
    assert_eq!(bench.server.requests().len(), 3);
    let records = bench.records(id);
    let started = records
        .iter()
        .position(|r| matches!(&r.event, Event::Tool(ToolEvent::Started { .. })));
    let decided = records
        .iter()
        .position(|r| matches!(&r.event, Event::Permission(PermissionEvent::Decided { .. })));
    assert!(
        decided.unwrap() < started.unwrap(),
        "a write starts only after its verdict"
    );
    assert!(
        results(&records)
            .iter()
            .all(|result| result.status == ToolStatus::Ok)
    );
}

#[tokio::test]
async fn a_write_nobody_allowed_is_denied_and_the_model_reads_why() {
    let mut bench = Bench::new(edit_script()).with_file("a.txt", "one\n");
    bench.mode = PermissionMode::Default;
    let (id, end) = bench.one_turn("change a.txt").await;
    assert_eq!(end, TurnEnd::Completed);
    assert_eq!(bench.file("a.txt"), "one\n");
    let denied = results(&bench.records(id))
        .into_iter()
        .find(|r| r.status == ToolStatus::Denied);
    assert!(text(&denied.unwrap()).contains("permission denied"));
    let verdicts = bench.records(id).into_iter().filter(|record| {
        matches!(
            &record.event,
            Event::Permission(PermissionEvent::Decided {
                verdict: Verdict::Deny(_),
                ..
            })
        )
    });
    assert_eq!(verdicts.count(), 1, "a claim is resolved exactly once");
}

#[tokio::test]
async fn a_secret_a_tool_prints_reaches_neither_the_journal_nor_the_model() {
    let script = Script::new()
        .rule(Rule::new("read", Reply::tool("read", json!({"file_path": "conf"}))).turn(0))
        .otherwise(Reply::text("done"));
    let mut bench = Bench::new(script).with_file("conf", "key = sk-very-secret-value\n");
    bench.secrets.values = vec![("API_KEY".to_owned(), "sk-very-secret-value".to_owned())];
    let (id, _) = bench.one_turn("read conf").await;
    let journal = serde_json::to_string(&bench.records(id)).unwrap();
    assert!(!journal.contains("sk-very-secret-value"));
    assert!(journal.contains("[redacted: API_KEY]"));
    for request in bench.server.requests() {
        assert!(!String::from_utf8_lossy(&request.raw).contains("sk-very-secret-value"));
    }
}

#[tokio::test]
async fn a_resumed_session_goes_on_where_it_was_and_sends_the_same_prefix() {
    let bench = Bench::new(edit_script()).with_file("a.txt", "one\n");
    let (id, _) = bench.one_turn("change a.txt").await;
    let (session, _) = actors::Session::resume(bench.options(), id).await.unwrap();
    session.submit(said("and now?")).await.unwrap();
    assert_eq!(session.rest().await.unwrap(), Some(TurnEnd::Completed));
    session.close().await;
    let requests = bench.server.requests();
    assert_eq!(requests.len(), 4);
    assert!(
        requests
            .iter()
            .all(|request| request.prefix_hash == requests[0].prefix_hash)
    );
    let resumed =
        |r: &protocol::Record| matches!(&r.event, Event::Session(SessionEvent::Resumed { .. }));
    assert_eq!(bench.records(id).iter().filter(|r| resumed(r)).count(), 1);
    let data = actors::archive::DataFolder::at(bench.data.path());
    let replayed = actors::archive::replay(&data, id).unwrap();
    assert_eq!(replayed.checkpoints.len(), 2);
    assert!(replayed.is_faithful(), "{replayed:?}");
}

#[tokio::test]
async fn a_call_of_a_tool_that_is_not_offered_is_refused_to_the_model() {
    let steps = [
        Step::tool("fly", json!({})),
        Step::tool("bash", json!({"command": "true"})),
    ];
    let script = Script::new()
        .rule(Rule::new("calls", Reply::steps(steps)).turn(0))
        .otherwise(Reply::text("done"));
    let mut bench = Bench::new(script);
    bench.prompt.tools = Some(vec!["Read".to_owned()]);
    let (id, end) = bench.one_turn("try").await;
    assert_eq!(end, TurnEnd::Completed);
    let results = results(&bench.records(id));
    assert_eq!(results.len(), 2);
    assert!(
        text(&results[1]).contains("not offered"),
        "{}",
        text(&results[1])
    );
}
