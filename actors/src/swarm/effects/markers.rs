//! Finds the markers of a conflict that nobody resolved.

use std::path::Path;

use protocol::{Change, ChangeKind};
use tokio::io::{AsyncBufReadExt, BufReader};

/// The changed files in which a conflict is still marked: a line that opens one and a later one that closes it.
pub(super) async fn left(root: &Path, changed: &[Change]) -> Vec<String> {
    let mut left = Vec::new();
    for change in changed.iter().filter(|it| it.how != ChangeKind::Deleted) {
        // What cannot be read holds no marker anybody could have left: a link, or a file that is gone again.
        if has_markers(&root.join(&change.path)).await.unwrap_or(false) {
            left.push(change.path.clone());
        }
    }
    left
}

async fn has_markers(path: &Path) -> std::io::Result<bool> {
    if !tokio::fs::symlink_metadata(path).await?.is_file() {
        return Ok(false);
    }
    let mut lines = BufReader::new(tokio::fs::File::open(path).await?).split(b'\n');
    let mut is_open = false;
    while let Some(line) = lines.next_segment().await? {
        is_open |= line.starts_with(b"<<<<<<< ");
        if is_open && line.starts_with(b">>>>>>> ") {
            return Ok(true);
        }
    }
    Ok(false)
}
