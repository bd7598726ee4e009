//! Folders that somebody who worked there has left so that nothing in them can be changed or removed.

use std::fs::{self, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use super::gitdir::absent;

/// What the owner of a folder may do there: look, write, enter.
const ALL: u32 = 0o700;

/// Whether the owner of a folder that looks like this may do everything there.
pub(crate) fn is_open(meta: &Metadata) -> bool {
    meta.mode() & ALL == ALL
}

/// Gives the owner of a folder all rights to it; a link to one is left alone.
pub(crate) fn reopen(folder: &Path) -> io::Result<()> {
    let meta = fs::symlink_metadata(folder)?;
    if !meta.is_dir() || is_open(&meta) {
        return Ok(());
    }
    fs::set_permissions(folder, Permissions::from_mode(meta.mode() | ALL))
}

/// Removes whatever stands at a path, if anything does: a link itself and not what it points at, folders with all that is
/// in them, also those that may not be written to.
///
/// # Errors
/// The system's reason: something in it is not this user's, or the folder it lies in may not be written to.
pub fn erase(path: &Path) -> io::Result<()> {
    let meta = match fs::symlink_metadata(path) {
        Ok(meta) => meta,
        Err(error) => return absent(Err(error)),
    };
    if !meta.is_dir() {
        return absent(fs::remove_file(path));
    }
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            reopen_all(path)?;
            fs::remove_dir_all(path)
        }
        other => absent(other),
    }
}

/// The same for a folder and all below it.
fn reopen_all(folder: &Path) -> io::Result<()> {
    reopen(folder)?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            reopen_all(&entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_folders_are_opened_and_nothing_is_that_a_link_points_at() {
        let dir = tempfile::tempdir().unwrap();
        let (root, other) = (dir.path().join("root"), dir.path().join("other"));
        let folders = [root.join("a/b"), root.join("a"), root.clone()];
        fs::create_dir_all(&folders[0]).unwrap();
        fs::create_dir(&other).unwrap();
        std::os::unix::fs::symlink(&other, root.join("a/link")).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        for folder in folders.iter().chain([&other]) {
            fs::set_permissions(folder, Permissions::from_mode(0o055)).unwrap();
        }
        reopen_all(&root).unwrap();
        for folder in &folders {
            assert_eq!(mode(folder), 0o755, "the rights of others stay");
        }
        assert_eq!(mode(&other), 0o055);
    }
}
