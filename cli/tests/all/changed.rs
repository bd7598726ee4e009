//! A person at a terminal who is asked about a change of the plan while the run goes on.

use std::fs::File;
use std::io::Write;
use std::process::Command;

use serde_json::{Value, json};

use crate::formic::World;
use crate::swarm::{replanned, runs, world};
use crate::terminal::Terminal;

const PLAN_ASKED: &str = "[a]pprove, [e]dit or [r]eject this plan, then Enter: ";
const ASKED: &str = "[a]pprove this change or [r]eject it (the node then fails), then Enter: ";

/// A run that has come so far that its change is asked about.
fn asked(world: &World) -> Terminal {
    let mut terminal = Terminal::start(world.command(&["swarm", "--plan", "../plan.json"]));
    terminal.wait_for(PLAN_ASKED);
    terminal.types("a\n");
    terminal.wait_for("a change of the plan waits for an answer:");
    terminal.wait_for("node a is planned anew: say how");
    terminal.wait_for("+ a.1: edit a at last");
    terminal.wait_for(ASKED);
    terminal
}

fn has(lines: &[String], text: &str) -> bool {
    lines.iter().any(|line| line.contains(text))
}

/// What another process wants of the run, which has to answer.
fn want(world: &World, args: &[&str]) -> Value {
    let args = [&["swarm"], args, &["--json"]].concat();
    let told = world.run(&args);
    assert_eq!(told.code, 0, "{}{}", told.out, told.err);
    told.json()["state"].clone()
}

#[test]
fn a_change_that_is_approved_is_made_and_the_question_does_not_stay() {
    let (world, _server) = replanned();
    let mut terminal = asked(&world);
    terminal.types("what?\n");
    terminal.wait_for("\"what?\" is no answer here; type a to approve, r to reject");
    terminal.wait_for(ASKED);
    terminal.types("a\n");
    let (code, lines) = terminal.end();
    assert_eq!(code, Some(0), "{lines:#?}");
    assert!(
        has(&lines, "plan: node a is planned anew: say how"),
        "{lines:#?}"
    );
    assert!(has(&lines, "every node is done"), "{lines:#?}");
    assert!(!has(&lines, ASKED.trim()), "{lines:#?}");
    assert!(!has(&lines, "Enter: what?"), "{lines:#?}");
}

#[test]
fn a_change_that_is_turned_down_leaves_its_node_failed() {
    for (typed, why) in [
        ("r\n", "the user rejected it"),
        ("\u{4}", "nobody was there to look at it"),
    ] {
        let (world, _server) = replanned();
        let mut terminal = asked(&world);
        terminal.types(typed);
        let (code, lines) = terminal.end();
        assert_eq!(code, Some(1), "{lines:#?}");
        let told = format!("the change of the plan for it was turned down: {why}");
        assert!(has(&lines, &told), "{lines:#?}");
    }
}

#[test]
fn other_processes_are_heard_while_a_change_is_asked_about() {
    let (world, _server) = replanned();
    let terminal = asked(&world);
    let id = runs(&world)[0]["run_id"].as_str().unwrap().to_owned();
    for _ in 0..2 {
        // What is paused already is as was wanted.
        assert_eq!(want(&world, &["pause", &id]), "done");
    }
    assert_eq!(want(&world, &["cancel", &id, "--why", "enough"]), "done");
    let (code, lines) = terminal.end();
    assert_eq!(code, Some(1), "{lines:#?}");
    let told = "the run goes no further: this change of the plan is not asked about any more";
    assert!(has(&lines, told), "{lines:#?}");
    assert!(!has(&lines, ASKED.trim()), "{lines:#?}");
}

#[test]
fn a_change_for_a_node_that_is_ended_from_outside_is_not_asked_about_any_more() {
    let (world, _server) = replanned();
    let terminal = asked(&world);
    assert_eq!(want(&world, &["cancel", "a", "--why", "enough"]), "done");
    let (code, lines) = terminal.end();
    assert_eq!(code, Some(1), "{lines:#?}");
    let told =
        "a has ended meanwhile (cancelled): this change of the plan is not asked about any more";
    assert!(has(&lines, told), "{lines:#?}");
}

