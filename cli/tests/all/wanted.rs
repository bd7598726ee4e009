//! What is wanted of a run that no process has, and is refused: at once, or by the process that takes it up.

use std::io::Write;

use serde_json::json;

use crate::changed::{OPEN, gate};
use crate::formic::ran;
use crate::runs::{slow, under_way};
use crate::swarm::{runs, script, swarm, world};
use crate::terminal::Terminal;

#[test]
fn what_a_run_without_a_process_would_refuse_is_refused_at_once() {
    let (world, _server) = world(&script());
    assert_eq!(swarm(&world, &[]).code, 5);
    let refused = |args: &[&str], why: &str| {
        let told = world.run(&[&["swarm"], args].concat());
        assert_eq!(told.code, 2, "{args:?}: {}", told.out);
        assert!(told.err.contains(why), "{args:?}: {}", told.err);
    };
    // What waits is for another node, and hides nothing of this one.
    let id = runs(&world)[0]["run_id"].as_str().unwrap().to_owned();
    let letter = r#"{"at": 0, "want": "steer", "node": "b", "text": "mind the gap"}"#;
    world.write(&format!("data/sessions/{id}/inbox/x.json"), letter);
    let unapproved = "the run: it is waiting for its plan to be approved";
    refused(&["retry", "a"], unapproved);
    refused(&["cancel", "a"], unapproved);
    refused(&["pause"], "could not pause");
    refused(
        &["steer", "a", "mind the gap"],
        "could not speak to node a: ",
    );
    let done = world.run(&["swarm", "resume", "--yes"]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert_eq!(done.err.matches("refused").count(), 1, "{}", done.err);
    refused(&["retry", "a"], "could not try node a again: it is done");
}

#[test]
fn what_was_kept_and_is_refused_later_says_who_wanted_what_of_which_node() {
    let (world, _server) = world(&script());
    assert_eq!(swarm(&world, &[]).code, 5);
    let id = runs(&world)[0]["run_id"].as_str().unwrap().to_owned();
    // As another version may have left it.
    let letter = r#"{"at": 0, "want": "steer", "node": "a", "text": "mind the gap"}"#;
    world.write(&format!("data/sessions/{id}/inbox/x.json"), letter);
    let done = world.run(&["swarm", "resume", "--yes"]);
    let told =
        "steer a \"mind the gap\"; refused: could not speak to node a: no agent of it is at work";
    assert!(
        done.err.contains("another process wanted, ") && done.err.contains(told),
        "{}",
        done.err
    );
}

#[test]
fn what_is_wanted_of_a_run_that_was_killed_waits_for_the_next_process() {
    let (world, _server) = world(&slow());
    let (mut killed, run) = under_way(&world);
    killed.kill().unwrap();
    killed.wait().unwrap();
    for kept in ["kept: ", "kept already: "] {
        let told = world.run(&["swarm", "cancel", &run]);
        assert!(told.out.contains(kept), "{}{}", told.out, told.err);
    }
    let resumed = world.run(&["swarm", "resume", "--json"]);
    assert_eq!(
        (resumed.code, &resumed.json()["status"]),
        (1, &json!("cancelled")),
        "{}",
        resumed.err
    );
}

#[test]
fn what_waits_to_be_taken_up_is_shown_with_the_run_and_only_as_long() {
    let (world, _server) = world(&script());
    assert_eq!(swarm(&world, &[]).code, 5);
    let show = || {
        let told = world.run(&["swarm", "show"]).out;
        let asked = world.run(&["swarm", "show", "--json"]).json()["asked"].clone();
        (told, asked)
    };
    let (told, asked) = show();
    assert!(!told.contains("asked of it"), "{told}");
    assert_eq!(asked, json!([]));
    let of_run = |key: &str| runs(&world)[0][key].as_str().unwrap().to_owned();
    let letter = r#"{"at": 0, "want": "cancel", "why": "no more"}"#;
    let inbox = format!("data/sessions/{}/inbox/x.json", of_run("run_id"));
    world.write(&inbox, letter);
    let (told, asked) = show();
    let run = of_run("short_id");
    let line = format!("asked of it, to be carried out by formic swarm resume {run}: cancel");
    assert!(told.contains(&line), "{told}");
    assert_eq!(asked, json!(["cancel"]));
    assert_eq!(world.run(&["swarm", "resume"]).code, 1);
    assert_eq!(show().1, json!([]));
}

#[test]
fn a_plan_that_waits_in_no_process_is_turned_down_at_once_from_anywhere_without_a_model() {
    const KEY: &str = "sk-never-to-be-kept-81f2";
    let (world, server) = world(&script());
    let world = world.with("OPENAI_API_KEY", KEY);
    assert_eq!(swarm(&world, &["--max-budget-usd", "1"]).code, 5);
    let of_run = |key: &str| runs(&world)[0][key].as_str().unwrap().to_owned();
    let run = of_run("short_id");
    let letter = r#"{"at": 0, "want": "steer", "node": "b", "text": "mind the gap"}"#;
    let inbox = format!("data/sessions/{}/inbox", of_run("run_id"));
    world.write(&format!("{inbox}/x.json"), letter);
    assert!(
        world
            .run(&["swarm", "show"])
            .out
            .contains(&format!("turn it down with: formic swarm cancel {run}"))
    );
    let mut command = world.command(&[
        "swarm",
        "cancel",
        &run,
        "--why",
        &format!("too large: {KEY}"),
    ]);
    command
        .env_remove("ANTHROPIC_BASE_URL")
        .env_remove("ANTHROPIC_API_KEY");
    let (project, away) = (world.path("project"), world.path("away"));
    std::fs::rename(&project, &away).unwrap();
    let told = ran(command.current_dir(world.root()).output().unwrap());
    assert_eq!(
        (told.code, told.out.as_str()),
        (
            0,
            &*format!("run {run}: its plan is turned down; nothing of it was begun\n")
        ),
        "{}",
        told.err
    );
    std::fs::rename(&away, &project).unwrap();
    let listed = runs(&world)[0].clone();
    assert_eq!(listed["outcome"], "rejected", "{listed}");
    let shown = world.run(&["swarm", "show", "--json"]).json();
    assert_eq!(shown["asked"], json!([]));
    let kept = world.run(&["sessions", "export", &run]).out;
    assert!(
        kept.contains("too large: [redacted") && !kept.contains(KEY),
        "{kept}"
    );
    assert!(
        kept.trim_end()
            .lines()
            .last()
            .is_some_and(|line| line.contains("closed")),
        "{kept}"
    );
    assert_eq!(world.run(&["swarm", "resume", &run]).code, 5);
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn a_command_that_does_a_nodes_work_hears_nothing_and_whoever_speaks_to_it_is_told_so() {
    let (world, _server) = world(&script());
    let (mut gate, opens) = gate(&world);
    let node = json!({"id": "a", "title": "edit a", "kind": "codemod", "brief": format!("{opens} && echo done >> a.txt"), "writes": ["a.txt"]});
    let plan = json!({"version": 1, "goal": "append a line", "nodes": [node]});
    world.write("plan.json", &plan.to_string());
    let free = ["--yes", "--permission-mode", "bypassPermissions"];
    let begun = [&["swarm", "--plan", "../plan.json"], &free[..]].concat();
    let mut terminal = Terminal::start(world.command(&begun));
    terminal.wait_for("working");
    let told = world.run(&["swarm", "steer", "a", "mind the gap"]);
    assert_eq!(told.code, 2, "{}", told.out);
    let why = "could not speak to node a: no agent of it is at work";
    assert!(told.err.contains(why), "{}", told.err);
    gate.write_all(&OPEN).unwrap();
    let (code, lines) = terminal.end();
    assert_eq!(code, Some(0), "{lines:#?}");
}
