//! Runs: nodes with agents and trees of their own, integrated and landed.

use std::collections::BTreeSet;

use protocol::{
    Event, Kind, Landing, NodeDocument, NodeEnd, PlanEvent, Record, SessionEvent, WorkspaceEvent,
};
use scripted::{Reply, Rule, Script};
use serde_json::json;

use crate::swarm_bench::{carried, check, edit, git, plan, repository, told};

/// The agent of `node` reads `file`, puts `new` in the place of `old`, and says so.
pub fn editing(script: Script, node: &str, (file, old, new): (&str, &str, &str)) -> Script {
    let marker = format!("[node {node}]");
    let edit = json!({"file_path": file, "old_string": old, "new_string": new});
    script
        .rule(
            Rule::new("read", Reply::tool("read", json!({"file_path": file})))
                .marker(&marker)
                .turn(0),
        )
        .rule(
            Rule::new("edit", Reply::tool("edit", edit))
                .marker(&marker)
                .turn(1),
        )
        .rule(
            Rule::new("done", Reply::text("done"))
                .marker(&marker)
                .turn(2),
        )
}

pub fn landing(records: &[Record]) -> Landing {
    let found = records.iter().find_map(|record| match &record.event {
        Event::Workspace(WorkspaceEvent::Landed(landing)) => Some(landing.clone()),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("nothing landed:\n{}", told(records)))
}

#[tokio::test]
async fn two_nodes_land_on_the_users_branch() {
    let script = editing(Script::new(), "one", ("a.txt", "alpha", "ALPHA"));
    let script = editing(script, "two", ("b.txt", "beta", "BETA"));
    let bench = repository(script, &[("a.txt", "alpha\n"), ("b.txt", "beta\n")]);
    let mut two = edit("two", &["b.txt"]);
    two.accept = Some(check("grep -q BETA b.txt"));
    let records = carried(&bench, plan(vec![edit("one", &["a.txt"]), two])).await;
    let landing = landing(&records);
    assert!(landing.is_fast_forward, "{landing:?}");
    assert_eq!(landing.branch, "main");
    assert_eq!(bench.file("a.txt"), "ALPHA\n");
    assert_eq!(bench.file("b.txt"), "BETA\n");
    let root = bench.root();
    assert_eq!(git(&root, &["rev-parse", "HEAD"]), landing.commit.as_str());
    assert_eq!(git(&root, &["rev-list", "--count", "HEAD"]), "3");
    assert_eq!(git(&root, &["status", "--porcelain"]), "");
    let failed = records.iter().any(|record| {
        matches!(&record.event, Event::Plan(PlanEvent::NodeEnded { end, .. }) if *end != NodeEnd::Done)
    });
    assert!(!failed, "{}", told(&records));
}

/// A node that only reads.
fn look(name: &str) -> NodeDocument {
    NodeDocument {
        kind: Kind::Explore,
        ..edit(name, &[])
    }
}

#[tokio::test]
async fn agents_who_share_a_room_have_its_law_and_limits_of_their_own() {
    let script = Script::new().otherwise(Reply::text("looked"));
    let bench = repository(script, &[("a.txt", "alpha\n")]);
    let with_calls = |name, calls| {
        let mut node = look(name);
        node.budget.tool_calls = Some(calls);
        node
    };
    let nodes = vec![with_calls("one", 5), with_calls("two", 9), look("three")];
    let records = carried(&bench, plan(nodes)).await;
    let opened = records.iter().filter_map(|record| match &record.event {
        Event::Session(SessionEvent::Opened(opening)) if record.agent.is_some() => Some(opening),
        _ => None,
    });
    let opened: Vec<_> = opened.collect();
    let steps: BTreeSet<_> = opened.iter().map(|opening| opening.limits.steps).collect();
    assert_eq!(steps, BTreeSet::from([None, Some(6), Some(10)]));
    let rooms: BTreeSet<_> = opened.iter().map(|opening| &opening.cwd).collect();
    assert_eq!(rooms.len(), 1);
}
