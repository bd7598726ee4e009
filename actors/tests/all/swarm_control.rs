//! Runs under a hand: paused, steered, cancelled, closed and taken up again, and runs in one shared folder.

use actors::{Models, RunCommand, RunPhase, Swarm};
use protocol::{
    Budget, Event, Isolation, Kind, ModelEvent, NodeDocument, NodeEnd, NodeName, PlanEvent, Record,
    ToolEvent, TurnEvent, WorkspaceEvent,
};
use scripted::{Fault, Reply, Rule, Script};
use serde_json::json;

use crate::bench::{Bench, said, soon, until};
use crate::swarm::{editing, landing};
use crate::swarm_bench::{approved, check, edit, git, plan, repository, to_the_end, told};

fn two() -> Bench {
    let script = editing(Script::new(), "one", ("a.txt", "alpha", "ALPHA"));
    let script = editing(script, "two", ("b.txt", "beta", "BETA"));
    repository(script, &[("a.txt", "alpha\n"), ("b.txt", "beta\n")])
}

/// The second waits for the first.
fn chain() -> protocol::PlanDocument {
    let mut two = edit("two", &["b.txt"]);
    two.deps = vec![NodeName::from("one")];
    plan(vec![edit("one", &["a.txt"]), two])
}

fn count(records: &[Record], fits: impl Fn(&Event) -> bool) -> usize {
    records.iter().filter(|record| fits(&record.event)).count()
}

#[tokio::test]
async fn a_run_that_is_closed_anywhere_goes_on_and_does_nothing_twice() {
    for stop in [3, 7, 11, 16, 21, 26, 30, 34] {
        let bench = two();
        let swarm = Swarm::open(bench.options(), approved(chain()), None)
            .await
            .unwrap();
        let (id, mut watch) = (swarm.id(), swarm.subscribe());
        for _ in 0..stop {
            soon(async {
                while let Some(notice) = watch.next().await {
                    if matches!(notice, protocol::Notice::Record(_)) {
                        break;
                    }
                }
            })
            .await;
        }
        swarm.close().await;
        let mut past = 0;
        let resumed = Swarm::resume(
            bench.options(),
            Models::default(),
            (id, Budget::default()),
            |_| past += 1,
        );
        let swarm = resumed.await.unwrap();
        assert!(past >= stop);
        to_the_end(swarm).await;
        let records = bench.records(id);
        assert!(landing(&records).is_fast_forward, "{}", told(&records));
        assert_eq!(
            (bench.file("a.txt"), bench.file("b.txt")),
            ("ALPHA\n".into(), "BETA\n".into())
        );
        assert_eq!(git(&bench.root(), &["rev-list", "--count", "HEAD"]), "3");
        let started = |event: &Event| matches!(event, Event::Plan(PlanEvent::NodeStarted { .. }));
        assert_eq!(
            count(&records, started),
            2,
            "stopped after {stop}:\n{}",
            told(&records)
        );
        let replied = |event: &Event| matches!(event, Event::Model(ModelEvent::Replied { .. }));
        assert_eq!(count(&records, replied), 6);
        let data = actors::archive::DataFolder::at(bench.data.path());
        assert!(actors::archive::replay(&data, id).unwrap().is_faithful());
    }
}

#[tokio::test]
async fn a_cancelled_run_ends_what_is_at_work() {
    let endless = json!({"command": "sleep 600"});
    let script = Script::new().rule(Rule::new("sleep", Reply::tool("bash", endless)).turn(0));
    let bench = repository(script, &[("a.txt", "alpha\n")]).allowing("Bash(sleep:*)");
    let swarm = Swarm::open(
        bench.options(),
        approved(plan(vec![edit("one", &["a.txt"])])),
        None,
    );
    let swarm = swarm.await.unwrap();
    let mut watch = swarm.subscribe();
    let begun = |event: &Event| matches!(event, Event::Tool(ToolEvent::Started { .. }));
    soon(until(&mut watch, begun)).await;
    let why = "enough".to_owned();
    swarm.command(RunCommand::Cancel { why }).await.unwrap();
    let id = to_the_end(swarm).await;
    let records = bench.records(id);
    let ended = |event: &Event| {
        matches!(
            event,
            Event::Plan(PlanEvent::NodeEnded {
                end: NodeEnd::Cancelled,
                ..
            })
        )
    };
    assert_eq!(count(&records, ended), 1, "{}", told(&records));
    let stopped = |event: &Event| matches!(event, Event::Tool(ToolEvent::Finished { .. }));
    assert_eq!(
        count(&records, stopped),
        1,
        "its command was ended, and that was heard"
    );
}

