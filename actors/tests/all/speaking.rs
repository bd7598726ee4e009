//! Speaking to a session: whatever its state, what was taken is answered, and what cannot be taken says why.

use actors::Session;
use protocol::{Event, InterruptCause, Notice, ToolEvent, TurnEnd, TurnEvent};
use scripted::{Reply, Rule, Script};
use serde_json::json;

use crate::bench::{Bench, said, soon, until};

#[tokio::test]
async fn two_who_speak_at_once_are_both_heard() {
    let bench = Bench::new(Script::new().otherwise(Reply::text("done")));
    let session = Session::open(bench.options(), None).await.unwrap();
    let (one, other) = tokio::join!(
        session.submit(said("first words")),
        session.submit(said("other words")),
    );
    one.unwrap();
    other.unwrap();
    assert_eq!(session.rest().await.unwrap(), Some(TurnEnd::Completed));
    session.close().await;
    let last = bench.server.requests().pop().unwrap().body().unwrap();
    let last = last.to_string();
    assert!(last.contains("first words") && last.contains("other words"));
    assert_eq!(
        last.matches("<environment>").count(),
        1,
        "said once, with the first turn"
    );
}

#[tokio::test]
async fn whoever_hears_the_end_of_a_turn_may_speak_at_once() {
    let bench = Bench::new(Script::new().otherwise(Reply::text("done")));
    let session = Session::open(bench.options(), None).await.unwrap();
    let mut watch = session.subscribe();
    for words in ["one", "two", "three", "four"] {
        session.submit(said(words)).await.unwrap();
        until(&mut watch, |event| {
            matches!(event, Event::Turn(TurnEvent::Ended { .. }))
        })
        .await;
    }
    session.close().await;
    assert_eq!(bench.server.requests().len(), 4);
}

#[tokio::test]
async fn words_to_a_turn_that_is_being_stopped_begin_the_next() {
    let script = Script::new()
        .rule(Rule::new("go on", Reply::text("went on")).last_user("again"))
        .otherwise(Reply::tool("bash", json!({"command": "sleep 600"})));
    let bench = Bench::new(script).allowing("Bash");
    let session = Session::open(bench.options(), None).await.unwrap();
    let mut watch = session.subscribe();
    session.submit(said("sleep")).await.unwrap();
    until(&mut watch, |event| {
        matches!(event, Event::Tool(ToolEvent::Started { .. }))
    })
    .await;
    session.interrupt(InterruptCause::User).await.unwrap();
    session.submit(said("again")).await.unwrap();
    assert_eq!(
        soon(session.rest()).await.unwrap(),
        Some(TurnEnd::Completed)
    );
    session.close().await;
}

#[tokio::test]
async fn when_the_journal_fails_everything_stops_and_says_why() {
    let bench = Bench::new(Script::new().otherwise(Reply::text("done")));
    let session = Session::open(bench.options(), None).await.unwrap();
    let mut watch = session.subscribe();
    // Bulky words need a blob, and where the blobs should lie there now is a file.
    let blobs = bench.data.path().join("blobs");
    let _ = std::fs::remove_dir_all(&blobs);
    std::fs::write(&blobs, "").unwrap();
    let refused = soon(session.submit(said(&"word ".repeat(8_000)))).await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("write the journal"), "{refused}");
    let stopped = soon(session.rest()).await.unwrap_err().to_string();
    assert!(stopped.contains("write the journal"), "{stopped}");
    assert!(soon(session.submit(said("more"))).await.is_err());
    soon(session.close()).await;
    while let Some(notice) = soon(watch.next()).await {
        assert!(
            !matches!(notice, Notice::Record(record) if matches!(&record.event, Event::Turn(_)))
        );
    }
    assert_eq!(
        bench.server.requests().len(),
        0,
        "nothing was done that is not remembered"
    );
}
