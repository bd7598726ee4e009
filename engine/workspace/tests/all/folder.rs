//! Folders without git: which files they have, and what changed between two looks.

use std::fs;
use std::os::unix::fs::symlink;

use protocol::ChangeKind;
use workspace::{files, fingerprint};

use crate::stage::write;

#[tokio::test]
async fn files_are_all_but_the_ignored() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    for path in [
        "b.txt",
        "a/x.rs",
        ".github/ci.yml",
        "target/out",
        ".git/config",
        "a/.git",
    ] {
        write(root, path, "x");
    }
    write(root, ".gitignore", "target\n");
    symlink("/etc", root.join("etc")).unwrap();
    let listing = files(root, 100).await.unwrap();
    assert_eq!(
        listing.paths,
        [".github/ci.yml", ".gitignore", "a/x.rs", "b.txt", "etc"]
    );
    assert!(!listing.is_cut);
    let cut = files(root, 2).await.unwrap();
    assert_eq!((cut.paths.len(), cut.is_cut), (2, true));
    assert!(files(&root.join("none"), 2).await.is_err());
}

#[tokio::test]
async fn two_looks_tell_what_changed() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    for path in ["same", "longer", "replaced", "gone", "mode"] {
        write(root, path, "x");
    }
    let before = fingerprint(root, 100).await.unwrap();
    assert_eq!(before.changes(&fingerprint(root, 100).await.unwrap()), []);
    write(root, "longer", "xx");
    write(root, "new/x", "x");
    fs::remove_file(root.join("gone")).unwrap();
    write(root, "replaced.tmp", "y");
    fs::rename(root.join("replaced.tmp"), root.join("replaced")).unwrap();
    crate::stage::executable(&root.join("mode"));
    let changes = before.changes(&fingerprint(root, 100).await.unwrap());
    let told: Vec<_> = changes.iter().map(|c| (c.path.as_str(), c.how)).collect();
    let expected = [
        ("gone", ChangeKind::Deleted),
        ("longer", ChangeKind::Modified),
        ("mode", ChangeKind::Modified),
        ("new/x", ChangeKind::Added),
        ("replaced", ChangeKind::Modified),
    ];
    assert_eq!(told, expected);
}
