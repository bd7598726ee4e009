//! Commands of a plan that take the place of agents, in runs whose process ends while one is at work.

use std::fs::File;
use std::path::PathBuf;
use std::process::Command;

use actors::{Models, RunCommand, RunPhase, Swarm};
use protocol::{
    Budget, Event, Failure, FailureClass, Kind, NodeDocument, NodeName, PlanEvent, Record,
    SessionId,
};
use scripted::Script;

use crate::bench::{Bench, soon};
use crate::swarm_bench::{approved, carried, denied, edit, plan, repository, to_the_end, told};

/// A pipe: a command that reads it waits for its writer to come and to go.
struct Pipe(tempfile::TempDir);

impl Pipe {
    fn new() -> Self {
        let pipe = Self(tempfile::tempdir().unwrap());
        let made = Command::new("mkfifo").arg(pipe.path()).status().unwrap();
        assert!(made.success());
        pipe
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("pipe")
    }

    /// Waits for a reader; it waits until what this gives is dropped.
    async fn held(&self) -> File {
        let path = self.path();
        let opened = tokio::task::spawn_blocking(|| File::options().write(true).open(path));
        soon(opened).await.unwrap().unwrap()
    }
}

/// Appends a line, which it would not do twice without a trace, and waits.
fn appending(pipe: &Pipe) -> NodeDocument {
    let command = format!("echo more >> a.txt; cat {}", pipe.path().display());
    NodeDocument {
        kind: Kind::Codemod,
        brief: Some(command),
        ..edit("more", &["a.txt"])
    }
}

/// A run whose process ended after its command had appended the line.
async fn interrupted(bench: &Bench, pipe: &Pipe) -> SessionId {
    let document = plan(vec![appending(pipe)]);
    let opened = Swarm::open(bench.options(), approved(document), None);
    let swarm = opened.await.unwrap();
    let held = pipe.held().await;
    let id = swarm.id();
    swarm.close().await;
    drop(held);
    id
}

async fn taken_up(bench: &Bench, id: SessionId) -> Swarm {
    let more = Budget::default();
    let resumed = Swarm::resume(bench.options(), Models::default(), (id, more), |_| {});
    Box::pin(resumed).await.unwrap()
}

fn attempts(records: &[Record]) -> usize {
    let started = |record: &&Record| {
        let event = &record.event;
        matches!(event, Event::Plan(PlanEvent::NodeStarted { .. }))
    };
    records.iter().filter(started).count()
}

#[tokio::test]
async fn a_command_that_was_at_work_when_the_process_ended_begins_anew_on_what_it_began_with() {
    let bench = repository(Script::new(), &[("a.txt", "alpha\n")]);
    let pipe = Pipe::new();
    let id = interrupted(&bench, &pipe).await;
    let swarm = taken_up(&bench, id).await;
    drop(pipe.held().await);
    to_the_end(swarm).await;
    let records = bench.records(id);
    assert_eq!(bench.file("a.txt"), "alpha\nmore\n", "{}", told(&records));
    assert_eq!(attempts(&records), 1);
}

#[tokio::test]
async fn in_a_shared_folder_it_is_in_doubt_and_carried_out_again_only_when_asked_for() {
    let bench = Bench::new(Script::new()).with_file("a.txt", "alpha\n");
    let pipe = Pipe::new();
    let id = interrupted(&bench, &pipe).await;
    let swarm = taken_up(&bench, id).await;
    assert_eq!(soon(swarm.rest()).await.unwrap(), RunPhase::Closed);
    let records = bench.records(id);
    assert_eq!(bench.file("a.txt"), "alpha\nmore\n", "{}", told(&records));
    let why = records.iter().find_map(|record| match &record.event {
        Event::Plan(PlanEvent::NodeEnded { why, .. }) => why.clone(),
        _ => None,
    });
    let why = why.map(|why| why.as_str().into_owned()).unwrap_or_default();
    assert!(why.contains("is not known"), "{why}");
    let node = scheduler::plan::node_id(id, &NodeName::from("more"));
    swarm.command(RunCommand::Retry { node }).await.unwrap();
    drop(pipe.held().await);
    to_the_end(swarm).await;
    assert_eq!(bench.file("a.txt"), "alpha\nmore\nmore\n");
}

/// What a run came to whose one node takes a command instead of an agent: each attempt that came back, and how often one
/// was made.
async fn came_to(bench: &Bench, command: &str) -> (Vec<Failure>, usize) {
    let copy = NodeDocument {
        kind: Kind::Codemod,
        brief: Some(command.to_owned()),
        ..edit("copy", &["a.txt"])
    };
    let records = carried(bench, plan(vec![copy])).await;
    let failed = records.iter().filter_map(|record| match &record.event {
        Event::Plan(PlanEvent::NodeReturned { failure, .. }) => Some(failure.clone()),
        _ => None,
    });
    (failed.collect(), attempts(&records))
}

#[tokio::test]
async fn a_command_that_may_not_run_is_tried_once_and_the_rule_is_named() {
    let mut bench = repository(Script::new(), &[("a.txt", "alpha\n"), ("b.txt", "beta\n")]);
    bench.rules.push(denied("Read(b.txt)"));
    let (failures, attempts) = came_to(&bench, "cat b.txt > a.txt").await;
    let said = failures[0].evidence.as_str();
    for part in ["permission denied", "Read(b.txt)", "change the rule"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains("was ended"), "{said}");
    assert_eq!(failures[0].class, FailureClass::Check, "{said}");
    assert_eq!(attempts, 1, "{said}");
}

#[tokio::test]
async fn a_command_that_a_rule_denies_is_told_with_the_place_of_the_rule() {
    let mut bench = repository(Script::new(), &[("a.txt", "alpha\n")]);
    let mut rule = denied("Bash(sed:*)");
    rule.origin.file = Some("settings.json".into());
    rule.origin.line = Some(7);
    bench.rules.push(rule);
    let (failures, attempts) = came_to(&bench, "sed -i s/alpha/beta/ a.txt").await;
    let said = failures[0].evidence.as_str();
    assert!(said.contains("Bash(sed:*), settings.json:7"), "{said}");
    assert_eq!(attempts, 1, "{said}");
}

#[tokio::test]
async fn a_command_that_is_none_is_tried_once_wherever_the_shell_says_so() {
    for command in [
        "no-such-command a.txt",
        "no-such-command a.txt > /dev/null 2>&1",
    ] {
        let bench = repository(Script::new(), &[("a.txt", "alpha\n")]);
        let (failures, attempts) = came_to(&bench, command).await;
        let said = failures[0].evidence.as_str();
        assert!(said.contains("try the node again"), "{said}");
        assert!(said.contains("exited with 127"), "{said}");
        assert_eq!(attempts, 1, "{said}");
    }
}
