//! A person at a terminal who is asked about a change of the plan while the run goes on.

use std::fs::File;
use std::io::Write;
use std::process::Command;

use serde_json::{Value, json};

use crate::formic::World;
use crate::swarm::{replanned, runs};
use crate::terminal::Terminal;

const PLAN_ASKED: &str = "[a]pprove, [e]dit or [r]eject this plan, then Enter: ";
const ASKED: &str =
    "[a]pprove this change of the plan, or [r]eject it and let the node fail, then Enter: ";

/// A run that has come so far that its change is asked about.
fn asked(world: &World) -> Terminal {
    let mut terminal = Terminal::start(world.command(&["swarm", "--plan", "../plan.json"]));
    terminal.wait_for(PLAN_ASKED);
    terminal.types("a\n");
    terminal.wait_for("a change of the plan: node a is planned anew: say how");
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
    assert!(!has(&lines, "what?"), "{lines:#?}");
}

#[test]
fn a_change_that_is_turned_down_leaves_its_node_failed() {
    for (typed, why) in [
        ("r\n", "by the user"),
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
    assert_eq!(want(&world, &["pause", &id]), "done");
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
    let told = "a is cancelled meanwhile: this change of the plan is not asked about any more";
    assert!(has(&lines, told), "{lines:#?}");
}

#[test]
fn what_goes_on_is_shown_while_a_change_is_asked_about() {
    let (world, _server) = replanned();
    let plan = std::fs::read_to_string(world.path("plan.json")).unwrap();
    let mut plan: Value = serde_json::from_str(&plan).unwrap();
    let holds = world.path("holds").display().to_string();
    let made = Command::new("mkfifo").arg(&holds).status();
    assert!(made.unwrap().success());
    // A check of node c takes a line each time it runs, and waits until there is one.
    let both = File::options().read(true).write(true).open(&holds);
    plan["nodes"][2]["accept"]["cmd"] = json!(format!("grep -q done c.txt && read _ < {holds}"));
    world.write("plan.json", &plan.to_string());
    let mut terminal = asked(&world);
    terminal.types("a");
    both.as_ref().unwrap().write_all(&[b'\n'; 16]).unwrap();
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
    terminal.wait_for("from outside: could not pause");
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
    assert!(has(&lines, "turned down: by the user"), "{lines:#?}");
}
