//! Background shells: started, read piece by piece, ended.

use protocol::{Fact, ToolResult};
use serde_json::json;

use crate::bash::lives;
use crate::rig::{Rig, failed, ok, text};

/// Looks until the shell said something of this; each look takes only what is new.
async fn until(rig: &mut Rig, wanted: &str) -> (String, ToolResult) {
    let mut all = String::new();
    loop {
        let result = rig.call("bash_output", json!({"bash_id": "bash_1"})).await;
        all.push_str(&text(&result));
        if all.contains(wanted) {
            return (all, result);
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_background_command_is_read_as_it_goes() {
    let mut rig = Rig::new();
    let gate = rig.root.join("gate");
    let command = "echo first; until [ -e gate ]; do sleep 0.01; done; echo second; exit 4";
    let told = ok(&rig
        .call(
            "bash",
            json!({"command": command, "run_in_background": "true"}),
        )
        .await);
    assert!(told.contains("bash_1"), "{told}");
    let (said, _) = until(&mut rig, "first\n").await;
    assert!(said.contains("(bash_1 runs: echo first"), "{said}");
    std::fs::write(gate, "").unwrap();
    let (said, last) = until(&mut rig, "(bash_1 exit 4").await;
    assert!(
        said.contains("second") && !said.contains("first\n"),
        "{said}"
    );
    assert!(last.facts.contains(&Fact::Exited(4)), "{last:?}");
    let again = ok(&rig.call("bash_output", json!({"bash_id": "bash_1"})).await);
    assert!(again.starts_with("(nothing new)"), "{again}");
}

#[tokio::test]
async fn a_filter_keeps_matching_lines_only() {
    let mut rig = Rig::new();
    ok(&rig
        .call(
            "bash",
            json!({"command": "echo apple; echo pear", "run_in_background": true}),
        )
        .await);
    // The exit is known only when everything it said is there.
    let mut all = String::new();
    while !all.contains("exit 0") {
        let args = json!({"bash_id": "bash_1", "filter": "^p"});
        all.push_str(&ok(&rig.call("bash_output", args).await));
        tokio::task::yield_now().await;
    }
    assert!(all.contains("pear\n") && !all.contains("apple\n"), "{all}");
}

#[tokio::test]
async fn killing_one_ends_all_of_it() {
    let mut rig = Rig::new();
    let setting = format!("FORMIC_TEST_KILL={}", std::process::id());
    let command = format!("export {setting}; setsid sleep 3600 & echo up; sleep 3600");
    ok(&rig
        .call(
            "bash",
            json!({"command": command, "run_in_background": true}),
        )
        .await);
    // The setting is in the environment of what the shell starts, not in its own.
    while !lives(&setting) {
        tokio::task::yield_now().await;
    }
    let told = ok(&rig.call("KillShell", json!({"shell_id": "bash_1"})).await);
    assert!(told.contains("was ended"), "{told}");
    assert!(!lives(&setting));
    let told = failed(&rig.call("kill_bash", json!({"bash_id": "bash_7"})).await);
    assert!(told.contains("there are bash_1"), "{told}");
}

#[tokio::test]
async fn the_end_of_the_session_ends_them_all() {
    let mut rig = Rig::new();
    let setting = format!("FORMIC_TEST_SESSION={}", std::process::id());
    for _ in 0..3 {
        let command = format!("export {setting}; sleep 3600");
        ok(&rig
            .call(
                "bash",
                json!({"command": command, "run_in_background": true}),
            )
            .await);
    }
    rig.shells.end_all().await;
    assert!(!lives(&setting));
    assert_eq!(std::fs::read_dir(rig.running()).unwrap().count(), 0);
}
