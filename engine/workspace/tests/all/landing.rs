//! Bringing the result to the user's branch, or leaving it beside.

use std::fs;

use protocol::{GitId, Landing};
use workspace::{CommitDraft, Repo};

use crate::stage::{Look, Stage, git, write};

/// A repository with a result that adds `result.txt` and changes `a/README.md`, ready to land.
struct Ready {
    stage: Stage,
    repo: Repo,
    base: GitId,
    commit: GitId,
}

impl Ready {
    async fn new() -> Self {
        let stage = Stage::new();
        let repo = stage.repo().await;
        let base = stage.head();
        let tree = stage.tree("n").await;
        write(tree.root(), "result.txt", "result\n");
        write(tree.root(), "a/README.md", "result\n");
        let made = tree.snapshot().await.unwrap().tree;
        let draft = CommitDraft {
            tree: &made,
            parent: &base,
            message: "the result",
            trailers: &[],
            seconds: 1_700_000_000,
        };
        let commit = repo.commit(&draft).await.unwrap();
        repo.create_ref("refs/heads/formic/run", &commit)
            .await
            .unwrap();
        Self {
            stage,
            repo,
            base,
            commit,
        }
    }

    async fn land(&self, target: Option<&str>) -> Landing {
        let landed = self
            .repo
            .land(target, &self.base, &self.commit, "formic/run");
        landed.await.unwrap()
    }

    /// Lands on `main`, expects that nothing of the user's moves, and that the remark says why and what to do.
    async fn is_left(&self, why: &str) -> Landing {
        let before = without_index(self.stage.belongings());
        let landing = self.land(Some("main")).await;
        assert!(!landing.is_fast_forward);
        assert_eq!(
            (landing.branch.as_str(), &landing.commit),
            ("formic/run", &self.commit)
        );
        let remark = landing.remark.clone().unwrap();
        assert!(remark.contains(why), "{remark}");
        assert!(remark.contains("merge formic/run"), "{remark}");
        assert_eq!(before, without_index(self.stage.belongings()), "{why}");
        landing
    }

    fn tip(&self, branch: &str) -> String {
        self.stage.git(&["rev-parse", branch])
    }
}

/// git may write down times of files it looked at.
fn without_index(mut look: Look) -> Look {
    look.files.remove(std::path::Path::new(".git/index"));
    look
}

#[tokio::test]
async fn a_clean_checkout_goes_forward_with_its_branch() {
    let ready = Ready::new().await;
    let stage = &ready.stage;
    stage.write("mine.txt", "untracked\n");
    let landing = ready.land(Some("main")).await;
    assert!(
        landing.is_fast_forward && landing.remark.is_none(),
        "{landing:?}"
    );
    assert_eq!(landing.branch, "main");
    assert_eq!(stage.head(), ready.commit);
    assert_eq!(stage.git(&["symbolic-ref", "HEAD"]), "refs/heads/main");
    assert_eq!(stage.git(&["status", "--porcelain"]), "?? mine.txt");
    assert_eq!(
        fs::read_to_string(stage.root().join("result.txt")).unwrap(),
        "result\n"
    );
    let before = without_index(stage.belongings());
    assert!(ready.land(Some("main")).await.is_fast_forward, "again");
    assert_eq!(before, without_index(stage.belongings()));
}

#[tokio::test]
async fn a_branch_that_is_checked_out_nowhere_is_moved_alone() {
    let ready = Ready::new().await;
    ready.stage.git(&["switch", "-qc", "elsewhere"]);
    ready.stage.write("a/README.md", "dirty, but elsewhere\n");
    let before = ready.stage.belongings();
    assert!(ready.land(Some("main")).await.is_fast_forward);
    assert_eq!(ready.tip("main"), ready.commit.as_str());
    let after = ready.stage.belongings();
    let mut moved: Vec<_> = after
        .files
        .iter()
        .filter(|(p, f)| before.files.get(*p) != Some(f))
        .collect();
    moved.retain(|(path, _)| {
        !path.ends_with("refs/heads/main") && !path.ends_with("logs/refs/heads/main")
    });
    assert!(moved.is_empty(), "{moved:?}");
}

#[tokio::test]
async fn a_branch_that_was_renamed_or_deleted_is_not_made_again() {
    let ready = Ready::new().await;
    ready.stage.git(&["branch", "--move", "main", "trunk"]);
    ready
        .is_left("main is gone; go to the branch that takes its place; merge it with: git merge formic/run")
        .await;
    ready.stage.git(&["merge", "--quiet", "formic/run"]);
    assert_eq!(ready.tip("trunk"), ready.commit.as_str());
}

#[tokio::test]
async fn whatever_could_be_lost_keeps_the_branch_where_it_is() {
    let ready = Ready::new().await;
    ready.stage.write("b/old.txt", "changed\n");
    ready.is_left("uncommitted changes").await;
    ready.stage.git(&["add", "-A"]);
    ready.is_left("uncommitted changes").await;
    ready.stage.git(&["reset", "-q", "--hard"]);
    ready.stage.write("result.txt", "the user's own\n");
    ready.is_left("would be overwritten").await;
    ready.stage.write(".git/info/exclude", "result.txt\n");
    ready.is_left("would be overwritten").await;
    fs::remove_file(ready.stage.root().join("result.txt")).unwrap();
    ready.stage.write(".git/index.lock", "");
    ready.is_left("index.lock").await;
    fs::remove_file(ready.stage.root().join(".git/index.lock")).unwrap();
    assert!(ready.land(Some("main")).await.is_fast_forward);
}

