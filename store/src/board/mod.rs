//! The board of a run, kept in sled in the run's own folder: shared memory that any of its agents can search.
//!
//! It is a projection of the run's journal. Damaged or missing it is built anew from the records; it is never the truth.

mod search;

use std::collections::BTreeMap;

use protocol::{BoardEntry, MemoryId, SessionId};

use crate::disk;
use crate::error::{Result, StoreError};
use crate::folder::DataFolder;
use crate::index::{Trouble, guarded, open_database};

/// Memory id (16 bytes, big-endian) to the entry as JSON. Retired names: none.
const ENTRIES: &str = "entries.1";

/// The open board of one run. The caller holds the run's session lock, so no other process has it.
pub struct Board {
    db: sled::Db,
    entries: sled::Tree,
}

impl Board {
    /// Opens the board of `session` and makes it hold `entries`. What cannot be opened or read is built anew.
    ///
    /// # Errors
    /// [`StoreError`] if the disk does not let us.
    pub fn open<'a>(
        data: &DataFolder,
        session: SessionId,
        entries: impl Iterator<Item = &'a BoardEntry>,
    ) -> Result<Self> {
        let noted = entries.map(|entry| (entry.id, entry.clone())).collect();
        let board = match Self::attempt(data, session) {
            Ok(board) => board,
            Err(Trouble::Damaged(_)) => {
                disk::remove_folder(&data.board(session))?;
                Self::attempt(data, session).map_err(no_board)?
            }
            Err(trouble @ Trouble::Refused(_)) => return Err(no_board(trouble)),
        };
        if board.all().ok().as_ref() != Some(&noted) {
            board.replace(&noted)?;
        }
        Ok(board)
    }

    fn attempt(data: &DataFolder, session: SessionId) -> Result<Self, Trouble> {
        let db = open_database(&data.board(session))?;
        let entries = guarded(|| db.open_tree(ENTRIES))?;
        Ok(Self { db, entries })
    }

    /// Puts an entry there, in the place of an earlier version.
    ///
    /// # Errors
    /// [`StoreError`]: the board then says less than the journal until it is opened again.
    pub fn put(&self, entry: &BoardEntry) -> Result<()> {
        let value = json(entry)?;
        guarded(|| self.entries.insert(key(entry.id), value.as_slice()))
            .map(drop)
            .map_err(no_board)
    }

    /// Every entry, by id.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be read.
    pub fn all(&self) -> Result<BTreeMap<MemoryId, BoardEntry>> {
        guarded(|| {
            self.entries
                .iter()
                .values()
                .collect::<sled::Result<Vec<_>>>()
        })
        .map_err(no_board)?
        .iter()
        .map(|value| {
            let entry: BoardEntry =
                serde_json::from_slice(value).map_err(|error| not_json(&error))?;
            Ok((entry.id, entry))
        })
        .collect()
    }

    /// The entries that have words in common with `query`, best first, at most `most`; all words count alike, and a
    /// word in the key counts twice. An empty query finds the newest versions of everything, by key.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be read.
    pub fn search(&self, query: &str, most: usize) -> Result<Vec<BoardEntry>> {
        let all = self.all()?.into_values().collect();
        Ok(search::best(all, query, most))
    }

    fn replace(&self, noted: &BTreeMap<MemoryId, BoardEntry>) -> Result<()> {
        let mut batch = sled::Batch::default();
        for entry in noted.values() {
            batch.insert(&key(entry.id), json(entry)?);
        }
        guarded(|| {
            self.entries.clear()?;
            self.entries.apply_batch(batch)?;
            self.db.flush().map(drop)
        })
        .map_err(no_board)
    }
}

const fn key(id: MemoryId) -> [u8; 16] {
    *id.uuid().as_bytes()
}

fn json(entry: &BoardEntry) -> Result<Vec<u8>> {
    serde_json::to_vec(entry).map_err(|error| not_json(&error))
}

fn not_json(error: &serde_json::Error) -> StoreError {
    no_board(Trouble::Damaged(error.to_string()))
}

fn no_board(trouble: Trouble) -> StoreError {
    let (Trouble::Damaged(detail) | Trouble::Refused(detail)) = trouble;
    StoreError::Board { detail }
}
