//! Opening sled 0.34 with care: under our own lock, rid of half-written snapshots, its panics caught.

use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use crate::disk;
use crate::error::{About, Result};
use crate::folder::DataFolder;
use crate::lock::{Attempt, FileLock};

/// Memory sled may use for its cache, in bytes; a listing reads each entry once.
const CACHE_BYTES: u64 = 4 * 1024 * 1024;

/// Takes the lock that guards the index folder, or names who has it. It lies beside the folder, which may be moved.
pub(crate) fn lock(data: &DataFolder) -> Result<Result<FileLock, Option<u32>>> {
    disk::make_folders(data.root())?;
    Ok(match FileLock::attempt(&data.root().join("index.lock"))? {
        Attempt::Taken(lock) => Ok(lock),
        Attempt::Held(pid) => Err(pid),
    })
}

/// What keeps us from using the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It is damaged: it is to be built anew.
    Damaged(String),
    /// The disk, or another user of it, does not let us; it may be all right.
    Refused(String),
}

/// Opens the database. The caller holds the lock.
pub(crate) fn database(data: &DataFolder) -> Result<sled::Db, Trouble> {
    at(&data.index())
}

/// Opens the database in a folder that no other process uses.
pub(crate) fn at(folder: &Path) -> Result<sled::Db, Trouble> {
    disk::make_folders(folder)
        .and_then(|()| remove_unfinished_snapshots(folder))
        .map_err(|error| Trouble::Refused(error.to_string()))?;
    guarded(|| {
        sled::Config::new()
            .path(folder)
            .cache_capacity(CACHE_BYTES)
            .flush_every_ms(Some(1_000))
            .open()
    })
}

/// Moves a damaged index out of the way, deleting nothing. The caller holds the lock.
pub(crate) fn move_aside(data: &DataFolder) -> Result<()> {
    let nth = |k: u32| data.root().join(format!("index.damaged-{k}"));
    let free = (1..u32::MAX).map(nth).find(|path| !path.exists());
    match free {
        Some(path) => disk::rename(&data.index(), &path),
        None => disk::remove_folder(&data.index()),
    }
}

/// Runs something of sled, which answers some damage with an error and some with a panic.
pub(crate) fn guarded<T>(run: impl FnOnce() -> sled::Result<T>) -> Result<T, Trouble> {
    // Unwind safety: after a panic the database is dropped and the folder moved aside.
    catch_unwind(AssertUnwindSafe(run))
        .map_err(|_| Trouble::Damaged("the database panicked".to_owned()))?
        .map_err(trouble)
}

fn trouble(error: sled::Error) -> Trouble {
    match error {
        sled::Error::Io(error) if !spoilt(error.kind()) => Trouble::Refused(error.to_string()),
        error => Trouble::Damaged(error.to_string()),
    }
}

/// Whether an IO error of this kind speaks of the bytes that were read rather than of the disk.
const fn spoilt(kind: io::ErrorKind) -> bool {
    matches!(
        kind,
        io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput
    )
}

/// sled trips over a snapshot that a crash left half written.
fn remove_unfinished_snapshots(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).about("list the folder", folder)? {
        let path = entry.about("list the folder", folder)?.path();
        let name = path.to_string_lossy();
        if name.contains("snap.") && name.ends_with(".generating") {
            fs::remove_file(&path).about("remove", &path)?;
        }
    }
    Ok(())
}
