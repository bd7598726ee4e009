//! A person at a terminal: is shown the plan, approves it or turns it down, and watches.

use std::process::Command;

use serde_json::json;

use crate::formic::World;
use crate::swarm::{script, world};
use crate::terminal::Terminal;

fn swarm(world: &World) -> Command {
    world.command(&["swarm", "--plan", "../plan.json"])
}

fn position(lines: &[String], begin: &str) -> Option<usize> {
    lines.iter().position(|line| line.starts_with(begin))
}

#[test]
fn a_plan_that_is_approved_is_watched_and_leaves_the_landings_and_the_report() {
    let (world, _server) = world(&script());
    let mut terminal = Terminal::start(swarm(&world));
    terminal.wait_for("[a]pprove, [e]dit or [r]eject this plan, then Enter: ");
    terminal.types("a\n");
    let (code, lines) = terminal.end();
    assert_eq!(code, Some(0), "{lines:#?}");
    let asked = position(&lines, "[a]pprove").unwrap();
    let landed = lines
        .iter()
        .filter(|line| line.starts_with("landed at "))
        .count();
    assert!(landed >= 1, "{lines:#?}");
    assert!(lines[0].starts_with("run "), "the run is named: {lines:#?}");
    assert_eq!(
        lines[1], "append a line to two files",
        "the plan stays: {lines:#?}"
    );
    let report = &lines[asked + 1 + landed..];
    assert_eq!(report[0], "append a line to two files", "{lines:#?}");
    assert!(
        report[1].ends_with("every node is done (3 of 3 nodes)"),
        "{lines:#?}"
    );
    assert!(
        !lines
            .iter()
            .any(|line| line.contains("; at most 8 at once") && !line.contains("nodes,")),
        "nothing of the block stays: {lines:#?}"
    );
}

#[test]
fn a_plan_that_is_turned_down_is_not_carried_out() {
    let (world, server) = world(&script());
    let mut terminal = Terminal::start(swarm(&world));
    terminal.wait_for("then Enter: ");
    terminal.types("what?\n");
    terminal.wait_for("\"what?\" is no answer here; type a to approve, e to edit, r to reject");
    terminal.wait_for("then Enter: ");
    terminal.types("\n");
    terminal.wait_for("an empty line is no answer here; type a to approve");
    terminal.wait_for("then Enter: ");
    terminal.types("r\n");
    let (code, lines) = terminal.end();
    assert_eq!(code, Some(5), "{lines:#?}");
    assert!(
        lines
            .iter()
            .any(|line| line.contains("the plan was rejected; nothing was done")),
        "{lines:#?}"
    );
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn a_program_is_given_the_plan_that_nobody_approved_and_what_to_do_about_it() {
    let (world, _server) = world(&script());
    let stopped = world.run(&["swarm", "--plan", "../plan.json", "--json"]);
    let plan = stopped.json();
    assert_eq!(stopped.code, 5, "{}", stopped.err);
    let error = &plan["error"];
    assert_eq!(
        (&error["kind"], &error["exit_code"]),
        (&json!("unapproved"), &json!(5))
    );
    let run = plan["run_id"].as_str().unwrap();
    let hint = error["hint"].as_str().unwrap();
    assert!(
        hint.ends_with(" --yes") && plan["plan"].is_object(),
        "{plan}"
    );
    let resumed = hint.split_whitespace().rev().nth(1).unwrap();
    assert!(run.contains(resumed), "{run}: {hint}");
    let shown = world.run(&["swarm", "show"]).out;
    let head = shown.lines().next().unwrap();
    assert_eq!(head, format!("run {resumed}: its plan waits for approval"));
    assert!(
        shown.contains("longest chain: a > b")
            && shown.ends_with(&format!("formic swarm resume {resumed}\n")),
        "{shown}"
    );
    let dry = world.run(&["swarm", "--plan", "../plan.json", "--json", "--dry-run"]);
    assert!(dry.json()["error"].is_null());
}
