//! What the pool knows of a tree: as long as nobody works in it, it is not looked at again.

use std::fs;
use std::path::Path;

use protocol::TreeStart;

use crate::stage::{Stage, is_pristine, write};

/// Changes of every kind.
fn work(root: &Path) {
    write(root, "a/src/lib.rs", "pub fn mine() {}\n");
    write(root, "new/deep/x", "x\n");
    write(root, "target/out", "built\n");
    fs::remove_file(root.join("b/old.txt")).unwrap();
    fs::remove_file(root.join("run.sh")).unwrap();
    fs::create_dir_all(root.join("empty/er")).unwrap();
}

#[tokio::test]
async fn a_tree_that_was_not_touched_since_its_snapshot_is_not_looked_at_again() {
    let stage = Stage::new();
    let first = stage.head();
    fs::remove_dir_all(stage.root().join("b")).unwrap();
    stage.write("a/README.md", "second\n");
    let second = stage.commit("second");
    let trees = stage.trees().await;
    let start = |commit: &protocol::GitId| TreeStart::Commit(commit.clone());
    let tree = trees.take("one", &start(&first), None).await.unwrap();
    let root = tree.root().to_owned();
    work(&root);
    tree.snapshot().await.unwrap();
    trees.give_back(tree).await.unwrap();
    let others = stage.trees().await;
    let other = others.take("other", &start(&first), None).await.unwrap();
    assert_ne!(other.root(), root, "it stays with whoever knows how it is");
    let tree = trees.take("two", &start(&second), None).await.unwrap();
    assert_eq!(tree.root(), root);
    is_pristine(&tree, &second, &stage).await;
    for gone in ["new", "b", "empty"] {
        assert!(!root.join(gone).exists(), "{gone}");
    }
    assert!(root.join("target/out").is_file());
    // Nobody would see this, as nobody is said to have touched it.
    tree.snapshot().await.unwrap();
    write(&root, "a/unseen", "x\n");
    trees.give_back(tree).await.unwrap();
    let tree = trees.take("three", &start(&second), None).await.unwrap();
    assert!(root.join("a/unseen").is_file(), "it was looked at again");
    trees.give_back(tree).await.unwrap();
    drop(trees);
    let tree = others.take("four", &start(&first), None).await.unwrap();
    assert_eq!(
        tree.root(),
        root,
        "it is anybody's when its process lets it go"
    );
    is_pristine(&tree, &first, &stage).await;
}

#[tokio::test]
async fn a_tree_that_somebody_worked_in_since_its_snapshot_is_looked_at() {
    let stage = Stage::new();
    let first = stage.head();
    let (trees, start) = (stage.trees().await, TreeStart::Commit(first.clone()));
    for how in ["a program", "put back", "a program, and looked at"] {
        let tree = trees.take("one", &start, None).await.unwrap();
        tree.snapshot().await.unwrap();
        match how {
            "put back" => tree.revert(&["a/README.md".to_owned()]).await.unwrap(),
            _ => tree.stir(),
        }
        if how == "a program, and looked at" {
            // In the middle of its node's work, as after each command.
            tree.changed().await.unwrap();
        }
        work(tree.root());
        trees.give_back(tree).await.unwrap();
        let tree = trees.take("two", &start, None).await.unwrap();
        is_pristine(&tree, &first, &stage).await;
        trees.give_back(tree).await.unwrap();
    }
}

/// A tree of the pool that was laid out without git: all is known of it.
async fn laid_out(trees: &workspace::Trees, commit: &protocol::GitId) -> workspace::Tree {
    let start = TreeStart::Commit(commit.clone());
    let tree = trees.take("before", &start, None).await.unwrap();
    tree.snapshot().await.unwrap();
    trees.give_back(tree).await.unwrap();
    trees.take("one", &start, None).await.unwrap()
}

#[tokio::test]
async fn of_a_tree_in_which_only_tools_wrote_no_more_is_looked_at_than_they_told_of() {
    let stage = Stage::new();
    let first = stage.head();
    let trees = stage.trees().await;
    let tree = laid_out(&trees, &first).await;
    let root = tree.root().to_owned();
    tree.touch(Path::new("a/README.md"));
    write(&root, "a/README.md", "mine\n");
    tree.touch(Path::new("a/src/lib.rs"));
    // Nobody would see this, as nobody is said to have touched it.
    write(&root, "run.sh", "unseen\n");
    for _ in 0..2 {
        let changed = tree.changed().await.unwrap();
        assert_eq!(changed, tree.snapshot().await.unwrap().changed);
        let paths: Vec<&str> = changed.iter().map(|one| one.path.as_str()).collect();
        assert_eq!(paths, ["a/README.md"]);
    }
    drop(tree);
    // What cannot be told of by its name alone has all of it looked at.
    for odd in ["a new file", "one that is gone", "a link"] {
        let tree = laid_out(&trees, &first).await;
        let root = tree.root();
        let path = match odd {
            "a new file" => "a/new",
            _ => "a/README.md",
        };
        tree.touch(Path::new(path));
        match odd {
            "a new file" => write(root, path, "new\n"),
            _ => fs::remove_file(root.join(path)).unwrap(),
        }
        if odd == "a link" {
            std::os::unix::fs::symlink("src/lib.rs", root.join(path)).unwrap();
        }
        write(root, "run.sh", "seen\n");
        let changed = tree.snapshot().await.unwrap().changed;
        let paths: Vec<&str> = changed.iter().map(|one| one.path.as_str()).collect();
        assert_eq!(paths, [path, "run.sh"], "{odd}");
    }
}

#[tokio::test]
async fn a_tree_that_is_handed_over_is_as_wanted_and_its_former_name_is_forgotten() {
    let stage = Stage::new();
    let first = stage.head();
    stage.write("a/README.md", "second\n");
    let second = stage.commit("second");
    let trees = stage.trees().await;
    let tree = laid_out(&trees, &first).await;
    let root = tree.root().to_owned();
    tree.touch(Path::new("a/src/lib.rs"));
    write(&root, "a/src/lib.rs", "pub fn mine() {}\n");
    assert!(trees.hand_over(tree).is_none(), "it is known how it looks");
    let kept = trees.take("one", &TreeStart::Kept, None).await;
    assert!(kept.is_err(), "nothing is kept for its name");
    let start = TreeStart::Commit(second.clone());
    for name in ["two", "one", "two"] {
        let tree = trees.take(name, &start, None).await.unwrap();
        assert_eq!(tree.root(), root, "{name}");
        is_pristine(&tree, &second, &stage).await;
        tree.stir();
        let tree = trees.hand_over(tree).expect("nobody knows how it looks");
        trees.give_back(tree).await.unwrap();
        let tree = trees.take(name, &start, None).await.unwrap();
        assert!(trees.hand_over(tree).is_none());
    }
}

#[tokio::test]
async fn what_a_process_keeps_for_its_next_node_is_swept_as_well() {
    let stage = Stage::new();
    let trees = stage.trees().await;
    let start = TreeStart::Commit(stage.head());
    let tree = trees.take("one", &start, None).await.unwrap();
    tree.snapshot().await.unwrap();
    trees.give_back(tree).await.unwrap();
    assert_eq!(trees.sweep(|_| false, 0).await.unwrap(), 1);
    let tree = trees.take("two", &start, None).await.unwrap();
    is_pristine(&tree, &stage.head(), &stage).await;
}
