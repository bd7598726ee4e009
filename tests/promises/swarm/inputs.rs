//! A project in any state: a clear error or a stated choice, and nothing of the user's touched or lost.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::stage::{Ended, Report, Stage, node, plan, script, writer};

fn the_plan() -> Value {
    plan([node("work", &[], &["new.txt"], "grep -q done new.txt")])
}

fn fresh() -> Stage {
    Stage::new(script([writer("work", "new.txt", "done\n")])).file("a.txt", "a\n")
}

/// What is the user's: every file, what is staged, where the branch stands.
#[derive(Debug, PartialEq)]
struct Mine {
    tree: Vec<(PathBuf, Vec<u8>)>,
    index: Vec<u8>,
    head: String,
    refs: Vec<u8>,
}

fn mine(stage: &Stage) -> Mine {
    let said = |args: &[&str]| stage.try_git(args).stdout;
    Mine {
        tree: stage.tree(),
        index: said(&["diff", "--cached"]),
        head: fs::read_to_string(stage.path(".git/HEAD")).unwrap_or_default(),
        refs: said(&["for-each-ref", "refs/heads/main", "refs/tags", "refs/stash"]),
    }
}

/// An error before anything began: a code, two lines, and everything as it was.
fn is_refused(stage: &Stage, before: &Mine, ended: &Ended, says: &[&str]) {
    assert!(matches!(ended.code(), Some(1 | 2)), "{ended}");
    let said = format!("{}{}", ended.stdout, ended.stderr);
    for part in says {
        assert!(said.contains(part), "{part:?}: {ended}");
    }
    assert_eq!(&mine(stage), before, "{ended}");
    assert_eq!(stage.asked().len(), 0, "no model was asked: {ended}");
}

/// The work was done and lies on a branch of its own, because the user's could not be moved; the report says how to get it.
fn lies_on_a_branch(stage: &Stage, before: &Mine, ended: &Ended, says: &str) {
    assert_eq!(ended.code(), Some(0), "{ended}");
    let report = Report::of(ended);
    let target = &report.0["target"];
    assert_eq!(target["fast_forwarded"], false, "{ended}");
    let remark = target["remark"].as_str().unwrap_or_default();
    assert!(remark.contains(says), "{says:?} in {remark:?}");
    assert!(remark.contains("git merge"), "{remark:?}");
    let branch = target["branch"].as_str().expect("a branch");
    assert_eq!(stage.git(["show", &format!("{branch}:new.txt")]), "done");
    assert_eq!(&mine(stage), before, "{ended}");
}

#[test]
fn a_data_folder_behind_a_link_is_as_good_as_any() {
    for below in ["", "not/there/yet"] {
        let stage = fresh().committed();
        let link = stage.home().with_file_name("link");
        fs::create_dir_all(stage.data()).unwrap();
        std::os::unix::fs::symlink(stage.data(), &link).unwrap();
        let swarm = stage.swarm(&the_plan());
        let ended = swarm.env("FORMIC_HOME", link.join(below)).run();
        assert_eq!(ended.code(), Some(0), "{ended}");
        assert_eq!(stage.git(["show", "HEAD:new.txt"]), "done", "{ended}");
    }
}

#[test]
fn a_dirty_checkout_keeps_its_changes_and_the_work_lies_on_a_branch() {
    let stage = fresh().committed();
    stage.write("a.txt", "a, and not committed\n");
    stage.write("untracked.txt", "mine\n");
    let before = mine(&stage);
    let ended = stage.swarm(&the_plan()).run();
    lies_on_a_branch(&stage, &before, &ended, "a.txt");
}

#[test]
fn an_untracked_file_in_the_way_is_not_overwritten() {
    let stage = fresh().committed();
    stage.write("new.txt", "mine\n");
    let before = mine(&stage);
    let ended = stage.swarm(&the_plan()).run();
    lies_on_a_branch(&stage, &before, &ended, "new.txt");
}

#[test]
fn a_detached_head_stays_where_it_is_and_the_work_lies_on_a_branch() {
    let stage = fresh().committed();
    stage.git(["checkout", "--quiet", "--detach"]);
    let before = mine(&stage);
    let ended = stage.swarm(&the_plan()).run();
    lies_on_a_branch(&stage, &before, &ended, "no branch");
}

#[test]
fn a_branch_that_moves_during_the_run_is_not_moved_back() {
    // The user commits while the agent waits for its model.
    let mut script = script([writer("work", "new.txt", "done\n")]);
    script.rules[1].reply.is_held = true;
    let stage = Stage::new(script).file("a.txt", "a\n").committed();
    let running = stage.swarm(&the_plan()).start();
    assert!(
        stage
            .server()
            .wait_until_blocking(|requests| requests.len() > 1)
    );
    stage.git([
        "commit",
        "--quiet",
        "--allow-empty",
        "--message",
        "meanwhile",
    ]);
    let before = mine(&stage);
    stage.server().release();
    let ended = running.end();
    lies_on_a_branch(&stage, &before, &ended, "moved");
    assert_eq!(stage.git(["log", "-1", "--format=%s"]), "meanwhile");
}

