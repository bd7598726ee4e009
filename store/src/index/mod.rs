//! The index: what is known of each session, kept in sled so that a listing need not read every journal.
//!
//! It is a cache. Whatever goes wrong with it costs time, never a session: in use by another process, it is
//! done without; damaged, it is moved aside and built anew.

mod keys;
mod open;

use std::collections::BTreeMap;

use protocol::SessionId;
use serde::{Deserialize, Serialize};

use crate::disk;
use crate::error::{Result, StoreError};
use crate::folder::DataFolder;
use crate::lock::FileLock;
use crate::sessions::Facts;
pub(crate) use open::{Trouble, at as open_database, guarded};

/// What the index knows of a session, and the state of the journal it knows it from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// The size and age of the journal.
    pub(crate) stamp: Stamp,
    /// What it says.
    pub(crate) facts: Facts,
}

/// A journal's size and age: while both are the same, so is what it says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    /// Bytes of all segments.
    pub(crate) bytes: u64,
    /// When the last one was changed, in nanoseconds since the Unix epoch.
    pub(crate) modified_ns: u64,
}

/// The entries by session.
pub(crate) type Entries = BTreeMap<SessionId, Entry>;

/// The open index, and the entries it held when it was opened.
pub(crate) struct Index {
    db: sled::Db,
    before: Entries,
    /// Held, never read: only its holder may touch the index folder. Freed after the database above.
    _lock: FileLock,
}

impl Index {
    /// Opens the index; `None` if another process uses it or the disk does not let us.
    pub(crate) fn open(data: &DataFolder) -> Option<Self> {
        let lock = open::lock(data).ok()?.ok()?;
        let (db, before) = match load(data) {
            Ok(loaded) => loaded,
            Err(Trouble::Damaged(_)) => {
                open::move_aside(data).ok()?;
                load(data).ok()?
            }
            Err(Trouble::Refused(_)) => return None,
        };
        Some(Self {
            db,
            before,
            _lock: lock,
        })
    }

    /// Opens an empty index in the place of whatever was there.
    pub(crate) fn anew(data: &DataFolder) -> Result<Self> {
        let lock = open::lock(data)?.map_err(|pid| StoreError::IndexHeld { pid })?;
        disk::remove_folder(&data.index())?;
        let (db, before) = load(data).map_err(no_index)?;
        Ok(Self {
            db,
            before,
            _lock: lock,
        })
    }

    /// The entries as they were found.
    pub(crate) const fn entries(&self) -> &Entries {
        &self.before
    }

    /// Writes what changed and closes.
    pub(crate) fn save(self, now: &Entries) -> Result<()> {
        let changed = now
            .iter()
            .filter(|(session, entry)| self.before.get(session) != Some(entry));
        let gone = self
            .before
            .keys()
            .filter(|session| !now.contains_key(session));
        let mut batch = sled::Batch::default();
        for (session, entry) in changed {
            let value = serde_json::to_vec(entry).map_err(|error| StoreError::Index {
                detail: error.to_string(),
            })?;
            batch.insert(&keys::of_session(*session), value);
        }
        gone.for_each(|session| batch.remove(&keys::of_session(*session)));
        guarded(|| {
            let tree = self.db.open_tree(keys::SESSIONS)?;
            tree.apply_batch(batch)?;
            self.db.flush()
        })
        .map_err(no_index)?;
        Ok(())
    }
}

/// The database and every entry of it that can be understood.
fn load(data: &DataFolder) -> Result<(sled::Db, Entries), Trouble> {
    let db = open::database(data)?;
    let entries = guarded(|| {
        let tree = db.open_tree(keys::SESSIONS)?;
        let mut entries = Entries::new();
        for pair in tree.iter() {
            let (key, value) = pair?;
            let entry = serde_json::from_slice(&value).ok();
            entries.extend(keys::session_of(&key).zip(entry));
        }
        Ok(entries)
    })?;
    Ok((db, entries))
}

fn no_index(trouble: Trouble) -> StoreError {
    let (Trouble::Damaged(detail) | Trouble::Refused(detail)) = trouble;
    StoreError::Index { detail }
}
