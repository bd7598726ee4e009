//! Trees of every kind of repository: sparse, converting, linked, shallow, large.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use protocol::{GitId, TreeStart};
use workspace::CommitDraft;

use crate::stage::{Stage, files, git, is_pristine, write};

/// A repository of some kind, beside a plain one.
fn of_kind(stage: &Stage, kind: &str) -> PathBuf {
    match kind {
        "linked" => {
            let linked = stage.beside("linked");
            stage.git(&["worktree", "add", "-q", linked.to_str().unwrap()]);
            linked
        }
        "sha256" | "reftable" => {
            let root = stage.beside("long");
            fs::create_dir(&root).unwrap();
            let how = if kind == "sha256" {
                "--object-format=sha256"
            } else {
                "--ref-format=reftable"
            };
            git(&root, &["init", "-q", how]);
            write(&root, "x.txt", "x\n");
            git(&root, &["add", "-A"]);
            let name = ["-c", "user.name=x", "-c", "user.email=x@y"];
            git(&root, &[&name[..], &["commit", "-qm", "first"]].concat());
            root
        }
        "submodule" => {
            let url = Stage::new();
            let from = url.root();
            let args = ["-c", "protocol.file.allow=always", "submodule", "add", "-q"];
            stage.git(&[&args[..], &[from.to_str().unwrap(), "sub"]].concat());
            stage.commit("with a submodule");
            stage.root()
        }
        _ => {
            stage.commit("second");
            let name = if kind == "newline" {
                "a\n\"b"
            } else {
                "shallow"
            };
            let root = stage.beside(name);
            let from = format!("file://{}", stage.root().display());
            let to = root.to_str().unwrap();
            git(&stage.beside(""), &["clone", "-q", "--depth=1", &from, to]);
            root
        }
    }
}

#[tokio::test]
async fn a_sparse_tree_has_its_folders_and_loses_nothing_of_the_rest() {
    let stage = Stage::new();
    stage.write("a/deep/er/x.rs", "x\n");
    stage.write("a/other/y.rs", "y\n");
    stage.write("a/[odd]/z.rs", "z\n");
    let head = stage.commit("deeper");
    let trees = stage.trees().await;
    let start = TreeStart::Commit(head.clone());
    let there = |root: &Path| -> Vec<String> {
        let mut all: Vec<_> = files(root).into_keys().collect();
        all.retain(|path| !path.starts_with(".git") && path.components().count() > 1);
        all.into_iter().map(|p| p.display().to_string()).collect()
    };
    let globs = ["a/deep/**/*.rs".to_owned(), "*.md".to_owned()];
    let tree = trees.take("n", &start, Some(&globs)).await.unwrap();
    assert_eq!(there(tree.root()), ["a/README.md", "a/deep/er/x.rs"]);
    assert!(tree.root().join("run.sh").exists());
    is_pristine(&tree, &head, &stage).await;
    write(tree.root(), "a/deep/er/x.rs", "changed\n");
    write(tree.root(), "a/other/y.rs", "written without a look\n");
    write(tree.root(), "b/fresh.rs", "fresh\n");
    let snapshot = tree.snapshot().await.unwrap();
    let paths: Vec<_> = snapshot.changed.iter().map(|c| c.path.as_str()).collect();
    assert_eq!(paths, ["a/deep/er/x.rs", "a/other/y.rs", "b/fresh.rs"]);
    let listed = stage.git(&["ls-tree", "-r", "--name-only", snapshot.tree.as_str()]);
    let base = stage.git(&["ls-tree", "-r", "--name-only", "HEAD"]);
    assert_eq!(listed.lines().count(), base.lines().count() + 1);
    tree.revert(&["a/other/y.rs".to_owned(), "b/fresh.rs".to_owned()])
        .await
        .unwrap();
    assert_eq!(tree.changed().await.unwrap().len(), 1);
    trees.give_back(tree).await.unwrap();
    let whole = trees.take("whole", &start, None).await.unwrap();
    is_pristine(&whole, &head, &stage).await;
    assert!(whole.root().join("a/[odd]/z.rs").exists());
    trees.give_back(whole).await.unwrap();
    let again = trees.take("n", &start, Some(&globs)).await.unwrap();
    assert_eq!(there(again.root()), ["a/README.md", "a/deep/er/x.rs"]);
}

