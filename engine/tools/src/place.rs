//! What tools need to know of their surroundings; the carrier answers it from workspace and policy.

use std::path::{Path, PathBuf};

use crate::walls::{Bounds, Walls};

/// A path after resolving.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// Where it leads: absolute, `..` and symlinks resolved.
    pub path: PathBuf,
    /// As the model wrote it, made absolute only.
    pub asked: PathBuf,
}

/// The surroundings of a tool.
pub trait Place: Send + Sync {
    /// The top folder of the working tree.
    fn root(&self) -> &Path;

    /// Where `asked` leads when written by someone standing in `cwd`. May touch the disk.
    ///
    /// # Errors
    /// A sentence for the model: what is wrong with the path and what to write instead.
    fn resolve(&self, cwd: &Path, asked: &str) -> Result<Resolved, String>;

    /// Whether no rule forbids reading this resolved path. `grep`, `glob` and `list` pass over the others.
    fn may_read(&self, path: &Path) -> bool;

    /// Names of the environment variables a command must not see.
    fn scrubbed_env(&self) -> &[String];

    /// Names and values of environment variables every command gets.
    fn added_env(&self) -> &[(String, String)] {
        &[]
    }

    /// The walls around every command; `None` for none.
    fn walls(&self) -> Option<&Walls> {
        None
    }

    /// Names and values of secrets: a command's output is kept and shown with the names in place of the values.
    fn secrets(&self) -> &[(String, String)];

    /// What a command sees and may write here.
    fn bounds(&self) -> Bounds<'_> {
        Bounds {
            scrubbed: self.scrubbed_env(),
            added: self.added_env(),
            walls: self.walls(),
        }
    }
}

/// `path` as shown to the model: relative below `cwd`, else absolute.
pub(crate) fn shown(path: &Path, cwd: &Path) -> String {
    match path.strip_prefix(cwd) {
        Ok(rest) if rest.as_os_str().is_empty() => ".".to_owned(),
        Ok(rest) => rest.display().to_string(),
        Err(_) => path.display().to_string(),
    }
}
