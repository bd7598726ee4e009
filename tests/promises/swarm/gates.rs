//! What merges without a conflict and breaks the merged tree does not land: it comes back with the log, the rest lands.

use protocol::{FailureClass, NodeId};
use scripted::Reply;
use serde_json::{Value, json};

use crate::stage::{Report, Stage, agent, integrated, node, plan, returned, script, writer};

const SHARDS: usize = 30;

/// The two whose change is fine alone and breaks what is there.
const BROKEN: [&str; 2] = ["s07", "s19"];

/// Nobody may call what was removed; says who does.
const GATE: &str = "if grep -rn 'old_name' parts; then echo 'old_name is gone'; exit 1; fi";

fn shards() -> impl Iterator<Item = String> {
    (0..SHARDS).map(|at| format!("s{at:02}"))
}

fn the_plan() -> Value {
    let nodes = shards().map(|name| {
        let path = format!("parts/{name}.txt");
        let mut shard = node(&name, &[], &[&path], &format!("grep -q done {path}"));
        shard["budget"] = json!({"attempts": 2});
        shard
    });
    let mut plan = plan(nodes);
    plan["gate"] = json!({"cmd": GATE});
    plan
}

/// The broken ones call the old name, and again when they are told.
fn rules(name: &str) -> Vec<scripted::Rule> {
    let path = format!("parts/{name}.txt");
    if !BROKEN.contains(&name) {
        return writer(name, &path, "done with new_name\n");
    }
    let write =
        |content: &str| Reply::tool("write", json!({"file_path": path, "content": content}));
    agent(
        name,
        [
            write("done with old_name\n"),
            Reply::text("Done."),
            Reply::tool("read", json!({"file_path": path})),
            write("done with old_name, tried again\n"),
            Reply::text("Done again."),
        ],
    )
}

#[test]
fn of_thirty_shards_the_two_that_break_the_merged_tree_come_back_and_the_rest_lands_green() {
    let rules = shards().map(|name| rules(&name));
    let stage = Stage::new(script(rules))
        .file("parts/README", "the parts\n")
        .committed();
    let before = stage.git(["rev-parse", "HEAD"]);
    let ended = stage.swarm(&the_plan()).run();
    assert_eq!(ended.code(), Some(1), "{ended}");

    let report = Report::of(&ended);
    assert_eq!(report.0["status"], "partial", "{ended}");
    assert_eq!(report.in_state("done").len(), SHARDS - BROKEN.len());
    assert_eq!(report.in_state("failed"), BROKEN);
    let records = stage.run_records();
    assert_eq!(integrated(&records).len(), SHARDS - BROKEN.len());
    come_back_with_their_logs(&stage, &records);

    let commits = stage.commits(&before, "main");
    assert_eq!(commits.len(), SHARDS - BROKEN.len(), "one commit a node");
    for commit in commits {
        let found = stage.try_git(&["grep", "-q", "old_name", commit.as_str(), "--", "parts"]);
        assert_eq!(found.status.code(), Some(1), "{commit} is green");
    }
    assert_eq!(report.took(), stage.took());
}

fn come_back_with_their_logs(stage: &Stage, records: &[protocol::Record]) {
    let run = stage.session();
    let id = |name: &str| NodeId::derived(&[run.uuid().as_bytes(), name.as_bytes()]);
    let returned = returned(records);
    for name in BROKEN {
        let its: Vec<_> = returned
            .iter()
            .filter(|(node, _)| *node == id(name))
            .collect();
        assert!(!its.is_empty(), "{name} came back");
        for (_, failure) in its {
            assert_eq!(failure.class, FailureClass::Gate, "{name}: {failure:?}");
            let log = failure.evidence.as_str();
            assert!(log.contains("old_name is gone"), "{name}: {log}");
        }
        let told = stage.server().requests().into_iter().any(|request| {
            let body = String::from_utf8_lossy(&request.raw);
            body.contains(&format!("[node {name}, attempt 2]")) && body.contains("old_name is gone")
        });
        assert!(told, "{name} is told why");
    }
    let innocent = returned
        .iter()
        .find(|(node, _)| !BROKEN.map(id).contains(node));
    assert!(innocent.is_none(), "nobody else comes back: {innocent:?}");
}

#[test]
fn a_node_that_mends_what_the_gate_found_lands_after_all() {
    let write =
        |content: &str| Reply::tool("write", json!({"file_path": "a.txt", "content": content}));
    let mending = agent(
        "mend",
        [
            write("done with old_name\n"),
            Reply::text("Done."),
            Reply::tool("read", json!({"file_path": "a.txt"})),
            write("done with new_name\n"),
            Reply::text("Mended."),
        ],
    );
    let stage = Stage::new(script([mending]))
        .file("b.txt", "b\n")
        .committed();
    let mut plan = plan([node("mend", &[], &["a.txt"], "grep -q done a.txt")]);
    plan["gate"] = json!({"cmd": "! grep -rq old_name *.txt"});
    let report = Report::of(&stage.swarm(&plan).succeed());
    assert_eq!(report.node("mend")["attempts"], 2);
    assert_eq!(stage.content("a.txt"), "done with new_name\n");
    assert_eq!(report.took(), stage.took());
}
