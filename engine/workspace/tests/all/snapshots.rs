//! What changed in a tree, and recording it.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use protocol::{Change, ChangeKind, TreeStart};
use workspace::{GitError, Tree};

use crate::stage::{Stage, executable, files, git, write};

fn said(changes: &[Change]) -> Vec<String> {
    let letter = |how| match how {
        ChangeKind::Added => 'A',
        ChangeKind::Modified => 'M',
        ChangeKind::Deleted => 'D',
    };
    let line = |c: &Change| format!("{} {}", letter(c.how), c.path);
    changes.iter().map(line).collect()
}

pub async fn both(tree: &Tree) -> Vec<String> {
    let changed = tree.changed().await.unwrap();
    let snapshot = tree.snapshot().await.unwrap();
    assert_eq!(changed, snapshot.changed);
    said(&changed)
}

#[tokio::test]
async fn an_untouched_tree_has_the_files_of_its_base() {
    let stage = Stage::new();
    let tree = stage.tree("n").await;
    let snapshot = tree.snapshot().await.unwrap();
    assert_eq!(snapshot.changed, []);
    assert_eq!(
        snapshot.tree.as_str(),
        stage.git(&["rev-parse", "HEAD^{tree}"])
    );
    let mut own = crate::stage::files(&stage.root());
    let mut theirs = crate::stage::files(tree.root());
    for files in [&mut own, &mut theirs] {
        files.retain(|path, _| !path.starts_with(".git"));
        files.values_mut().for_each(|(_, time, _)| *time = 0);
    }
    assert_eq!(own, theirs);
}

#[tokio::test]
async fn a_snapshot_holds_every_kind_of_change_and_nothing_that_is_ignored() {
    let stage = Stage::new();
    let before = stage.belongings();
    let tree = stage.tree("n").await;
    let root = tree.root();
    write(root, "a/src/lib.rs", "pub fn changed() {}\n");
    write(root, "a/src/new.rs", "new\n");
    write(root, "target/debug/out", "built\n");
    write(root, "noise.log", "noise\n");
    write(root, "names/new\nline \"q\" \\ *.txt", "odd\n");
    write(root, "-n", "dash\n");
    write(root, ":(top)x", "magic\n");
    fs::remove_file(root.join("b/old.txt")).unwrap();
    executable(&root.join("Cargo.toml"));
    fs::remove_file(root.join("link")).unwrap();
    symlink("b/src", root.join("link")).unwrap();
    symlink("/etc/passwd", root.join("out")).unwrap();
    fs::remove_file(root.join("names/ünï.txt")).unwrap();
    write(root, "names/ünï.txt/inside", "a folder where a file was\n");
    fs::remove_dir_all(root.join("b/src")).unwrap();
    symlink("../a/src", root.join("b/src")).unwrap();
    let expected = [
        "A -n",
        "A :(top)x",
        "M Cargo.toml",
        "M a/src/lib.rs",
        "A a/src/new.rs",
        "D b/old.txt",
        "A b/src",
        "D b/src/lib.rs",
        "M link",
        "A names/new\nline \"q\" \\ *.txt",
        "D names/ünï.txt",
        "A names/ünï.txt/inside",
        "A out",
    ];
    assert_eq!(both(&tree).await, expected);
    let made = tree.snapshot().await.unwrap().tree;
    let show = |path: &str| stage.git(&["cat-file", "-p", &format!("{made}:{path}")]);
    assert_eq!(show("b/src"), "../a/src");
    assert_eq!(show("out"), "/etc/passwd");
    assert_eq!(show("a/src/new.rs"), "new");
    let modes = stage.git(&["ls-tree", "-r", made.as_str()]);
    assert!(modes.contains("100755 blob") && modes.contains("120000 blob"));
    assert_eq!(modes.matches("100755").count(), 2);
    assert_eq!(before, stage.belongings());
}

