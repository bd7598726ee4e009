//! What was ignored when an earlier holder of a tree left it there is no work of a later one that ignores it no more.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;

use protocol::TreeStart;
use workspace::{Tree, Trees};

use crate::snapshots::both;
use crate::stage::{Stage, git, write};

/// How a tree comes from one holder to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// It is known how it looks.
    Known,
    /// A program worked there last.
    Stirred,
    /// git looks at it, and lays it out.
    Converted,
    /// git does, and a repository and a name that is no text are among what was left.
    Odd,
}

const WAYS: [Way; 4] = [Way::Known, Way::Stirred, Way::Converted, Way::Odd];

/// A tree whose former holder left files of every kind that are ignored, taken by `two`.
async fn handed_over(stage: &Stage, way: Way) -> (Trees, Tree) {
    if way == Way::Converted {
        stage.write(".gitattributes", "*.md text\n");
        stage.commit("rules");
    }
    let trees = stage.trees().await;
    let start = TreeStart::Commit(stage.head());
    let tree = trees.take("one", &start, None).await.unwrap();
    let root = tree.root().to_owned();
    for path in ["target/debug/deep/out", "target/out", "b/x.log", "y.log"] {
        write(&root, path, "of the one before\n");
    }
    symlink("../b", root.join("target/link")).unwrap();
    if way == Way::Odd {
        write(&root, "target/nested/inside", "nested\n");
        git(&root.join("target/nested"), &["init", "-q"]);
        let name = OsStr::from_bytes(b"target/\xff");
        fs::write(root.join(name), "odd\n").unwrap();
    }
    assert_eq!(both(&tree).await, Vec::<String>::new());
    if way != Way::Known {
        tree.stir();
    }
    trees.give_back(tree).await.unwrap();
    let tree = trees.take("two", &start, None).await.unwrap();
    assert_eq!(tree.root(), root, "the same place");
    assert!(root.join("target/debug/deep/out").is_file(), "still warm");
    (trees, tree)
}

/// Ignores nothing any more, by a tool that says so or by a program that does not.
fn ignore_nothing(tree: &Tree, is_told: bool) {
    match is_told {
        true => tree.touch(Path::new(".gitignore")),
        false => tree.stir(),
    }
    write(tree.root(), ".gitignore", "# nothing\n");
}

#[tokio::test]
async fn what_the_one_before_left_ignored_is_no_change_of_who_ignores_it_no_more() {
    for way in WAYS {
        for is_told in [true, false] {
            let stage = Stage::new();
            let (trees, tree) = handed_over(&stage, way).await;
            assert_eq!(both(&tree).await, Vec::<String>::new(), "{way:?}");
            assert_eq!(tree.passed_over(), Vec::<String>::new(), "{way:?}");
            ignore_nothing(&tree, is_told);
            assert_eq!(both(&tree).await, ["M .gitignore"], "{way:?}");
            let told = tree.passed_over();
            assert!(told.contains(&"target/out".to_owned()), "{way:?}: {told:?}");
            // Nor is it after this process has ended.
            drop((trees, tree));
            let trees = stage.trees().await;
            let tree = trees.take("two", &TreeStart::Kept, None).await.unwrap();
            assert_eq!(both(&tree).await, ["M .gitignore"], "{way:?}, kept");
            let snapshot = tree.snapshot().await.unwrap();
            let held = stage.git(&["ls-tree", "-r", "--name-only", snapshot.tree.as_str()]);
            assert!(!held.contains("target") && !held.contains(".log"), "{held}");
            assert!(tree.root().join("target/out").is_file(), "nor is it gone");
        }
    }
}

#[tokio::test]
async fn what_a_holder_makes_of_it_is_its_own_work() {
    for way in WAYS {
        let stage = Stage::new();
        let (_trees, tree) = handed_over(&stage, way).await;
        let root = tree.root().to_owned();
        ignore_nothing(&tree, false);
        write(&root, "target/own", "own\n");
        write(&root, "b/x.log", "another length\n");
        // Moved, it is where nothing was.
        fs::rename(root.join("target/debug"), root.join("target/moved")).unwrap();
        fs::remove_file(root.join("target/link")).unwrap();
        symlink("../a", root.join("target/link")).unwrap();
        fs::remove_file(root.join("y.log")).unwrap();
        let expected = [
            "M .gitignore",
            "A b/x.log",
            "A target/link",
            "A target/moved/deep/out",
            "A target/own",
        ];
        assert_eq!(both(&tree).await, expected, "{way:?}");
    }
}

#[tokio::test]
async fn what_a_node_had_ignored_itself_is_its_own_in_its_next_attempt() {
    for way in WAYS {
        let stage = Stage::new();
        let (trees, tree) = handed_over(&stage, way).await;
        write(tree.root(), "target/own", "own\n");
        tree.stir();
        drop(tree);
        let start = TreeStart::Commit(stage.head());
        let tree = trees.take("two", &start, None).await.unwrap();
        ignore_nothing(&tree, false);
        let expected = ["M .gitignore", "A target/own"];
        assert_eq!(both(&tree).await, expected, "{way:?}");
    }
}

