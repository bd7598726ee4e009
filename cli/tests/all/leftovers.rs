//! What runs leave behind: the doctor counts it, takes away what nobody comes back to, and names what is on no branch.

use std::io::Write;
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::changed::{OPEN, gate};
use crate::formic::{World, ran};
use crate::swarm::{git, runs, script, swarm, world};

/// What the doctor says of a subject.
fn said(world: &World, args: &[&str], subject: &str) -> Vec<String> {
    let all = [&["doctor", "--json"], args].concat();
    let doctor = world.run(&all).json();
    let findings = doctor["findings"].as_array().unwrap().iter();
    let about = findings.filter(|finding| finding["subject"] == subject);
    about
        .map(|finding| finding["said"].as_str().unwrap().to_owned())
        .collect()
}

fn left(world: &World, args: &[&str]) -> String {
    said(world, args, "left-overs of runs").remove(0)
}

/// The trees of the pool that wait for a node.
#[cfg(debug_assertions)]
fn named(world: &World) -> Vec<std::path::PathBuf> {
    let trees = std::fs::read_dir(world.path("data/trees")).unwrap();
    let folders = trees.map(|entry| entry.unwrap().path());
    let waits = |folder: &std::path::PathBuf| {
        let note = std::fs::read_to_string(folder.join("note")).unwrap_or_default();
        note.starts_with("ses_")
    };
    folders.filter(waits).collect()
}

/// A run in which c comes to nothing with a changed file.
fn failing() -> Value {
    let mut script = script();
    let wrong =
        json!({"steps": [{"tool": "write", "input": {"path": "c.txt", "content": "wrong\n"}}]});
    script["rules"][4] =
        json!({"name": "c", "when": {"marker": "[node c", "turn": 0}, "reply": wrong});
    script["rules"][5] =
        json!({"name": "c", "when": {"marker": "[node c"}, "reply": {"text": "Done c."}});
    script
}

#[test]
fn what_a_run_kept_of_work_that_did_not_land_is_named_and_stays() {
    let (world, _server) = world(&failing());
    assert_eq!(swarm(&world, &["--yes"]).code, 1);
    let id = runs(&world)[0]["short_id"].as_str().unwrap().to_owned();
    let kept = format!("refs/formic/{id}/c");
    let then = format!(
        "{kept} stays; look at it: git show {kept}; let go of it: git update-ref -d {kept}"
    );
    let subject = "work on no branch of yours";
    assert_eq!(said(&world, &[], subject), std::slice::from_ref(&then));
    assert_eq!(said(&world, &["--tidy"], subject), [then]);
    git(&world, &["rev-parse", "--verify", &kept]);
    git(
        &world,
        &["rev-parse", "--verify", &format!("refs/formic/{id}/=base")],
    );
    git(&world, &["update-ref", "-d", &kept]);
    assert!(left(&world, &[]).contains("1 ref of work that is merged"));
    assert!(left(&world, &["--tidy"]).starts_with("taken away: "));
    assert_eq!(
        git(&world, &["for-each-ref", "--format=%(refname)"]),
        "refs/heads/main\n"
    );
    assert_eq!(left(&world, &[]), "none");
}

