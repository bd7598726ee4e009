//! The pool of trees: what a tree starts with, what is left of the one before, who may have it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use protocol::TreeStart;
use workspace::{GitError, PoolFault};

use crate::stage::{Stage, files, git, is_pristine, try_git, write};

fn fault(error: &GitError) -> Option<PoolFault> {
    match error {
        GitError::Pool { why, .. } => Some(*why),
        _ => None,
    }
}

#[tokio::test]
async fn an_agents_own_git_works_in_its_tree_and_reaches_nothing_of_the_users() {
    let stage = Stage::new();
    stage.write(
        ".git/hooks/pre-commit",
        "#!/bin/sh\ntouch \"$0.ran\"\nexit 1\n",
    );
    crate::stage::executable(&stage.root().join(".git/hooks/pre-commit"));
    stage.git(&["remote", "add", "origin", "https://example.invalid/x.git"]);
    stage.git(&["tag", "v1"]);
    let before = stage.belongings();
    let tree = stage.tree("n").await;
    let run = |args: &[&str]| git(tree.root(), args);
    assert_eq!(run(&["log", "--format=%s"]), "first");
    assert_eq!(run(&["config", "user.name"]), "Ada");
    assert_eq!(run(&["remote"]), "");
    assert_eq!(run(&["tag"]), "");
    write(tree.root(), "a/src/lib.rs", "pub fn changed() {}\n");
    assert!(run(&["diff", "--stat"]).contains("a/src/lib.rs"));
    run(&["add", "-A"]);
    run(&["stash"]);
    run(&["stash", "pop"]);
    run(&["commit", "-q", "-am", "mine"]);
    run(&["branch", "-f", "main"]);
    run(&["tag", "v1"]);
    run(&["config", "core.hooksPath", "/nowhere"]);
    run(&["gc", "-q", "--prune=now"]);
    run(&["checkout", "-q", "-b", "side", "HEAD~1"]);
    run(&["merge", "-q", "--no-ff", "-m", "joined", "work"]);
    run(&["worktree", "prune"]);
    assert!(!try_git(tree.root(), &["push"]).status.success());
    run(&["reflog", "expire", "--all", "--expire=now"]);
    assert_eq!(before, stage.belongings());
    stage.git(&["fsck", "--strict"]);
}

#[tokio::test]
async fn a_tree_from_the_pool_is_as_new_but_for_what_is_ignored() {
    let stage = Stage::new();
    let first = stage.head();
    stage.write(".gitignore", "*.log\n");
    stage.write("a/README.md", "second\n");
    let second = stage.commit("second");
    let trees = stage.trees().await;
    let tree = trees
        .take("one", &TreeStart::Commit(first.clone()), None)
        .await
        .unwrap();
    let root = tree.root().to_owned();
    let elsewhere = stage.beside("elsewhere");
    write(&elsewhere, "lib.rs", "not yours\n");
    write(&root, "target/debug/out", "built\n");
    write(&root, "b/x.log", "log\n");
    write(&root, "stray/deep/x.txt", "stray\n");
    write(&root, "nested/inside.txt", "nested\n");
    git(&root.join("nested"), &["init", "-q"]);
    write(&root, "a/README.md", "changed\n");
    git(&root, &["commit", "-qam", "mine"]);
    fs::remove_dir_all(root.join("a/src")).unwrap();
    symlink(&elsewhere, root.join("a/src")).unwrap();
    fs::remove_file(root.join("link")).unwrap();
    write(&root, "link/is/a/folder", "x");
    fs::write(root.join(".git/hooks-evil"), "x").unwrap();
    trees.give_back(tree).await.unwrap();
    let again = trees
        .take("two", &TreeStart::Commit(first.clone()), None)
        .await
        .unwrap();
    assert_eq!(again.root(), root, "the same place");
    is_pristine(&again, &first, &stage).await;
    assert!(root.join("target/debug/out").exists() && root.join("b/x.log").exists());
    assert!(!root.join("nested").exists() && !root.join(".git/hooks-evil").exists());
    trees.give_back(again).await.unwrap();
    let newer = trees
        .take("three", &TreeStart::Commit(second.clone()), None)
        .await
        .unwrap();
    is_pristine(&newer, &second, &stage).await;
    assert!(!root.join("target").exists(), "no longer ignored");
    assert_eq!(files(&elsewhere).len(), 1);
    assert_eq!(fs::read(elsewhere.join("lib.rs")).unwrap(), b"not yours\n");
}

