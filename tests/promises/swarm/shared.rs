//! In one shared folder, with or without git, writes of all agents take turns in the one lane; reads do not wait.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::sync::{Arc, Barrier};
use std::thread;

use scripted::{Reply, Rule, Step};
use serde_json::{Value, json};
use views::{Timeline, ToolSpan, View};

use crate::stage::{Fifo, Report, Stage, agent, node, plan, script};

const AGENTS: usize = 4;

/// More than any pipe holds, so that writing it waits for somebody who reads.
const FLOOD: usize = 256 * 1024;

fn names() -> impl Iterator<Item = String> {
    (0..AGENTS).map(|at| format!("n{at}"))
}

/// Reads from a slow pipe, then twice a command and an edit.
fn rules(name: &str) -> Vec<Rule> {
    let file = format!("{name}.txt");
    let bash = |command: String| Step::tool("bash", json!({"command": command}));
    agent(
        name,
        [
            Reply::tool(
                "read",
                json!({"file_path": format!("slow-{name}"), "limit": 1}),
            ),
            Reply::steps([
                bash(format!("sleep 0.15; echo one >> {file}")),
                bash(format!("sleep 0.15; echo done >> {file}")),
                Step::tool(
                    "write",
                    json!({"file_path": format!("{name}.md"), "content": "done\n"}),
                ),
            ]),
            Reply::text("Done."),
        ],
    )
}

fn the_plan() -> Value {
    plan(names().map(|name| {
        let (txt, md) = (format!("{name}.txt"), format!("{name}.md"));
        node(
            &name,
            &[],
            &[&txt, &md],
            &format!("grep -q done {txt} {md}"),
        )
    }))
}

/// A run in the project's own folder. No pipe comes to its end before all are being read.
fn ran(has_git: bool) -> (Stage, Report) {
    let stage = Stage::new(script(names().map(|name| rules(&name)))).file("README", "x\n");
    let stage = stage.file(".gitignore", "slow-*\n").committed();
    let all_read = Arc::new(Barrier::new(AGENTS));
    for name in names() {
        let mut pipe = Fifo::at(&stage.path(&format!("slow-{name}"))).hold();
        let all_read = all_read.clone();
        thread::spawn(move || {
            let line = [b'x'; 63].iter().chain(b"\n").copied();
            let flood: Vec<u8> = line.cycle().take(FLOOD).collect();
            pipe.write_all(&flood).expect("a held pipe can be written");
            all_read.wait();
        });
    }
    let run = stage.swarm(&the_plan());
    let run = if has_git {
        run.args(["--isolation", "shared"])
    } else {
        fs::remove_dir_all(stage.path(".git")).expect("the repository can be removed");
        run
    };
    let report = Report::of(&run.succeed());
    (stage, report)
}

fn of<'a>(timeline: &'a Timeline, tools: &[&str]) -> Vec<&'a ToolSpan> {
    let named = |span: &&ToolSpan| tools.contains(&span.tool.as_str());
    timeline.tools.iter().filter(named).collect()
}

fn take_turns(stage: &Stage) {
    let timeline = Timeline::fold(&stage.run_records());
    let writes = of(&timeline, &["bash", "write"]);
    assert_eq!(writes.len(), 3 * AGENTS);
    for (at, one) in writes.iter().enumerate() {
        for other in &writes[at + 1..] {
            assert!(!one.span.overlaps(&other.span), "{one:?} {other:?}");
        }
    }
    let reads = of(&timeline, &["read"]);
    assert_eq!(reads.len(), AGENTS);
    let last_began = reads.iter().map(|read| read.span.began).max();
    let first_ended = reads.iter().map(|read| read.span.ended).min();
    assert!(
        last_began <= first_ended,
        "reads of different agents overlap: {reads:?}"
    );
}

fn is_all_there(stage: &Stage, report: &Report) {
    assert_eq!(report.in_state("done").len(), AGENTS);
    for name in names() {
        assert_eq!(stage.content(&format!("{name}.txt")), "one\ndone\n");
        assert_eq!(stage.content(&format!("{name}.md")), "done\n");
    }
    let files: BTreeSet<_> = stage.tree().into_iter().map(|(path, _)| path).collect();
    assert_eq!(files.len(), 2 + 2 * AGENTS, "nothing else: {files:?}");
    assert_eq!(report.took(), stage.took());
}

#[test]
fn in_a_folder_without_git_writes_of_all_agents_take_turns_and_reads_overlap() {
    let (stage, report) = ran(false);
    is_all_there(&stage, &report);
    take_turns(&stage);
}

#[test]
fn in_a_shared_checkout_writes_of_all_agents_take_turns_and_nothing_is_committed() {
    let (stage, report) = ran(true);
    is_all_there(&stage, &report);
    take_turns(&stage);
    assert_eq!(stage.git(["log", "--format=%s"]), "before");
    assert_eq!(
        stage.git(["branch", "--list", "--format=%(refname:short)"]),
        "main"
    );
}

#[test]
fn what_a_command_changes_out_of_scope_in_a_shared_folder_is_told() {
    let sh = || Step::tool("bash", json!({"command": "sh ./do.sh"}));
    let own = || Step::tool("bash", json!({"command": "echo done >> a.txt"}));
    let rules = agent("a", [Reply::steps([sh(), own()]), Reply::text("Done.")]);
    let stage = Stage::new(script([rules]))
        .file("a.txt", "begun\n")
        .file("other.txt", "not yours\n")
        .file("do.sh", "echo more >> other.txt; echo new > new.txt")
        .committed();
    let run = stage.swarm(&plan([node("a", &[], &["a.txt"], "grep -q done a.txt")]));
    let run = run.args(["--isolation", "shared"]);
    run.arg("--dangerously-skip-permissions").succeed();
    let asked = stage.asked();
    let told: Vec<String> = asked
        .iter()
        .flat_map(|asked| asked.results())
        .map(|told| told.text)
        .collect();
    let [first, second] = &told[..] else {
        panic!("{told:?}");
    };
    assert!(
        first.contains(
            "changed outside your scope, in a folder that others work in: new.txt, other.txt;"
        ),
        "{first}"
    );
    assert!(!second.contains("outside your scope"), "{second}");
}
