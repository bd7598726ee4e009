//! Where a claim stands: the tree, the folders beside it, and everything else a verdict depends on.

use std::fmt;
use std::path::{Component, Path, PathBuf};

use protocol::PermissionMode;

use crate::{Confine, RuleSet};

/// The folders and files that matter to a verdict. All paths are absolute, with symlinks resolved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The working tree: reads below it are free, writes stay below it.
    pub root: PathBuf,
    /// Folders added with `--add-dir` or `additionalDirectories`; they count as the tree.
    pub added: Vec<PathBuf>,
    /// Folders that may be read like the tree, but never written (spilled tool output).
    pub readable: Vec<PathBuf>,
    /// The home folder, for `~` and for what is protected in it.
    pub home: Option<PathBuf>,
    /// Settings files that grant rights: user, `--settings`, managed. Protected from writes.
    pub settings_files: Vec<PathBuf>,
    /// formic's own data folder. Protected from writes, except for a working tree inside it.
    pub data: Option<PathBuf>,
    /// What keeps a node of a swarm inside its own tree, the root here; `None` for everybody else.
    pub confine: Option<Confine>,
}

impl Place {
    /// Whether a path lies in the tree or in an added folder.
    pub fn holds(&self, path: &Path) -> bool {
        path.starts_with(&self.root) || self.added.iter().any(|dir| path.starts_with(dir))
    }

    /// Whether a path may be read like the tree.
    pub fn shows(&self, path: &Path) -> bool {
        let readable = || self.readable.iter().any(|dir| path.starts_with(dir));
        self.holds(path) || readable() || self.is_scratch(path)
    }

    /// Whether a path lies in a folder that is a node's own besides its tree.
    pub(crate) fn is_scratch(&self, path: &Path) -> bool {
        let confine = self.confine.as_ref();
        confine.is_some_and(|confine| confine.is_scratch(path))
    }
}

/// Everything a verdict depends on besides the claim itself.
#[derive(Clone, Copy)]
pub struct Situation<'a> {
    /// How much the agent may do unasked.
    pub mode: PermissionMode,
    /// The rules of all layers.
    pub rules: &'a RuleSet,
    /// Where it works.
    pub place: &'a Place,
    /// Follows symlinks: an absolute path, which may hold `..` and need not exist, to where it leads.
    /// Only the words of shell commands need it; claims carry resolved paths already.
    pub resolve: &'a dyn Fn(&Path) -> PathBuf,
}

impl fmt::Debug for Situation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Situation")
            .field("mode", &self.mode)
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

/// A path without `.`, `..` and doubled slashes, by its spelling alone.
pub(crate) fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                tidy.pop();
            }
            other => tidy.push(other),
        }
    }
    tidy
}
