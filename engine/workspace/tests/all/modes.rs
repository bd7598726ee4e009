//! Folders that a holder of a tree may not write to any more are the next one's to write to. Whoever runs this as root may
//! write to all of them: what is looked at is their modes.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use protocol::TreeStart;
use workspace::erase;

use crate::snapshots::both;
use crate::stage::{Stage, is_pristine, write};

fn close(folder: &Path, mode: u32) {
    fs::set_permissions(folder, Permissions::from_mode(mode)).unwrap();
}

fn closed(root: &Path) -> Vec<PathBuf> {
    let (mut found, mut left) = (Vec::new(), vec![root.to_owned()]);
    while let Some(folder) = left.pop() {
        let mode = fs::metadata(&folder).unwrap().permissions().mode();
        if mode & 0o700 != 0o700 {
            found.push(folder.clone());
        }
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                left.push(entry.path());
            }
        }
    }
    found
}

#[tokio::test]
async fn whatever_a_holder_closed_is_open_for_the_next_one_and_its_build_output_still_there() {
    let stage = Stage::new();
    let start = TreeStart::Commit(stage.head());
    for (folder, mode) in [
        ("a", 0o555),
        ("a/src", 0o500),
        ("b", 0o000),
        ("", 0o555),
        ("stray/deep", 0o555),
        ("target/cache", 0o555),
        ("target", 0o300),
    ] {
        for is_recorded in [true, false] {
            let trees = stage.trees().await;
            let tree = trees.take("one", &start, None).await.unwrap();
            let root = tree.root().to_owned();
            write(&root, "stray/deep/x", "stray\n");
            write(&root, "target/cache/out", "built\n");
            tree.stir();
            close(&root.join(folder), mode);
            if is_recorded && mode & 0o500 == 0o500 {
                assert_eq!(both(&tree).await, ["A stray/deep/x"], "{folder}");
            }
            trees.give_back(tree).await.unwrap();
            let tree = trees.take("two", &start, None).await.unwrap();
            assert_eq!(tree.root(), root);
            assert_eq!(closed(&root), Vec::<PathBuf>::new(), "{folder}");
            is_pristine(&tree, &stage.head(), &stage).await;
            assert!(root.join("target/cache/out").is_file(), "{folder}");
            trees.give_back(tree).await.unwrap();
        }
    }
}

/// For the system's administrator no folder is shut, and then nothing of it is missing.
#[tokio::test]
async fn nothing_in_a_folder_that_may_not_be_looked_into_is_left_out_without_a_word() {
    for mode in [0o000, 0o300, 0o600] {
        let stage = Stage::new();
        let tree = stage.tree("one").await;
        let root = tree.root().to_owned();
        write(&root, "a/README.md", "changed\n");
        write(&root, "b/new/x", "new\n");
        write(&root, "target/out", "built\n");
        for folder in ["a", "b/new", "target"] {
            close(&root.join(folder), mode);
        }
        let found = tree.snapshot().await;
        let is_shut = fs::read_dir(root.join("a"))
            .and_then(|_| fs::metadata(root.join("a/README.md")))
            .is_err();
        match found {
            Ok(found) => {
                assert!(!is_shut, "{mode:o}: {found:?}");
                let paths: Vec<&str> = found.changed.iter().map(|c| c.path.as_str()).collect();
                assert_eq!(paths, ["a/README.md", "b/new/x"], "{mode:o}");
            }
            Err(error) => {
                let told = error.to_string();
                assert!(is_shut && error.is_of_work(), "{mode:o}: {told}");
                let names_both = told.contains("a") && told.contains("b/new");
                assert!(names_both && !told.contains("target"), "{mode:o}: {told}");
            }
        }
        for folder in ["a", "b/new", "target"] {
            close(&root.join(folder), 0o755);
        }
    }
}

#[tokio::test]
async fn what_lies_in_a_closed_folder_is_brought_back_as_well() {
    let stage = Stage::new();
    let tree = stage.tree("one").await;
    let root = tree.root().to_owned();
    write(&root, "a/README.md", "changed\n");
    write(&root, "b/new/x", "new\n");
    for folder in ["a", "b", "b/new"] {
        close(&root.join(folder), 0o555);
    }
    let elsewhere = stage.beside("elsewhere");
    write(&elsewhere, "deep/x", "theirs\n");
    close(&elsewhere.join("deep"), 0o555);
    std::os::unix::fs::symlink(&elsewhere, root.join("link-to")).unwrap();
    let paths = ["a/README.md", "b/new/x", "link-to/deep/x"].map(str::to_owned);
    tree.revert(&paths).await.unwrap();
    assert_eq!(closed(&elsewhere), [elsewhere.join("deep")]);
    tree.revert(&["link-to".to_owned()]).await.unwrap();
    assert_eq!(both(&tree).await, Vec::<String>::new());
    assert_eq!(closed(&root), Vec::<PathBuf>::new());
}

#[test]
fn closed_folders_are_erased_with_what_is_in_them() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("left");
    write(&root, "deep/er/x", "x\n");
    for folder in ["deep/er", "deep", ""] {
        close(&root.join(folder), 0o500);
    }
    erase(&root).unwrap();
    assert!(!root.exists());
}
