//! Planning anew: a node that could not be done, a planner that is asked, and what becomes of its answer.

use actors::{Models, RunCommand, RunPhase, Swarm, SwarmOptions};
use protocol::{Budget, Event, NodeEnd, PlanDocument, PlanEvent, Record};
use scripted::{Reply, Rule, Script};
use serde_json::{Value, json};

use crate::bench::{Bench, soon};
use crate::swarm::{editing, landing};
use crate::swarm_bench::{approved, check, edit, git, plan, repository, to_the_end, told};

const FILES: [(&str, &str); 2] = [("a.txt", "alpha\n"), ("b.txt", "beta\n")];

/// One that claims to be done, and another that waits for it.
fn document() -> PlanDocument {
    let mut one = edit("one", &["a.txt"]);
    one.accept = Some(check("grep -q ALPHA a.txt"));
    one.budget.attempts = Some(1);
    let mut two = edit("two", &["b.txt"]);
    two.deps = vec!["one".into()];
    let mut plan = plan(vec![one, two]);
    plan.caps.max_replans = Some(2);
    plan
}

fn answer() -> Value {
    json!({
        "why": "say which file", "parts": [{
            "title": "upper case", "brief": "put a.txt in upper case", "writes": ["a.txt"], "after": [],
            "check": false, "size": "S",
        }],
        "rewrite": [], "drop": [],
    })
}

/// The planner is asked once; its part is done, and so is what waited.
fn script(planner: Reply) -> Script {
    let planned = Rule::new("plan", planner).marker("[node one-replan-1]");
    let lazy = Rule::new("lazy", Reply::text("It is done.")).marker("[node one]");
    let script = Script::new().rule(planned).rule(lazy);
    let script = editing(script, "one.1", ("a.txt", "alpha", "ALPHA"));
    editing(script, "two", ("b.txt", "beta", "BETA"))
}

fn planning() -> Script {
    script(Reply::tool("structured_output", answer()))
}

fn ends(records: &[Record]) -> Vec<NodeEnd> {
    let ends = records.iter().filter_map(|record| match &record.event {
        Event::Plan(PlanEvent::NodeEnded { end, .. }) => Some(*end),
        _ => None,
    });
    ends.collect()
}

fn changed(bench: &Bench) -> (String, String) {
    (bench.file("a.txt"), bench.file("b.txt"))
}

fn upper() -> (String, String) {
    ("ALPHA\n".into(), "BETA\n".into())
}

#[tokio::test]
async fn what_a_node_leaves_undone_is_planned_anew_and_lands() {
    let bench = repository(planning(), &FILES);
    let swarm = Swarm::open(bench.options(), approved(document()), None);
    let id = to_the_end(swarm.await.unwrap()).await;
    let records = bench.records(id);
    assert_eq!(changed(&bench), upper(), "{}", told(&records));
    assert!(landing(&records).is_fast_forward);
    let patches = records.iter().filter(|record| {
        matches!(&record.event, Event::Plan(PlanEvent::Patched { patch, .. }) if !patch.remove.is_empty())
    });
    assert_eq!(patches.count(), 1);
    let asked = bench.server.requests();
    let planners = asked
        .iter()
        .filter(|request| String::from_utf8_lossy(&request.raw).contains("[node one-replan-1]"));
    let said: Vec<String> = planners
        .map(|request| String::from_utf8_lossy(&request.raw).into_owned())
        .collect();
    assert_eq!(said.len(), 1);
    assert!(
        said[0].contains("it changed nothing"),
        "the evidence is told"
    );
    assert!(said[0].contains("grep -q ALPHA a.txt"), "and the check");
}

#[tokio::test]
async fn garbage_from_the_planner_leaves_the_node_failed_as_if_nobody_had_been_asked() {
    let too_much = json!({"why": "", "parts": [{
        "title": "", "brief": "all", "writes": ["a.txt"], "after": [], "check": false, "size": "L",
    }], "rewrite": [], "drop": []});
    for planner in [
        Reply::text("I would rather not"),
        Reply::tool("structured_output", json!({"parts": "all of them"})),
        Reply::tool("structured_output", too_much),
    ] {
        let bench = repository(script(planner), &FILES);
        let swarm = Swarm::open(bench.options(), approved(document()), None);
        let id = to_the_end(swarm.await.unwrap()).await;
        let records = bench.records(id);
        let ends = ends(&records);
        assert!(ends.contains(&NodeEnd::Failed), "{}", told(&records));
        assert!(ends.contains(&NodeEnd::Skipped));
        assert_eq!(changed(&bench), ("alpha\n".into(), "beta\n".into()));
    }
}

async fn unapproved(bench: &Bench) -> Swarm {
    let options = SwarmOptions {
        approve: false,
        ..approved(document())
    };
    let swarm = Swarm::open(bench.options(), options, None).await.unwrap();
    let approve = RunCommand::Approve { plan: None };
    swarm.command(approve).await.unwrap();
    swarm
}

#[tokio::test]
async fn a_change_waits_to_be_taken_across_processes() {
    let bench = repository(planning(), &FILES);
    let swarm = unapproved(&bench).await;
    assert_eq!(soon(swarm.rest()).await.unwrap(), RunPhase::Running);
    let id = swarm.id();
    let change = swarm.change().unwrap();
    assert_eq!(change.why, "node one is planned anew: say which file");
    swarm.close().await;
    let resumed = Swarm::resume(
        bench.options(),
        Models::default(),
        (id, Budget::default()),
        |_| {},
    );
    let swarm = Box::pin(resumed).await.unwrap();
    soon(swarm.rest()).await.unwrap();
    assert_eq!(swarm.change().as_deref(), Some(&*change));
    let node = change.node;
    let take = RunCommand::Replan {
        node,
        refused: None,
    };
    swarm.command(take).await.unwrap();
    assert_eq!(swarm.change(), None);
    to_the_end(swarm).await;
    assert_eq!(changed(&bench), upper());
}

#[tokio::test]
async fn a_run_that_is_closed_while_it_is_planned_anew_goes_on_with_that() {
    let mut slow = Reply::tool("structured_output", answer());
    slow.delay_ms = 60_000;
    let bench = repository(script(slow), &FILES);
    let swarm = unapproved(&bench).await;
    let (id, mut watch) = (swarm.id(), swarm.subscribe());
    let planner = scheduler::plan::node_id(id, &"one-replan-1".into());
    soon(async {
        while let Some(notice) = watch.next().await {
            if let protocol::Notice::Record(record) = notice
                && record.node == Some(planner)
                && matches!(
                    &record.event,
                    Event::Model(protocol::ModelEvent::Requested { .. })
                )
            {
                break;
            }
        }
    })
    .await;
    swarm.close().await;
    let bench = bench.served(planning());
    let resumed = Swarm::resume(
        bench.options(),
        Models::default(),
        (id, Budget::default()),
        |_| {},
    );
    let swarm = Box::pin(resumed).await.unwrap();
    soon(swarm.rest()).await.unwrap();
    let change = swarm.change().unwrap();
    let refused = Some("not today".to_owned());
    let node = change.node;
    swarm
        .command(RunCommand::Replan { node, refused })
        .await
        .unwrap();
    let id = to_the_end(swarm).await;
    let records = bench.records(id);
    assert_eq!(
        ends(&records),
        [NodeEnd::Done, NodeEnd::Failed, NodeEnd::Skipped],
        "{}",
        told(&records)
    );
    assert_eq!(git(&bench.root(), &["status", "--porcelain"]), "");
}
