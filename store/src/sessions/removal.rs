//! Removing a session: out of sight at once, then from the disk.

use std::fs;

use protocol::SessionId;

use crate::disk;
use crate::error::{About, Result, StoreError};
use crate::folder::DataFolder;
use crate::lock;

/// Removes a session and whatever an earlier removal left behind. Its bulky texts stay: others may share them.
///
/// # Errors
/// [`StoreError::Missing`]; [`StoreError::Locked`] while a process has it; the disk's.
pub fn delete(data: &DataFolder, session: SessionId) -> Result<()> {
    let folder = data.session(session);
    if !folder.is_dir() {
        return Err(StoreError::Missing { session });
    }
    // Kept until the folder is out of sight, so that nobody takes up what is being removed.
    let _lock = lock::of_session(&folder, session)?;
    let trash = data.trash();
    disk::make_folders(&trash)?;
    let place = trash.join(session.to_string());
    disk::remove_folder(&place)?;
    disk::rename(&folder, &place)?;
    for entry in fs::read_dir(&trash).about("list the folder", &trash)? {
        disk::remove_folder(&entry.about("list the folder", &trash)?.path())?;
    }
    Ok(())
}
