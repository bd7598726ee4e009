//! The house as found on disk, read once: its rooms from cargo's metadata, its files from git, its sources as words.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use cargo_metadata::{DependencyKind, MetadataCommand};

use super::words::{Mention, Word, mentions, words};

/// What every rule looks at.
pub struct House {
    /// The folder of the workspace.
    pub root: PathBuf,
    /// The workspace's crates.
    pub rooms: Vec<Room>,
    /// Files that git tracks, by path from the root.
    pub tracked: Vec<String>,
    /// Files that git tracks or would, by path from the root.
    pub files: Vec<String>,
    /// The Rust sources among `files`.
    pub sources: Vec<Source>,
}

/// One crate of the workspace.
pub struct Room {
    /// The crate's name.
    pub name: String,
    /// Its folder, from the root, with a slash at the end.
    pub folder: String,
    /// The text of its `Cargo.toml`.
    pub manifest: String,
    /// What it depends on.
    pub needs: Vec<Need>,
}

/// One dependency of a room.
pub struct Need {
    /// The package's name.
    pub name: String,
    /// Whether only tests see it.
    pub dev: bool,
}

/// One Rust file.
pub struct Source {
    /// Path from the root.
    pub path: String,
    /// The crate it belongs to.
    pub room: String,
    /// The text as written.
    pub text: String,
    /// Whether the whole file is compiled only for tests.
    pub test: bool,
    /// Its tokens.
    pub words: Vec<Word>,
    /// The paths it names.
    pub mentions: Vec<Mention>,
}

impl Source {
    /// Reads one file's text; fails the test if it is not Rust.
    pub fn new(path: &str, room: &str, text: &str, test: bool) -> Self {
        let stream = text
            .parse()
            .unwrap_or_else(|error| panic!("{path} should be Rust, but: {error}"));
        let words = words(stream, test);
        let mentions = mentions(&words);
        let (path, room, text) = (path.to_owned(), room.to_owned(), text.to_owned());
        Self {
            path,
            room,
            text,
            test,
            words,
            mentions,
        }
    }

    /// A made-up file of a room, for showing a rule something bad.
    pub fn sample(room: &str, text: &str) -> Self {
        Self::new(&format!("{room}/src/sample.rs"), room, text, false)
    }

    /// The paths it names outside test code.
    pub fn live(&self) -> impl Iterator<Item = &Mention> {
        self.mentions.iter().filter(|m| !m.test)
    }

    /// `path:line`.
    pub fn at(&self, line: usize) -> String {
        format!("{}:{line}", self.path)
    }

    /// The syntax tree. Made on demand: it cannot be shared between threads.
    pub fn tree(&self) -> syn::File {
        syn::parse_file(&self.text)
            .unwrap_or_else(|error| panic!("{} should be Rust, but: {error}", self.path))
    }

    /// The files it declares with `mod name;` under `#[cfg(test)]`, without their extension.
    fn test_modules(&self) -> Vec<String> {
        let file = Path::new(&self.path);
        let folder = match file.file_stem().and_then(|s| s.to_str()) {
            Some("lib" | "main" | "mod") | None => file.parent().unwrap_or(file).to_path_buf(),
            Some(stem) => file.with_file_name(stem),
        };
        let declared = self
            .words
            .windows(3)
            .filter(|w| w[0].text == "mod" && w[0].test && w[2].text == ";");
        declared
            .map(|w| folder.join(&w[1].text).to_string_lossy().into_owned())
            .collect()
    }
}

/// The house this test was compiled in.
pub fn house() -> &'static House {
    static HOUSE: OnceLock<House> = OnceLock::new();
    HOUSE.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .expect("the tests stand in a workspace")
            .to_path_buf();
        let rooms = rooms(&root);
        let tracked = git_files(&root, &["--cached"]);
        let files = git_files(&root, &["--cached", "--others", "--exclude-standard"]);
        let sources = sources(&root, &rooms, &files);
        assert!(
            rooms.len() > 10 && sources.len() > 10,
            "the survey should see the whole house"
        );
        House {
            root,
            rooms,
            tracked,
            files,
            sources,
        }
    })
}

fn rooms(root: &Path) -> Vec<Room> {
    let metadata = MetadataCommand::new()
        .current_dir(root)
        .no_deps()
        .exec()
        .expect("cargo knows the workspace");
    let read = |package: &cargo_metadata::Package| {
        let manifest = package.manifest_path.as_std_path();
        let folder = manifest
            .parent()
            .and_then(|p| p.strip_prefix(&metadata.workspace_root).ok());
        let needs = package.dependencies.iter();
        let needs = needs.map(|d| Need {
            name: d.name.clone(),
            dev: d.kind == DependencyKind::Development,
        });
        Room {
            name: package.name.to_string(),
            folder: format!(
                "{}/",
                folder
                    .expect("a member stands inside the workspace")
                    .display()
            ),
            manifest: std::fs::read_to_string(manifest).expect("a manifest can be read"),
            needs: needs.collect(),
        }
    };
    metadata.packages.iter().map(read).collect()
}

/// Files as git lists them. The safe-directory check is waived: this only lists names, and a checkout in a container
/// often belongs to someone else.
fn git_files(root: &Path, which: &[&str]) -> Vec<String> {
    let mut git = Command::new("git");
    git.current_dir(root)
        .args([
            "-c",
            "safe.directory=*",
            "-c",
            "core.quotePath=false",
            "ls-files",
            "-z",
        ])
        .args(which);
    let listed = git.output().expect("git can be run");
    assert!(
        listed.status.success(),
        "git ls-files failed: {}",
        String::from_utf8_lossy(&listed.stderr)
    );
    let names: BTreeSet<String> = String::from_utf8(listed.stdout)
        .expect("paths are UTF-8")
        .split('\0')
        .filter(|name| !name.is_empty() && root.join(name).is_file())
        .map(str::to_owned)
        .collect();
    names.into_iter().collect()
}

fn sources(root: &Path, rooms: &[Room], files: &[String]) -> Vec<Source> {
    let ours = |path: &&String| path.ends_with(".rs") && !path.contains("/fixtures/");
    let read = |path: &String| {
        let room = rooms.iter().find(|room| path.starts_with(&room.folder))?;
        let inside = &path[room.folder.len()..];
        let test =
            room.name == "tests" || inside.starts_with("tests/") || inside.starts_with("benches/");
        let text = std::fs::read_to_string(root.join(path)).expect("a source can be read");
        Some(Source::new(path, &room.name, &text, test))
    };
    let sources: Vec<Source> = files.iter().filter(ours).filter_map(read).collect();
    let test_modules: Vec<String> = sources.iter().flat_map(Source::test_modules).collect();
    let gated = |path: &str| {
        test_modules.iter().any(|m| {
            path.strip_prefix(m.as_str())
                .is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        })
    };
    let again = |s: Source| {
        if gated(&s.path) {
            Source::new(&s.path, &s.room, &s.text, true)
        } else {
            s
        }
    };
    sources.into_iter().map(again).collect()
}

#[test]
fn a_module_declared_for_tests_is_a_test_file() {
    let text = "mod live; #[cfg(test)] mod tests; #[cfg(test)] mod inline { }";
    let declared = |path: &str| Source::new(path, "store", text, false).test_modules();
    assert_eq!(declared("store/src/lib.rs"), ["store/src/tests"]);
    assert_eq!(
        declared("store/src/journal.rs"),
        ["store/src/journal/tests"]
    );
}