#[tokio::test]
async fn a_tree_is_whole_again_whatever_was_done_to_its_place() {
    let stage = Stage::new();
    let head = stage.head();
    let before = stage.belongings();
    let trees = stage.trees().await;
    let user = stage.root();
    type Harm = fn(&Path, &Path);
    let harms: [Harm; 9] = [
        |root, _| fs::remove_dir_all(root).unwrap(),
        |root, user| {
            fs::remove_dir_all(root).unwrap();
            symlink(user, root).unwrap();
        },
        |root, user| {
            fs::remove_dir_all(root.join(".git")).unwrap();
            symlink(user.join(".git"), root.join(".git")).unwrap();
        },
        |root, user| {
            fs::remove_dir_all(root.join(".git")).unwrap();
            let link = format!("gitdir: {}\n", user.join(".git").display());
            fs::write(root.join(".git"), link).unwrap();
        },
        |root, _| fs::write(root.parent().unwrap().join("git/index.lock"), "").unwrap(),
        |root, _| fs::write(root.parent().unwrap().join("git/index"), "garbage").unwrap(),
        |root, _| {
            // As where a process ended while it laid the first files out.
            fs::remove_file(root.parent().unwrap().join("git/index")).unwrap();
            write(root, "a/of-another-commit.txt", "x");
        },
        |root, _| {
            fs::remove_dir_all(root.join("a")).unwrap();
            fs::write(root.join("a"), "a file where a folder was").unwrap();
        },
        |root, _| {
            write(root, "stuck/x", "x");
            fs::set_permissions(root.join("stuck"), fs::Permissions::from_mode(0o555)).unwrap();
        },
    ];
    for (number, harm) in harms.into_iter().enumerate() {
        let tree = trees
            .take("n", &TreeStart::Commit(head.clone()), None)
            .await
            .unwrap();
        harm(tree.root(), &user);
        drop(tree);
        let tree = trees
            .take("n", &TreeStart::Commit(head.clone()), None)
            .await
            .unwrap();
        is_pristine(&tree, &head, &stage).await;
        assert_eq!(before, stage.belongings(), "after harm {number}");
    }
}

#[tokio::test]
async fn a_checkout_cut_off_in_the_middle_is_done_again() {
    let stage = Stage::new();
    for file in 0..600 {
        stage.write(
            &format!("many/{}/{file}.txt", file % 20),
            &"x\n".repeat(file),
        );
    }
    let head = stage.commit("many");
    let trees = stage.trees().await;
    let start = TreeStart::Commit(head.clone());
    for polls in [1, 2, 3, 5, 8, 12] {
        let taking = trees.take("n", &start, None);
        let mut taking = Box::pin(taking);
        for _ in 0..polls {
            let soon = std::time::Duration::from_millis(2);
            if tokio::time::timeout(soon, &mut taking).await.is_ok() {
                break;
            }
        }
        drop(taking);
    }
    let kept = trees.take("n", &TreeStart::Kept, None).await.map(drop);
    if let Err(error) = kept {
        assert_eq!(fault(&error), Some(PoolFault::Lost));
    }
    let tree = trees.take("n", &start, None).await.unwrap();
    is_pristine(&tree, &head, &stage).await;
}

#[tokio::test]
async fn a_kept_tree_is_what_was_left_there() {
    let stage = Stage::new();
    let tree = stage.tree("n").await;
    let root = tree.root().to_owned();
    write(&root, "a/half.txt", "half\n");
    git(&root, &["add", "-A"]);
    git(&root, &["commit", "-qm", "mine"]);
    let (base, mine) = (tree.base.clone(), git(&root, &["rev-parse", "HEAD"]));
    drop(tree);
    // Another process, as it were: nothing of the first pool is left but the disk.
    let trees = stage.trees().await;
    let tree = trees.take("n", &TreeStart::Kept, None).await.unwrap();
    assert_eq!((tree.root(), &tree.base), (root.as_path(), &base));
    assert_eq!(git(&root, &["rev-parse", "HEAD"]), mine);
    assert_eq!(tree.changed().await.unwrap().len(), 1);
    trees.give_back(tree).await.unwrap();
    for name in ["n", "unknown"] {
        let error = trees.take(name, &TreeStart::Kept, None).await.unwrap_err();
        assert_eq!(fault(&error), Some(PoolFault::Lost));
    }
}

#[tokio::test]
async fn a_tree_in_use_is_nobody_elses() {
    let stage = Stage::new();
    let trees = stage.trees().await;
    let tree = stage.tree("n").await;
    let other = stage.tree("other").await;
    assert_ne!(tree.root(), other.root());
    let start = TreeStart::Commit(stage.head());
    for start in [&start, &TreeStart::Kept] {
        let error = trees.take("n", start, None).await.unwrap_err();
        assert_eq!(fault(&error), Some(PoolFault::Busy));
    }
    assert_eq!(trees.sweep(|_| false, 0).await.unwrap(), 0);
    drop((tree, other));
    assert_eq!(trees.sweep(|name| name == "other", 0).await.unwrap(), 1);
    assert!(trees.take("other", &TreeStart::Kept, None).await.is_ok());
}

