//! Runs without a plan: facts by code, choices by a scripted model, and what happens when it gives none.

use actors::{Models, Swarm, SwarmOptions};
use protocol::{Budget, Event, Kind, Plan, PlanEvent, Planner, Record};
use scripted::{Reply, Rule, Script};
use serde_json::{Value, json};

use crate::bench::{Bench, soon};
use crate::swarm::editing;
use crate::swarm_bench::{repository, to_the_end, told};

/// Three packages that have nothing to do with each other.
const FILES: [(&str, &str); 6] = [
    ("a/a.py", "name = 'alpha'\n"),
    ("a/pyproject.toml", "[project]\nname = \"a\"\n"),
    ("b/b.py", "name = 'beta'\n"),
    ("b/pyproject.toml", "[project]\nname = \"b\"\n"),
    ("c/c.py", "name = 'gamma'\n"),
    ("c/pyproject.toml", "[project]\nname = \"c\"\n"),
];

fn piece(cluster: &str, brief: &str) -> Value {
    json!({
        "clusters": [cluster], "brief": brief, "accept": "none", "after": [],
        "tier": "M", "risk": "M", "size": "M", "split": false,
    })
}

fn choices(pieces: &[Value]) -> Value {
    json!({"contract": "names are upper case", "pieces": pieces, "gate": "none", "shared": false})
}

fn answering(script: Script, turn: u64, answer: Value) -> Script {
    let rule = Rule::new("plan", Reply::tool("structured_output", answer));
    script.rule(rule.marker("[node plan]").turn(turn))
}

async fn carried(bench: &Bench, goal: &str) -> Vec<Record> {
    let options = SwarmOptions {
        goal: goal.to_owned(),
        approve: true,
        ..SwarmOptions::default()
    };
    let swarm = Swarm::open(bench.options(), options, None).await.unwrap();
    let id = to_the_end(swarm).await;
    bench.records(id)
}

/// The plan that was proposed after planning.
fn proposed(records: &[Record]) -> (Plan, Planner) {
    let plans = records.iter().filter_map(|record| match &record.event {
        Event::Plan(PlanEvent::Proposed { plan, by, .. }) => Some((plan.clone(), *by)),
        _ => None,
    });
    let all: Vec<(Plan, Planner)> = plans.collect();
    assert_eq!(all.len(), 2, "the frame and the plan:\n{}", told(records));
    assert!(all[0].0.nodes.iter().all(|node| node.kind == Kind::Plan));
    all[1].clone()
}

#[tokio::test]
async fn a_planners_choices_become_a_plan_and_the_plan_is_done() {
    let all = [
        piece("c1", "upper case in c1"),
        piece("c2", "upper case in c2"),
        piece("c3", "upper case in c3"),
    ];
    let script = answering(Script::new(), 0, choices(&all));
    let script = script.otherwise(Reply::text("IMPOSSIBLE: no script for this"));
    let bench = repository(script, &FILES);
    let records = carried(&bench, "put every name in upper case").await;
    let (plan, by) = proposed(&records);
    assert_eq!(
        by,
        Planner::Model,
        "{:?}\n{}",
        crate::bench::results(&records),
        told(&records)
    );
    assert_eq!(plan.nodes.len(), 3, "{plan:?}");
    assert_eq!(plan.contracts, ["names are upper case"]);
}

#[tokio::test]
async fn choices_that_make_no_plan_are_put_right_in_the_planners_own_turn() {
    let broken = choices(&[piece("c1", "")]);
    let all = [piece("c1", "one"), piece("c2", "two"), piece("c3", "three")];
    let script = answering(answering(Script::new(), 0, broken), 1, choices(&all));
    let bench = repository(script.otherwise(Reply::text("IMPOSSIBLE: no")), &FILES);
    let records = carried(&bench, "put every name in upper case").await;
    assert_eq!(proposed(&records).1, Planner::Model);
}

#[tokio::test]
async fn garbage_from_the_planner_ends_in_the_plan_of_the_facts() {
    let script = Script::new()
        .rule(Rule::new("plan", Reply::text("I would rather not")).marker("[node plan]"))
        .otherwise(Reply::text("IMPOSSIBLE: no script for this"));
    let bench = repository(script, &FILES);
    let records = carried(&bench, "put every name in upper case").await;
    let (plan, by) = proposed(&records);
    assert_eq!(by, Planner::Fallback);
    assert!(!plan.nodes.is_empty());
}

#[tokio::test]
async fn a_plan_waits_for_its_approval_across_processes() {
    let all = [piece("c1", "one"), piece("c2", "two"), piece("c3", "three")];
    let mut script = answering(Script::new(), 0, choices(&all));
    for (node, file, old, new) in [
        ("a", "a/a.py", "alpha", "ALPHA"),
        ("b", "b/b.py", "beta", "BETA"),
        ("c", "c/c.py", "gamma", "GAMMA"),
    ] {
        script = editing(script, node, (file, old, new));
    }
    let bench = repository(script, &FILES);
    let options = SwarmOptions {
        goal: "put every name in upper case".to_owned(),
        ..SwarmOptions::default()
    };
    let swarm = Swarm::open(bench.options(), options, None).await.unwrap();
    assert_eq!(
        soon(swarm.rest()).await.unwrap(),
        actors::RunPhase::Proposed
    );
    let id = swarm.id();
    swarm.close().await;
    assert_eq!(bench.file("a/a.py"), "name = 'alpha'\n");
    let swarm = Swarm::resume(
        bench.options(),
        Models::default(),
        (id, Budget::default()),
        |_| {},
    )
    .await
    .unwrap();
    assert_eq!(
        soon(swarm.rest()).await.unwrap(),
        actors::RunPhase::Proposed
    );
    let approve = actors::RunCommand::Approve { plan: None };
    swarm.command(approve).await.unwrap();
    to_the_end(swarm).await;
    let records = bench.records(id);
    assert_eq!(
        bench.file("b/b.py"),
        "name = 'BETA'\n",
        "{}",
        told(&records)
    );
}
