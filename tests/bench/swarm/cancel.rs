//! Cancelling a run with two hundred nodes in the middle of a command and some in the middle of a model call: how long
//! until nothing of them is left.

use std::process::{Child, Command};
use std::time::{Duration, Instant};

use scripted::{Fault, Reply, Rule, Script};
use serde_json::{Value, json};

use super::field::Field;
use crate::figure;

/// Nodes that change files, each with a tree of its own and a command that sleeps in it: the one kind of node whose
/// commands run beside each other.
const SLEEPERS: usize = 200;
/// Nodes that only read, each with a request that is never answered.
const ASKERS: usize = 20;

/// Longer than any bench: seconds that no other process of this machine sleeps.
fn nap() -> String {
    format!("3600.{:07}", std::process::id())
}

fn script() -> Script {
    let sleep = Reply::tool("bash", json!({"command": format!("sleep {}", nap())}));
    Script::new()
        .rule(Rule::new("sleep", sleep).marker("[node sleeper"))
        .otherwise(Reply::failing(Fault::StallAfterEvents(1)))
}

fn plan() -> Value {
    let sleeper = |n: usize| {
        let file = format!("{n}.txt");
        json!({"id": format!("sleeper{n}"), "kind": "Edit", "brief": "Sleep.", "reads": ["a.txt"],
            "writes": [file], "accept": {"cmd": "true"}})
    };
    let asker = |n: usize| json!({"id": format!("asker{n}"), "kind": "Explore", "brief": "Ask.", "reads": ["a.txt"]});
    let nodes = (0..SLEEPERS).map(sleeper).chain((0..ASKERS).map(asker));
    let nodes: Vec<Value> = nodes.collect();
    let caps = json!({"max_nodes": SLEEPERS + ASKERS});
    json!({"version": 1, "goal": "be cancelled", "nodes": nodes, "caps": caps})
}

/// How many processes sleep so long.
fn sleeping() -> usize {
    let word = nap();
    let is_it = |entry: &std::fs::DirEntry| {
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let mut words = line.split(|byte| *byte == 0);
        words.next() == Some(b"sleep") && words.next() == Some(word.as_bytes())
    };
    let entries = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    entries.filter(is_it).count()
}

/// A field on which all of them are at work.
fn at_work() -> (Field, Child) {
    let field = Field::new(script());
    let mut command = field.swarm(&plan());
    command.arg("--dangerously-skip-permissions");
    let child = field.start(command);
    let began = Instant::now();
    while sleeping() < SLEEPERS {
        assert!(
            began.elapsed() < Duration::from_secs(120),
            "{} sleep",
            sleeping()
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    let asked = SLEEPERS + ASKERS;
    assert!(field.server.wait_until_blocking(|log| log.len() >= asked));
    (field, child)
}

/// Gives the run up by `way`, and tells after how many milliseconds no command runs and no request is open.
fn stopped(way: impl FnOnce(&Field, &Child) -> Command) -> f64 {
    let (field, child) = at_work();
    let mut way = way(&field, &child);
    let began = Instant::now();
    let mut giving_up = way.spawn().unwrap();
    while sleeping() > 0 {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "{} sleep",
            sleeping()
        );
    }
    assert!(field.server.wait_until_blocking(|log| {
        log.iter()
            .all(|request| request.answer.finished_ms.is_some())
    }));
    let took = began.elapsed().as_secs_f64() * 1e3;
    giving_up.wait().unwrap();
    child.wait_with_output().unwrap();
    took
}

pub fn measure() {
    let cancelled = stopped(|field, _| {
        let id = field.session().to_string();
        let mut cancel = field.formic(&["swarm", "cancel", &id]);
        cancel.current_dir(field.project());
        cancel
    });
    figure(
        "200 nodes at work, cancelled by another process, ms",
        cancelled,
        500.0,
    );
    let interrupted = stopped(|_, child| {
        let mut kill = Command::new("kill");
        kill.args(["-INT", &child.id().to_string()]);
        kill
    });
    figure("200 nodes at work, interrupted, ms", interrupted, 500.0);
}