#[tokio::test]
async fn names_for_trees_are_one_line() {
    let stage = Stage::new();
    let trees = stage.trees().await;
    let start = TreeStart::Commit(stage.head());
    for name in ["", "a\nb", "a\0b"] {
        assert!(trees.take(name, &start, None).await.is_err(), "{name:?}");
    }
    let tree = trees.take("../../x y/$(z)", &start, None).await.unwrap();
    assert!(tree.root().starts_with(stage.home()));
    let shared = trees.take("s", &TreeStart::Shared, None).await.unwrap_err();
    assert_eq!(fault(&shared), Some(PoolFault::Shared));
}

#[tokio::test]
async fn a_folder_that_is_not_ours_is_left_alone() {
    let stage = Stage::new();
    write(&stage.home(), "letters/dear.txt", "dear\n");
    let before = files(&stage.home());
    let trees = stage.trees().await;
    let start = TreeStart::Commit(stage.head());
    let error = trees.take("n", &start, None).await.unwrap_err();
    assert_eq!(fault(&error), Some(PoolFault::Foreign));
    assert_eq!(trees.sweep(|_| false, 0).await.unwrap(), 0);
    assert_eq!(before, files(&stage.home()));
}

#[tokio::test]
async fn sweeping_takes_only_what_carries_the_mark() {
    let stage = Stage::new();
    let other = Stage::new();
    let trees = stage.trees().await;
    for name in ["one", "two", "three"] {
        drop(stage.tree(name).await);
    }
    // The same folder lent to another repository: its trees are not ours.
    let start = TreeStart::Commit(other.head());
    let theirs = other.repo().await.trees(stage.home());
    let their_root = theirs
        .take("one", &start, None)
        .await
        .unwrap()
        .root()
        .to_owned();
    let home = stage.home();
    write(&home, "t77/tree/precious.txt", "x");
    write(&home, "notes.txt", "x");
    symlink(stage.root(), home.join("t78")).unwrap();
    write(&home, "t1/mine.txt", "the user put it here\n");
    let before = stage.belongings();
    assert_eq!(trees.sweep(|_| true, 0).await.unwrap(), 0);
    assert_eq!(trees.sweep(|name| name == "three", 1).await.unwrap(), 1);
    let failed = trees.sweep(|_| false, 0).await;
    assert!(
        failed.is_err(),
        "a place with something foreign in it stays"
    );
    for left in ["t77/tree/precious.txt", "notes.txt", "t78", "t1/mine.txt"] {
        assert!(home.join(left).exists(), "{left}");
    }
    assert!(their_root.join("Cargo.toml").exists());
    assert_eq!(before, stage.belongings());
}

#[tokio::test]
async fn spare_trees_are_laid_out_up_to_a_number_and_are_anybodys() {
    let stage = Stage::new();
    let head = stage.head();
    let start = TreeStart::Commit(head.clone());
    let (trees, others) = (stage.trees().await, stage.trees().await);
    let mine = trees.take("mine", &start, None).await.unwrap();
    assert!(
        trees.spare(&head, 2).await.unwrap(),
        "one that is used is not spare"
    );
    assert!(trees.spare(&head, 2).await.unwrap());
    assert!(!trees.spare(&head, 2).await.unwrap(), "two are enough");
    for (holder, place) in [(&others, "t2"), (&trees, "t3")] {
        let root = trees.home().join(place).join("tree");
        assert!(root.join("a/README.md").is_file(), "laid out");
        let tree = holder.take(place, &start, None).await.unwrap();
        assert_eq!(tree.root(), root);
        is_pristine(&tree, &head, &stage).await;
        drop(tree);
    }
    trees.give_back(mine).await.unwrap();
    assert!(!trees.spare(&head, 1).await.unwrap(), "one was given back");
}

#[tokio::test]
async fn a_place_whose_former_commit_is_gone_is_laid_out_all_the_same() {
    let stage = Stage::new();
    let first = stage.head();
    stage.write("a/README.md", "second\n");
    let second = stage.commit("second");
    let (trees, start) = (stage.trees().await, TreeStart::Commit(second));
    let tree = trees.take("one", &start, None).await.unwrap();
    trees.give_back(tree).await.unwrap();
    stage.git(&["reset", "-q", "--hard", first.as_str()]);
    stage.git(&["reflog", "expire", "--all", "--expire=now"]);
    stage.git(&["gc", "-q", "--prune=now"]);
    let trees = stage.trees().await;
    let start = TreeStart::Commit(first.clone());
    let tree = trees.take("two", &start, None).await.unwrap();
    is_pristine(&tree, &first, &stage).await;
}
