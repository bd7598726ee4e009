//! Provenance: which layer, file and line a value came from.

use std::fmt;
use std::path::PathBuf;

/// The layers of settings, lowest first: a later one wins over an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// What formic brings itself.
    BuiltIn,
    /// `settings.json` in the user's `.claude` folder.
    ClaudeUser,
    /// `settings.json` in formic's own config folder.
    User,
    /// `.claude/settings.json` of the project, committed by a team.
    ClaudeProject,
    /// `.formic/settings.json` of the project, committed by a team.
    Project,
    /// `.claude/settings.local.json` of the project, not committed.
    ClaudeLocal,
    /// `.formic/settings.local.json` of the project, not committed.
    Local,
    /// What `--settings` gave.
    SettingsFlag,
    /// What single command-line flags gave.
    Flags,
    /// The policy an administrator placed on the machine.
    Managed,
}

impl Layer {
    /// The layer's name in listings.
    pub fn name(self) -> &'static str {
        match self {
            Self::BuiltIn => "built-in",
            Self::ClaudeUser => "user (.claude)",
            Self::User => "user",
            Self::ClaudeProject => "project (.claude)",
            Self::Project => "project",
            Self::ClaudeLocal => "local (.claude)",
            Self::Local => "local",
            Self::SettingsFlag => "--settings",
            Self::Flags => "flags",
            Self::Managed => "managed",
        }
    }

    /// Whether the file belongs to another program, whose newer words formic must bear.
    pub(crate) fn is_foreign(self) -> bool {
        matches!(
            self,
            Self::ClaudeUser | Self::ClaudeProject | Self::ClaudeLocal
        )
    }

    /// Whether the file travels with the repository. Local files count: nothing keeps a stranger from committing one.
    pub fn comes_with_project(self) -> bool {
        matches!(
            self,
            Self::ClaudeProject | Self::Project | Self::ClaudeLocal | Self::Local
        )
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where one value was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The layer it belongs to.
    pub layer: Layer,
    /// The file, if it came from one.
    pub file: Option<PathBuf>,
    /// The line in that file or text, from 1; none for built-in values and single flags.
    pub line: Option<u32>,
}

/// Prints `file:line`, or the layer's name where there is no file.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(f, "{}", file.display())?,
            None => f.write_str(self.layer.name())?,
        }
        match self.line {
            Some(line) => write!(f, ":{line}"),
            None => Ok(()),
        }
    }
}

/// A value together with its provenance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sourced<T> {
    /// The value that won.
    pub value: T,
    /// Where it was read.
    pub source: Source,
}