#[tokio::test]
async fn names_that_look_like_patterns_are_names() {
    let stage = Stage::new();
    let tree = stage.tree("n").await;
    write(tree.root(), ".gitignore", "/target/\n*.log\n/built\n");
    for name in ["*", ":!not", ":(glob)a*", ":-)", ":built", "built"] {
        write(tree.root(), name, "odd\n");
    }
    let expected = [
        "A *",
        "M .gitignore",
        "A :!not",
        "A :(glob)a*",
        "A :-)",
        "A :built",
    ];
    assert_eq!(both(&tree).await, expected);
}

#[tokio::test]
async fn changes_that_were_undone_are_none() {
    let stage = Stage::new();
    let tree = stage.tree("n").await;
    write(tree.root(), "a/new.txt", "x");
    write(tree.root(), "a/README.md", "other\n");
    assert_eq!(both(&tree).await, ["M a/README.md", "A a/new.txt"]);
    fs::remove_file(tree.root().join("a/new.txt")).unwrap();
    write(tree.root(), "a/README.md", "one\ntwo\nthree\nfour\nfive\n");
    assert_eq!(both(&tree).await, Vec::<String>::new());
}

#[tokio::test]
async fn what_the_agent_tells_its_own_git_changes_no_snapshot() {
    let stage = Stage::new();
    let tree = stage.tree("n").await;
    let root = tree.root();
    write(root, "a/one.txt", "one\n");
    git(root, &["add", "-A"]);
    git(root, &["commit", "-q", "-m", "mine"]);
    git(root, &["update-index", "--assume-unchanged", "a/README.md"]);
    write(root, "a/README.md", "hidden\n");
    fs::write(root.join(".git/info/exclude"), "*\n").unwrap();
    fs::write(root.join(".git/index.lock"), "").unwrap();
    write(root, "a/two.txt", "two\n");
    let expected = ["M a/README.md", "A a/one.txt", "A a/two.txt"];
    assert_eq!(both(&tree).await, expected);
    fs::remove_dir_all(root.join(".git")).unwrap();
    assert_eq!(both(&tree).await, expected);
}

#[tokio::test]
async fn repositories_inside_a_tree_are_refused_by_name() {
    let stage = Stage::new();
    let before = stage.belongings();
    let tree = stage.tree("n").await;
    let root = tree.root();
    for folder in ["fresh", "deep/er", "a"] {
        fs::create_dir_all(root.join(folder)).unwrap();
        git(&root.join(folder), &["init", "-q"]);
        write(root, &format!("{folder}/x"), "x");
    }
    let in_a = ["-c", "user.name=x", "-c", "user.email=x@y"];
    git(&root.join("a"), &["add", "x"]);
    git(
        &root.join("a"),
        &[&in_a[..], &["commit", "-qm", "x"]].concat(),
    );
    for failed in [
        tree.changed().await.map(drop),
        tree.snapshot().await.map(drop),
    ] {
        let error = failed.unwrap_err();
        assert!(matches!(error, GitError::Unrecordable { .. }), "{error}");
        let text = error.to_string();
        for folder in ["fresh", "deep/er"] {
            assert!(text.contains(folder), "{text}");
        }
    }
    for folder in ["fresh", "deep/er", "a"] {
        fs::remove_dir_all(root.join(folder).join(".git")).unwrap();
    }
    assert_eq!(both(&tree).await, ["A a/x", "A deep/er/x", "A fresh/x"]);
    assert_eq!(before, stage.belongings());
}

#[tokio::test]
async fn names_that_are_not_text_are_refused_by_name() {
    let stage = Stage::new();
    let tree = stage.tree("n").await;
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9.txt");
    fs::write(tree.root().join(name), "x").unwrap();
    let loose = || files(&stage.root().join(".git/objects")).len();
    let before = loose();
    let error = tree.snapshot().await.unwrap_err().to_string();
    assert!(error.contains(r"caf\xe9.txt"), "{error}");
    assert_eq!(loose(), before, "nothing is stored of it");
}

