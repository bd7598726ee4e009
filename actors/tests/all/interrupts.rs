//! Interrupts: whatever is under way ends, what started is recorded, the session stays resumable.

use actors::Session;
use protocol::{Event, InterruptCause, ModelEvent, ToolEvent, ToolStatus, TurnEnd};
use scripted::{Fault, Reply, Rule, Script};
use serde_json::json;

use crate::bench::{Bench, results, said, until};

#[tokio::test]
async fn a_stalled_model_call_is_left_at_once() {
    let script = Script::new().otherwise(Reply::failing(Fault::StallAfterEvents(1)));
    let bench = Bench::new(script);
    let session = Session::open(bench.options(), None).await.unwrap();
    let mut watch = session.subscribe();
    session.submit(said("hello")).await.unwrap();
    until(&mut watch, |event| {
        matches!(event, Event::Model(ModelEvent::Requested { .. }))
    })
    .await;
    session.interrupt(InterruptCause::User).await.unwrap();
    let end = session.rest().await.unwrap();
    assert_eq!(end, Some(TurnEnd::Interrupted(InterruptCause::User)));
    session.close().await;
}

#[tokio::test]
async fn a_running_command_is_ended_and_its_end_recorded() {
    let script = Script::new()
        .rule(
            Rule::new(
                "sleep",
                Reply::tool("bash", json!({"command": "echo begun; sleep 600"})),
            )
            .turn(0),
        )
        .otherwise(Reply::text("done"));
    let bench = Bench::new(script).allowing("Bash");
    let session = Session::open(bench.options(), None).await.unwrap();
    let mut watch = session.subscribe();
    session.submit(said("sleep")).await.unwrap();
    until(&mut watch, |event| {
        matches!(event, Event::Tool(ToolEvent::Started { .. }))
    })
    .await;
    session.interrupt(InterruptCause::Terminate).await.unwrap();
    let end = session.rest().await.unwrap();
    assert_eq!(end, Some(TurnEnd::Interrupted(InterruptCause::Terminate)));
    let id = session.id();
    session.close().await;
    let results = results(&bench.records(id));
    assert_eq!(results.len(), 1);
    assert_eq!(results[0].status, ToolStatus::Interrupted);
}

#[tokio::test]
async fn after_an_interrupt_the_next_turn_runs_on_a_well_formed_conversation() {
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
    session.rest().await.unwrap();
    session.submit(said("again")).await.unwrap();
    assert_eq!(session.rest().await.unwrap(), Some(TurnEnd::Completed));
    session.close().await;
    let body = bench.server.requests().last().unwrap().body().unwrap();
    let calls = body.to_string().matches("\"tool_use\"").count();
    let answers = body.to_string().matches("\"tool_result\"").count();
    assert_eq!((calls, answers), (1, 1));
}
