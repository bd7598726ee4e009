//! Starting: a plan that is only looked at, and a small run up to its first model call, beside the floor.

use std::time::Instant;

use scripted::{Reply, Script};

use super::field::{Field, readers};
use crate::figure;
use crate::run::median;

const TIMES: usize = 15;
const NODES: usize = 5;

fn script() -> Script {
    Script::new().otherwise(Reply::text("It holds one line twenty times."))
}

/// From the start of a process until the model is asked, in milliseconds.
fn asked(run: impl Fn(&Field) -> std::process::Command) -> f64 {
    let field = Field::new(script());
    let command = run(&field);
    let began = Instant::now();
    let mut child = field.start(command);
    assert!(field.server.wait_until_blocking(|log| !log.is_empty()));
    let took = began.elapsed().as_secs_f64() * 1e3;
    assert!(child.wait().unwrap().success());
    took
}

pub fn measure() {
    let dry = || {
        let field = Field::new(script());
        let mut command = field.looked_at(&readers(NODES));
        command.arg("--dry-run");
        field.run(command).wall_ms
    };
    let all = |one: &dyn Fn() -> f64| median((0..TIMES).map(|_| one()).collect());
    figure("a plan of 5 nodes looked at, ms", all(&dry), 100.0);
    let run = all(&|| asked(|field| field.swarm(&readers(NODES))));
    let floor = all(&|| asked(|field| field.floor(NODES)));
    figure("exec of a run to its first request, ms", run, 150.0);
    figure("exec of the floor to its first request, ms", floor, 150.0);
}
