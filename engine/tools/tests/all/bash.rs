//! `bash`: what it tells, what it keeps, and that nothing it started outlives it.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use protocol::{Fact, ToolStatus};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tokio::sync::Notify;

use crate::rig::{Rig, failed, ok, run, text};

/// Whether a process that was started with this environment setting lives.
pub fn lives(setting: &str) -> bool {
    let Ok(all) = fs::read_dir("/proc") else {
        return false;
    };
    all.filter_map(Result::ok).any(|entry| {
        let alive = fs::read_to_string(entry.path().join("stat"))
            .is_ok_and(|stat| !stat.rsplit(") ").next().unwrap_or("Z").starts_with('Z'));
        alive && carries(&entry.path(), setting)
    })
}

fn carries(process: &Path, setting: &str) -> bool {
    fs::read(process.join("environ")).is_ok_and(|all| {
        all.split(|byte| *byte == 0)
            .any(|one| one == setting.as_bytes())
    })
}

#[tokio::test]
async fn output_comes_in_order_with_the_exit_code() {
    let mut rig = Rig::new();
    let result = rig
        .call(
            "bash",
            json!({"command": "echo a; echo b >&2; echo c; exit 3"}),
        )
        .await;
    assert_eq!(failed(&result), "a\nb\nc\n(exit 3)\n");
    assert_eq!(result.facts, [Fact::Exited(3)]);
    let result = rig.call("bash", json!({"command": "true"})).await;
    assert_eq!(ok(&result), "(no output)\n");
    assert_eq!(result.facts, [Fact::Exited(0)]);
    let told = failed(&rig.call("bash", json!({"command": "kill -9 $$"})).await);
    assert_eq!(told, "(ended by signal 9)\n");
    let told = failed(&rig.call("bash", json!({"command": "echo 'open"})).await);
    assert!(told.contains("unexpected EOF"), "{told}");
}

#[tokio::test]
async fn control_sequences_and_bytes_that_are_no_text_do_not_reach_the_model() {
    let mut rig = Rig::new();
    let command = r"printf '\033[31mred\033[0m \033]0;title\007x\r\ny\377z\n'";
    assert_eq!(
        ok(&rig.call("bash", json!({"command": command})).await),
        "red x\ny\u{fffd}z\n"
    );
}

#[tokio::test]
async fn the_environment_is_quiet_and_scrubbed() {
    let mut rig = Rig::new();
    rig.scrubbed.push("PATH_OF_NO_ONE".to_owned());
    rig.scrubbed.push("HOME".to_owned());
    let command =
        "echo ${HOME-none} $PAGER $GIT_PAGER $GIT_TERMINAL_PROMPT $TERM; read x || echo no input";
    assert_eq!(
        ok(&rig.call("bash", json!({"command": command})).await),
        "none cat cat 0 dumb\nno input\n"
    );
}