/// The fault points exist in builds with debug assertions only.
#[cfg(debug_assertions)]
#[test]
fn a_run_that_can_go_on_keeps_its_trees_and_refs_and_one_that_is_gone_does_not() {
    let (world, _server) = world(&script());
    let crashed = world
        .command(&["swarm", "--plan", "../plan.json", "--yes"])
        .env("FORMIC_CRASH_AFTER", "60")
        .output()
        .unwrap();
    assert_eq!(crashed.status.code(), None, "it was not reached");
    let trees = named(&world);
    assert!(!trees.is_empty());
    let before = git(&world, &["for-each-ref"]);
    assert_eq!(runs(&world)[0]["outcome"], "interrupted");
    let shown = world.run(&["swarm", "show"]).out;
    assert!(shown.contains(": interrupted ("), "{shown}");
    assert!(
        shown.contains("go on with the run: formic swarm resume "),
        "{shown}"
    );
    assert!(!shown.contains("working"), "nobody works on it: {shown}");
    let found = left(&world, &["--tidy"]);
    assert!(
        found.contains("1 lock of a dead process") && !found.contains("tree"),
        "{found}"
    );
    assert_eq!(
        (named(&world), git(&world, &["for-each-ref"])),
        (trees.clone(), before)
    );
    let id = runs(&world)[0]["run_id"].as_str().unwrap().to_owned();
    assert_eq!(world.run(&["sessions", "delete", &id]).code, 0);
    let found = left(&world, &["--tidy"]);
    assert!(found.contains(&format!("{} tree", trees.len())), "{found}");
    assert_eq!(named(&world), [""; 0].map(std::path::PathBuf::from));
    assert_eq!(left(&world, &[]), "none");
}

#[test]
fn a_branch_that_was_left_is_named_until_it_is_merged_and_then_taken_away() {
    let (world, _server) = world(&script());
    world.write("project/a.txt", "a\nmine\n");
    assert_eq!(swarm(&world, &["--yes"]).code, 0);
    let branch = runs(&world)[0]["branch"].as_str().unwrap().to_owned();
    assert!(branch.starts_with("formic/"), "{branch}");
    let subject = "work on no branch of yours";
    assert!(said(&world, &["--tidy"], subject)[0].starts_with(&format!("{branch} stays")));
    git(&world, &["checkout", "--quiet", "a.txt"]);
    git(&world, &["merge", "--quiet", &branch]);
    assert_eq!(said(&world, &[], subject), [""; 0]);
    assert!(left(&world, &["--tidy"]).contains("1 ref of work that is merged"));
    assert_eq!(git(&world, &["branch", "--list", "formic/*"]), "");
}

/// Waits until a command of this process is at work.
fn works(world: &World, process: &mut Child) {
    let mark = format!("\"formic\":{{\"pid\":{},", process.id());
    let is_it = |file: std::path::PathBuf| {
        std::fs::read_to_string(file)
            .is_ok_and(|note| note.contains(&mark) && !note.contains("\"shell\":null"))
    };
    loop {
        let notes = std::fs::read_dir(world.path("data/spill/running"));
        let mut notes = notes.into_iter().flatten();
        if notes.any(|note| is_it(note.unwrap().path())) {
            return;
        }
        assert_eq!(process.try_wait().unwrap(), None, "it ended before");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn what_a_killed_run_left_at_work_is_ended_before_its_work_is_done_again() {
    let (world, _server) = world(&script());
    let (mut gate, opens) = gate(&world);
    let node = json!({"id": "a", "kind": "codemod", "brief": format!("{opens} && echo done >> a.txt"), "writes": ["a.txt"]});
    let plan = json!({"version": 1, "goal": "append a line", "nodes": [node]});
    world.write("plan.json", &plan.to_string());
    let free = ["--yes", "--permission-mode", "bypassPermissions"];
    let begin = |args: &[&str]| {
        let mut command = world.command(&[args, &free[..]].concat());
        let piped = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        piped.spawn().unwrap()
    };
    let mut killed = begin(&["swarm", "--plan", "../plan.json"]);
    works(&world, &mut killed);
    killed.kill().unwrap();
    killed.wait().unwrap();
    let mut resumed = begin(&["swarm", "resume"]);
    works(&world, &mut resumed);
    assert_eq!(said(&world, &[], "left-over commands"), ["none"]);
    gate.write_all(&OPEN).unwrap();
    let ended = ran(resumed.wait_with_output().unwrap());
    assert_eq!(ended.code, 0, "{}{}", ended.out, ended.err);
    assert_eq!(git(&world, &["show", "main:a.txt"]), "a\ndone\n");
}
