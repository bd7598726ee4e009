//! What a tool call wants to do: the claim policy judges, and the accesses that order calls.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::GitId;

/// What one tool call wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The tool's canonical name, for example `edit`.
    pub tool: String,
    /// What it would do.
    pub action: Action,
}

/// What a call would do. Paths are absolute with `..` and symlinks already resolved; `asked` is the
/// path as the model wrote it, made absolute only, so that rules on either spelling hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Read one file or list one folder.
    Read {
        /// Where it leads.
        path: PathBuf,
        /// As asked.
        asked: PathBuf,
    },
    /// Look through everything below a folder (grep, glob).
    Search {
        /// Where the search starts.
        root: PathBuf,
        /// As asked.
        asked: PathBuf,
    },
    /// Create or change one file.
    Write {
        /// Where it leads.
        path: PathBuf,
        /// As asked.
        asked: PathBuf,
    },
    /// Run a shell command.
    Run {
        /// The command text.
        command: String,
        /// The folder it starts in.
        cwd: PathBuf,
    },
    /// Move a branch of the user's repository: what only the coordinator of a run does.
    Integrate {
        /// The whole name of the ref.
        reference: String,
        /// The commit it goes to.
        to: GitId,
    },
    /// Touch only this session's own state (todo list, background shells).
    Session,
}

/// One thing a call reads or writes; two calls conflict when one writes what the other touches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// Whether it writes.
    pub writes: bool,
    /// How far it reaches.
    pub reach: Reach,
}

/// How far an access reaches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// One file or folder entry.
    File(PathBuf),
    /// A folder and everything below it.
    Tree(PathBuf),
    /// Anything at all.
    Everything,
}

impl Access {
    /// Reading one file.
    pub fn reads(path: impl Into<PathBuf>) -> Self {
        Self {
            writes: false,
            reach: Reach::File(path.into()),
        }
    }

    /// Reading a whole tree.
    pub fn searches(path: impl Into<PathBuf>) -> Self {
        Self {
            writes: false,
            reach: Reach::Tree(path.into()),
        }
    }

    /// Writing one file.
    pub fn changes(path: impl Into<PathBuf>) -> Self {
        Self {
            writes: true,
            reach: Reach::File(path.into()),
        }
    }

    /// Writing anything at all: what an unknown command may do.
    pub const fn anything() -> Self {
        Self {
            writes: true,
            reach: Reach::Everything,
        }
    }

    /// Whether `self` and `other` may not run at the same time.
    pub fn conflicts(&self, other: &Self) -> bool {
        (self.writes || other.writes) && self.reach.overlaps(&other.reach)
    }
}

impl Reach {
    fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Everything, _) | (_, Self::Everything) => true,
            (Self::File(a), Self::File(b)) => same(a, b),
            (Self::Tree(tree), Self::File(file)) | (Self::File(file), Self::Tree(tree)) => {
                below(file, tree)
            }
            (Self::Tree(a), Self::Tree(b)) => below(a, b) || below(b, a),
        }
    }
}

/// Case is folded: some file systems do not tell `A` from `a`, and a false conflict only costs time.
fn folded(path: &Path) -> String {
    path.to_string_lossy().to_lowercase()
}

fn same(a: &Path, b: &Path) -> bool {
    a == b || folded(a) == folded(b)
}

fn below(path: &Path, tree: &Path) -> bool {
    path.starts_with(tree) || Path::new(&folded(path)).starts_with(folded(tree))
}

/// Whether any access of `a` conflicts with any of `b`.
pub fn conflict(a: &[Access], b: &[Access]) -> bool {
    a.iter().any(|x| b.iter().any(|y| x.conflicts(y)))
}