#[tokio::test]
async fn contents_are_converted_as_in_the_users_checkout() {
    let stage = Stage::empty();
    stage.git(&["config", "core.autocrlf", "true"]);
    stage.git(&["config", "filter.loud.smudge", "tr a-z A-Z"]);
    stage.git(&[
        "config",
        "filter.loud.clean",
        "tr A-Z 'a-z' # \"quoted\" \\ odd",
    ]);
    stage.write(".gitattributes", "*.loud filter=loud\n");
    stage.write("crlf.txt", "one\r\ntwo\r\n");
    stage.write("x.loud", "LOUD\r\n");
    stage.write(".git/info/exclude", "secret.txt\n");
    stage.commit("first");
    let tree = stage.tree("n").await;
    let read = |path: &str| fs::read_to_string(tree.root().join(path)).unwrap();
    assert_eq!(
        (read("crlf.txt").as_str(), read("x.loud").as_str()),
        ("one\r\ntwo\r\n", "LOUD\r\n")
    );
    assert_eq!(tree.changed().await.unwrap(), []);
    write(tree.root(), "secret.txt", "s");
    write(tree.root(), "x.loud", "LOUDER\r\n");
    write(tree.root(), "crlf.txt", "one\r\ntwo\r\nthree\r\n");
    let made = tree.snapshot().await.unwrap();
    assert_eq!(made.changed.len(), 2);
    let show = |path: &str| stage.git(&["cat-file", "-p", &format!("{}:{path}", made.tree)]);
    assert_eq!(
        (show("x.loud").as_str(), show("crlf.txt").as_str()),
        ("louder", "one\ntwo\nthree")
    );
    assert_eq!(
        git(tree.root(), &["status", "--porcelain"]),
        "M crlf.txt\n M x.loud".replacen('M', " M", 1)
    );
}

#[tokio::test]
async fn commits_are_written_by_git_where_the_user_says_how_they_reach_the_disk() {
    let stage = Stage::new();
    // What git writes is then told apart by its first bytes.
    stage.git(&["config", "core.looseCompression", "9"]);
    let first_bytes = async || {
        let (repo, head) = (stage.repo().await, stage.head());
        let draft = CommitDraft {
            tree: &repo.tree_of(&head).await.unwrap(),
            parent: &head,
            message: "work",
            trailers: &[],
            seconds: 1,
        };
        let id = repo.commit(&draft).await.unwrap();
        let (folder, name) = id.as_str().split_at(2);
        let path = stage.root().join(".git/objects").join(folder).join(name);
        let bytes = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        [bytes[0], bytes[1]]
    };
    assert_eq!(first_bytes().await, [0x78, 0x01], "written here");
    stage.git(&["config", "core.fsync", "loose-object"]);
    assert_eq!(first_bytes().await, [0x78, 0xda], "written by git");
}

#[tokio::test]
async fn other_kinds_of_repository_are_borrowed_from_as_well() {
    for kind in [
        "sha256",
        "linked",
        "shallow",
        "submodule",
        "newline",
        "reftable",
    ] {
        let stage = Stage::new();
        let root = of_kind(&stage, kind);
        let repo = workspace::Repo::open(&root).await.unwrap();
        let head: GitId = git(&root, &["rev-parse", "HEAD"]).parse().unwrap();
        let trees = repo.trees(stage.home());
        let tree = trees
            .take("n", &TreeStart::Commit(head.clone()), None)
            .await
            .unwrap();
        assert_eq!(tree.changed().await.unwrap(), [], "{kind}");
        write(tree.root(), "new.txt", kind);
        git(tree.root(), &["log", "--oneline"]);
        git(tree.root(), &["add", "-A"]);
        git(tree.root(), &["commit", "-qm", "mine"]);
        git(tree.root(), &["fsck"]);
        let made = tree.snapshot().await.unwrap();
        assert_eq!(made.changed.len(), 1, "{kind}");
        assert_eq!(
            git(
                &root,
                &["cat-file", "-p", &format!("{}:new.txt", made.tree)]
            ),
            kind
        );
        assert_eq!(git(&root, &["status", "--porcelain"]), "", "{kind}");
    }
}

#[tokio::test]
async fn thousands_of_files_cost_less_from_the_pool() {
    let stage = Stage::empty();
    for file in 0..3000 {
        stage.write(
            &format!("crates/c{}/src/f{file}.rs", file % 30),
            &format!("// {file}\n"),
        );
    }
    let head = stage.commit("many");
    let trees = stage.trees().await;
    let start = TreeStart::Commit(head.clone());
    let began = Instant::now();
    let full = trees.take("full", &start, None).await.unwrap();
    println!("full: {:?}", began.elapsed());
    let began = Instant::now();
    let scope = ["crates/c7/**".to_owned()];
    let sparse = trees.take("sparse", &start, Some(&scope)).await.unwrap();
    println!("sparse: {:?}", began.elapsed());
    for number in 0..50 {
        write(
            full.root(),
            &format!("crates/c{}/src/f{number}.rs", number % 30),
            "changed\n",
        );
    }
    let began = Instant::now();
    assert_eq!(full.snapshot().await.unwrap().changed.len(), 50);
    println!("snapshot of 50: {:?}", began.elapsed());
    trees.give_back(full).await.unwrap();
    let began = Instant::now();
    let pooled = trees.take("pooled", &start, None).await.unwrap();
    println!("pooled: {:?}", began.elapsed());
    is_pristine(&pooled, &head, &stage).await;
    is_pristine(&sparse, &head, &stage).await;
    let began = Instant::now();
    stage.git(&[
        "worktree",
        "add",
        "-q",
        "--detach",
        stage.beside("linked").to_str().unwrap(),
    ]);
    println!("git worktree add: {:?}", began.elapsed());
}
