//! What goes wrong in a node, and what the run makes of it.

use std::num::NonZeroU64;

use protocol::{
    BudgetDocument, CheckDocument, Event, Expect, FailureClass, GaveUp, Kind, NodeEnd, NodeName,
    PlanEvent, Record, WorkspaceEvent,
};
use scripted::{Rate, Reply, Rule, Script};
use serde_json::json;

use crate::bench::{Bench, results, text};
use crate::swarm::{editing, landing};
use crate::swarm_bench::{carried, check, edit, git, plan, repository, told};

/// The classes of the setbacks, in order.
fn setbacks(records: &[Record]) -> Vec<FailureClass> {
    let classes = records.iter().filter_map(|record| match &record.event {
        Event::Plan(PlanEvent::NodeReturned { failure, .. }) => Some(failure.class),
        _ => None,
    });
    classes.collect()
}

fn ends(records: &[Record]) -> Vec<NodeEnd> {
    let ends = records.iter().filter_map(|record| match &record.event {
        Event::Plan(PlanEvent::NodeEnded { end, .. }) => Some(*end),
        _ => None,
    });
    ends.collect()
}

fn calls(script: Script, marker: &str, calls: &[(&str, serde_json::Value)]) -> Script {
    let mut script = script;
    for (turn, (tool, arguments)) in (0..).zip(calls) {
        let rule = Rule::new("call", Reply::tool(*tool, arguments.clone()));
        script = script.rule(rule.marker(marker).turn(turn));
    }
    script
}

#[tokio::test]
async fn a_red_check_goes_back_to_the_same_agent_with_its_log() {
    let script = editing(Script::new(), "one", ("a.txt", "alpha", "wrong"));
    let marker = "[node one, attempt 2]";
    let again = json!({"file_path": "a.txt", "old_string": "wrong", "new_string": "ALPHA"});
    let script = Script::new()
        .rule(
            Rule::new("again", Reply::tool("edit", again))
                .marker(marker)
                .turn(3),
        )
        .rule(Rule::new("done", Reply::text("now")).marker(marker).turn(4))
        .rule(script.rules[0].clone())
        .rule(script.rules[1].clone())
        .rule(script.rules[2].clone());
    let bench = repository(script, &[("a.txt", "alpha\n")]);
    let mut one = edit("one", &["a.txt"]);
    one.accept = Some(check("grep ALPHA a.txt || { echo no upper case; false; }"));
    let records = carried(&bench, plan(vec![one])).await;
    assert_eq!(
        setbacks(&records),
        [FailureClass::Check],
        "{}",
        told(&records)
    );
    assert_eq!(bench.file("a.txt"), "ALPHA\n");
    let asked = bench.server.requests();
    let last = String::from_utf8_lossy(&asked.last().unwrap().raw).into_owned();
    assert!(last.contains("no upper case"), "the log is the evidence");
    assert!(
        asked
            .iter()
            .all(|one| one.prefix_hash == asked[0].prefix_hash)
    );
}

#[tokio::test]
async fn a_gate_that_is_missing_or_red_before_any_of_the_work_stops_the_run_before_any_call() {
    for (gate, said) in [
        ("no-such-program --all", "no-such-program"),
        (
            "grep ALPHA a.txt || { echo still small; false; }",
            "still small",
        ),
    ] {
        let script = editing(Script::new(), "one", ("a.txt", "alpha", "ALPHA"));
        let bench = repository(script, &[("a.txt", "alpha\n")]);
        let mut plan = plan(vec![edit("one", &["a.txt"])]);
        plan.gate = Some(check(gate));
        let records = carried(&bench, plan).await;
        let why = records.iter().find_map(|record| match &record.event {
            Event::Plan(PlanEvent::Cancelled { why, .. }) => Some(why.clone()),
            _ => None,
        });
        let why = why.unwrap_or_else(|| panic!("{}", told(&records)));
        for part in ["base-check", gate, said] {
            assert!(why.contains(part), "{part}: {why}");
        }
        assert_eq!(bench.server.requests().len(), 0);
        assert_eq!(bench.file("a.txt"), "alpha\n");
    }
}

