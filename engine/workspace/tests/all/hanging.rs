//! Nothing that lies in a tree, and no program that git starts, makes a look at it take for ever.

use std::fs;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::Duration;

use protocol::TreeStart;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use workspace::{GitError, Unrecordable};

use crate::stage::{Stage, write};

/// Long enough for any git command here on a busy machine.
const PATIENCE: Duration = Duration::from_secs(15);

fn fifo(path: &Path) {
    let mode = Mode::from_raw_mode(0o600);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    mknodat(CWD, path, FileType::Fifo, mode, 0).unwrap();
}

/// Whether a process is there and has not ended.
fn is_alive(id: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{id}/stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z"))
}

#[track_caller]
fn special<T: std::fmt::Debug>(result: Result<T, GitError>, expected: &str) {
    match result {
        Err(GitError::Unrecordable { paths, what }) => {
            assert_eq!(what, Unrecordable::Special);
            assert_eq!(paths.join(" "), expected);
        }
        other => panic!("{expected}: {other:?}"),
    }
}

#[tokio::test]
async fn what_is_no_file_is_refused_by_name_before_git_waits_for_it() {
    let stage = Stage::new();
    for place in [".gitignore", "a/.gitattributes", "new/deep/.gitignore"] {
        let tree = stage.tree(place).await;
        fs::remove_file(tree.root().join(place)).ok();
        fifo(&tree.root().join(place));
        special(tree.changed().await, place);
        special(tree.snapshot().await, place);
    }
    let tree = stage.tree("link").await;
    fifo(&stage.beside("pipe"));
    let link = tree.root().join(".gitmodules");
    std::os::unix::fs::symlink(stage.beside("pipe"), &link).unwrap();
    special(tree.changed().await, ".gitmodules");
    fs::remove_file(link).unwrap();
    // A file that became a FIFO, and a new one: a commit would not have them.
    fs::remove_file(tree.root().join("b/old.txt")).unwrap();
    fifo(&tree.root().join("b/old.txt"));
    special(tree.changed().await, "b/old.txt");
    fs::remove_file(tree.root().join("b/old.txt")).unwrap();
    let socket = tree.root().join("talk");
    let _listener = UnixListener::bind(&socket).unwrap();
    special(tree.snapshot().await, "talk");
}

#[tokio::test]
async fn what_is_ignored_may_be_anything() {
    let stage = Stage::new();
    let tree = stage.tree("one").await;
    fifo(&tree.root().join("target/debug/pipe"));
    fifo(&tree.root().join("a/build.log"));
    write(tree.root(), "a/src/lib.rs", "pub fn changed() {}\n");
    assert_eq!(tree.changed().await.unwrap().len(), 1);
    assert_eq!(tree.snapshot().await.unwrap().changed.len(), 1);
}

#[tokio::test]
async fn the_next_holder_of_a_tree_finds_nothing_to_wait_for() {
    let stage = Stage::new();
    let trees = stage.trees().await;
    let tree = stage.tree("one").await;
    let root = tree.root().to_owned();
    for place in [
        "a/.gitattributes",
        "new/.gitignore",
        "target/.gitignore",
        "x",
    ] {
        fifo(&root.join(place));
    }
    trees.give_back(tree).await.unwrap();
    let start = TreeStart::Commit(stage.head());
    let next = trees.take("two", &start, None).await.unwrap();
    assert_eq!(next.root(), root);
    assert_eq!(next.changed().await.unwrap(), []);
}

#[tokio::test]
async fn a_filter_that_hangs_is_ended_with_all_it_started_and_the_tree_goes_on() {
    let stage = Stage::new();
    stage.write(".gitattributes", "*.dat filter=stuck\n");
    stage.commit("filtered");
    // It ends only with what it waits for: whoever opens the other end of the FIFO finds out whether it is still there.
    let (pipe, pid) = (stage.beside("pipe"), stage.beside("pid"));
    fifo(&pipe);
    let clean = format!(
        "echo $$ > '{}'; exec cat '{}'",
        pid.display(),
        pipe.display()
    );
    stage.git(&["config", "filter.stuck.clean", &clean]);
    let trees = stage.repo().await.patient(PATIENCE).trees(stage.home());
    let start = TreeStart::Commit(stage.head());
    let tree = trees.take("one", &start, None).await.unwrap();
    write(tree.root(), "a/x.dat", "x\n");
    let late = tree.snapshot().await;
    assert!(matches!(&late, Err(GitError::Late { .. })), "{late:?}");
    let said = late.unwrap_err().to_string();
    assert!(said.starts_with("run `git update-index"), "{said}");
    let leader: i32 = fs::read_to_string(pid).unwrap().trim().parse().unwrap();
    let gone = async {
        while is_alive(leader) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(4 * PATIENCE, gone).await.unwrap();
    fs::remove_file(tree.root().join("a/x.dat")).unwrap();
    write(tree.root(), "a/src/lib.rs", "pub fn changed() {}\n");
    assert_eq!(tree.snapshot().await.unwrap().changed.len(), 1);
}

#[tokio::test]
async fn a_look_that_is_given_up_leaves_no_lock_behind() {
    let stage = Stage::new();
    let tree = stage.tree("one").await;
    write(tree.root(), "a/src/lib.rs", "pub fn changed() {}\n");
    let own = tree.root().parent().unwrap().join("git");
    // As a command that was killed leaves it.
    fs::write(own.join("snapshot.lock"), "").unwrap();
    assert_eq!(tree.snapshot().await.unwrap().changed.len(), 1);
}
