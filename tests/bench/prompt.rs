//! One prompt, one answer: what the process costs, how soon it asks, how much it sends.

use scripted::{Reply, Script};

use crate::run::{Stage, median, paired};
use crate::{figure, installed, row};

pub fn measure() {
    let stage = Stage::new(Script::new().otherwise(Reply::text("fine")));
    let (formic, floor) = paired(15, || {
        (stage.formic_unwatched(&["hello"]), stage.floor("hello"))
    });
    row("CPU of one prompt, ms", formic.cpu_ms, floor.cpu_ms, 3.0);
    let first = (0..15)
        .map(|_| stage.formic(&["hello"]).first_request_ms)
        .collect();
    figure("exec to first request, ms", median(first), 40.0);
    let peak = (0..5).map(|_| stage.formic(&["hello"]).peak_mib).collect();
    figure("peak memory of one prompt, MiB", median(peak), 25.0);
    let sent = stage
        .server
        .requests()
        .iter()
        .map(|request| request.body_bytes)
        .max();
    figure("first request, bytes", sent.unwrap_or(0) as f64, 10_000.0);
    let size = std::fs::metadata(installed::formic()).unwrap().len();
    figure("release binary, MB", size as f64 / 1e6, 20.0);
}