#[tokio::test]
async fn a_changed_folder_holds_for_the_next_command_within_the_tree() {
    let mut rig = Rig::new();
    rig.put("sub/it's/f", "");
    let result = rig
        .call("bash", json!({"command": "cd \"sub/it's\""}))
        .await;
    let there = rig.root.join("sub/it's");
    assert!(
        result.facts.contains(&Fact::Cwd(there.clone())),
        "{result:?}"
    );
    let told = ok(&rig.call("bash", json!({"command": "pwd; cd /"})).await);
    assert!(
        told.starts_with(&format!("{}\n", there.display())),
        "{told}"
    );
    assert!(told.contains("outside the project"), "{told}");
    assert_eq!(rig.cwd, there);
    failed(
        &rig.call("bash", json!({"command": "cd ../..; exit 1"}))
            .await,
    );
    assert_eq!(rig.cwd, rig.root);
    let left: Vec<_> = fs::read_dir(&rig.spill).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn a_folder_that_is_gone_is_left() {
    let mut rig = Rig::new();
    rig.put("sub/f", "");
    rig.cwd = rig.root.join("sub");
    ok(&rig.call("bash", json!({"command": "rm -r ../sub"})).await);
    let told = failed(&rig.call("bash", json!({"command": "echo hi"})).await);
    assert!(told.contains("is gone") && rig.cwd == rig.root, "{told}");
}

#[tokio::test]
async fn too_much_output_is_cut_in_the_middle_and_kept_whole() {
    let mut rig = Rig::new();
    let result = rig.call("bash", json!({"command": "seq 1 100000"})).await;
    let told = ok(&result);
    assert!(told.len() < 31_000, "{}", told.len());
    assert!(
        told.starts_with("1\n2\n") && told.contains("99999\n100000\n"),
        "{told}"
    );
    assert!(told.contains("bytes left out"), "{told}");
    let Some(Fact::Spilled(path)) = result
        .facts
        .iter()
        .find(|fact| matches!(fact, Fact::Spilled(_)))
    else {
        panic!("{:?}", result.facts);
    };
    let whole: String = (1..=100_000).map(|n| format!("{n}\n")).collect();
    assert_eq!(fs::read_to_string(path).unwrap(), whole);
}

#[tokio::test]
async fn people_see_the_output_as_it_comes() {
    let mut rig = Rig::new();
    ok(&rig
        .call(
            "bash",
            json!({"command": "for i in 1 2 3; do echo $i; done"}),
        )
        .await);
    assert_eq!(*rig.said.lock().unwrap(), "1\n2\n3\n");
}

/// The process left behind holds the pipe for an hour: a call that waited for its end would never return.
#[tokio::test]
async fn what_is_left_running_is_ended_with_the_command() {
    for (at, stray) in [
        "sleep 3600 &",
        "setsid sleep 3600 &",
        "yes &",
        "(trap '' TERM; sleep 3600) &",
    ]
    .into_iter()
    .enumerate()
    {
        let mut rig = Rig::new();
        let setting = format!("FORMIC_TEST_STRAY={at}-{}", std::process::id());
        // First what is looked for: the flood of `yes` would push it out of what is kept.
        let command = format!("export {setting}; echo started; {stray}");
        let told = ok(&rig.call("bash", json!({"command": command})).await);
        assert!(
            told.contains("started") && told.contains("were ended"),
            "{stray}: {told}"
        );
        assert!(!lives(&setting), "{stray}");
    }
}

/// It has neither the group nor the mark nor a parent of the family, so nothing here may end it; it only must not
/// hold the call by holding the pipe.
#[tokio::test]
async fn a_process_beyond_reach_does_not_hold_the_call() {
    let mut rig = Rig::new();
    let told = ok(&rig.call("bash", json!({"command": "env -i setsid sleep 3600 & echo $!; exec >&- 2>&-; until [ $(ps -o sid= -p $!) = $! ]; do :; done"})).await);
    let pid = told
        .lines()
        .next()
        .and_then(|line| line.parse().ok())
        .and_then(Pid::from_raw)
        .unwrap();
    kill_process(pid, Signal::KILL).unwrap();
}

#[tokio::test]
async fn a_timeout_ends_the_command_and_keeps_what_it_said() {
    let mut rig = Rig::new();
    let setting = format!("FORMIC_TEST_TIMEOUT={}", std::process::id());
    let command = format!("export {setting}; echo begun; setsid sleep 3600 & sleep 3600");
    let result = rig
        .call("bash", json!({"command": command, "timeout": 5000}))
        .await;
    let told = failed(&result);
    assert!(
        told.contains("begun") && told.contains("timed out after 5000 ms"),
        "{told}"
    );
    assert!(
        !result
            .facts
            .iter()
            .any(|fact| matches!(fact, Fact::Exited(_)))
    );
    assert!(!lives(&setting));
}

/// Interrupts a command once it has said `begun`.
async fn interrupted(rig: &mut Rig, command: &str) -> protocol::ToolResult {
    let begun = Arc::new(Notify::new());
    let mut ctx = rig.context();
    let heard = Arc::clone(&begun);
    ctx.live = Arc::new(move |text| {
        if text.contains("begun") {
            heard.notify_one();
        }
    });
    let args = json!({"command": command}).to_string();
    let stop = async {
        begun.notified().await;
        rig.cancel.cancel();
    };
    tokio::join!(run(&rig.registry, &rig.lane, &ctx, "bash", &args), stop).0
}

#[tokio::test]
async fn an_interrupt_ends_the_whole_family() {
    let mut rig = Rig::new();
    let setting = format!("FORMIC_TEST_INTERRUPT={}", std::process::id());
    let command = format!(
        "export {setting}; setsid sleep 3600 & (trap '' TERM; sleep 3600) & echo begun; sleep 3600"
    );
    let result = interrupted(&mut rig, &command).await;
    assert_eq!(result.status, ToolStatus::Interrupted);
    let told = text(&result);
    // Between them may stand what the shell says when it sees its child end before itself: `Terminated`.
    assert!(
        told.starts_with("begun\n") && told.contains("\n(interrupted"),
        "{told}"
    );
    assert!(!lives(&setting));
    assert_eq!(fs::read_dir(rig.running()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_call_that_is_dropped_leaves_nothing_running() {
    let rig = Rig::new();
    let setting = format!("FORMIC_TEST_DROPPED={}", std::process::id());
    let begun = Arc::new(Notify::new());
    let mut ctx = rig.context();
    let heard = Arc::clone(&begun);
    ctx.live = Arc::new(move |_| heard.notify_one());
    let args =
        json!({"command": format!("export {setting}; setsid sleep 3600 & echo begun; sleep 3600")})
            .to_string();
    tokio::select! {
        result = run(&rig.registry, &rig.lane, &ctx, "bash", &args) => panic!("{result:?}"),
        () = begun.notified() => {}
    }
    // Killed processes die when the system gets to it.
    while lives(&setting) {
        tokio::task::yield_now().await;
    }
    assert_eq!(fs::read_dir(rig.running()).unwrap().count(), 0);
}

#[tokio::test]
async fn commands_that_cannot_be_are_refused() {
    let mut rig = Rig::new();
    for (command, says) in [
        (" ".to_owned(), "empty"),
        ("a\0b".to_owned(), "NUL"),
        ("x".repeat(200_000), "write a script"),
    ] {
        let told = failed(&rig.call("bash", json!({"command": command})).await);
        assert!(told.contains(says), "{told}");
    }
}
