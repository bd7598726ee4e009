//! Ends: after a close nothing runs, a session let go of is free, one that could not open leaves nothing.

use actors::{OpenError, Session};
use protocol::{DeltaBody, Notice};
use scripted::{Reply, Rule, Script};
use serde_json::json;

use crate::bench::{Bench, said, soon};

fn bash(arguments: serde_json::Value) -> Bench {
    let script = Script::new()
        .rule(Rule::new("run", Reply::tool("bash", arguments)).turn(0))
        .otherwise(Reply::text("done"));
    Bench::new(script).allowing("Bash")
}

/// The traces of commands that run.
fn running(bench: &Bench) -> usize {
    std::fs::read_dir(bench.data.path().join("spill/running")).map_or(0, Iterator::count)
}

fn sessions(bench: &Bench) -> usize {
    std::fs::read_dir(bench.data.path().join("sessions")).map_or(0, Iterator::count)
}

#[tokio::test]
async fn after_a_close_in_the_middle_of_a_command_nothing_runs() {
    let bench = bash(json!({"command": "echo begun; sleep 600"}));
    let session = Session::open(bench.options(), None).await.unwrap();
    let mut watch = session.subscribe();
    session.submit(said("run")).await.unwrap();
    while let Some(notice) = soon(watch.next()).await {
        if matches!(&notice, Notice::Delta(delta) if matches!(delta.body, DeltaBody::ToolOutput { .. }))
        {
            break;
        }
    }
    assert_eq!(running(&bench), 1);
    soon(session.close()).await;
    assert_eq!(running(&bench), 0);
}

#[tokio::test]
async fn a_session_let_go_of_can_be_taken_up_again() {
    let bench = bash(json!({"command": "sleep 600"}));
    let session = Session::open(bench.options(), None).await.unwrap();
    let (id, mut watch) = (session.id(), session.subscribe());
    drop(session);
    while soon(watch.next()).await.is_some() {}
    let (session, _) = Session::resume(bench.options(), id).await.unwrap();
    session.close().await;
}

#[tokio::test]
async fn a_session_that_cannot_be_opened_leaves_nothing_behind() {
    let mut bench = bash(json!({}));
    let (first, _) = bench.one_turn("hello").await;
    assert_eq!(sessions(&bench), 1);
    bench.prompt.schema = Some(json!({"type": "no such type"}));
    let opened = Session::open(bench.options(), None).await;
    assert!(matches!(opened.err(), Some(OpenError::Schema(_))));
    let forked = Session::fork(bench.options(), first, None).await;
    assert!(matches!(forked.err(), Some(OpenError::Schema(_))));
    assert_eq!(sessions(&bench), 1);
    let resumed = Session::resume(bench.options(), first).await;
    assert!(matches!(resumed.err(), Some(OpenError::Schema(_))));
    bench.prompt.schema = None;
    let (session, _) = Session::resume(bench.options(), first).await.unwrap();
    session.close().await;
}