#[test]
fn a_repository_without_commits_is_refused() {
    let stage = fresh();
    let before = mine(&stage);
    let ended = stage.swarm(&the_plan()).run();
    is_refused(&stage, &before, &ended, &["no commit"]);
}

#[test]
fn a_repository_in_mid_merge_is_refused() {
    let stage = fresh().committed();
    stage.git(["checkout", "--quiet", "-b", "side"]);
    stage.write("a.txt", "side\n");
    stage.git(["commit", "--quiet", "--all", "--message", "side"]);
    stage.git(["checkout", "--quiet", "main"]);
    stage.write("a.txt", "main\n");
    stage.git(["commit", "--quiet", "--all", "--message", "main"]);
    assert!(!stage.try_git(&["merge", "side"]).status.success());
    let before = mine(&stage);
    let ended = stage.swarm(&the_plan()).run();
    is_refused(&stage, &before, &ended, &["merge"]);
    assert!(stage.path(".git/MERGE_HEAD").exists());
}

#[test]
fn a_bare_repository_is_refused() {
    let stage = fresh().committed();
    stage.git(["config", "core.bare", "true"]);
    let ended = stage.swarm(&the_plan()).run();
    assert!(matches!(ended.code(), Some(1 | 2)), "{ended}");
    assert!(ended.stdout.contains("bare"), "{ended}");
    assert_eq!(stage.asked().len(), 0);
    assert_eq!(stage.content("a.txt"), "a\n");
}

#[test]
fn without_git_on_the_path_it_is_said_what_is_missing() {
    let stage = fresh().committed();
    let before = mine(&stage);
    let ended = stage.swarm(&the_plan()).env("PATH", stage.home()).run();
    is_refused(&stage, &before, &ended, &["git"]);
}

#[test]
fn submodules_are_left_as_they_are() {
    let inner = fresh().committed();
    let stage = fresh().committed();
    let url = inner.project();
    let url = url.to_str().expect("a path of the stage");
    let args = [
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        url,
        "sub",
    ];
    stage.git(args);
    let stage = stage.committed();
    let link = stage.git(["rev-parse", "HEAD:sub"]);
    let inside = stage.content("sub/a.txt");
    let ended = stage.swarm(&the_plan()).run();
    assert_eq!(ended.code(), Some(0), "{ended}");
    assert_eq!(stage.git(["rev-parse", "HEAD:sub"]), link);
    assert_eq!(stage.content("sub/a.txt"), inside);
    assert_eq!(stage.content("new.txt"), "done\n");
    assert_eq!(stage.git(["status", "--porcelain"]), "");
}

#[test]
fn a_gate_that_is_red_before_anything_changed_is_said_and_nothing_lands() {
    for (gate, says) in [
        ("false", "false"),
        ("no-such-command-anywhere", "no-such-command-anywhere"),
    ] {
        let stage = fresh().committed();
        let before = mine(&stage);
        let mut plan = the_plan();
        plan["gate"] = json!({"cmd": gate});
        let ended = stage.swarm(&plan).run();
        assert_eq!(ended.code(), Some(1), "{ended}");
        let said = format!("{}{}", ended.stdout, ended.stderr);
        assert!(said.contains(says), "{ended}");
        assert_eq!(mine(&stage), before, "{ended}");
        let report = Report::of(&ended);
        assert_eq!(report.0["status"], "failed", "{ended}");
        assert_eq!(
            report.node("work")["reason"],
            "the run ended before it",
            "{ended}"
        );
        let shown = stage.formic(["swarm", "show"]).run().stdout;
        assert!(
            shown.contains("never started") && shown.contains("begin anew"),
            "{shown}"
        );
        assert!(!shown.contains("swarm retry"), "{shown}");
        let list = stage.formic(["swarm", "ls"]).run().stdout;
        assert!(
            list.contains("failed") && !list.contains("cancelled"),
            "{list}"
        );
    }
}

