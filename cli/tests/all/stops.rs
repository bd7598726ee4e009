//! Signals, deadlines and closed pipes: the right code, and a session that can be taken up again.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::formic::{World, ran};

/// Speaks once its reply has been held back for longer than any test waits.
fn hanging() -> Value {
    json!({"version": 1, "rules": [{"name": "hang", "times": 1, "reply": {"text": "late", "delay_ms": 600_000}},
                                   {"name": "again", "reply": {"text": "Back."}}]})
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args([format!("-{name}"), child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
}

#[test]
fn a_signal_ends_with_its_code_and_leaves_a_session_to_go_on_with() {
    for (name, code, reason) in [("INT", 130, "interrupted"), ("TERM", 143, "terminated")] {
        let (world, server) = World::with_model(&hanging());
        let child = world
            .command(&["-p", "hi", "--output-format", "json"])
            .spawn()
            .unwrap();
        assert!(server.wait_until_blocking(|requests| !requests.is_empty()));
        signal(&child, name);
        let ended = ran(child.wait_with_output().unwrap());
        assert_eq!(
            (ended.code, &ended.json()["terminal_reason"]),
            (code, &json!(reason)),
            "{}",
            ended.err
        );
        let again = world.run(&["-p", "-c", "go on"]);
        assert_eq!(
            (again.code, again.out.as_str()),
            (0, "Back.\n"),
            "{}",
            again.err
        );
    }
}

#[test]
fn a_deadline_ends_with_4() {
    let (world, _server) = World::with_model(&hanging());
    let ended = world.run(&["-p", "hi", "--timeout", "200ms", "--output-format", "json"]);
    assert_eq!(ended.code, 4);
    assert_eq!(
        (&ended.json()["subtype"], &ended.json()["terminal_reason"]),
        (&json!("error_timeout"), &json!("timeout"))
    );
}

#[test]
fn a_signal_while_stdin_is_awaited_ends_at_once() {
    let (world, _server) = World::with_model(&hanging());
    let args = [
        "-p",
        "--input-format",
        "stream-json",
        "--output-format",
        "events",
    ];
    let mut child = world.command(&args).stdin(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    // The session is there: the run now waits for its first line.
    out.read_line(&mut String::new()).unwrap();
    signal(&child, "INT");
    out.read_to_string(&mut String::new()).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn a_reader_that_goes_away_ends_the_run_without_a_word() {
    let (world, server) = World::with_model(
        &json!({"version": 1, "rules": [{"name": "greet", "reply": {"text": "Hello."}}]}),
    );
    let mut child = world
        .command(&["-p", "hi", "--output-format", "stream-json"])
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ended = ran(child.wait_with_output().unwrap());
    assert_eq!((ended.code, ended.err.as_str()), (141, ""));
    drop(server);
}