#[tokio::test]
async fn a_node_of_a_cancelled_run_is_tried_again_with_what_waited_for_it() {
    let wait = json!({"command": "sleep 600"});
    let endless = Rule::new("sleep", Reply::tool("bash", wait)).marker("[node one]");
    let script = editing(
        Script::new().rule(endless.times(1)),
        "one",
        ("a.txt", "alpha", "ALPHA"),
    );
    let script = editing(script, "two", ("b.txt", "beta", "BETA"));
    let bench = repository(script, &[("a.txt", "alpha\n"), ("b.txt", "beta\n")]);
    let bench = bench.allowing("Bash(sleep:*)");
    let swarm = Swarm::open(bench.options(), approved(chain()), None)
        .await
        .unwrap();
    let mut watch = swarm.subscribe();
    let begun = |event: &Event| matches!(event, Event::Tool(ToolEvent::Started { .. }));
    soon(until(&mut watch, begun)).await;
    let why = "enough".to_owned();
    swarm.command(RunCommand::Cancel { why }).await.unwrap();
    assert_eq!(soon(swarm.rest()).await.unwrap(), RunPhase::Closed);
    let node = scheduler::plan::node_id(swarm.id(), &NodeName::from("one"));
    swarm.command(RunCommand::Retry { node }).await.unwrap();
    let id = to_the_end(swarm).await;
    let records = bench.records(id);
    assert_eq!(
        (bench.file("a.txt"), bench.file("b.txt")),
        ("ALPHA\n".into(), "BETA\n".into()),
        "{}",
        told(&records)
    );
}

#[tokio::test]
async fn a_paused_run_starts_nothing_until_it_goes_on() {
    let bench = two();
    let swarm = Swarm::open(bench.options(), approved(chain()), None)
        .await
        .unwrap();
    swarm.command(RunCommand::Pause).await.unwrap();
    assert_eq!(soon(swarm.rest()).await.unwrap(), RunPhase::Paused);
    let started = |event: &Event| matches!(event, Event::Plan(PlanEvent::NodeStarted { .. }));
    assert_eq!(count(&bench.records(swarm.id()), started), 1);
    swarm.command(RunCommand::Unpause).await.unwrap();
    to_the_end(swarm).await;
    assert_eq!(bench.file("b.txt"), "BETA\n");
}

#[tokio::test]
async fn what_is_said_to_a_node_is_heard_at_its_next_step() {
    let slow = Reply::tool("read", json!({"file_path": "a.txt"})).held();
    let edit_call = json!({"file_path": "a.txt", "old_string": "alpha", "new_string": "ALPHA"});
    let script = Script::new()
        .rule(Rule::new("read", slow).turn(0))
        .rule(
            Rule::new("edit", Reply::tool("edit", edit_call))
                .turn(1)
                .marker("mind the case"),
        )
        .otherwise(Reply::text("done"));
    let bench = repository(script, &[("a.txt", "alpha\n")]);
    let document = plan(vec![edit("one", &["a.txt"])]);
    let swarm = Swarm::open(bench.options(), approved(document), None)
        .await
        .unwrap();
    let mut watch = swarm.subscribe();
    soon(until(&mut watch, |event| {
        matches!(event, Event::Model(ModelEvent::Requested { .. }))
    }))
    .await;
    let node = protocol::NodeId::derived(&[swarm.id().uuid().as_bytes(), b"one"]);
    swarm.steer(node, said("mind the case")).await.unwrap();
    bench.server.release();
    let id = to_the_end(swarm).await;
    let steered = |event: &Event| matches!(event, Event::Turn(TurnEvent::Steered { .. }));
    assert_eq!(count(&bench.records(id), steered), 1);
    assert_eq!(bench.file("a.txt"), "ALPHA\n");
}

#[tokio::test]
async fn a_folder_without_git_is_worked_in_as_it_is() {
    let script = editing(Script::new(), "one", ("a.txt", "alpha", "ALPHA"));
    let script = editing(script, "two", ("b.txt", "beta", "BETA"));
    let bench = Bench::new(script)
        .with_file("a.txt", "alpha\n")
        .with_file("b.txt", "beta\n");
    let document = plan(vec![edit("one", &["a.txt"]), edit("two", &["b.txt"])]);
    let swarm = Swarm::open(bench.options(), approved(document), None)
        .await
        .unwrap();
    let id = to_the_end(swarm).await;
    let records = bench.records(id);
    assert_eq!(
        (bench.file("a.txt"), bench.file("b.txt")),
        ("ALPHA\n".into(), "BETA\n".into())
    );
    let shared = records.iter().any(|record| {
        matches!(&record.event, Event::Workspace(WorkspaceEvent::Begun(ground)) if ground.isolation == Isolation::Shared)
    });
    assert!(shared);
    let done = |event: &Event| {
        matches!(
            event,
            Event::Plan(PlanEvent::NodeEnded {
                end: NodeEnd::Done,
                ..
            })
        )
    };
    assert_eq!(count(&records, done), 2, "{}", told(&records));
}

