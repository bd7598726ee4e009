//! What a killed formic leaves running is found by its trace and ended, and nothing else is.

use std::fs;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command};

use protocol::CallId;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tempfile::TempDir;
use tools::{Process, reap_orphans};

fn call(n: u32) -> CallId {
    format!("{:024x}{n:08x}", std::process::id())
        .parse()
        .unwrap()
}

/// A stand-in for a command of `call`, in a group of its own.
fn orphan(call: CallId, marked: bool) -> Child {
    let mut command = Command::new("sleep");
    command.arg("3600").process_group(0);
    if marked {
        command.env("FORMIC_CALL", call.to_string());
    }
    command.spawn().unwrap()
}

fn trace(folder: &TempDir, call: CallId, shell: Option<&Process>) {
    let note = json!({"formic": {"pid": 1, "started": 0}, "shell": shell, "call": call});
    fs::write(folder.path().join(format!("{call}.json")), note.to_string()).unwrap();
}

/// Ends it with a signal of our own and says which one it died of: one it got before wins.
fn died_of(mut child: Child) -> Option<i32> {
    let pid = Pid::from_child(&child);
    let _ = kill_process(pid, Signal::TERM);
    child.wait().unwrap().signal()
}

#[test]
fn what_a_dead_formic_left_running_is_ended_and_its_trace_removed() {
    let folder = TempDir::new().unwrap();
    let (unknown, known) = (orphan(call(1), true), orphan(call(2), true));
    trace(&folder, call(1), None);
    trace(&folder, call(2), Some(&Process::now(known.id())));
    let reaped = reap_orphans(folder.path(), &|_| false);
    let calls: Vec<_> = reaped.iter().map(|one| (one.call, one.processes)).collect();
    assert_eq!(calls, [(call(1), 1), (call(2), 1)]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    assert_eq!((died_of(unknown), died_of(known)), (Some(9), Some(9)));
}

#[test]
fn a_living_formic_keeps_its_commands() {
    let folder = TempDir::new().unwrap();
    let child = orphan(call(3), true);
    trace(&folder, call(3), Some(&Process::now(child.id())));
    assert_eq!(reap_orphans(folder.path(), &|_| true), []);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    assert_eq!(died_of(child), Some(15));
}

#[test]
fn a_trace_that_names_a_stranger_harms_nobody() {
    let folder = TempDir::new().unwrap();
    let stranger = orphan(call(4), false);
    trace(&folder, call(4), Some(&Process::now(stranger.id())));
    assert_eq!(reap_orphans(folder.path(), &|_| false), []);
    assert_eq!(died_of(stranger), Some(15));
}

#[test]
fn a_process_is_told_from_a_later_one_of_the_same_number() {
    let child = orphan(call(5), false);
    let now = Process::now(child.id());
    let then = Process {
        pid: now.pid,
        started: now.started.map(|ticks| ticks - 1),
        ..now
    };
    let elsewhere = Process {
        space: now.space.map(|space| space + 1),
        ..then
    };
    assert!(now.lives() && !then.lives());
    assert_eq!(
        elsewhere.lives(),
        now.space.is_some(),
        "nobody here can tell"
    );
    assert_eq!(died_of(child), Some(15));
}