#[tokio::test]
async fn a_gate_that_is_to_be_made_green_is_declared_red_and_may_write_as_it_likes_in_its_own_tree()
{
    let script = editing(Script::new(), "one", ("a.txt", "alpha", "ALPHA"));
    let bench = repository(script, &[("a.txt", "alpha\n")]);
    let mut plan = plan(vec![edit("one", &["a.txt"])]);
    plan.gate = Some(CheckDocument {
        expect: Expect::Fail,
        ..check("echo x >> a.txt; cat; grep ALPHA a.txt")
    });
    let records = carried(&bench, plan).await;
    assert!(landing(&records).is_fast_forward, "{}", told(&records));
    assert_eq!(bench.file("a.txt"), "ALPHA\n");
}

#[tokio::test]
async fn in_one_folder_the_gate_is_tried_there_before_any_of_the_work() {
    let bench = Bench::new(Script::new().otherwise(Reply::text("done")));
    std::fs::write(bench.root().join("a.txt"), "alpha\n").unwrap();
    let mut plan = plan(vec![edit("one", &["a.txt"])]);
    plan.gate = Some(check("grep ALPHA a.txt"));
    let records = carried(&bench, plan).await;
    assert_eq!(bench.server.requests().len(), 0, "{}", told(&records));
}

#[tokio::test]
async fn saying_done_without_a_change_closes_no_node() {
    let script = Script::new().otherwise(Reply::text("all done!"));
    let bench = repository(script, &[("a.txt", "alpha\n")]);
    let records = carried(&bench, plan(vec![edit("one", &["a.txt"])])).await;
    let all = setbacks(&records);
    assert!(!all.is_empty() && all.iter().all(|class| *class == FailureClass::NoChange));
    assert_eq!(ends(&records), [NodeEnd::Failed]);
    assert_eq!(git(&bench.root(), &["rev-list", "--count", "--all"]), "1");
}

#[tokio::test]
async fn what_a_command_changes_outside_the_scope_is_undone_and_told() {
    let command = json!({"command": "sh make.sh"});
    let script = calls(Script::new(), "[node one]", &[("bash", command)]);
    let script = script.otherwise(Reply::text("done"));
    let make = "echo x >> a.txt; echo x >> b.txt; echo x > new.txt";
    let files = [("a.txt", "a\n"), ("b.txt", "b\n"), ("make.sh", make)];
    let bench = repository(script, &files).allowing("Bash(sh:*)");
    let records = carried(&bench, plan(vec![edit("one", &["a.txt"])])).await;
    let reverted = records.iter().find_map(|record| match &record.event {
        Event::Workspace(WorkspaceEvent::Reverted { paths, .. }) => Some(paths.clone()),
        _ => None,
    });
    let said = text(&results(&records)[0]);
    assert_eq!(
        reverted.unwrap_or_else(|| panic!("{said}\n{}", told(&records))),
        ["b.txt", "new.txt"]
    );
    assert!(said.contains("undone: b.txt, new.txt"), "{said}");
    assert!(landing(&records).is_fast_forward);
    assert_eq!(
        (bench.file("a.txt"), bench.file("b.txt")),
        ("a\nx\n".into(), "b\n".into())
    );
}

