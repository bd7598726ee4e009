//! What a draft is made of: the facts of a repository in their plainest form.

use super::writes::Nameable;

/// The facts of a repository. Whoever surveyed it fills this in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Material {
    /// The files an agent could work on.
    pub files: Vec<FileFact>,
    /// The commands that check something, most telling first.
    pub commands: Vec<CommandFact>,
}

/// One file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileFact {
    /// Its path below the root, with `/` between names.
    pub path: String,
    /// The folder of the package it belongs to; empty for the root.
    pub package: String,
    /// What it is for.
    pub role: Role,
    /// Its size.
    pub bytes: u64,
    /// Its lines.
    pub lines: u32,
    /// Names it defines.
    pub symbols: Vec<String>,
    /// Paths of the files it needs: those it imports and, for a test, those it tests.
    pub imports: Vec<String>,
}

/// What a file is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Source code.
    #[default]
    Source,
    /// Source code of a test.
    Test,
    /// Text that nothing imports: documentation, settings, data.
    Plain,
    /// A manifest of its package, which belongs to whoever works on the package.
    Manifest,
    /// A file that many changes touch, such as a lockfile or the manifest of a workspace: no node owns it but the one
    /// that does nothing else.
    Shared,
}

/// A command that checks something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandFact {
    /// The command, for `sh -c` in the root.
    pub cmd: String,
    /// What it checks.
    pub purpose: Purpose,
    /// The folder or file it checks; empty for everything.
    pub covers: String,
}

/// What a command checks, most telling first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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

/// How large clusters become and how much a planner is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most files of a cluster.
    pub files: usize,
    /// The most tokens of a cluster's files, as estimated; a single file may be larger.
    pub tokens: u64,
    /// The most clusters a planner is shown.
    pub shown: usize,
    /// The most commands a planner is shown.
    pub offered: usize,
    /// The longest text of facts, in bytes.
    pub facts: usize,
    /// The most nodes of a plan made without a planner; more, and one agent does it all.
    pub fallback: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            files: 12,
            tokens: 40_000,
            shown: 48,
            offered: 64,
            facts: 24 * 1024,
            fallback: 32,
        }
    }
}

impl Material {
    /// Sorts the files by path, each path once: places in the list are names from here on. What no scope can name, no
    /// node could own.
    pub(super) fn settle(&mut self) {
        let nameable = Nameable::new();
        self.files.retain(|file| nameable.holds(&file.path));
        self.files.sort_by(|a, b| a.path.cmp(&b.path));
        self.files.dedup_by(|a, b| a.path == b.path);
        self.commands.retain(|c| !c.cmd.trim().is_empty());
    }

    /// The place of a path.
    pub(super) fn place(&self, path: &str) -> Option<usize> {
        let found = self.files.binary_search_by(|f| f.path.as_str().cmp(path));
        found.ok()
    }
}

impl FileFact {
    /// The folder it lies in; empty for the root.
    pub(super) fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// How many tokens its text is, about.
    pub(super) fn tokens(&self) -> u64 {
        self.bytes.div_ceil(4)
    }
}

/// Whether `path` is `folder` or lies below it; everything lies below the empty folder.
pub(super) fn below(path: &str, folder: &str) -> bool {
    let folder = folder.trim_end_matches('/');
    folder.is_empty()
        || path
            .strip_prefix(folder)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
