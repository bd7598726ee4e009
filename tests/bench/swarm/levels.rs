//! A run of eight levels of eight nodes with eight slots: its makespan beside what its replies alone take, what the whole
//! process takes with looking at the repository before and landing after, and what it costs beside a client that only asks.

use std::sync::Arc;

use scripted::{Reply, Rule, Script};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::project::{Project, Used, file};
use crate::row;

const LEVELS: usize = 8;
const WIDTH: usize = 8;
const SLOTS: usize = 8;
const FILES: usize = 500;

/// How often a run is measured.
const TIMES: usize = 5;

/// What a small change takes: a look at the file, at what it leans on and at what its neighbour did, the edit, a look at
/// that, the answer.
const CALLS: usize = 6;

/// The milliseconds a reply takes, by its node and turn.
type Pace = fn(usize, usize) -> u64;

fn even(_: usize, _: usize) -> u64 {
    50
}

/// From 10 to 200 ms, without a pattern that fits the levels.
fn skewed(node: usize, turn: usize) -> u64 {
    let mixed = (node * CALLS + turn + 1).wrapping_mul(2_654_435_761) >> 7;
    10 + u64::try_from(mixed % 191).unwrap()
}

/// The nodes that one needs: two of the level before.
fn needs(node: usize) -> Vec<usize> {
    match node / WIDTH {
        0 => Vec::new(),
        level => [0, 1]
            .map(|step| (level - 1) * WIDTH + (node + step) % WIDTH)
            .to_vec(),
    }
}

/// Whether its nodes change files or only read.
#[derive(Clone, Copy, PartialEq)]
enum Deed {
    Change,
    Read,
}

fn plan(deed: Deed) -> Value {
    let nodes = (0..LEVELS * WIDTH).map(|node| {
        let deps = needs(node).into_iter().map(name).collect::<Vec<_>>();
        let mut planned =
            json!({"id": name(node), "kind": "Explore", "brief": brief(node), "deps": deps});
        if deed == Deed::Change {
            planned["kind"] = "Edit".into();
            planned["writes"] = json!([file(node)]);
        }
        planned
    });
    let nodes: Vec<Value> = nodes.collect();
    let caps = json!({"max_parallel": SLOTS, "max_nodes": LEVELS * WIDTH, "max_depth": LEVELS});
    json!({"version": 1, "goal": "change everything", "nodes": nodes, "caps": caps})
}

fn name(node: usize) -> String {
    format!("n{node:02}")
}

fn brief(node: usize) -> String {
    format!("Change file {node}.")
}

/// What marks a node's conversation, for formic and for the floor.
fn marker(node: usize) -> String {
    format!("[node {}", name(node))
}

fn replies(node: usize, deed: Deed) -> [Reply; CALLS] {
    let path = file(node);
    let before = needs(node).first().map_or(FILES - 1, |before| *before);
    let read = |path: String| Reply::tool("read", json!({"file_path": path}));
    let edit =
        json!({"file_path": path, "old_string": "line 7 of", "new_string": "line 7, changed, of"});
    let third = match deed {
        Deed::Change => Reply::tool("edit", edit),
        Deed::Read => read(file(node + 2 * WIDTH * LEVELS)),
    };
    [
        read(path.clone()),
        read(file(before)),
        read(file(node + WIDTH * LEVELS)),
        third,
        read(path),
        Reply::text("Line 7 of the file says that it was changed. Nothing else was touched."),
    ]
}

fn script(pace: Pace, deed: Deed) -> Script {
    let mut script = Script::new();
    for node in 0..LEVELS * WIDTH {
        for (turn, reply) in replies(node, deed).into_iter().enumerate() {
            let reply = reply.delay_ms(pace(node, turn));
            let rule = Rule::new(format!("{} {turn}", name(node)), reply);
            let turn = u64::try_from(turn).unwrap();
            script = script.rule(rule.marker(marker(node)).turn(turn));
        }
    }
    script
}

/// The least the replies alone can take with these slots, in milliseconds: the longest chain, and the work of all
/// spread over the slots.
fn bound(pace: Pace) -> f64 {
    let own = |node| (0..CALLS).map(|turn| pace(node, turn)).sum::<u64>();
    let mut ends: Vec<u64> = Vec::new();
    for node in 0..LEVELS * WIDTH {
        let ready = needs(node).into_iter().map(|before| ends[before]).max();
        ends.push(ready.unwrap_or(0) + own(node));
    }
    let chain = ends.into_iter().max().unwrap_or(0);
    let spread = (0..LEVELS * WIDTH).map(own).sum::<u64>() as f64 / SLOTS as f64;
    spread.max(chain as f64)
}

/// A run and its floor, the middle ones of a few by what `key` tells, after one that fills caches and the pool of trees.
fn middle(deed: Deed, pace: Pace, key: impl Fn(Used) -> f64) -> (Used, Used) {
    let (plan, project) = (plan(deed), Project::new(FILES, script(pace, deed)));
    let run = || {
        let pair = (project.swarm(&plan), project.floor(LEVELS * WIDTH, SLOTS));
        assert_eq!(pair.0.calls, LEVELS * WIDTH * CALLS, "calls of a run");
        assert_eq!(pair.1.calls, pair.0.calls, "calls of the floor");
        pair
    };
    run();
    let mut all: Vec<(Used, Used)> = (0..TIMES).map(|_| run()).collect();
    all.sort_by(|a, b| key(a.0).total_cmp(&key(b.0)));
    all.swap_remove(TIMES / 2)
}

pub fn measure() {
    for (who, deed) in [("writers", Deed::Change), ("readers", Deed::Read)] {
        let (formic, floor) = middle(deed, even, |used| used.makespan_ms);
        let what = format!("64 {who}, replies of 50 ms: makespan, ms");
        row(&what, formic.makespan_ms, bound(even), 1.10);
        let what = format!("64 {who}: whole run beside that of the floor, ms");
        row(&what, formic.wall_ms, floor.wall_ms, 1.15);
        let what = format!("64 {who}: CPU with all of git, ms");
        row(&what, formic.cpu_ms, floor.cpu_ms, 15.0);
    }
    let (formic, _) = middle(Deed::Change, skewed, |used| used.makespan_ms);
    let what = "64 writers, replies of 10 to 200 ms: makespan, ms";
    row(what, formic.makespan_ms, bound(skewed), 1.05);
}

/// The floor of such a run: the same conversations by the minimal client, as many at once as there are slots.
pub fn floor(base: &str, prompts: usize, lanes: usize) -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let lanes = Arc::new(Semaphore::new(lanes));
    runtime.block_on(async {
        let client = crate::floor::client()?;
        let all = tokio::task::LocalSet::new();
        for node in 0..prompts {
            let (client, lanes, base) = (client.clone(), lanes.clone(), base.to_owned());
            all.spawn_local(async move {
                let _lane = lanes.acquire().await;
                let prompt = format!("{}] {}", marker(node), brief(node));
                let said = crate::floor::converse(&client, &base, &prompt).await;
                said.expect("the floor answers");
            });
        }
        all.await;
        Ok(())
    })
}