#[tokio::test]
async fn names_that_git_refuses_are_in_no_snapshot() {
    let stage = Stage::new();
    let tree = stage.tree("n").await;
    let loose = || files(&stage.root().join(".git/objects")).len();
    let names = [
        "git~1",
        "GIT~1",
        ".git ",
        ".git.",
        ".Git::$INDEX_ALLOCATION",
    ];
    for name in names {
        let before = loose();
        write(tree.root(), name, "x\n");
        // git does not see some of them at all, and says so of the others.
        let refused = tree.snapshot().await;
        let changed = refused.map_or_else(|_| Vec::new(), |seen| seen.changed);
        assert_eq!((changed, loose()), (Vec::new(), before), "{name}");
        fs::remove_file(tree.root().join(name)).unwrap();
    }
    symlink("a/README.md", tree.root().join(".gitmodules")).unwrap();
    let snapshot = tree.snapshot().await.unwrap();
    assert_eq!(said(&snapshot.changed), Vec::<String>::new());
    fs::remove_file(tree.root().join(".gitmodules")).unwrap();
    write(tree.root(), ".gitlab-ci.yml", "x\n");
    write(tree.root(), "git~", "x\n");
    let snapshot = tree.snapshot().await.unwrap();
    assert_eq!(said(&snapshot.changed), ["A .gitlab-ci.yml", "A git~"]);
}

#[tokio::test]
async fn rules_that_were_taken_away_change_no_other_file() {
    let stage = Stage::new();
    stage.write(".gitattributes", "*.txt text eol=crlf\n");
    stage.write("lines.txt", "one\ntwo\n");
    stage.commit("with rules");
    let tree = stage.tree("n").await;
    let path = tree.root().join("lines.txt");
    assert_eq!(fs::read(&path).unwrap(), b"one\r\ntwo\r\n");
    fs::remove_file(tree.root().join(".gitattributes")).unwrap();
    // It looks as if somebody had touched it.
    fs::write(&path, "one\r\ntwo\r\n").unwrap();
    let snapshot = tree.snapshot().await.unwrap();
    assert_eq!(said(&snapshot.changed), ["D .gitattributes"]);
}

#[tokio::test]
async fn files_too_large_for_a_repository_are_refused_before_they_are_stored() {
    let stage = Stage::new();
    let tree = stage.tree("n").await;
    let file = fs::File::create(tree.root().join("dump.bin")).unwrap();
    file.set_len(3 << 30).unwrap();
    let error = tree.snapshot().await.unwrap_err().to_string();
    assert!(
        error.contains("dump.bin") && error.contains("ignored"),
        "{error}"
    );
    tree.revert(&["dump.bin".to_owned()]).await.unwrap();
    assert_eq!(both(&tree).await, Vec::<String>::new());
}

