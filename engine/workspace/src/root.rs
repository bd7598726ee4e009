//! Where a project begins.

use std::path::{Path, PathBuf};

/// The nearest folder from `cwd` upwards that holds `.git` (a folder, or the file of a worktree), else `cwd`.
pub fn project_root(cwd: &Path) -> PathBuf {
    cwd.ancestors()
        .find(|folder| folder.join(".git").exists())
        .unwrap_or(cwd)
        .to_owned()
}
