//! Taking up a run whose journal is long: a real run of many finished nodes, killed while the last one asks its model.

use std::time::Instant;

use protocol::Seq;
use scripted::{Fault, Reply, Rule, Script};
use serde_json::{Value, json};
use store::DataFolder;

use super::field::{Field, peak_kib, readers};
use crate::figure;
use crate::run::median;

/// A node's agent reads so often; a read is three records, and an agent has some of its own.
const NODES: usize = 400;
const READS: u64 = 82;
const RECORDS: u64 = 100_000;

/// The agent of this node never gets its second reply.
const LAST: &str = "[node last";

fn script() -> Script {
    let read = |n: u64| {
        let about = json!({"file_path": "a.txt", "offset": 1 + n % 16});
        Rule::new(format!("read {n}"), Reply::tool("read", about)).turn(n)
    };
    let stall = Reply::failing(Fault::StallAfterEvents(1));
    let last = Rule::new("last", stall).marker(LAST).turn(1);
    (0..READS)
        .map(read)
        .fold(Script::new().rule(last), Script::rule)
        .otherwise(Reply::text("It holds one line twenty times."))
}

fn plan() -> Value {
    let mut plan = readers(NODES);
    plan["nodes"][NODES - 1]["id"] = json!("last");
    plan["caps"]["max_parallel"] = json!(32);
    plan
}

/// A field on which such a run was killed, and how many records it left.
fn killed() -> (Field, u64) {
    let field = Field::new(script());
    let mut child = field.start(field.planned(&plan()));
    let asked = NODES * (READS as usize + 1) - (READS as usize - 1);
    let all_ended = field.server.wait_until_blocking(|log| {
        let ended = log
            .iter()
            .filter(|request| request.answer.finished_ms.is_some());
        log.len() >= asked && ended.count() >= asked - 1
    });
    assert!(all_ended);
    let data = DataFolder::at(field.data());
    let session = field.session();
    let records = || {
        let read = store::read(&data, session, Seq(1)).unwrap().records;
        read.last().map_or(0, |record| record.seq.0)
    };
    let mut before = 0;
    // What the last replies led to is not yet kept when they have been sent.
    while before != records() {
        before = records();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    (field, before)
}

/// From the start of a process until the model is asked, in milliseconds, and its peak memory by then in KiB.
fn resumed(field: &Field) -> (f64, f64) {
    let before = field.server.requests().len();
    let began = Instant::now();
    let mut child = field.start(field.formic(&["swarm", "resume", "--yes", "--json"]));
    assert!(field.server.wait_until_blocking(|log| log.len() > before));
    let took = began.elapsed().as_secs_f64() * 1e3;
    let peak = peak_kib(child.id());
    child.kill().unwrap();
    child.wait().unwrap();
    (took, peak.unwrap_or_default())
}

pub fn measure() {
    let (field, records) = killed();
    assert!(records >= RECORDS, "only {records} records");
    let all: Vec<(f64, f64)> = (0..7).map(|_| resumed(&field)).collect();
    let took = all.iter().map(|(took, _)| *took).collect();
    let what = format!("resume of a run of {records} records, ms");
    figure(&what, median(took), 500.0);
    let peak = all.iter().map(|(_, peak)| *peak / 1024.0).collect();
    figure("memory when its model is asked, MiB", median(peak), 100.0);
}
