//! Which branch a repository stands on, read from its files: no process is started for it.

use std::fs;
use std::path::{Path, PathBuf};

/// Longer than any branch name or commit id.
const HEAD_BYTES: u64 = 4096;

/// Where the repository at `root` stands, as `branch main` or `detached at 1a2b3c4d`; `None` outside one.
pub fn branch(root: &Path) -> Option<String> {
    let head = small(&git_folder(root)?.join("HEAD"))?;
    let head = head.trim();
    match head.strip_prefix("ref: refs/heads/") {
        Some(name) => Some(format!("branch {name}")),
        None => Some(format!("detached at {}", head.get(..8)?)),
    }
}

/// `.git` itself, or the folder that a worktree's `.git` file names.
fn git_folder(root: &Path) -> Option<PathBuf> {
    let own = root.join(".git");
    if own.is_dir() {
        return Some(own);
    }
    let named = small(&own)?;
    Some(root.join(named.strip_prefix("gitdir:")?.trim()))
}

fn small(path: &Path) -> Option<String> {
    let meta = fs::metadata(path).ok()?;
    (meta.is_file() && meta.len() <= HEAD_BYTES).then(|| fs::read_to_string(path).ok())?
}
