//! Repositories that are set up in ways few have seen: work in them goes as usual, or is refused with a reason, and what
//! is the user's stays as it is.

use std::fs;
use std::path::Path;

use protocol::{GitId, Landing, TreeStart};
use workspace::{CommitDraft, GitError, Head, Repo};

use crate::stage::{Stage, git, write};

const FALLBACK: &str = "formic/0123456789ab";

/// Surveys, takes a tree, changes a file, merges and lands it on the branch that is checked out at `root`.
async fn worked(stage: &Stage, root: &Path) -> Result<(GitId, bool), GitError> {
    let (repo, standing) = Repo::survey(root).await?;
    let base = standing.head.commit().unwrap().clone();
    let trees = repo.trees(stage.home());
    let start = TreeStart::Commit(base.clone());
    let tree = trees.take("one", &start, None).await?;
    assert_eq!(tree.changed().await?, []);
    write(tree.root(), "a/src/lib.rs", "pub fn changed() {}\n");
    let snapshot = tree.snapshot().await?;
    assert_eq!(snapshot.changed.len(), 1);
    let draft = CommitDraft {
        tree: &snapshot.tree,
        parent: &base,
        message: "changed",
        trailers: &[],
        seconds: 1,
    };
    let commit = repo.commit(&draft).await?;
    let target = standing.head.branch();
    let landing = repo.land(target, &base, &commit, FALLBACK).await?;
    Ok((commit, landing.is_fast_forward))
}