#[tokio::test]
async fn files_that_come_and_go_meanwhile_do_not_fail_a_snapshot() {
    let stage = Stage::new();
    let tree = stage.tree("n").await;
    let root = tree.root().to_owned();
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let stopped = stop.clone();
    let restless = std::thread::spawn(move || {
        let mut round = 0_usize;
        while !stopped.load(std::sync::atomic::Ordering::Relaxed) {
            round += 1;
            write(&root, "a/busy.txt", &"x".repeat(round % 5000));
            write(&root, &format!("a/passing-{}", round % 7), "p");
            fs::remove_file(root.join(format!("a/passing-{}", (round + 3) % 7))).ok();
        }
    });
    let mut failed = Vec::new();
    for _ in 0..20 {
        if let Err(error) = tree.snapshot().await {
            failed.push(error.to_string());
        }
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    restless.join().unwrap();
    assert_eq!(failed, Vec::<String>::new());
    let made = tree.snapshot().await.unwrap();
    stage.git(&["fsck", "--strict", "--no-dangling", made.tree.as_str()]);
}

#[tokio::test]
async fn strays_are_brought_back_and_the_rest_stays() {
    let stage = Stage::new();
    let tree = stage.tree("n").await;
    let root = tree.root();
    write(root, "a/keep.txt", "mine\n");
    write(root, "b/deep/er/stray.txt", "stray\n");
    write(root, "b/src/lib.rs", "stray\n");
    fs::remove_file(root.join("b/old.txt")).unwrap();
    fs::remove_dir_all(root.join("names")).unwrap();
    let elsewhere = stage.beside("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    write(&elsewhere, "-dash.txt", "not yours\n");
    write(&elsewhere, "extra.txt", "not yours\n");
    symlink(&elsewhere, root.join("names")).unwrap();
    let changed = tree.changed().await.unwrap();
    let strays: Vec<String> = changed.into_iter().map(|c| c.path).collect();
    let strays: Vec<String> = strays.into_iter().filter(|p| p != "a/keep.txt").collect();
    tree.revert(&strays).await.unwrap();
    tree.revert(&["names/extra.txt".to_owned()]).await.unwrap();
    assert_eq!(both(&tree).await, ["A a/keep.txt"]);
    assert!(!root.join("b/deep").exists());
    assert_eq!(
        fs::read(elsewhere.join("-dash.txt")).unwrap(),
        b"not yours\n"
    );
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 2);
}

#[tokio::test]
async fn only_paths_that_stay_in_the_tree_are_brought_back() {
    let stage = Stage::new();
    let before = stage.belongings();
    let tree = stage.tree("n").await;
    for path in [
        "../x",
        "/etc/passwd",
        "",
        "a/../../x",
        ".git/config",
        "a/.GIT/x",
        "a//b",
        "a\0b",
    ] {
        let error = tree.revert(&[path.to_owned()]).await.unwrap_err();
        assert!(matches!(error, GitError::Names { .. }), "{path:?}: {error}");
    }
    let folder = tree.revert(&["a".to_owned()]).await.unwrap_err();
    assert!(matches!(folder, GitError::Names { .. }), "{folder}");
    assert_eq!(both(&tree).await, Vec::<String>::new());
    assert_eq!(before, stage.belongings());
}

#[tokio::test]
async fn a_proposal_laid_on_newer_work_is_a_change_to_it() {
    let stage = Stage::new();
    let trees = stage.trees().await;
    let first = stage.tree("first").await;
    write(first.root(), "a/README.md", "proposed\n");
    write(first.root(), "b/new.txt", "proposed\n");
    let proposal = first.snapshot().await.unwrap().tree;
    let start = TreeStart::Onto {
        base: stage.head(),
        tree: proposal.clone(),
    };
    for sparse in [None, Some(["names/**".to_owned()])] {
        let sparse = sparse.as_ref().map(|globs| &globs[..]);
        let tree = trees.take("second", &start, sparse).await.unwrap();
        assert_eq!(both(&tree).await, ["M a/README.md", "A b/new.txt"]);
        assert_eq!(tree.snapshot().await.unwrap().tree, proposal);
        let status = git(tree.root(), &["status", "--porcelain"]);
        assert_eq!(status, " M a/README.md\n?? b/new.txt");
    }
}

#[tokio::test]
async fn snapshots_of_many_trees_at_once_are_all_whole() {
    let stage = Stage::new();
    let before = stage.belongings();
    let mut trees = Vec::new();
    for number in 0..8 {
        let tree = stage.tree(&format!("n{number}")).await;
        for file in 0..40 {
            write(
                tree.root(),
                &format!("many/{file}.txt"),
                &format!("{}\n", file % 5),
            );
        }
        write(tree.root(), "own.txt", &format!("{number}\n"));
        trees.push(tree);
    }
    let taken = futures_util::future::join_all(trees.iter().map(Tree::snapshot)).await;
    for (number, snapshot) in taken.into_iter().enumerate() {
        let snapshot = snapshot.unwrap();
        assert_eq!(snapshot.changed.len(), 41);
        let own = stage.git(&["cat-file", "-p", &format!("{}:own.txt", snapshot.tree)]);
        assert_eq!(own, number.to_string());
        stage.git(&["fsck", "--strict", "--no-dangling", snapshot.tree.as_str()]);
    }
    assert_eq!(before, stage.belongings());
}
