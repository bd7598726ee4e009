//! The board of a run: what one agent notes reaches those at work, those who begin later, and whoever looks for it.

use protocol::{EntryKind, Event, Kind, MemoryEvent, NodeDocument, NodeName, Record, TurnEvent};
use scripted::{Reply, Rule, Script};
use serde_json::json;

use crate::swarm::{editing, landing};
use crate::swarm_bench::{carried, edit, plan, repository, told};

fn reader(name: &str, deps: &[&str]) -> NodeDocument {
    NodeDocument {
        kind: Kind::Explore,
        writes: Vec::new(),
        deps: deps.iter().map(|dep| NodeName::from(*dep)).collect(),
        ..edit(name, &[])
    }
}

fn rule(node: &str, reply: Reply) -> Rule {
    Rule::new(node, reply).marker(format!("[node {node}]"))
}

fn noted(records: &[Record]) -> Vec<(EntryKind, String)> {
    let entries = records.iter().filter_map(|record| match &record.event {
        Event::Memory(MemoryEvent::Noted { entry }) => Some((entry.kind, entry.key.clone())),
        _ => None,
    });
    entries.collect()
}

#[tokio::test]
async fn what_one_agent_notes_reaches_those_at_work_and_those_who_look() {
    let note = json!({"kind": "finding", "key": "lexer", "value": "it reads its input twice"});
    let look = json!({"query": "lexer"});
    let script = Script::new()
        .rule(rule("writer", Reply::tool("memory_note", note)).turn(0))
        // Whoever waits does so step by step, until it is told.
        .rule(rule("waiter", Reply::text("heard")).last_user("it reads its input twice"))
        .rule(rule("waiter", Reply::tool("list", json!({}))))
        .rule(rule("later", Reply::tool("memory_search", look)).turn(0))
        .rule(rule("later", Reply::text("found")).last_result("> it reads its input twice"));
    let script = editing_after_a_note(script);
    let bench = repository(script, &[("a.txt", "alpha\n")]);
    let nodes = vec![
        edit("writer", &["a.txt"]),
        reader("waiter", &[]),
        reader("later", &["writer"]),
    ];
    let records = carried(&bench, plan(nodes)).await;
    assert!(landing(&records).is_fast_forward);
    let heard = |record: &&Record| matches!(&record.event, Event::Turn(TurnEvent::Informed { text }) if text.as_str().contains("lexer"));
    assert_eq!(
        records.iter().filter(heard).count(),
        1,
        "{}",
        told(&records)
    );
    let mut noted = noted(&records);
    noted.sort();
    let handoff = |name: &str| (EntryKind::Handoff, format!("node {name}"));
    assert_eq!(
        noted,
        [
            (EntryKind::Finding, "lexer".to_owned()),
            handoff("later"),
            handoff("waiter"),
            handoff("writer")
        ]
    );
}

/// The writer goes on with its edit once its note is taken.
fn editing_after_a_note(script: Script) -> Script {
    let change = json!({"file_path": "a.txt", "old_string": "alpha", "new_string": "ALPHA"});
    script
        .rule(rule("writer", Reply::tool("read", json!({"file_path": "a.txt"}))).turn(1))
        .rule(rule("writer", Reply::tool("edit", change)).turn(2))
        .rule(rule("writer", Reply::text("done")).turn(3))
}

#[tokio::test]
async fn what_a_contract_node_decides_binds_whoever_begins_after_it() {
    let script = Script::new().rule(rule("terms", Reply::text("Lengths are in metres.")));
    let script = editing(script, "work", ("a.txt", "alpha", "ALPHA"));
    // It only answers whoever was told.
    let told_so =
        rule("other", Reply::text("seen")).marker("contract \"node terms\":\n  > Lengths");
    let script = script.rule(told_so);
    let bench = repository(script, &[("a.txt", "alpha\n")]);
    let terms = NodeDocument {
        kind: Kind::Contract,
        ..reader("terms", &[])
    };
    let mut work = edit("work", &["a.txt"]);
    work.deps = vec![NodeName::from("terms")];
    let other = NodeDocument {
        deps: work.deps.clone(),
        ..reader("other", &[])
    };
    let records = carried(&bench, plan(vec![terms, work, other])).await;
    assert!(landing(&records).is_fast_forward, "{}", told(&records));
}