/// Lands a commit on top of `HEAD` on a branch.
async fn landed(stage: &Stage, branch: &str) -> (GitId, Landing) {
    let commit = stage.git(&["commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "x"]);
    let commit: GitId = commit.parse().unwrap();
    let (repo, base) = (stage.repo().await, stage.head());
    let landing = repo.land(Some(branch), &base, &commit, FALLBACK).await;
    (commit, landing.unwrap())
}

/// A way to set a repository up, by name.
type SetUp = (&'static str, fn(&Stage));

/// Every setting that would start a program leaves a trace.
fn programs(stage: &Stage) {
    let more = stage.beside("more.config");
    let touch = stage.beside("touched");
    let text = format!(
        "[core]\n\tfsmonitor = touch {0}\n\thooksPath = {0}\n\tpager = touch {0}\n\tsshCommand = touch {0}\n\
                 [diff]\n\texternal = touch {0}\n[alias]\n\tstatus = !touch {0}\n\tmerge = !touch {0}\n\
                 [gpg]\n\tprogram = touch {0}\n[commit]\n\tgpgSign = true\n",
        touch.display()
    );
    fs::write(&more, text).unwrap();
    stage.git(&["config", "include.path", &more.display().to_string()]);
}

const SETUPS: [SetUp; 8] = [
    ("all refs packed", |stage| {
        stage.git(&["pack-refs", "--all", "--prune"]);
    }),
    ("objects of another repository", |stage| {
        let other = stage.beside("other.git");
        git(
            &stage.root(),
            &["clone", "-q", "--bare", ".", &other.display().to_string()],
        );
        let line = format!("{}\n", other.join("objects").display());
        fs::write(stage.root().join(".git/objects/info/alternates"), line).unwrap();
        stage.git(&["repack", "-q", "-a", "-d", "-l"]);
    }),
    ("a replaced commit", |stage| {
        let first = stage.head();
        let second = stage.commit("second");
        stage.git(&["replace", second.as_str(), first.as_str()]);
    }),
    ("a graft", |stage| {
        let second = stage.commit("second");
        fs::write(stage.root().join(".git/info/grafts"), format!("{second}\n")).unwrap();
    }),
    ("settings that start programs", programs),
    ("a branch named like an option", |stage| {
        stage.git(&["update-ref", "refs/heads/--force", "HEAD"]);
        stage.git(&["symbolic-ref", "HEAD", "refs/heads/--force"]);
    }),
    ("a detour to the branch", |stage| {
        stage.git(&["update-ref", "refs/heads/real", "HEAD"]);
        stage.git(&["symbolic-ref", "refs/heads/alias", "refs/heads/real"]);
        stage.git(&["update-ref", "--no-deref", "-d", "refs/heads/main"]);
        stage.git(&["symbolic-ref", "HEAD", "refs/heads/real"]);
    }),
    ("an ambiguous name", |stage| {
        stage.git(&["tag", "main"]);
        stage.git(&["update-ref", "refs/heads/HEAD", "HEAD"]);
    }),
];

#[tokio::test]
async fn what_a_repository_is_made_of_does_not_matter() {
    for (name, set_up) in SETUPS {
        let stage = Stage::new();
        set_up(&stage);
        let done = worked(&stage, &stage.root()).await;
        let (commit, is_landed) = done.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(is_landed, "{name}");
        assert_eq!(
            stage.git(&["rev-parse", "HEAD^{commit}"]),
            commit.as_str(),
            "{name}"
        );
        assert_eq!(
            stage.git(&["-c", "core.fsmonitor=false", "status", "--porcelain"]),
            "",
            "{name}"
        );
        assert!(!stage.beside("touched").exists(), "{name}");
    }
}

#[tokio::test]
async fn a_linked_worktree_is_as_good_as_the_first_one() {
    let stage = Stage::new();
    let linked = stage.linked();
    let nested = linked.join("nested");
    git(
        &linked,
        &[
            "worktree",
            "add",
            "-q",
            "-b",
            "deep",
            &nested.display().to_string(),
        ],
    );
    let before = stage.head();
    let (commit, is_landed) = worked(&stage, &nested).await.unwrap();
    assert!(is_landed);
    assert_eq!(git(&nested, &["rev-parse", "deep"]), commit.as_str());
    assert_eq!(stage.head(), before);
    assert_eq!(git(&linked, &["rev-parse", "side"]), before.as_str());
}

#[tokio::test]
async fn a_target_with_changes_in_another_worktree_is_left_alone() {
    let stage = Stage::new();
    let linked = stage.linked();
    write(&linked, "a/README.md", "the user's own\n");
    let base = stage.head();
    let (_, landing) = landed(&stage, "side").await;
    assert!(!landing.is_fast_forward);
    assert!(landing.remark.unwrap().contains("uncommitted changes"));
    assert_eq!(git(&linked, &["rev-parse", "side"]), base.as_str());
    assert_eq!(
        fs::read_to_string(linked.join("a/README.md")).unwrap(),
        "the user's own\n"
    );
}

#[tokio::test]
async fn a_branch_that_stands_for_another_is_never_turned_into_one_of_its_own() {
    let stage = Stage::new();
    stage.git(&["branch", "real"]);
    stage.git(&["symbolic-ref", "refs/heads/alias", "refs/heads/real"]);
    let (commit, landing) = landed(&stage, "alias").await;
    assert_eq!(
        stage.git(&["symbolic-ref", "refs/heads/alias"]),
        "refs/heads/real",
        "{landing:?}"
    );
    let remark = landing.remark.clone().unwrap();
    assert!(remark.contains("stands for refs/heads/real"), "{remark}");
    assert_eq!(stage.git(&["rev-parse", FALLBACK]), commit.as_str());
    // Nor is the checkout left behind where it is on such a branch.
    stage.git(&["symbolic-ref", "HEAD", "refs/heads/alias"]);
    let (_, landing) = landed(&stage, "alias").await;
    assert!(!landing.is_fast_forward);
    assert_eq!(stage.git(&["status", "--porcelain"]), "");
}

#[tokio::test]
async fn a_working_tree_elsewhere_is_found_or_refused_and_never_mistaken() {
    let stage = Stage::new();
    let elsewhere = stage.beside("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    stage.git(&["config", "core.worktree", &elsewhere.display().to_string()]);
    let before = stage.belongings().files;
    match Repo::survey(&stage.root()).await {
        Ok((_, standing)) => {
            assert_eq!(standing.root, elsewhere);
            assert!(matches!(standing.head, Head::Branch(..)));
        }
        Err(error) => assert!(matches!(error, GitError::Unfit { .. }), "{error}"),
    }
    assert_eq!(stage.belongings().files, before);
}
