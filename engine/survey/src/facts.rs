//! The facts of a repository.

use serde::{Deserialize, Serialize};

/// What a repository is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Its files, by path.
    pub files: Vec<File>,
    /// Which file needs which, by places in `files`; sorted.
    pub edges: Vec<Edge>,
    /// Its packages, by folder.
    pub packages: Vec<Package>,
    /// The commands that check something, the narrower before the wider of one package.
    pub commands: Vec<Command>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Its path below the root, with `/` between names.
    pub path: String,
    /// The language it is written in, if it is one of those the survey reads.
    pub language: Option<Language>,
    /// What it is for.
    pub role: Role,
    /// The folder of its package; empty for the root.
    pub package: String,
    /// Its size.
    pub bytes: u64,
    /// Its lines; 0 if it is too large or not text.
    pub lines: u32,
    /// Names it defines, in the order they stand; at most as many as the limits say.
    pub symbols: Vec<String>,
    /// What it imports, as written; sorted, at most as many as the limits say.
    pub imports: Vec<String>,
    /// Whether everyone's work may touch it, so that no part of the work should own it: a lockfile, or a manifest at the
    /// root of several packages.
    pub hot: bool,
    /// Why less is known of it than of others.
    pub flaw: Option<Flaw>,
}

/// A language the survey reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// Rust.
    Rust,
    /// Python.
    Python,
    /// TypeScript and JavaScript, with or without JSX.
    Script,
    /// Go.
    Go,
}

/// What a file is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Source code.
    Source,
    /// Source code of tests and nothing else.
    Test,
    /// What a package is made of and what builds it.
    Manifest,
    /// Written by a tool, such as a lockfile.
    Lock,
    /// Anything else.
    #[default]
    Plain,
}

/// Why less is known of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flaw {
    /// It is not there or may not be read.
    Unreadable,
    /// It, or a folder on its way, is a link; links are not followed.
    Link,
    /// It is neither a file nor a link.
    Special,
    /// It is not text.
    Binary,
    /// It is too large to be parsed.
    Large,
    /// Parsing took too long and was given up.
    Tangled,
    /// It has syntax errors; what could be read around them stands.
    Broken,
}

/// One file needs another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Edge {
    /// The file that needs.
    pub from: u32,
    /// The file that is needed.
    pub to: u32,
    /// In what way.
    pub link: Link,
}

/// In what way one file needs another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// It uses what the other defines.
    Uses,
    /// It is a test of the other.
    Covers,
    /// It only says that the other is part of it, as `mod` does in Rust.
    Declares,
}

/// A package: what one manifest describes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// Its folder; empty for the root.
    pub folder: String,
    /// Its name; empty if the manifest gives none.
    pub name: String,
    /// What builds it.
    pub system: System,
    /// The path of its manifest.
    pub manifest: String,
}

/// What builds and checks a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum System {
    /// Cargo.
    Cargo,
    /// npm, pnpm or yarn, by its lockfile.
    Npm,
    /// Python's packaging and pytest.
    Python,
    /// Go modules.
    Go,
    /// make.
    Make,
    /// just.
    Just,
}

/// A command that checks something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// The command, for `sh -c` in the root. Names from the repository are in it only if they are plain words.
    pub cmd: String,
    /// What it checks.
    pub purpose: Purpose,
    /// The folder or file it checks; empty for everything.
    pub covers: String,
    /// The path of the file that says there is such a command.
    pub from: String,
}

/// What a command checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Runs tests.
    Test,
    /// Checks types without running anything.
    Check,
    /// Builds.
    Build,
    /// Looks for bad style.
    Lint,
}

/// How far a survey goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The largest file that is read, in bytes.
    pub read: u64,
    /// The largest file that is parsed, in bytes.
    pub parse: usize,
    /// How many steps of the parser one file may take for each of its bytes.
    pub steps_per_byte: u64,
    /// The most names and imports kept of one file.
    pub names: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            read: 8 * 1024 * 1024,
            parse: 512 * 1024,
            steps_per_byte: 40,
            names: 256,
        }
    }
}

impl Language {
    /// The language of a file by the end of its name.
    pub(crate) fn of(path: &str) -> Option<Self> {
        let name = path.rsplit('/').next().unwrap_or_default();
        let (stem, end) = name.rsplit_once('.')?;
        match end {
            _ if stem.is_empty() => None,
            "rs" => Some(Self::Rust),
            "py" | "pyi" => Some(Self::Python),
            "ts" | "tsx" | "mts" | "cts" | "js" | "jsx" | "mjs" | "cjs" => Some(Self::Script),
            "go" => Some(Self::Go),
            _ => None,
        }
    }
}

/// The folder a path lies in; empty for the root.
pub(crate) fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The last name of a path.
pub(crate) fn name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// A path below a folder.
pub(crate) fn join(folder: &str, rest: &str) -> String {
    match (folder, rest) {
        ("", rest) => rest.to_owned(),
        (folder, "") => folder.to_owned(),
        (folder, rest) => format!("{folder}/{rest}"),
    }
}

/// A path below a folder with `.` and `..` taken out; `None` if it leaves the root.
pub(crate) fn normal(folder: &str, rest: &str) -> Option<String> {
    let mut names: Vec<&str> = folder.split('/').filter(|name| !name.is_empty()).collect();
    for name in rest.split('/') {
        match name {
            "" | "." => {}
            ".." => {
                names.pop()?;
            }
            name => names.push(name),
        }
    }
    Some(names.join("/"))
}

/// Whether a path is a folder or lies below it.
pub(crate) fn below(path: &str, folder: &str) -> bool {
    let rest = path.strip_prefix(folder);
    folder.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
