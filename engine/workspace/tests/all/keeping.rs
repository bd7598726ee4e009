//! Work that is on no branch survives whatever tidies up the user's repository.

use protocol::{GitId, TreeStart};
use workspace::{CommitDraft, GitError, Kept, Repo, Tree};

use crate::stage::{Stage, try_git, write};

const RUN: &str = "refs/formic/0123456789ab/";

fn kept(name: &str, commit: &GitId) -> Kept {
    Kept {
        name: format!("{RUN}{name}"),
        commit: commit.clone(),
    }
}

/// A tree's files as a commit on its base.
async fn committed(repo: &Repo, tree: &Tree) -> GitId {
    let snapshot = tree.snapshot().await.unwrap();
    let draft = CommitDraft {
        tree: &snapshot.tree,
        parent: &tree.base,
        message: "proposed",
        trailers: &[],
        seconds: 1,
    };
    repo.commit(&draft).await.unwrap()
}

/// What a user may do at the worst moment.
fn tidied(stage: &Stage) {
    stage.git(&["reflog", "expire", "--expire=now", "--all"]);
    stage.git(&["gc", "-q", "--prune=now"]);
}

#[tokio::test]
async fn a_kept_proposal_survives_the_tidying_that_takes_another() {
    let stage = Stage::new();
    let repo = stage.repo().await;
    let (one, two) = (stage.tree("one").await, stage.tree("two").await);
    write(one.root(), "a/src/lib.rs", "pub fn kept() {}\n");
    write(two.root(), "b/src/lib.rs", "pub fn lost() {}\n");
    let (keep, lose) = (committed(&repo, &one).await, committed(&repo, &two).await);
    repo.keep(&[kept("one", &keep)]).await.unwrap();
    let before = stage.git(&["status", "--porcelain"]);
    tidied(&stage);
    let there = |id: &GitId| try_git(&stage.root(), &["cat-file", "-e", id.as_str()]);
    assert!(there(&keep).status.success());
    assert!(!there(&lose).status.success());
    let shown = stage.git(&["show", &format!("{RUN}one")]);
    assert!(shown.contains("+pub fn kept() {}"), "{shown}");
    let merged = repo.merge(&stage.head(), &one.base, &keep).await;
    assert!(merged.is_ok(), "{merged:?}");
    // It is no branch and no tag, and nothing a user looks at every day shows it.
    assert_eq!(stage.git(&["branch", "--list"]), "* main");
    assert_eq!(stage.git(&["tag"]), "");
    assert_eq!(stage.git(&["status", "--porcelain"]), before);
}

#[tokio::test]
async fn what_was_made_ahead_may_be_tidied_away() {
    let stage = Stage::new();
    let repo = stage.repo().await;
    let drafts = || {
        let entries = stage.root().join(".git/objects").read_dir().unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with("tmp_obj")).count()
    };
    repo.prepare().await.unwrap();
    assert!(drafts() > 0, "made ahead");
    tidied(&stage);
    assert_eq!(drafts(), 0, "tidied away");
    for name in ["one", "two"] {
        let tree = stage.tree(name).await;
        write(
            tree.root(),
            "a/src/lib.rs",
            &format!("pub fn {name}() {{}}\n"),
        );
        let commit = committed(&repo, &tree).await;
        repo.keep(&[kept(name, &commit)]).await.unwrap();
        let head = stage.head();
        assert!(repo.merge(&head, &tree.base, &commit).await.is_ok());
    }
    assert_eq!(repo.kept(RUN).await.unwrap().len(), 2);
    repo.prepare().await.unwrap();
    repo.close().await;
    assert_eq!(drafts(), 0, "nothing is left lying about");
}