#[tokio::test]
async fn no_node_reaches_the_users_checkout_or_anothers_tree() {
    let bench = repository(Script::new(), &[("a.txt", "a\n"), ("b.txt", "b\n")]);
    let outside = bench.root().join("a.txt");
    let escapes = [
        ("write", json!({"file_path": outside, "content": "gone"})),
        (
            "write",
            json!({"file_path": "../../../a.txt", "content": "gone"}),
        ),
        ("write", json!({"file_path": "b.txt", "content": "gone"})),
        (
            "bash",
            json!({"command": format!("echo gone > {}", outside.display())}),
        ),
        ("read", json!({"file_path": outside})),
        (
            "edit",
            json!({"file_path": "a.txt", "old_string": "a", "new_string": "b"}),
        ),
    ];
    let script = calls(Script::new(), "[node one]", &escapes);
    let bench = bench.served(script.otherwise(Reply::text("done")));
    let records = carried(&bench, plan(vec![edit("one", &["a.txt"])])).await;
    for result in &results(&records)[..5] {
        assert_eq!(
            result.status,
            protocol::ToolStatus::Denied,
            "{}",
            text(result)
        );
    }
    assert_eq!(
        (bench.file("a.txt"), bench.file("b.txt")),
        ("a\n".into(), "b\n".into())
    );
}

#[tokio::test]
async fn a_clean_merge_that_breaks_the_gate_sends_only_its_culprit_back() {
    let script = editing(Script::new(), "one", ("a.txt", "alpha", "ALPHA"));
    let script = editing(script, "two", ("b.txt", "beta", "BETA"));
    let bench = repository(script, &[("a.txt", "alpha\n"), ("b.txt", "beta\n")]);
    let mut one = edit("one", &["a.txt"]);
    one.budget.attempts = Some(1);
    let mut plan = plan(vec![one, edit("two", &["b.txt"])]);
    plan.gate = Some(check("grep alpha a.txt"));
    let records = carried(&bench, plan).await;
    assert_eq!(
        setbacks(&records),
        [FailureClass::Gate],
        "{}",
        told(&records)
    );
    assert_eq!(ends(&records), [NodeEnd::Failed]);
    let landing = landing(&records);
    assert!(landing.is_fast_forward);
    assert_eq!(
        (bench.file("a.txt"), bench.file("b.txt")),
        ("alpha\n".into(), "BETA\n".into())
    );
}

#[tokio::test]
async fn the_culprit_goes_on_from_its_own_work_laid_on_the_newest() {
    let marker = "[node one, attempt 2]";
    let again = json!({"file_path": "a.txt", "old_string": "ALPHA", "new_string": "Alpha"});
    let script = Script::new()
        .rule(
            Rule::new("read", Reply::tool("read", json!({"file_path": "a.txt"})))
                .marker(marker)
                .turn(3),
        )
        .rule(
            Rule::new("again", Reply::tool("edit", again))
                .marker(marker)
                .turn(4),
        )
        .rule(Rule::new("done", Reply::text("now")).marker(marker).turn(5));
    let script = editing(script, "one", ("a.txt", "alpha", "ALPHA"));
    let script = editing(script, "two", ("b.txt", "beta", "BETA"));
    let bench = repository(script, &[("a.txt", "alpha\n"), ("b.txt", "beta\n")]);
    let mut plan = plan(vec![edit("one", &["a.txt"]), edit("two", &["b.txt"])]);
    plan.gate = Some(check("grep [aA]lpha a.txt"));
    let records = carried(&bench, plan).await;
    assert_eq!(
        setbacks(&records),
        [FailureClass::Gate],
        "{}",
        told(&records)
    );
    assert!(landing(&records).is_fast_forward);
    assert_eq!(
        (bench.file("a.txt"), bench.file("b.txt")),
        ("Alpha\n".into(), "BETA\n".into())
    );
    let agents: std::collections::BTreeSet<_> = records.iter().filter_map(|r| r.agent).collect();
    assert_eq!(agents.len(), 2, "the same agent went on");
}

#[tokio::test]
async fn an_agent_that_never_answers_costs_its_node_and_not_the_run() {
    let script = editing(Script::new(), "two", ("b.txt", "beta", "BETA"));
    let script = script.otherwise(Reply::text("late").delay_ms(600_000));
    let bench = repository(script, &[("a.txt", "alpha\n"), ("b.txt", "beta\n")]);
    let mut one = edit("one", &["a.txt"]);
    one.budget = BudgetDocument {
        wall: Some("1s".to_owned()),
        attempts: Some(1),
        ..BudgetDocument::default()
    };
    let records = carried(&bench, plan(vec![one, edit("two", &["b.txt"])])).await;
    assert_eq!(
        setbacks(&records),
        [FailureClass::Deadline],
        "{}",
        told(&records)
    );
    assert_eq!(bench.file("b.txt"), "BETA\n");
}

