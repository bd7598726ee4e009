//! A thousand agents at once, each with three model calls of 200 ms, beside as many conversations of the floor.

use scripted::{Reply, Rule, Script};
use serde_json::{Value, json};

use super::field::{Field, Took, readers};
use crate::{figure, row};

const AGENTS: usize = 1_000;
const CALL_MS: u64 = 200;

fn script() -> Script {
    let read = || Reply::tool("read", json!({"file_path": "a.txt"})).delay_ms(CALL_MS);
    Script::new()
        .rule(Rule::new("first", read()).turn(0))
        .rule(Rule::new("second", read()).turn(1))
        .otherwise(Reply::text("It holds one line twenty times.").delay_ms(CALL_MS))
}

/// A run of so many agents, every one of whom must come to an answer.
fn agents(many: usize) -> Took {
    let field = Field::new(script());
    let took = field.run(field.swarm(&readers(many)));
    let report: Value = serde_json::from_slice(&took.said).unwrap();
    assert_eq!(report["status"], "success", "{report}");
    assert_eq!(report["totals"]["done"], many, "{report}");
    assert_eq!(field.server.requests().len(), many * 3);
    took
}

pub fn measure() {
    let field = Field::new(script());
    let mut pairs: Vec<_> = (0..5)
        .map(|_| (agents(AGENTS), field.run(field.floor(AGENTS))))
        .collect();
    pairs.sort_by(|a, b| (a.0.wall_ms / a.1.wall_ms).total_cmp(&(b.0.wall_ms / b.1.wall_ms)));
    let (one, (all, floor)) = (agents(1), pairs.swap_remove(2));
    row(
        "a thousand agents of 3 calls of 200 ms, median pair, ms",
        all.wall_ms,
        floor.wall_ms,
        1.5,
    );
    let each = (all.peak_kib - one.peak_kib) / (AGENTS - 1) as f64;
    figure("memory of an agent among a thousand, KiB", each, 150.0);
}
