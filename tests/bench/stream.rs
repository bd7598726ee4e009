//! A long stream: what an event costs.

use scripted::{Repeat, Reply, Rule, Script, Step};

use crate::row;
use crate::run::{Stage, Used, paired};

const EVENTS: usize = 200_000;

pub fn measure() {
    let many = Step::Repeat(Repeat {
        text: "word ".to_owned(),
        count: EVENTS,
    });
    let script = Script::new()
        .rule(Rule::new("many", Reply::steps([many])).last_user("talk"))
        .otherwise(Reply::text("fine"));
    let stage = Stage::new(script);
    let (none, none_floor) = paired(5, || {
        (stage.formic_unwatched(&["hello"]), stage.floor("hello"))
    });
    let (all, all_floor) = paired(5, || {
        (stage.formic_unwatched(&["talk"]), stage.floor("talk"))
    });
    let per_event = |used: Used, none: Used| (used.cpu_ms - none.cpu_ms) / EVENTS as f64 * 1e3;
    row(
        "CPU of a streamed event, us",
        per_event(all, none),
        per_event(all_floor, none_floor),
        2.5,
    );
}