#[tokio::test]
async fn a_provider_that_is_asked_too_much_costs_no_attempt() {
    let mut script = Script::new().rate(Rate {
        requests: NonZeroU64::new(4).unwrap(),
        per_ms: NonZeroU64::new(200).unwrap(),
    });
    let names: Vec<String> = (0..8).map(|number| format!("n{number}")).collect();
    let files: Vec<(String, String)> = names
        .iter()
        .map(|name| (format!("{name}.txt"), "alpha\n".to_owned()))
        .collect();
    for (name, (file, _)) in names.iter().zip(&files) {
        script = editing(script, name, (file, "alpha", "ALPHA"));
    }
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(a, b)| (a.as_str(), b.as_str()))
        .collect();
    let bench = repository(script, &files);
    let nodes = names.iter().zip(&files);
    let nodes = nodes
        .map(|(name, (file, _))| edit(name, &[*file]))
        .collect();
    let records = carried(&bench, plan(nodes)).await;
    assert_eq!(setbacks(&records), [], "{}", told(&records));
    assert!(
        names
            .iter()
            .all(|name| bench.file(&format!("{name}.txt")) == "ALPHA\n")
    );
}

#[tokio::test]
async fn a_command_can_take_the_place_of_an_agent_and_a_check_that_of_a_node() {
    let bench = repository(Script::new(), &[("a.txt", "alpha\n")]);
    let mut codemod = edit("mod", &["*.txt"]);
    codemod.kind = Kind::Codemod;
    codemod.brief = Some("sed -i s/alpha/ALPHA/ a.txt".to_owned());
    let mut verify = edit("see", &[]);
    verify.kind = Kind::Verify;
    verify.deps = vec![NodeName::from("mod")];
    verify.accept = Some(check("grep ALPHA a.txt"));
    let records = carried(&bench, plan(vec![codemod, verify])).await;
    assert_eq!(setbacks(&records), [], "{}", told(&records));
    assert_eq!(bench.file("a.txt"), "ALPHA\n");
    assert_eq!(bench.server.requests().len(), 0);
}

#[tokio::test]
async fn what_an_agent_left_running_does_not_write_into_the_tree_of_the_next_attempt() {
    let left = json!({"command": "sh left.sh", "run_in_background": true});
    let again = json!({"file_path": "b.txt", "old_string": "beta", "new_string": "BETA"});
    let marker = "[node one, attempt 2]";
    let read = json!({"file_path": "b.txt"});
    let script = calls(Script::new(), marker, &[("read", read), ("edit", again)]);
    let done = Rule::new("done", Reply::text("done")).marker(marker);
    let script = calls(script.rule(done), "[node one]", &[("bash", left)]);
    let script = script.otherwise(Reply::text("IMPOSSIBLE: nobody says how"));
    let files = [
        ("a.txt", "alpha\n"),
        ("b.txt", "beta\n"),
        (
            "left.sh",
            "while :; do echo late >> a.txt; sleep 0.01; done",
        ),
    ];
    let bench = repository(script, &files).allowing("Bash(sh:*)");
    let records = carried(&bench, plan(vec![edit("one", &["*.txt"])])).await;
    let gave_up = FailureClass::GaveUp(GaveUp::Impossible);
    assert_eq!(setbacks(&records), [gave_up], "{}", told(&records));
    assert_eq!(results(&records)[0].status, protocol::ToolStatus::Ok);
    assert_eq!(
        (bench.file("a.txt"), bench.file("b.txt")),
        ("alpha\n".into(), "BETA\n".into())
    );
}
