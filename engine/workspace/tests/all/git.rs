//! The state of real repositories.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;
use workspace::{GitState, git_state};

fn git(at: &Path, args: &[&str]) -> String {
    let output = Command::new("git")
        .args([
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@t",
            "-c",
            "commit.gpgsign=false",
        ])
        .args(args)
        .current_dir(at)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(output.status.success(), "{args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn repository() -> TempDir {
    let dir = TempDir::new().unwrap();
    git(dir.path(), &["init", "-q", "-b", "trunk"]);
    dir
}

#[tokio::test]
async fn a_repository_tells_branch_commit_and_changed_files() {
    let dir = repository();
    let at = dir.path();
    let fresh = git_state(at).await.unwrap();
    assert_eq!(fresh.branch.as_deref(), Some("trunk"));
    assert_eq!((fresh.head, fresh.dirty), (None, 0));
    fs::write(at.join("a\n b"), "1").unwrap();
    fs::write(at.join("c"), "1").unwrap();
    git(at, &["add", "-A"]);
    git(at, &["commit", "-q", "-m", "one"]);
    git(at, &["mv", "c", "d"]);
    fs::write(at.join("a\n b"), "2").unwrap();
    fs::write(at.join("untracked"), "").unwrap();
    let state = git_state(at).await.unwrap();
    let id = git(at, &["rev-parse", "HEAD"]);
    assert_eq!(state.head.as_deref(), Some(&id[..8]));
    assert_eq!((state.dirty, state.ahead_behind), (3, None));
    git(at, &["checkout", "-q", "--detach"]);
    assert_eq!(git_state(at).await.unwrap().branch, None);
}

#[tokio::test]
async fn a_clone_tells_how_far_it_is_from_its_upstream() {
    let origin = repository();
    git(
        origin.path(),
        &["commit", "-q", "--allow-empty", "-m", "one"],
    );
    let dir = TempDir::new().unwrap();
    let from = origin.path().display().to_string();
    git(dir.path(), &["clone", "-q", &from, "c"]);
    let clone = dir.path().join("c");
    git(&clone, &["commit", "-q", "--allow-empty", "-m", "two"]);
    assert_eq!(git_state(&clone).await.unwrap().ahead_behind, Some((1, 0)));
}

#[tokio::test]
async fn where_there_is_no_repository_there_is_no_state() {
    let dir = TempDir::new().unwrap();
    assert_eq!(git_state(dir.path()).await, None);
    assert_eq!(git_state(&dir.path().join("missing")).await, None);
}

#[tokio::test]
async fn looking_runs_nothing_that_the_repository_names_and_leaves_its_index_alone() {
    let dir = repository();
    let at = dir.path();
    fs::write(at.join("f"), "1").unwrap();
    git(at, &["add", "-A"]);
    git(at, &["config", "core.fsmonitor", "touch ran; false"]);
    let before = fs::read(at.join(".git/index")).unwrap();
    let state: GitState = git_state(at).await.unwrap();
    assert_eq!(state.dirty, 1);
    assert!(!at.join("ran").exists());
    assert_eq!(fs::read(at.join(".git/index")).unwrap(), before);
}
