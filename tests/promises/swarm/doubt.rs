//! A command that was running when the process died is in doubt: its agent is told so and nobody runs it again.

use std::fs;
use std::path::PathBuf;

use protocol::{Event, Record, SessionEvent, WorkspaceEvent};
use rustix::process::Signal;
use scripted::Reply;
use serde_json::json;

use crate::stage::{Stage, agent, living, node, plan, script, soon, unlike_any_other};

/// The tree of the one node, once it has one.
fn tree(records: &[Record]) -> Option<PathBuf> {
    records.iter().find_map(|record| match &record.event {
        Event::Workspace(WorkspaceEvent::TreeMade { root, .. }) => Some(root.clone()),
        _ => None,
    })
}

#[test]
fn a_nodes_command_that_was_running_at_the_death_is_told_to_be_in_doubt_and_not_run_again() {
    let sleep = unlike_any_other();
    let command = format!("echo ran >> one.txt; sleep {sleep}");
    let stage = Stage::new(script([agent(
        "one",
        [
            Reply::tool("bash", json!({"command": command})),
            Reply::text("Done, as far as it got."),
        ],
    )]))
    .file("one.txt", "")
    .committed();
    let plan = plan([node("one", &[], &["one.txt"], "grep -q ran one.txt")]);
    let run = stage.swarm(&plan).arg("--dangerously-skip-permissions");
    let run = run.start();
    assert!(soon(|| !living(&sleep).is_empty()), "the command never ran");
    run.signal(Signal::KILL);
    assert!(run.end().was_killed());
    let before = stage.run_records();
    let left = tree(&before).map(|root| fs::read_to_string(root.join("one.txt")).unwrap());
    assert_eq!(left.as_deref(), Some("ran\n"));
    let resume = stage.formic([
        "swarm",
        "resume",
        "--json",
        "--dangerously-skip-permissions",
    ]);
    let ended = resume.run();
    assert_eq!(ended.code(), Some(0), "{ended}");
    let requests = stage.server().requests();
    let doubts = requests
        .iter()
        .filter(|request| String::from_utf8_lossy(&request.raw).contains("in doubt:"));
    assert!(doubts.count() > 0, "the agent was not told");
    // Nor is it kept from whoever looks on.
    let told =
        "one: in doubt, as it was running when formic ended, and not run again: bash echo ran";
    assert!(ended.stderr.contains(told), "{ended}");
    let shown = stage.formic(["swarm", "show", "one"]).succeed();
    assert!(shown.stdout.contains("in doubt  bash echo ran"), "{shown}");
    assert_eq!(stage.content("one.txt"), "ran\n");
    let after = stage.run_records();
    // The run itself is taken up before anything of it goes on: the time nobody had it is not its own.
    let first = &after[before.len()];
    let is_resumed = matches!(first.event, Event::Session(SessionEvent::Resumed { .. }));
    assert!(is_resumed && first.agent.is_none(), "{first:?}");
    stage.formic(["doctor"]).run();
    assert!(soon(|| living(&sleep).is_empty()), "the command lives on");
}

#[test]
fn what_is_said_to_a_node_whose_process_died_is_heard_when_its_agent_is_back() {
    let work = Reply::tool("bash", json!({"command": "echo done >> one.txt"}));
    let stage = Stage::new(script([agent("one", [work.held(), Reply::text("Done.")])]))
        .file("one.txt", "")
        .committed();
    let plan = plan([node("one", &[], &["one.txt"], "grep -q done one.txt")]);
    let run = stage.swarm(&plan).start();
    let asked = |many: usize| {
        let is_asked = move |requests: &[_]| requests.len() >= many;
        assert!(stage.server().wait_until_blocking(is_asked));
    };
    asked(1);
    run.signal(Signal::KILL);
    assert!(run.end().was_killed());
    stage
        .formic(["swarm", "steer", "one", "mind the gap"])
        .succeed();
    let resumed = stage.formic(["swarm", "resume", "--json"]).start();
    let is_heard = || {
        let mut records = stage.run_records().into_iter();
        records.any(|record| format!("{:?}", record.event).contains("mind the gap"))
    };
    assert!(soon(is_heard), "nobody heard it");
    stage.server().release();
    let ended = resumed.end();
    assert_eq!(ended.code(), Some(0), "{ended}");
    let last = stage.last_asked();
    assert!(last.raw().contains("mind the gap"), "{}", last.raw());
}
