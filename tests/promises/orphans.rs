//! However formic ends, nothing it started outlives it; after `kill -9` its doctor clears up.

use rustix::process::Signal;
use serde_json::json;

use crate::stage::{Ended, Fifo, Reply, Running, Stage, Step, living, soon, unlike_any_other};

/// A run in the middle of commands that would not end by themselves.
struct Busy {
    stage: Stage,
    run: Running,
    /// What each of its processes sleeps.
    sleeps: Vec<String>,
}

/// A background shell, a child that left its session and its parents, a child that ignores polite signals, and the command itself.
fn busy(flags: &[&str]) -> Busy {
    let sleeps: Vec<String> = (0..4).map(|_| unlike_any_other()).collect();
    let [background, left, deaf, own] = &sleeps[..] else {
        unreachable!("four of them")
    };
    let command = format!(
        "(setsid sleep {left} &); (trap '' TERM INT HUP; exec sleep {deaf}) & \
         echo up > ready; sleep {own}"
    );
    let started = format!("sleep {background}");
    let stage = Stage::of([
        Reply::steps([
            Step::tool(
                "bash",
                json!({"command": started, "run_in_background": true}),
            ),
            Step::tool("bash", json!({"command": command})),
        ]),
        Reply::text("Never said."),
    ]);
    let ready = Fifo::at(&stage.path("ready"));
    let run = stage.prompt("be busy").args(flags.iter().copied()).start();
    ready.line();
    let all_run = || sleeps.iter().all(|word| !living(word).is_empty());
    assert!(soon(all_run), "not every process came to life");
    Busy { stage, run, sleeps }
}

fn alive(sleeps: &[String]) -> Vec<u32> {
    sleeps.iter().flat_map(|word| living(word)).collect()
}

impl Busy {
    /// Sends a signal and waits for the end.
    fn stopped_by(self, signal: Option<Signal>) -> (Stage, Ended, Vec<String>) {
        if let Some(signal) = signal {
            self.run.signal(signal);
        }
        (self.stage, self.run.end(), self.sleeps)
    }
}

#[test]
fn an_interrupt_leaves_no_process_and_a_session_that_goes_on() {
    let (stage, ended, sleeps) = busy(&[]).stopped_by(Some(Signal::INT));
    assert_eq!(ended.code(), Some(130), "{ended}");
    assert!(alive(&sleeps).is_empty());
    assert_eq!(
        stage.prompt("go on").arg("--continue").succeed().answer(),
        "Never said."
    );
}

#[test]
fn a_termination_leaves_no_process_and_a_session_that_goes_on() {
    let (stage, ended, sleeps) = busy(&[]).stopped_by(Some(Signal::TERM));
    assert_eq!(ended.code(), Some(143), "{ended}");
    assert!(alive(&sleeps).is_empty());
    assert_eq!(
        stage.prompt("go on").arg("--continue").succeed().answer(),
        "Never said."
    );
}

#[test]
fn the_time_limit_leaves_no_process() {
    let (_stage, ended, sleeps) = busy(&["--timeout", "15s"]).stopped_by(None);
    assert_eq!(ended.code(), Some(4), "{ended}");
    assert!(alive(&sleeps).is_empty());
}

#[test]
fn the_doctor_ends_what_a_killed_run_left_behind() {
    let (stage, ended, sleeps) = busy(&[]).stopped_by(Some(Signal::KILL));
    assert!(ended.was_killed(), "{ended}");
    assert!(
        !alive(&sleeps).is_empty(),
        "a killed process cannot clear up: this would prove nothing"
    );
    let doctor = stage.formic(["doctor"]).run();
    assert!(alive(&sleeps).is_empty(), "{doctor}");
}

#[test]
fn a_finished_run_leaves_no_background_shell() {
    let sleeps = [unlike_any_other()];
    let started = json!({"command": format!("sleep {}", sleeps[0]), "run_in_background": true});
    let stage = Stage::of([Reply::tool("bash", started), Reply::text("Started.")]);
    let ended = stage.prompt("start it").succeed();
    assert_eq!(ended.answer(), "Started.");
    assert!(alive(&sleeps).is_empty());
}

#[test]
fn the_doctor_spares_what_a_living_run_has_started() {
    let Busy { stage, run, sleeps } = busy(&[]);
    let doctor = stage.formic(["doctor"]).run();
    assert!(alive(&sleeps).len() >= sleeps.len(), "{doctor}");
    run.signal(Signal::TERM);
    assert_eq!(run.end().code(), Some(143));
    assert!(alive(&sleeps).is_empty());
}