/// A pipe that lets a check on every line that is written to it, and the command that waits for one.
pub fn gate(world: &World) -> (File, String) {
    let path = world.path("gate").display().to_string();
    let made = Command::new("mkfifo").arg(&path).status();
    assert!(made.unwrap().success());
    let both = File::options().read(true).write(true).open(&path);
    (both.unwrap(), format!("read _ < {path}"))
}

/// Changes the plan's file.
fn replan(world: &World, change: impl FnOnce(&mut Value)) {
    let plan = std::fs::read_to_string(world.path("plan.json")).unwrap();
    let mut plan: Value = serde_json::from_str(&plan).unwrap();
    change(&mut plan);
    world.write("plan.json", &plan.to_string());
}

/// A run whose node c waits until the gate is open.
fn held(world: &World) -> File {
    let (gate, opens) = gate(world);
    replan(world, |plan| {
        plan["nodes"][2]["accept"]["cmd"] = json!(format!("grep -q done c.txt && {opens}"));
    });
    gate
}

pub const OPEN: [u8; 16] = [b'\n'; 16];

#[test]
fn what_goes_on_is_shown_while_a_change_is_asked_about() {
    let (world, _server) = replanned();
    let mut gate = held(&world);
    let mut terminal = asked(&world);
    terminal.types("a");
    gate.write_all(&OPEN).unwrap();
    terminal.wait_for("landed at ");
    terminal.types("\n");
    let (code, lines) = terminal.end();
    assert_eq!(code, Some(0), "{lines:#?}");
    assert!(has(&lines, "every node is done"), "{lines:#?}");
    assert!(
        !has(&lines, "; at most 8 at once"),
        "nothing of the block stays: {lines:#?}"
    );
}

/// What such a terminal shows in the end if something lands while a change is asked about, which is approved then.
fn landed_beside(kind: &str, size: Option<(u16, u16)>) -> Vec<String> {
    let (world, _server) = replanned();
    let mut gate = held(&world);
    let command = world.command(&["swarm", "--plan", "../plan.json"]);
    let mut terminal = Terminal::start_on(kind, size, command);
    terminal.wait_for(PLAN_ASKED);
    terminal.types("a\n");
    terminal.wait_for(ASKED);
    gate.write_all(&OPEN).unwrap();
    terminal.wait_for("landed at ");
    terminal.wait_for(ASKED);
    terminal.types("a\n");
    let (code, lines) = terminal.end();
    assert_eq!(code, Some(0), "{lines:#?}");
    lines
}

#[test]
fn the_block_and_the_question_are_on_a_small_screen_together() {
    let lines = landed_beside("xterm", Some((8, 50)));
    for of_block in [" tokens  $", "longest chain left", "[r]eject it"] {
        assert!(!has(&lines, of_block), "{lines:#?}");
    }
}

#[test]
fn a_terminal_that_only_writes_lines_is_asked_again_below_them() {
    let lines = landed_beside("dumb", None);
    let landed = lines.iter().find(|line| line.contains("landed at "));
    assert!(landed.unwrap().starts_with("landed at "), "{lines:#?}");
    assert!(
        lines.iter().any(|line| *line == format!("{ASKED}a")),
        "{lines:#?}"
    );
}

/// Two nodes that come to nothing, a only once the gate is open, and planners that know how.
fn both() -> Value {
    let says = |node: &str, reply: Value| json!({"name": node, "when": {"marker": format!("[node {node}")}, "reply": reply});
    let answers =
        |answer: Value| json!({"steps": [{"tool": "structured_output", "input": answer}]});
    let parts = |file: &str| json!([{"title": "at last", "brief": "append done", "writes": [file], "after": [], "check": false, "size": "S"}]);
    let of_a = json!({"why": "say how", "parts": parts("a.txt"), "rewrite": [], "drop": []});
    let of_c = json!({"why": "say how", "parts": parts("c.txt")});
    let appends = json!({"steps": [{"tool": "bash", "input": {"command": "echo no >> a.txt"}}]});
    let mut tries = says("a]", appends);
    tries["times"] = json!(1);
    json!({"version": 1, "models": ["m"], "rules": [
        says("a-replan-1]", answers(of_a)), says("c-replan-1]", answers(of_c)), tries,
        says("a]", json!({"text": "It is done."})), says("c]", json!({"text": "IMPOSSIBLE: nobody says how"})),
    ]})
}