#[tokio::test]
async fn a_run_outlives_the_commit_it_began_with_being_rewritten() {
    let stage = Stage::new();
    let base = stage.head();
    let (repo, trees) = (stage.repo().await, stage.trees().await);
    repo.keep(&[kept("=base", &base)]).await.unwrap();
    let tree = stage.tree("one").await;
    stage.write("b/old.txt", "rewritten\n");
    stage.git(&["commit", "-q", "-a", "--amend", "-m", "another first"]);
    tidied(&stage);
    write(tree.root(), "a/src/lib.rs", "pub fn on_it_goes() {}\n");
    let snapshot = tree.snapshot().await.unwrap();
    assert_eq!(snapshot.changed.len(), 1);
    let start = TreeStart::Commit(base);
    let second = trees.take("two", &start, None).await.unwrap();
    assert_eq!(second.changed().await.unwrap(), []);
}

#[tokio::test]
async fn refs_are_replaced_listed_and_taken_away_together() {
    let stage = Stage::new();
    let repo = stage.repo().await;
    let (first, second) = (stage.head(), stage.commit("second"));
    repo.keep(&[kept("one", &first), kept("two=merged", &first)])
        .await
        .unwrap();
    repo.keep(&[kept("one", &second)]).await.unwrap();
    let all = [kept("one", &second), kept("two=merged", &first)];
    assert_eq!(repo.kept(RUN).await.unwrap(), all);
    let packed = ["pack-refs", "--all", "--prune"];
    stage.git(&packed);
    assert_eq!(repo.kept(RUN).await.unwrap(), all);
    // Over a packed one, and back.
    let other = [kept("one", &first), kept("two=merged", &second)];
    for now in [other, all] {
        for one in &now {
            repo.keep(std::slice::from_ref(one)).await.unwrap();
        }
        assert_eq!(repo.kept(RUN).await.unwrap(), now);
    }
    let names = ["one", "two=merged", "never"].map(|name| format!("{RUN}{name}"));
    repo.let_go(&names).await.unwrap();
    repo.let_go(&names).await.unwrap();
    assert_eq!(repo.kept(RUN).await.unwrap(), []);
    assert_eq!(
        stage.git(&["for-each-ref", "--format=%(refname)"]),
        "refs/heads/main"
    );
}

#[tokio::test]
async fn nothing_outside_the_refs_of_formic_is_moved_or_taken_away() {
    let stage = Stage::new();
    let repo = stage.repo().await;
    let commit = stage.head();
    let before = stage.belongings();
    let sly = format!("{RUN}x\0{commit}\0\0delete refs/heads/main");
    for name in [
        "refs/heads/main",
        "HEAD",
        "refs/formic",
        "../x",
        sly.as_str(),
    ] {
        let name = name.to_owned();
        let commit = commit.clone();
        let refused = repo.keep(&[Kept { name, commit }]).await;
        assert!(
            matches!(refused, Err(GitError::Names { .. })),
            "{refused:?}"
        );
    }
    let names = ["refs/heads/main".to_owned(), "HEAD".to_owned()];
    repo.let_go(&names).await.unwrap();
    // One that cannot be made keeps the others from being made.
    let pair = [kept("good", &commit), kept("bad..name", &commit)];
    assert!(repo.keep(&pair).await.is_err());
    assert_eq!(stage.belongings(), before);
}

#[tokio::test]
async fn what_is_kept_at_once_is_kept_whatever_becomes_of_the_others() {
    let stage = Stage::new();
    let repo = stage.repo().await;
    let commit = stage.head();
    let lost: GitId = "1".repeat(40).parse().unwrap();
    let all: Vec<Kept> = (0..40)
        .map(|n| match n % 7 {
            3 => kept(&format!("n{n:02}"), &lost),
            5 => kept(&format!("n{n:02}..bad"), &commit),
            _ => kept(&format!("n{n:02}"), &commit),
        })
        .collect();
    let one_by_one = all.iter().map(|one| repo.keep(std::slice::from_ref(one)));
    let told = futures_util::future::join_all(one_by_one).await;
    let there = repo.kept(RUN).await.unwrap();
    for (one, told) in all.iter().zip(told) {
        assert_eq!(told.is_ok(), there.contains(one), "{one:?}");
        assert_eq!(
            told.is_ok(),
            one.commit == commit && !one.name.contains("..")
        );
    }
}