#[tokio::test]
async fn a_checkout_that_changed_meanwhile_is_left_alone() {
    let bench = two();
    let swarm = Swarm::open(bench.options(), approved(chain()), None)
        .await
        .unwrap();
    std::fs::write(bench.root().join("b.txt"), "the user's own\n").unwrap();
    let id = to_the_end(swarm).await;
    let landing = landing(&bench.records(id));
    assert!(!landing.is_fast_forward);
    assert!(landing.branch.starts_with("formic/"), "{landing:?}");
    assert_eq!(bench.file("b.txt"), "the user's own\n");
    assert_eq!(bench.file("a.txt"), "alpha\n");
}

#[tokio::test]
async fn a_node_tried_again_after_the_run_landed_lands_on_top_of_it() {
    let bench = two();
    let mut two = edit("two", &["b.txt"]);
    // It holds only once somebody has put the mark there.
    let mark = bench.data.path().join("mark");
    two.accept = Some(check(&format!("test -e {}", mark.display())));
    two.budget.attempts = Some(1);
    let plan = plan(vec![edit("one", &["a.txt"]), two]);
    let swarm = Swarm::open(bench.options(), approved(plan), None)
        .await
        .unwrap();
    let id = to_the_end(swarm).await;
    assert_eq!(
        (bench.file("a.txt"), bench.file("b.txt")),
        ("ALPHA\n".into(), "beta\n".into())
    );
    std::fs::write(&mark, "").unwrap();
    let resumed = Swarm::resume(
        bench.options(),
        Models::default(),
        (id, Budget::default()),
        |_| {},
    );
    let swarm = Box::pin(resumed).await.unwrap();
    let node = scheduler::plan::node_id(id, &NodeName::from("two"));
    swarm.command(RunCommand::Retry { node }).await.unwrap();
    to_the_end(swarm).await;
    let records = bench.records(id);
    let landings = count(
        &records,
        |event| matches!(event, Event::Workspace(WorkspaceEvent::Landed(landing)) if landing.is_fast_forward),
    );
    assert_eq!(landings, 2, "{}", told(&records));
    assert_eq!(bench.file("b.txt"), "BETA\n");
}

#[tokio::test]
async fn of_a_run_with_many_agents_only_those_with_work_left_are_taken_up() {
    // More than are kept before those that are through are let go.
    const MANY: usize = 80;
    let last = Rule::new("last", Reply::failing(Fault::StallAfterEvents(1))).marker("[node last");
    let script = Script::new()
        .rule(last.times(1))
        .rule(Rule::new("again", Reply::text("seen at last")).marker("[node last"))
        .otherwise(Reply::text("seen"));
    let bench = repository(script, &[("a.txt", "alpha\n")]);
    let look = |name: String| NodeDocument {
        kind: Kind::Explore,
        ..edit(&name, &[])
    };
    let names = (0..MANY)
        .map(|n| format!("n{n}"))
        .chain(["last".to_owned()]);
    let mut plan = plan(names.map(look).collect());
    plan.caps.max_parallel = Some(90);
    let swarm = Swarm::open(bench.options(), approved(plan), None)
        .await
        .unwrap();
    let (id, mut watch) = (swarm.id(), swarm.subscribe());
    let mut ended = 0;
    while ended < MANY {
        if let Some(protocol::Notice::Record(record)) = soon(watch.next()).await {
            let is_end = matches!(record.event, Event::Plan(PlanEvent::NodeEnded { .. }));
            ended += usize::from(is_end);
        }
    }
    swarm.close().await;
    let resumed = Swarm::resume(
        bench.options(),
        Models::default(),
        (id, Budget::default()),
        |_| {},
    );
    to_the_end(Box::pin(resumed).await.unwrap()).await;
    let records = bench.records(id);
    let started = |event: &Event| matches!(event, Event::Plan(PlanEvent::NodeStarted { .. }));
    assert_eq!(count(&records, started), MANY + 1);
    let submitted = |event: &Event| matches!(event, Event::Turn(TurnEvent::Submitted { .. }));
    assert_eq!(count(&records, submitted), MANY + 1, "its turn went on");
    let data = actors::archive::DataFolder::at(bench.data.path());
    assert!(actors::archive::replay(&data, id).unwrap().is_faithful());
}
