//! Reads of one reply run at the same time, commands never do: told by the times the journal recorded.

use std::io::Write;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::SystemTime;

use serde_json::json;
use views::{Span, Timeline, ToolSpan, View};

use crate::stage::{Fifo, Reply, Stage, Step, WIRES};

/// More than any pipe holds, so that writing it waits for somebody who reads.
const FLOOD: usize = 256 * 1024;

fn timeline(stage: &Stage) -> Timeline {
    Timeline::fold(&stage.records(stage.session()))
}

fn of<'a>(timeline: &'a Timeline, tool: &str) -> Vec<&'a ToolSpan> {
    timeline
        .tools
        .iter()
        .filter(|span| span.tool == tool)
        .collect()
}

/// Waits until the clock that stamps records shows another millisecond.
fn let_time_pass() {
    let millis = || {
        SystemTime::UNIX_EPOCH
            .elapsed()
            .expect("a clock after 1970")
            .as_millis()
    };
    let now = millis();
    while millis() == now {
        thread::yield_now();
    }
}

#[test]
fn sixteen_reads_of_slow_pipes_take_about_the_time_of_one() {
    const READS: usize = 16;
    for wire in WIRES {
        let name = |n: usize| format!("slow-{n}");
        let read = |n| Step::tool("read", json!({"file_path": name(n), "limit": 1}));
        let stage = Stage::of([Reply::steps((0..READS).map(read)), Reply::text("Read.")]).on(wire);
        // No pipe comes to its end before every one of them is being read: one after the other, they never would.
        let all_read = Arc::new(Barrier::new(READS));
        for n in 0..READS {
            let mut pipe = Fifo::at(&stage.path(&name(n))).hold();
            let all_read = all_read.clone();
            thread::spawn(move || {
                let line = [b'x'; 63].iter().chain(b"\n").copied();
                let flood: Vec<u8> = line.cycle().take(FLOOD).collect();
                pipe.write_all(&flood).expect("a held pipe can be written");
                all_read.wait();
                let_time_pass();
            });
        }
        stage
            .prompt("read all")
            .args(["--timeout", "10m"])
            .succeed();
        let timeline = timeline(&stage);
        let reads = of(&timeline, "read");
        assert_eq!(reads.len(), READS);
        let last_began = reads.iter().map(|read| read.span.began).max();
        let first_ended = reads.iter().map(|read| read.span.ended).min();
        assert!(last_began < first_ended, "{wire}: {reads:?}");
    }
}

#[test]
fn commands_never_overlap_and_a_search_beside_them_does() {
    for wire in WIRES {
        let pause = || Step::tool("bash", json!({"command": "sleep 0.4"}));
        // A pattern that makes the engine work on every character, over a text that never satisfies it.
        let search = Step::tool(
            "grep",
            json!({"pattern": "(\\w{1,40}\\s){1,30}zzz", "path": "long.txt"}),
        );
        let stage = Stage::of([
            Reply::steps([pause(), search, pause()]),
            Reply::text("Done."),
        ]);
        let stage = stage
            .on(wire)
            .file("long.txt", "many words to look at \n".repeat(4_000));
        stage.prompt("go").succeed();
        let timeline = timeline(&stage);
        let commands: Vec<Span> = of(&timeline, "bash").iter().map(|tool| tool.span).collect();
        let search = of(&timeline, "grep")[0].span;
        assert_eq!(commands.len(), 2);
        assert!(!commands[0].overlaps(&commands[1]), "{wire}: {commands:?}");
        assert!(
            commands.iter().any(|command| command.overlaps(&search)),
            "{wire}: {commands:?}, {search:?}"
        );
    }
}

#[test]
fn a_read_after_an_edit_of_the_same_file_waits_for_it() {
    let edit = json!({"file_path": "a.txt", "old_string": "old", "new_string": "new"});
    let stage = Stage::of([
        Reply::tool("read", json!({"file_path": "a.txt"})),
        Reply::steps([
            Step::tool("edit", edit),
            Step::tool("read", json!({"file_path": "a.txt"})),
            Step::tool("grep", json!({"pattern": "new", "output_mode": "content"})),
        ]),
        Reply::text("Seen."),
    ]);
    let stage = stage.file("a.txt", "old\n");
    stage.prompt("go").succeed();
    let results = stage.last_asked().results();
    assert!(
        results[1].text.contains("new") && results[2].text.contains("a.txt"),
        "{results:?}"
    );
    let timeline = timeline(&stage);
    let edit = of(&timeline, "edit")[0].span;
    assert!(
        of(&timeline, "read")[1].span.began >= edit.ended,
        "{timeline:?}"
    );
}