#[tokio::test]
async fn a_branch_that_moved_is_left_and_the_command_merges() {
    let ready = Ready::new().await;
    ready.stage.write("user.txt", "the user's work\n");
    ready.stage.commit("the user's work");
    let remark = ready.is_left("has moved").await.remark.unwrap();
    let (_, command) = remark.split_once("merge it with: ").unwrap();
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", command]).env("GIT_EDITOR", "true");
    assert!(
        shell
            .current_dir(ready.stage.root())
            .status()
            .unwrap()
            .success()
    );
    assert!(ready.stage.root().join("result.txt").exists());
    assert!(ready.stage.root().join("user.txt").exists());
}

#[tokio::test]
async fn what_landed_before_does_not_keep_a_later_result_from_its_branch() {
    let ready = Ready::new().await;
    assert!(ready.land(Some("main")).await.is_fast_forward);
    let tree = ready.repo.tree_of(&ready.commit).await.unwrap();
    let draft = CommitDraft {
        tree: &tree,
        parent: &ready.commit,
        message: "one node more",
        trailers: &[],
        seconds: 1_700_000_001,
    };
    let more = ready.repo.commit(&draft).await.unwrap();
    let landed = ready
        .repo
        .land(Some("main"), &ready.base, &more, "formic/run");
    let landed = landed.await.unwrap();
    assert!(landed.is_fast_forward, "{landed:?}");
    assert_eq!(ready.tip("main"), more.as_str());
}

#[tokio::test]
async fn nothing_lands_in_the_middle_of_something() {
    for trace in ["MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD"] {
        let ready = Ready::new().await;
        ready
            .stage
            .write(&format!(".git/{trace}"), &format!("{}\n", ready.base));
        ready.is_left("is under way").await;
    }
    let ready = Ready::new().await;
    ready.stage.git(&["switch", "-q", "--detach"]);
    ready
        .stage
        .write(".git/rebase-merge/head-name", "refs/heads/main\n");
    ready.is_left("is being worked on").await;
}

#[tokio::test]
async fn without_a_target_the_result_stays_on_its_own_branch() {
    let ready = Ready::new().await;
    ready.stage.git(&["switch", "-q", "--detach"]);
    let before = ready.stage.belongings();
    let landing = ready.land(None).await;
    assert!(!landing.is_fast_forward);
    assert_eq!(landing.branch, "formic/run");
    assert!(landing.remark.unwrap().ends_with("git merge formic/run"));
    assert_eq!(before, ready.stage.belongings());
}

#[tokio::test]
async fn a_linked_checkout_of_the_target_is_where_it_goes_forward() {
    let ready = Ready::new().await;
    let linked = ready.stage.beside("linked tree");
    ready.stage.git(&["switch", "-qc", "elsewhere"]);
    ready
        .stage
        .git(&["worktree", "add", "-q", linked.to_str().unwrap(), "main"]);
    write(&linked, "a/README.md", "dirty\n");
    let landing = ready.land(Some("main")).await;
    let remark = landing.remark.unwrap();
    assert!(
        remark.contains("uncommitted") && remark.contains("git -C '"),
        "{remark}"
    );
    git(&linked, &["reset", "-q", "--hard"]);
    assert!(ready.land(Some("main")).await.is_fast_forward);
    assert!(linked.join("result.txt").exists());
    assert!(!ready.stage.root().join("result.txt").exists());
}

#[tokio::test]
async fn a_taken_name_for_the_result_gets_a_number() {
    let ready = Ready::new().await;
    ready.stage.write("user.txt", "the user's work\n");
    let user = ready.stage.commit("the user's work");
    ready.stage.git(&["branch", "-f", "formic/run", "main"]);
    let landing = ready.land(Some("main")).await;
    assert_eq!(landing.branch, "formic/run-2");
    assert_eq!(ready.tip("formic/run-2"), ready.commit.as_str());
    assert_eq!(ready.tip("formic/run"), user.as_str());
}

#[tokio::test]
async fn a_result_that_does_not_hold_the_base_never_replaces_it() {
    let ready = Ready::new().await;
    ready.stage.write("user.txt", "x\n");
    let newer = ready.stage.commit("newer");
    let before = without_index(ready.stage.belongings());
    let landed = ready
        .repo
        .land(Some("main"), &newer, &ready.commit, "formic/run")
        .await;
    assert!(!landed.unwrap().is_fast_forward);
    assert_eq!(before, without_index(ready.stage.belongings()));
}

#[tokio::test]
async fn a_branch_that_is_not_needed_goes_unless_somebody_has_it() {
    let ready = Ready::new().await;
    let take = || ready.repo.take_away("formic/run", &ready.commit);
    let linked = ready.stage.root().join("../linked");
    let linked = linked.to_str().unwrap();
    ready
        .stage
        .git(&["worktree", "add", "-q", linked, "formic/run"]);
    let stays = take().await.unwrap().unwrap();
    assert!(stays.starts_with("it is checked out at "), "{stays}");
    ready.stage.git(&["worktree", "remove", "--force", linked]);
    ready.stage.git(&["branch", "-f", "formic/run", "main"]);
    let stays = take().await.unwrap();
    assert_eq!(stays.as_deref(), Some("someone else has moved it"));
    let commit = ready.commit.as_str();
    ready.stage.git(&["branch", "-f", "formic/run", commit]);
    assert_eq!(take().await.unwrap(), None);
    assert_eq!(ready.stage.git(&["branch", "--list", "formic/*"]), "");
    assert_eq!(take().await.unwrap(), None, "it is gone already");
}