#[tokio::test]
async fn it_stays_so_when_a_process_dies_while_the_next_attempt_is_laid_out() {
    let stage = Stage::new();
    let (trees, tree) = handed_over(&stage, Way::Stirred).await;
    write(tree.root(), "target/own", "own\n");
    tree.stir();
    let note = tree.root().parent().unwrap().join("note");
    drop((tree, trees));
    let told = fs::read_to_string(&note).unwrap();
    assert!(told.starts_with("two\n"), "{told}");
    // As it stands from the first step of that to the last.
    fs::write(&note, "two\nagain\n").unwrap();
    let start = TreeStart::Commit(stage.head());
    let trees = stage.trees().await;
    let tree = trees.take("two", &start, None).await.unwrap();
    ignore_nothing(&tree, false);
    assert_eq!(both(&tree).await, ["M .gitignore", "A target/own"]);
}

#[tokio::test]
async fn a_proposal_that_is_laid_on_is_work_whatever_the_base_ignores() {
    let stage = Stage::new();
    let (base, first) = (stage.head(), stage.tree("first").await);
    ignore_nothing(&first, false);
    write(first.root(), "target/wanted", "wanted\n");
    let tree = first.snapshot().await.unwrap().tree;
    let (trees, used) = handed_over(&stage, Way::Stirred).await;
    used.stir();
    trees.give_back(used).await.unwrap();
    let start = TreeStart::Onto { base, tree };
    let laid = trees.take("three", &start, None).await.unwrap();
    let expected = ["M .gitignore", "A target/wanted"];
    assert_eq!(both(&laid).await, expected);
}

#[tokio::test]
async fn what_a_node_un_ignores_is_gone_for_the_next_one() {
    let stage = Stage::new();
    let (trees, tree) = handed_over(&stage, Way::Known).await;
    ignore_nothing(&tree, true);
    tree.snapshot().await.unwrap();
    trees.give_back(tree).await.unwrap();
    stage.write(".gitignore", "# nothing\n");
    let start = TreeStart::Commit(stage.commit("nothing is ignored"));
    let tree = trees.take("three", &start, None).await.unwrap();
    assert_eq!(both(&tree).await, Vec::<String>::new());
    assert!(!tree.root().join("target").exists(), "nobody ignores it");
}

#[tokio::test]
async fn what_was_left_where_a_commit_has_a_file_is_that_file() {
    for way in WAYS {
        let stage = Stage::new();
        let (trees, tree) = handed_over(&stage, way).await;
        stage.write("b/x.log", "tracked\n");
        stage.git(&["add", "--force", "b/x.log"]);
        let start = TreeStart::Commit(stage.commit("tracked"));
        trees.give_back(tree).await.unwrap();
        let tree = trees.take("three", &start, None).await.unwrap();
        assert_eq!(both(&tree).await, Vec::<String>::new(), "{way:?}");
        tree.touch(Path::new("b/x.log"));
        write(tree.root(), "b/x.log", "changed\n");
        assert_eq!(both(&tree).await, ["M b/x.log"], "{way:?}");
        ignore_nothing(&tree, false);
        let expected = ["M .gitignore", "M b/x.log"];
        assert_eq!(both(&tree).await, expected, "{way:?}");
    }
}

#[tokio::test]
async fn what_says_what_is_ignored_goes_with_its_holder_where_others_work() {
    let stage = Stage::new();
    stage.write("deep/er/known", "known\n");
    stage.write(".gitignore", "target/\n");
    let start = TreeStart::Commit(stage.commit("deep"));
    let trees = stage.trees().await;
    for is_recorded in [true, false] {
        let tree = trees.take("one", &start, None).await.unwrap();
        let root = tree.root().to_owned();
        tree.stir();
        // It ignores itself as well.
        write(&root, "a/.gitignore", "*\n");
        write(&root, "deep/.gitignore", "*\n");
        write(&root, "a/hidden", "hidden\n");
        // As tools do in folders of their own; in one of them the repository ignores all that is like this.
        write(&root, "cache/.gitignore", "*\n");
        write(&root, "cache/built", "built\n");
        write(&root, "target/.gitignore", "*\n");
        write(&root, "target/built", "built\n");
        if is_recorded {
            assert_eq!(both(&tree).await, Vec::<String>::new());
        }
        trees.give_back(tree).await.unwrap();
        let tree = trees.take("two", &start, None).await.unwrap();
        assert_eq!(tree.root(), root);
        assert!(root.join("target/.gitignore").is_file(), "still warm");
        for gone in ["a/hidden", "cache/built"] {
            assert!(!root.join(gone).exists(), "nothing ignores {gone}");
        }
        tree.stir();
        write(&root, "a/new", "new\n");
        write(&root, "cache/own", "own\n");
        write(&root, "deep/er/new", "new\n");
        let own = ["A a/new", "A cache/own", "A deep/er/new"];
        assert_eq!(both(&tree).await, own);
        trees.give_back(tree).await.unwrap();
    }
}
