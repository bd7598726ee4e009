//! Long sessions: sequential read turns, their growth, their memory, and taking one up again.

use scripted::{Reply, Rule, Script};
use serde_json::json;

use crate::run::{Stage, Used, least, median};
use crate::{figure, row};

const TURNS: u64 = 400;
const EIGHTH: u64 = TURNS / 8;

/// Reads the same file until the given number of replies, then answers.
fn reading(stage_turns: u64, path: &str) -> Script {
    let read = Reply::tool("read", json!({"file_path": path}));
    Script::new()
        .rule(Rule::new("again", Reply::text("still fine")).last_user("again"))
        .rule(Rule::new("end", Reply::text("fine")).turn(stage_turns))
        .otherwise(read)
}

fn stage(turns: u64) -> Stage {
    let file = std::env::temp_dir().join("formic-bench-read.txt");
    let lines: String = (0..40)
        .map(|line| format!("line {line} of a file that is read\n"))
        .collect();
    std::fs::write(&file, lines).unwrap();
    Stage::new(reading(turns, file.to_str().unwrap()))
}

/// Everything allowed: the bench measures turns, not verdicts on a file outside the tree.
const FREE: [&str; 2] = ["--permission-mode", "bypassPermissions"];

fn both(turns: u64, times: usize) -> (Used, Used) {
    let stage = stage(turns);
    let prompt = ["read", FREE[0], FREE[1]];
    least(times, || (stage.formic(&prompt), stage.floor("read")))
}

pub fn measure() {
    let (none, none_floor) = both(0, 9);
    let (first, _) = both(EIGHTH, 9);
    let (all, all_floor) = both(TURNS, 9);
    let per_turn = |used: Used, none: Used| (used.cpu_ms - none.cpu_ms) / TURNS as f64;
    row(
        "CPU of a sequential read turn, ms",
        per_turn(all, none),
        per_turn(all_floor, none_floor),
        5.0,
    );
    growth();
    memory(first, all);
    resume();
}

/// What the last turns cost beside the first, but for what more bytes cost anybody. Both ends are of one process: those of
/// two differ by more than they tell.
fn growth() {
    // Both are asked while the process lives: the last request is its last sign of life.
    const LAST: usize = TURNS as usize - 1;
    const ENDS: [usize; 4] = [0, EIGHTH as usize, LAST - EIGHTH as usize, LAST];
    let stage = stage(TURNS);
    let (mut firsts, mut beyond) = (Vec::new(), Vec::new());
    for _ in 0..9 {
        let formic = stage.formic_at(&["read", FREE[0], FREE[1]], &ENDS);
        let floor = stage.floor_at("read", &ENDS);
        let first = |used: &[f64]| used[1] - used[0];
        let last = |used: &[f64]| used[3] - used[2];
        firsts.push(first(&formic));
        beyond.push(last(&formic) - (last(&floor) - first(&floor)));
    }
    row(
        "last eighth beyond the floor's growth, first eighth, ms",
        median(beyond),
        median(firsts),
        1.3,
    );
}

/// How memory grows with the transcript, between an eighth of the turns and all of them: what the first turns touch
/// for the first time (code, buffers) is no growth.
fn memory(first: Used, all: Used) {
    let bytes = |turns: u64| {
        let stage = stage(turns);
        stage.formic(&["read", FREE[0], FREE[1]]);
        let sent = stage.server.requests();
        sent.last().map_or(0, |request| request.body_bytes)
    };
    let transcript = (bytes(TURNS) - bytes(EIGHTH)) as f64 / (1024.0 * 1024.0);
    let grown = all.peak_mib - first.peak_mib;
    row(
        "memory grown over 350 turns, transcript, MiB",
        grown,
        transcript,
        4.0,
    );
}

fn resume() {
    let stage = stage(TURNS);
    stage.formic(&["read", FREE[0], FREE[1]]);
    let again = || {
        stage
            .formic(&["again", "--continue", FREE[0], FREE[1]])
            .first_request_ms
    };
    figure(
        "resume of a 400-turn session to first request, ms",
        median((0..7).map(|_| again()).collect()),
        100.0,
    );
}
