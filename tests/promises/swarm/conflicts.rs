//! Two changes that do not merge: another node resolves them, and nothing lands in which a conflict is still marked.

use protocol::{FailureClass, NodeId};
use scripted::{Reply, Rule, Step};
use serde_json::{Value, json};

use crate::stage::{Ended, Report, Stage, agent, integrated, node, plan, returned, script, soon};

/// Where the page belongs once the guide has moved.
const PAGE: &str = "docs/guide/trail.md";

/// One moves the guide and leaves a place for a page, the other writes that page where the guide was. Their scopes have
/// nothing in common, yet git sees one file written twice.
fn the_plan() -> Value {
    let moved = ["guide/index.md", "guide/lengths.md", "docs/**"];
    let mut mover = node("mover", &[], &moved, "test -e docs/guide/index.md");
    mover["kind"] = json!("Codemod");
    mover["brief"] =
        json!("mkdir -p docs && mv guide docs/guide && echo nothing yet > docs/guide/trail.md");
    let mut plan = plan([mover, node("writer", &[], &["guide/trail.md"], "true")]);
    plan["gate"] = json!({"cmd": "! grep -rqE '^(<<<<<<<|>>>>>>>) ' docs"});
    plan
}

fn write(path: &str, content: &str) -> Step {
    Step::tool("write", json!({"file_path": path, "content": content}))
}

/// A run of both; the merge node's agent does this.
fn ran(resolving: Vec<Rule>) -> (Stage, Ended) {
    let mut page = Reply::steps([write("guide/trail.md", "trails have signs\n")]);
    // It is still at work when the guide has moved.
    page.is_held = true;
    let rules = [resolving, agent("writer", [page, Reply::text("Written.")])];
    let text = "a guide that is long enough to be known again when it has moved\n".repeat(5);
    let stage = Stage::new(script(rules))
        .file("guide/index.md", format!("index: {text}"))
        .file("guide/lengths.md", format!("lengths: {text}"))
        .committed();
    let running = stage.swarm(&the_plan()).start();
    let moved = || {
        let landed = ["log", "--branches=formic/*", "--format=%H", "--", "docs"];
        !stage.git(landed).is_empty()
    };
    assert!(soon(moved), "the guide was never moved");
    stage.server().release();
    let ended = running.end();
    (stage, ended)
}

/// One in which the conflict is resolved and every node is done.
fn resolved(resolving: Vec<Rule>) -> (Stage, Report) {
    let (stage, ended) = ran(resolving);
    assert_eq!(ended.code(), Some(0), "{ended}");
    let report = Report::of(&ended);
    assert_eq!(
        report.in_state("done"),
        ["mover", "writer", "writer-merge-1"]
    );
    (stage, report)
}

fn classes(stage: &Stage, node: &str) -> Vec<FailureClass> {
    let run = stage.session();
    let id = NodeId::derived(&[run.uuid().as_bytes(), node.as_bytes()]);
    let returned = returned(&stage.run_records());
    let its = returned.into_iter().filter(|(node, _)| *node == id);
    its.map(|(_, failure)| failure.class).collect()
}

#[test]
fn a_conflict_becomes_a_node_and_both_changes_land() {
    let resolving = agent(
        "writer-merge-1",
        [
            Reply::tool("read", json!({"file_path": PAGE})),
            Reply::steps([write(PAGE, "trails have signs\n")]),
            Reply::text("Resolved."),
        ],
    );
    let (stage, report) = resolved(resolving);
    assert_eq!(stage.content(PAGE), "trails have signs\n");
    assert!(!stage.path("guide").exists());
    assert_eq!(classes(&stage, "writer"), [FailureClass::Conflict]);
    let (own, merged) = (report.node("writer"), report.node("writer-merge-1"));
    assert_eq!(own["commit"], merged["commit"], "one commit for both");
    assert_eq!(stage.git(["rev-list", "--count", "HEAD"]), "3");
    assert_eq!(report.took(), stage.took());
}

#[test]
fn a_merge_whose_right_answer_is_what_landed_is_done_with_nothing_to_land() {
    let words = "TIP IS RIGHT: the page says so already\nNothing of the change is left to do.";
    let resolving = agent(
        "writer-merge-1",
        [
            Reply::tool("read", json!({"file_path": PAGE})),
            Reply::steps([write(PAGE, "nothing yet\n")]),
            Reply::text(words),
        ],
    );
    let (stage, _) = resolved(resolving);
    assert_eq!(stage.content(PAGE), "nothing yet\n");
    assert_eq!(integrated(&stage.run_records()).len(), 1);
    assert_eq!(stage.git(["rev-list", "--count", "HEAD"]), "2");
}

#[test]
fn a_merge_that_leaves_the_conflict_marked_does_not_land_whatever_its_agent_says() {
    let lazy = agent("writer-merge-1", [Reply::text("Everything is resolved.")]);
    let (stage, ended) = ran(lazy);
    assert_eq!(ended.code(), Some(1), "{ended}");
    let report = Report::of(&ended);
    assert_eq!(report.in_state("done"), ["mover"], "{ended}");
    let classes = classes(&stage, "writer-merge-1");
    assert!(!classes.is_empty(), "{ended}");
    assert!(
        classes.iter().all(|class| *class == FailureClass::Check),
        "{classes:?}"
    );
    assert_eq!(integrated(&stage.run_records()).len(), 1);
    assert_eq!(stage.content(PAGE), "nothing yet\n");
    assert_eq!(stage.git(["status", "--porcelain"]), "");
}
