//! Eight sub-agents of one reply, each with five tool steps at 100 ms a call, beside the pure time of their replies.

use scripted::{LoggedRequest, Reply, Rule, Script, Step};
use serde_json::json;

use super::field::Field;
use crate::row;
use crate::run::median;

const PARTS: usize = 8;
const STEPS: u64 = 5;
const CALL_MS: u64 = 100;
const JOB: &str = "the whole job";

fn task(n: usize) -> Step {
    let prompt = format!("look into part-{n}.");
    Step::tool(
        "task",
        json!({"description": format!("part {n}"), "prompt": prompt}),
    )
}

fn script() -> Script {
    let root = Reply::steps((0..PARTS).map(task)).delay_ms(CALL_MS);
    let all = Reply::text("all done").delay_ms(CALL_MS);
    let step = |n: u64| {
        let about = json!({"file_path": "a.txt", "offset": 1 + n});
        let read = Reply::tool("read", about).delay_ms(CALL_MS);
        Rule::new(format!("step {n}"), read).turn(n)
    };
    let begun = Script::new()
        .rule(Rule::new("root", root).marker(JOB).turn(0))
        .rule(Rule::new("all", all).marker(JOB));
    (0..STEPS)
        .map(step)
        .fold(begun, Script::rule)
        .otherwise(Reply::text("found it").delay_ms(CALL_MS))
}

/// What one request took, in milliseconds.
fn took(request: &LoggedRequest) -> u64 {
    let finished = request.answer.finished_ms.unwrap_or(request.at_ms);
    finished - request.at_ms
}

/// From the end of the reply with the tasks to the caller's next request, and the longest chain of replies between,
/// in milliseconds.
fn span() -> (f64, f64) {
    let field = Field::keeping(script());
    field.run(field.formic(&["-p", JOB, "--dangerously-skip-permissions"]));
    let requests = field.server.requests();
    let of = |rule: &str| {
        let is_it = |request: &&LoggedRequest| request.answer.rule.as_deref() == Some(rule);
        requests.iter().find(is_it).unwrap()
    };
    let span = of("all").at_ms - of("root").answer.finished_ms.unwrap();
    let chain = |n: usize| {
        let marker = format!("look into part-{n}.");
        let its = |request: &&LoggedRequest| {
            let text = String::from_utf8_lossy(&request.raw);
            text.contains(&marker) && !text.contains(JOB)
        };
        let all: Vec<_> = requests.iter().filter(its).collect();
        assert_eq!(all.len() as u64, STEPS + 1);
        all.into_iter().map(took).sum::<u64>()
    };
    let longest = (0..PARTS).map(chain).max().unwrap();
    (span as f64, longest as f64)
}

pub fn measure() {
    let (spans, chains): (Vec<f64>, Vec<f64>) = (0..7).map(|_| span()).unzip();
    let what = "eight sub-agents of 5 steps of 100 ms, pure replies, ms";
    row(what, median(spans), median(chains), 1.15);
}
