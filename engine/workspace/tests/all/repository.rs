//! Merging in memory, making commits, moving refs, listing files.

use protocol::GitId;
use workspace::{CommitDraft, GitError, MergeResult, RefMove, Repo};

use crate::stage::{Stage, git, write};

/// A tree in which these files are as told.
async fn tree_with(stage: &Stage, name: &str, texts: &[(&str, &str)]) -> GitId {
    let tree = stage.tree(name).await;
    for (path, text) in texts {
        write(tree.root(), path, text);
    }
    tree.snapshot().await.unwrap().tree
}

fn draft<'a>(
    tree: &'a GitId,
    parent: &'a GitId,
    trailers: &'a [(&'a str, String)],
) -> CommitDraft<'a> {
    CommitDraft {
        tree,
        parent,
        message: "edit a\n\nwith a body\n\n",
        trailers,
        seconds: 1_700_000_000,
    }
}

#[tokio::test]
async fn changes_to_other_places_merge_and_to_the_same_place_conflict() {
    let stage = Stage::new();
    let repo = stage.repo().await;
    let base = stage.head();
    let readme = "a/README.md";
    let upper = tree_with(
        &stage,
        "upper",
        &[(readme, "ONE\ntwo\nthree\nfour\nfive\n")],
    )
    .await;
    let lower = tree_with(
        &stage,
        "lower",
        &[(readme, "one\ntwo\nthree\nfour\nFIVE\n"), ("n.txt", "n\n")],
    )
    .await;
    let other = tree_with(
        &stage,
        "other",
        &[(readme, "1\ntwo\nthree\nfour\nfive\n"), ("o.txt", "o\n")],
    )
    .await;
    let before = stage.belongings();
    let onto = repo.commit(&draft(&upper, &base, &[])).await.unwrap();
    let MergeResult::Clean { tree } = repo.merge(&onto, &base, &lower).await.unwrap() else {
        panic!("they do not overlap");
    };
    let show = |tree: &GitId, path: &str| stage.git(&["cat-file", "-p", &format!("{tree}:{path}")]);
    assert_eq!(show(&tree, readme), "ONE\ntwo\nthree\nfour\nFIVE");
    assert_eq!(show(&tree, "n.txt"), "n");
    let MergeResult::Conflict { tree, paths } = repo.merge(&onto, &base, &other).await.unwrap()
    else {
        panic!("they overlap");
    };
    assert_eq!(paths, [readme]);
    let text = show(&tree, readme);
    for part in [
        "<<<<<<<", "ONE", "|||||||", "one", "=======", "1", ">>>>>>>",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert_eq!(show(&tree, "o.txt"), "o");
    assert_eq!(before, stage.belongings());
}

#[tokio::test]
async fn a_conflict_names_odd_paths_and_every_kind() {
    let stage = Stage::new();
    let repo = stage.repo().await;
    let base = stage.head();
    let name = "names/line\nbreak.txt";
    let ours = tree_with(&stage, "ours", &[(name, "ours\n"), ("both.txt", "ours\n")]).await;
    let theirs = stage.tree("theirs").await;
    std::fs::remove_file(theirs.root().join(name)).unwrap();
    write(theirs.root(), "both.txt", "theirs\n");
    let theirs = theirs.snapshot().await.unwrap().tree;
    let merged = repo.merge(&ours, &base, &theirs).await.unwrap();
    let MergeResult::Conflict { paths, .. } = merged else {
        panic!("they overlap");
    };
    assert_eq!(paths, ["both.txt", name]);
    let missing: GitId = "0123456789012345678901234567890123456789".parse().unwrap();
    let error = repo.merge(&ours, &base, &missing).await.unwrap_err();
    assert!(matches!(error, GitError::Failed { .. }), "{error}");
}

#[tokio::test]
async fn a_commit_says_where_it_comes_from_and_is_the_same_each_time() {
    let stage = Stage::new();
    let repo = stage.repo().await;
    let base = stage.head();
    let tree = tree_with(&stage, "n", &[("n.txt", "n\n")]).await;
    let trailers = [
        ("Formic-Run", "0191".to_owned()),
        ("Formic-Node", "two\nlines".to_owned()),
    ];
    let commit = repo.commit(&draft(&tree, &base, &trailers)).await.unwrap();
    let again = repo.commit(&draft(&tree, &base, &trailers)).await.unwrap();
    assert_eq!(commit, again);
    let show =
        |format: &str| stage.git(&["show", "-s", &format!("--format={format}"), commit.as_str()]);
    assert_eq!(
        show("%an <%ae> %at|%cn <%ce> %ct|%P"),
        format!("Ada <ada@example.org> 1700000000|Ada <ada@example.org> 1700000000|{base}")
    );
    assert_eq!(
        show("%s|%b"),
        "edit a|with a body\n\nFormic-Run: 0191\nFormic-Node: two lines"
    );
    assert_eq!(show("%(trailers:key=Formic-Node,valueonly)"), "two lines");
    assert_eq!(repo.tree_of(&commit).await.unwrap(), tree);
    let files = repo.files(&commit).await.unwrap();
    assert!(files.contains(&"names/line\nbreak.txt".to_owned()) && files.is_sorted());
    assert_eq!(repo.changes(&base, &commit).await.unwrap().len(), 1);
}

#[tokio::test]
async fn refs_move_only_from_where_they_are_expected() {
    let stage = Stage::new();
    let repo = stage.repo().await;
    let first = stage.head();
    let second = stage.commit("second");
    let third = stage.commit("third");
    let name = "refs/heads/formic/run";
    assert_eq!(repo.get_ref(name).await.unwrap(), None);
    let moved = repo.update_ref(name, &second, &first).await.unwrap();
    assert_eq!(moved, RefMove::Found(None));
    assert_eq!(repo.create_ref(name, &first).await.unwrap(), RefMove::Done);
    assert_eq!(
        repo.create_ref(name, &first).await.unwrap(),
        RefMove::Done,
        "already there"
    );
    let found = repo.create_ref(name, &second).await.unwrap();
    assert_eq!(found, RefMove::Found(Some(first.clone())));
    assert_eq!(
        repo.update_ref(name, &second, &first).await.unwrap(),
        RefMove::Done
    );
    assert_eq!(
        repo.update_ref(name, &second, &first).await.unwrap(),
        RefMove::Done,
        "already there"
    );
    let found = repo.update_ref(name, &third, &first).await.unwrap();
    assert_eq!(found, RefMove::Found(Some(second.clone())));
    assert_eq!(repo.get_ref(name).await.unwrap(), Some(second.clone()));
    let found = repo.delete_ref(name, &first).await.unwrap();
    assert_eq!(found, RefMove::Found(Some(second.clone())));
    assert_eq!(repo.delete_ref(name, &second).await.unwrap(), RefMove::Done);
    assert_eq!(repo.get_ref(name).await.unwrap(), None);
}

#[tokio::test]
async fn a_ref_that_cannot_be_made_is_an_error_and_leaves_no_lock() {
    let stage = Stage::new();
    let repo = stage.repo().await;
    let head = stage.head();
    stage.git(&["branch", "formic"]);
    let before = stage.belongings();
    for name in [
        "refs/heads/formic/run",
        "refs/heads/a..b",
        "refs/heads/x y",
        "-d",
    ] {
        let error = repo.create_ref(name, &head).await.unwrap_err();
        assert!(matches!(error, GitError::Failed { .. }), "{name}: {error}");
    }
    assert_eq!(before, stage.belongings());
}

#[tokio::test]
async fn of_two_who_move_a_ref_at_once_one_does() {
    let stage = Stage::new();
    let repo = stage.repo().await;
    let first = stage.head();
    let name = "refs/heads/formic/run";
    repo.create_ref(name, &first).await.unwrap();
    let rivals: Vec<GitId> = (0..6).map(|n| stage.commit(&format!("{n}"))).collect();
    let moves = rivals.iter().map(|to| repo.update_ref(name, to, &first));
    let moves = futures_util::future::join_all(moves).await;
    let won = moves
        .iter()
        .filter(|m| matches!(m, Ok(RefMove::Done)))
        .count();
    assert_eq!(won, 1, "{moves:?}");
}

#[tokio::test]
async fn nothing_of_the_users_runs_or_asks() {
    let stage = Stage::new();
    let ran = stage.beside("ran");
    let hook = format!("#!/bin/sh\ntouch '{}'\nexit 1\n", ran.display());
    for name in [
        "post-checkout",
        "post-merge",
        "reference-transaction",
        "pre-commit",
        "post-index-change",
        "fsmonitor",
    ] {
        stage.write(&format!(".git/hooks/{name}"), &hook);
        crate::stage::executable(&stage.root().join(".git/hooks").join(name));
    }
    let first = stage.head();
    for (key, value) in [
        ("commit.gpgSign", "true"),
        ("gpg.program", "/nonexistent"),
        ("core.fsmonitor", ".git/hooks/fsmonitor"),
        ("core.pager", "/nonexistent"),
        ("alias.status", "!false"),
        ("core.editor", "/nonexistent"),
        ("merge.ff", "false"),
        ("pull.rebase", "true"),
        ("status.showUntrackedFiles", "no"),
        ("diff.external", "/nonexistent"),
        ("core.splitIndex", "true"),
    ] {
        stage.git(&["config", key, value]);
    }
    let repo = stage.repo().await;
    assert_eq!(
        Repo::survey(&stage.root()).await.unwrap().1.dirty,
        Vec::<String>::new()
    );
    let trees = repo.trees(stage.home());
    let tree = trees
        .take("n", &protocol::TreeStart::Commit(first.clone()), None)
        .await
        .unwrap();
    write(tree.root(), "n.txt", "n\n");
    let made = tree.snapshot().await.unwrap().tree;
    let commit = repo.commit(&draft(&made, &first, &[])).await.unwrap();
    assert_eq!(
        repo.create_ref("refs/heads/formic/r", &commit)
            .await
            .unwrap(),
        RefMove::Done
    );
    let landing = repo
        .land(Some("main"), &first, &commit, "formic/r")
        .await
        .unwrap();
    assert!(landing.is_fast_forward, "{landing:?}");
    write(tree.root(), "m.txt", "m\n");
    git(tree.root(), &["add", "-A"]);
    git(tree.root(), &["commit", "-qm", "mine"]);
    assert!(!ran.exists());
}

#[tokio::test]
async fn contents_come_under_their_own_paths_whatever_others_are_called() {
    let stage = Stage::new();
    let (head, repo) = (stage.head(), stage.repo().await);
    // Of the first, which is not there, git says `<commit>:x blob 5 .rs missing`.
    let paths = [
        "x blob 5 .rs",
        "a/src/lib.rs",
        "a",
        "a/README.md",
        "b/old.txt",
    ];
    let wanted = paths.map(|path| (&head, path));
    let found = repo.contents(&wanted, 20).await.unwrap();
    let texts = found.iter().map(|content| {
        let content = content.as_deref()?;
        std::str::from_utf8(content).ok()
    });
    let expected = [None, Some("pub fn a() {}\n"), None, None, Some("old\n")];
    assert_eq!(texts.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_commit_is_shown_by_what_it_changes_in_the_files_asked_for() {
    let stage = Stage::new();
    let (head, repo) = (stage.head(), stage.repo().await);
    let texts = [
        ("a/README.md", "other\n"),
        ("b/*.txt", "new\n"),
        ("b/old.txt", "newer\n"),
    ];
    let tree = tree_with(&stage, "shown", &texts).await;
    let commit = repo.commit(&draft(&tree, &head, &[])).await.unwrap();
    let shown = repo.shown(&commit, &["b/*.txt"]).await.unwrap();
    assert!(
        shown.contains("+++ b/b/*.txt\n@@ -0,0 +1 @@\n+new\n"),
        "{shown}"
    );
    assert!(!shown.contains("newer"), "{shown}");
    let large = "many words\n".repeat(40_000);
    let tree = tree_with(&stage, "large", &[("a/README.md", &large)]).await;
    let commit = repo.commit(&draft(&tree, &head, &[])).await.unwrap();
    let shown = repo.shown(&commit, &["a/README.md"]).await.unwrap();
    assert!(shown.contains("differ") && !shown.contains("words"));
    assert_eq!(repo.shown(&commit, &[]).await.unwrap(), "");
    assert!(repo.shown(&head, &["a/README.md"]).await.is_err());
}
