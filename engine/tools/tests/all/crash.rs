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

fn trace(folder: &TempDir, call: CallId, shell: &Process) {
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
fn marked_processes_and_the_group_of_a_dead_formic_are_ended() {
    let folder = TempDir::new().unwrap();
    let (by_mark, by_group) = (orphan(call(1), true), orphan(call(2), false));
    trace(
        &folder,
        call(1),
        &Process {
            pid: 1,
            started: Some(0),
        },
    );
    trace(&folder, call(2), &Process::now(by_group.id()));
    let reaped = reap_orphans(folder.path(), &|_| false);
    let calls: Vec<_> = reaped
        .iter()
        .map(|reaped| (reaped.call, reaped.processes))
        .collect();
    assert_eq!(calls, [(call(1), 1), (call(2), 1)]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    assert_eq!((died_of(by_mark), died_of(by_group)), (Some(9), Some(9)));
}

#[test]
fn a_living_formic_keeps_its_commands() {
    let folder = TempDir::new().unwrap();
    let child = orphan(call(3), true);
    trace(&folder, call(3), &Process::now(child.id()));
    assert_eq!(reap_orphans(folder.path(), &|_| true), []);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    assert_eq!(died_of(child), Some(15));
}

#[test]
fn a_number_used_again_is_not_taken_for_the_shell_of_then() {
    let folder = TempDir::new().unwrap();
    let stranger = orphan(call(4), false);
    let now = Process::now(stranger.id());
    let then = Process {
        pid: now.pid,
        started: now.started.map(|ticks| ticks - 1),
    };
    assert!(now.lives() && !then.lives());
    trace(&folder, call(4), &then);
    assert_eq!(reap_orphans(folder.path(), &|_| false), []);
    assert_eq!(died_of(stranger), Some(15));
}
