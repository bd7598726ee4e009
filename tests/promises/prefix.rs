//! What a provider may cache stays byte for byte the same, for as long as a session lives.

use scripted::{Rule, Script};
use serde_json::{Value, json};

use crate::stage::{Asked, Reply, Stage, WIRES};

const STEPS: u64 = 50;

/// A conversation only grows: what was asked before is asked again, unchanged, before anything new.
fn only_grows(asked: &[Asked]) {
    for pair in asked.windows(2) {
        let (before, after): (Vec<Value>, Vec<Value>) = (pair[0].said(), pair[1].said());
        assert!(after.len() > before.len());
        assert_eq!(after[..before.len()], before[..]);
    }
}

#[test]
fn the_prefix_is_byte_equal_across_fifty_steps_and_after_resuming() {
    for wire in WIRES {
        let step = |turn: u64| {
            let read = Reply::tool("read", json!({"file_path": "a.txt", "offset": turn + 1}));
            Rule::new("step", read).turn(turn)
        };
        let script = (0..STEPS).map(step).fold(Script::new(), Script::rule);
        let stage = Stage::new(script.otherwise(Reply::text("Enough."))).on(wire);
        stage.write("a.txt", "line\n".repeat(100));
        stage.prompt("read it all").succeed();
        // What the session was opened with holds, whatever has changed around it.
        stage.write("AGENTS.md", "A later thought.\n");
        stage.prompt("anything else?").arg("--continue").succeed();
        stage.prompt("and now?").arg("--continue").succeed();
        let asked = stage.asked();
        assert_eq!(asked.len() as u64, STEPS + 3);
        let first = asked[0].prefix();
        assert!(
            first.contains("tools"),
            "{wire}: what is offered belongs to the prefix"
        );
        asked
            .iter()
            .for_each(|one| assert_eq!(one.prefix(), first, "{wire}"));
        let hashes = stage
            .server()
            .requests()
            .into_iter()
            .map(|request| request.prefix_hash);
        let mut hashes: Vec<Option<String>> = hashes.collect();
        hashes.dedup();
        assert_eq!(hashes.len(), 1, "{wire}: the server sees one prefix");
        only_grows(&asked);
    }
}

#[test]
fn fifty_turns_of_one_session_share_one_prefix() {
    for wire in WIRES {
        let stage = Stage::new(Script::new().otherwise(Reply::text("{{turn}}"))).on(wire);
        let line = |n: u64| {
            format!(
                "{}\n",
                json!({"type": "user", "message": {"role": "user", "content": format!("turn {n}")}})
            )
        };
        let input: String = (0..STEPS).map(line).collect();
        let flags = [
            "-p",
            "--input-format",
            "stream-json",
            "--output-format",
            "stream-json",
            "--verbose",
        ];
        stage.formic(flags).stdin(input).succeed();
        let asked = stage.asked();
        assert_eq!(asked.len() as u64, STEPS);
        asked
            .iter()
            .for_each(|one| assert_eq!(one.prefix(), asked[0].prefix(), "{wire}"));
        only_grows(&asked);
    }
}
