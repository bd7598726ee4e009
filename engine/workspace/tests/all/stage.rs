//! A repository to work on, and a look at everything in it that must not change.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use protocol::{GitId, TreeStart};
use tempfile::TempDir;
use workspace::{Repo, Tree, Trees};

/// A repository in a folder of its own, with room beside it for a pool.
pub struct Stage {
    dir: TempDir,
}

impl Stage {
    /// A repository with nothing in it.
    pub fn empty() -> Self {
        let stage = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        fs::create_dir(stage.root()).unwrap();
        stage.git(&["init", "-q", "-b", "main", "."]);
        stage.git(&["config", "user.name", "Ada"]);
        stage.git(&["config", "user.email", "ada@example.org"]);
        stage
    }

    /// Two crates, an executable script, links, an ignored folder, names that are hard to quote.
    pub fn new() -> Self {
        let stage = Self::empty();
        for (path, text) in [
            ("Cargo.toml", "[workspace]\n"),
            ("a/src/lib.rs", "pub fn a() {}\n"),
            ("a/README.md", "one\ntwo\nthree\nfour\nfive\n"),
            ("b/src/lib.rs", "pub fn b() {}\n"),
            ("b/old.txt", "old\n"),
            (".gitignore", "/target/\n*.log\n"),
            ("names/with space \"quote\".txt", "q\n"),
            ("names/line\nbreak.txt", "n\n"),
            ("names/-dash.txt", "d\n"),
            ("names/ünï.txt", "u\n"),
            ("names/*[x]?.txt", "g\n"),
        ] {
            stage.write(path, text);
        }
        stage.write("run.sh", "#!/bin/sh\n");
        executable(&stage.root().join("run.sh"));
        std::os::unix::fs::symlink("a/README.md", stage.root().join("link")).unwrap();
        stage.commit("first");
        stage
    }

    pub fn root(&self) -> PathBuf {
        self.dir.path().join("user")
    }

    pub fn home(&self) -> PathBuf {
        self.dir.path().join("pool")
    }

    pub fn beside(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn write(&self, path: &str, text: &str) {
        write(&self.root(), path, text);
    }

    pub fn git(&self, args: &[&str]) -> String {
        git(&self.root(), args)
    }

    pub fn commit(&self, title: &str) -> GitId {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", title]);
        self.head()
    }

    pub fn head(&self) -> GitId {
        self.git(&["rev-parse", "HEAD"]).parse().unwrap()
    }

    /// A worktree of the repository with a branch of its own, `side`.
    pub fn linked(&self) -> PathBuf {
        let linked = self.beside("linked");
        let path = linked.to_str().unwrap();
        self.git(&["worktree", "add", "-q", "-b", "side", path]);
        linked
    }

    pub async fn repo(&self) -> Repo {
        Repo::open(&self.root()).await.unwrap()
    }

    pub async fn trees(&self) -> Trees {
        self.repo().await.trees(self.home())
    }

    /// A tree at `HEAD`.
    pub async fn tree(&self, name: &str) -> Tree {
        let start = TreeStart::Commit(self.head());
        let taken = self.trees().await.take(name, &start, None).await;
        taken.unwrap()
    }

    /// Everything of the user's but the objects, which may grow.
    pub fn belongings(&self) -> Look {
        let mut look = Look {
            files: files(&self.root()),
            refs: self.git(&["for-each-ref"]),
        };
        look.files
            .retain(|path, _| !path.starts_with(".git/objects"));
        look
    }
}

/// What a folder holds, byte for byte, and the refs of its repository.
#[derive(Debug, PartialEq, Eq)]
pub struct Look {
    pub files: BTreeMap<PathBuf, (u32, i64, Vec<u8>)>,
    pub refs: String,
}

/// Every file below a folder: mode, time of change in nanoseconds of its second, content.
pub fn files(root: &Path) -> BTreeMap<PathBuf, (u32, i64, Vec<u8>)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let meta = fs::symlink_metadata(&path).unwrap();
            let content = match meta.file_type() {
                kind if kind.is_dir() => {
                    folders.push(path.clone());
                    continue;
                }
                kind if kind.is_symlink() => {
                    let to = fs::read_link(&path).unwrap();
                    to.into_os_string().into_encoded_bytes()
                }
                _ => fs::read(&path).unwrap(),
            };
            let inside = path.strip_prefix(root).unwrap().to_owned();
            found.insert(inside, (meta.mode(), meta.mtime_nsec(), content));
        }
    }
    found
}

pub fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

pub fn executable(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// git as a user or an agent runs it.
pub fn git(root: &Path, args: &[&str]) -> String {
    let output = try_git(root, args);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {args:?}: {said}");
    String::from_utf8_lossy(&output.stdout)
        .trim_end()
        .to_owned()
}

pub fn try_git(root: &Path, args: &[&str]) -> Output {
    let mut command = Command::new("git");
    command.args(args).current_dir(root);
    command.env("GIT_TERMINAL_PROMPT", "0").output().unwrap()
}

/// The tree holds exactly the files of a commit, and its own git says so too.
pub async fn is_pristine(tree: &Tree, commit: &GitId, stage: &Stage) {
    let snapshot = tree.snapshot().await.unwrap();
    assert_eq!(snapshot.changed, []);
    let wanted = stage.git(&["rev-parse", &format!("{commit}^{{tree}}")]);
    assert_eq!(snapshot.tree.as_str(), wanted);
    assert_eq!(git(tree.root(), &["status", "--porcelain"]), "");
    assert_eq!(git(tree.root(), &["rev-parse", "HEAD"]), commit.as_str());
}