/// A disk that is full: a file system of two megabytes where formic keeps everything, seen by this run alone. Where nobody
/// may have such a thing, there is nothing to be shown.
#[test]
fn a_full_disk_under_the_trees_is_a_failure_with_its_reason_and_nothing_is_lost() {
    const NOT_ALLOWED: i32 = 77;
    let stage = fresh().file("large.bin", vec![7; 4 << 20]).committed();
    let before = mine(&stage);
    let own = format!(
        "mount -t tmpfs -o size=2m tmpfs \"$FORMIC_HOME\" || exit {NOT_ALLOWED}; exec \"$0\" \"$@\""
    );
    let private = ["--user", "--map-root-user", "--mount"];
    let can = std::process::Command::new("unshare")
        .args(private)
        .arg("true")
        .status();
    if !can.is_ok_and(|status| status.success()) {
        return;
    }
    let words: Vec<&str> = ["unshare"]
        .into_iter()
        .chain(private)
        .chain(["sh", "-c", &own])
        .collect();
    let ended = stage.swarm(&the_plan()).within(&words).run();
    if ended.code() == Some(NOT_ALLOWED) {
        return;
    }
    assert_eq!(ended.code(), Some(1), "{ended}");
    let said = format!("{}{}", ended.stdout, ended.stderr);
    assert!(said.to_lowercase().contains("no space"), "{ended}");
    assert_eq!(mine(&stage), before, "{ended}");
}

/// A rule's code, or what else is said, and a plan that breaks it.
fn broken() -> Vec<(&'static str, Value)> {
    let in_node = |field: &str, value: Value| {
        let mut plan = the_plan();
        plan["nodes"][0][field] = value;
        plan
    };
    let in_plan = |field: &str, value: Value| {
        let mut plan = the_plan();
        plan[field] = value;
        plan
    };
    let again = the_plan()["nodes"][0].clone();
    let mut too_dear = in_plan("budget", json!({"tokens": 50_000}));
    too_dear["nodes"][0]["budget"] = json!({"tokens": 100_000});
    vec![
        ("unknown field", in_plan("noodles", json!([]))),
        ("unknown field", in_node("noodles", json!([]))),
        ("version", in_plan("version", json!(2))),
        ("goal", in_plan("goal", json!(""))),
        ("empty", in_plan("nodes", json!([]))),
        ("cap-nodes", in_plan("caps", json!({"max_nodes": 0}))),
        ("cap-amount", in_plan("caps", json!({"max_parallel": 0}))),
        ("cap-amount", in_plan("caps", json!({"max_replans": 3}))),
        ("duplicate-name", in_plan("nodes", json!([again, again]))),
        (
            "duration",
            in_plan("gate", json!({"cmd": "true", "timeout": "soon"})),
        ),
        ("check", in_plan("gate", json!({"cmd": ""}))),
        ("budget-total", too_dear),
        ("name", in_node("id", json!("no blanks"))),
        ("brief", in_node("brief", Value::Null)),
        ("kind", in_node("kind", json!("Plan"))),
        ("unknown-dep", in_node("deps", json!(["nobody"]))),
        ("cycle", in_node("deps", json!(["work"]))),
        ("scope-outside", in_node("writes", json!(["../x"]))),
        ("scope-outside", in_node("writes", json!(["/etc/x"]))),
        ("scope-git", in_node("writes", json!([".git/config"]))),
        ("scope-secret", in_node("writes", json!([".env"]))),
        ("scope-syntax", in_node("writes", json!(["a[b"]))),
        ("scope-missing", in_node("writes", json!([]))),
        ("scope-surplus", in_node("kind", json!("Explore"))),
        ("budget-amount", in_node("budget", json!({"attempts": 0}))),
        ("budget-floor", in_node("budget", json!({"tokens": 3}))),
    ]
}

#[test]
fn a_plan_that_breaks_a_rule_is_refused_with_the_rules_code_before_anything_starts() {
    let stage = fresh().committed();
    let before = mine(&stage);
    for (says, plan) in broken() {
        let ended = stage.swarm(&plan).run();
        assert_eq!(ended.code(), Some(2), "{says}: {plan} {ended}");
        is_refused(&stage, &before, &ended, &[says]);
        assert_eq!(stage.sessions(), [], "{says}: nothing is kept of it");
    }
    let reading = ["--permission-mode", "plan"];
    let ended = stage.swarm(&the_plan()).args(reading).run();
    assert_eq!(ended.code(), Some(2), "{ended}");
    is_refused(&stage, &before, &ended, &["rights"]);
}

#[test]
fn all_that_is_wrong_with_a_plan_is_said_at_once() {
    let mut plan = the_plan();
    plan["nodes"][0]["deps"] = json!(["nobody"]);
    plan["nodes"][0]["writes"] = json!(["../x"]);
    plan["nodes"][0]["brief"] = Value::Null;
    let stage = fresh().committed();
    let before = mine(&stage);
    let ended = stage.swarm(&plan).run();
    is_refused(
        &stage,
        &before,
        &ended,
        &["unknown-dep", "scope-outside", "brief"],
    );
}