#[test]
fn a_change_that_another_one_comes_before_is_asked_about_after_it() {
    let (world, _server) = world(&both());
    let (mut gate, opens) = gate(&world);
    replan(&world, |plan| {
        plan["caps"] = json!({"max_replans": 1});
        plan["nodes"][0]["accept"]["cmd"] = json!(format!("{opens} && grep -q done a.txt"));
        plan["nodes"][0]["budget"] = json!({"attempts": 1});
    });
    let mut terminal = Terminal::start(world.command(&["swarm", "--plan", "../plan.json"]));
    terminal.wait_for(PLAN_ASKED);
    terminal.types("a\n");
    terminal.wait_for("node c is planned anew: say how");
    terminal.wait_for(ASKED);
    gate.write_all(&OPEN).unwrap();
    terminal.wait_for("another change of the plan comes first: this one is asked about after it");
    for node in ["a", "c"] {
        terminal.wait_for(&format!("node {node} is planned anew"));
        terminal.wait_for(ASKED);
        terminal.types("r\n");
    }
    let (code, lines) = terminal.end();
    assert_eq!(code, Some(1), "{lines:#?}");
    let refused = |line: &&String| line.contains("turned down: the user rejected it");
    assert_eq!(lines.iter().filter(refused).count(), 2, "{lines:#?}");
}

#[test]
fn a_signal_ends_the_question_and_where_nobody_can_be_asked_the_change_is_turned_down() {
    let (world, _server) = replanned();
    let terminal = asked(&world);
    terminal.signal("INT");
    let (code, lines) = terminal.end();
    assert_eq!(code, Some(130), "{lines:#?}");
    assert!(!has(&lines, ASKED.trim()), "{lines:#?}");
    let resumed = world.run(&["swarm", "resume", "--json"]);
    let report = resumed.json();
    assert_eq!((resumed.code, &report["status"]), (1, &json!("partial")));
    let why = report["nodes"][0]["reason"].as_str().unwrap();
    let told = "turned down: nobody was there to look at it, and --yes was not given";
    assert!(why.contains(told), "{why}");
}

#[test]
fn other_processes_are_heard_while_the_plan_is_asked_about() {
    let (world, server) = replanned();
    let mut terminal = Terminal::start(world.command(&["swarm", "--plan", "../plan.json"]));
    terminal.wait_for(PLAN_ASKED);
    let early = world.run(&["swarm", "pause"]);
    assert!(early.err.contains("could not pause"), "{}", early.err);
    terminal.wait_for("pause; refused: could not pause the run");
    terminal.wait_for(PLAN_ASKED);
    assert_eq!(want(&world, &["cancel"]), "done");
    let (code, lines) = terminal.end();
    assert_eq!(code, Some(1), "{lines:#?}");
    let told = "the run goes no further: the plan is not asked about any more";
    assert!(has(&lines, told), "{lines:#?}");
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn what_was_typed_before_a_question_is_no_answer_to_it() {
    let (world, _server) = replanned();
    let mut terminal = Terminal::start(world.command(&["swarm", "--plan", "../plan.json"]));
    terminal.wait_for(PLAN_ASKED);
    // The second line is there before anybody could have seen what it would be the answer to.
    terminal.types("a\na\n");
    terminal.wait_for(ASKED);
    terminal.types("r\n");
    let (code, lines) = terminal.end();
    assert_eq!(code, Some(1), "{lines:#?}");
    assert!(
        has(&lines, "turned down: the user rejected it"),
        "{lines:#?}"
    );
}
