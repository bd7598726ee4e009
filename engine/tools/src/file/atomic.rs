//! Replacing a file in one step: written beside it, synced, then renamed over it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use protocol::{BlobId, CallId};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use crate::settle::content_id;

/// Puts `content` at `path` if the file there still has the content id `before` (`None`: is missing).
/// Missing parent folders are made, the permission bits of an existing file are kept, and after a
/// failure the file is as it was.
///
/// # Errors
/// A sentence for the model.
pub(crate) fn replace(
    path: &Path,
    before: Option<BlobId>,
    content: &[u8],
    call: CallId,
) -> Result<(), String> {
    let told = |error: io::Error| format!("could not write {}: {error}", path.display());
    let folder = path.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(folder).map_err(told)?;
    let beside = Beside(folder.join(format!(".formic-{call}.tmp")));
    beside.fill(path, content).map_err(told)?;
    // The last look is as late as it can be: only the rename lies between it and the change.
    if content_id(path).map_err(told)? != before {
        return Err(format!(
            "{} changed on disk since this change was worked out; nothing was written. Read it again.",
            path.display()
        ));
    }
    beside.rename(path, before.is_some()).map_err(told)?;
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(told)
}

/// The new content on its way; removed again if it does not get there.
struct Beside(PathBuf);

impl Beside {
    fn fill(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        // One left by a process that died is of this very call: nobody else writes it.
        match fs::remove_file(&self.0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&self.0)?;
        file.write_all(content)?;
        match fs::metadata(path) {
            Ok(meta) => file.set_permissions(meta.permissions())?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        file.sync_all()
    }

    fn rename(&self, path: &Path, exists: bool) -> io::Result<()> {
        if exists {
            return fs::rename(&self.0, path);
        }
        match renameat_with(CWD, &self.0, CWD, path, RenameFlags::NOREPLACE) {
            // A file system that cannot promise it: the check just before must do.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => fs::rename(&self.0, path),
            other => Ok(other?),
        }
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // After a rename there is nothing to remove, and a failure to tidy up changes no file of the user.
        let _ = fs::remove_file(&self.0);
    }
}
