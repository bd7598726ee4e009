//! Which branch a repository stands on.

use std::fs;

use tempfile::tempdir;
use workspace::branch;

#[test]
fn a_repository_says_its_branch_or_its_commit() {
    let dir = tempdir().unwrap();
    let root = dir.path();
    assert_eq!(branch(root), None, "no repository");
    fs::create_dir(root.join(".git")).unwrap();
    assert_eq!(branch(root), None, "a repository without HEAD");
    for (head, said) in [
        ("ref: refs/heads/main\n", Some("branch main")),
        ("ref: refs/heads/feature/x\n", Some("branch feature/x")),
        (
            "0123456789abcdef0123456789abcdef01234567\n",
            Some("detached at 01234567"),
        ),
        ("0123", None),
        ("", None),
    ] {
        fs::write(root.join(".git/HEAD"), head).unwrap();
        assert_eq!(branch(root).as_deref(), said, "{head:?}");
    }
}

#[test]
fn a_worktree_says_its_own_branch() {
    let dir = tempdir().unwrap();
    let folder = dir.path().join("main/.git/worktrees/side");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("HEAD"), "ref: refs/heads/side\n").unwrap();
    let side = dir.path().join("side");
    fs::create_dir(&side).unwrap();
    fs::write(side.join(".git"), format!("gitdir: {}\n", folder.display())).unwrap();
    assert_eq!(branch(&side).as_deref(), Some("branch side"));
}

#[test]
fn a_head_that_is_no_small_file_is_passed_over() {
    let dir = tempdir().unwrap();
    fs::create_dir_all(dir.path().join(".git/HEAD")).unwrap();
    assert_eq!(branch(dir.path()), None);
    fs::remove_dir(dir.path().join(".git/HEAD")).unwrap();
    fs::write(
        dir.path().join(".git/HEAD"),
        "ref: refs/heads/".to_owned() + &"x".repeat(9_000),
    )
    .unwrap();
    assert_eq!(branch(dir.path()), None);
}
