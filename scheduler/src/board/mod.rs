//! The board: what the agents of a run know together, who may write what, and what is worth showing to whom.

mod rank;

use std::collections::BTreeMap;

use protocol::{BoardEntry, EntryKind, MemoryId, Note, Provenance, SessionId};

pub use rank::{About, worth_showing};

/// The most entries a run's board holds.
pub const MOST_ENTRIES: usize = 500;

/// The longest key, in bytes.
pub const KEY_BYTES: usize = 200;

/// The longest value, in bytes.
pub const VALUE_BYTES: u64 = 8 * 1024;

/// Why a note does not go to the board. Each reads after "could not ...".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No key, or one that is too long or has line breaks.
    #[error("note {0:?}: a key is one line of 1 to {KEY_BYTES} bytes")]
    Key(String),
    /// No value, or too long a one.
    #[error("note {key:?}: its value has {bytes} bytes, and 1 to {VALUE_BYTES} are allowed")]
    Value {
        /// What it is about.
        key: String,
        /// How long it is.
        bytes: u64,
    },
    /// A kind that only the coordinator writes.
    #[error("note {0:?}: decisions, contracts and hand-offs are written by the coordinator")]
    Kind(String),
    /// It is there already, word for word.
    #[error("note {0:?}: the board says so already")]
    Known(String),
    /// The board is full.
    #[error("note {0:?}: the board has {MOST_ENTRIES} entries")]
    Full(String),
}

/// The entries of a run's board by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Board {
    entries: BTreeMap<MemoryId, BoardEntry>,
}

impl Board {
    /// The entries, by id.
    pub fn entries(&self) -> impl Iterator<Item = &BoardEntry> {
        self.entries.values()
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// One entry.
    pub fn get(&self, id: MemoryId) -> Option<&BoardEntry> {
        self.entries.get(&id)
    }

    /// Takes over an entry that was put on the board.
    pub fn put(&mut self, entry: BoardEntry) {
        self.entries.insert(entry.id, entry);
    }

    /// The entry an agent's note becomes. Facts replace the fact of the same key; findings are only added.
    ///
    /// # Errors
    /// [`Refused`], naming the key.
    pub fn note(
        &self,
        run: SessionId,
        note: &Note,
        origin: Provenance,
    ) -> Result<BoardEntry, Refused> {
        match note.kind {
            EntryKind::Fact | EntryKind::Finding => self.entry(run, note, origin),
            EntryKind::Decision | EntryKind::Contract | EntryKind::Handoff => {
                Err(Refused::Kind(note.key.clone()))
            }
        }
    }

    /// The entry the coordinator's own note becomes; any kind.
    ///
    /// # Errors
    /// [`Refused`], naming the key.
    pub fn entry(
        &self,
        run: SessionId,
        note: &Note,
        origin: Provenance,
    ) -> Result<BoardEntry, Refused> {
        let key = note.key.trim();
        if key.is_empty() || key.len() > KEY_BYTES || key.contains(['\n', '\r']) {
            return Err(Refused::Key(note.key.clone()));
        }
        let bytes = note.value.bytes();
        if !(1..=VALUE_BYTES).contains(&bytes) {
            let key = key.to_owned();
            return Err(Refused::Value { key, bytes });
        }
        let id = id(run, note, key);
        let before = self.entries.get(&id);
        if before.is_some_and(|before| before.value == note.value) {
            return Err(Refused::Known(key.to_owned()));
        }
        if before.is_none() && self.entries.len() >= MOST_ENTRIES {
            return Err(Refused::Full(key.to_owned()));
        }
        Ok(BoardEntry {
            id,
            kind: note.kind,
            key: key.to_owned(),
            value: note.value.clone(),
            origin,
            version: before.map_or(1, |before| before.version + 1),
        })
    }
}

/// Facts with the same key are the same entry; findings are told apart by what they say.
fn id(run: SessionId, note: &Note, key: &str) -> MemoryId {
    let kind = [note.kind as u8];
    let value = note.value.as_str();
    let said = match note.kind {
        EntryKind::Finding => value.as_bytes(),
        EntryKind::Fact | EntryKind::Decision | EntryKind::Contract | EntryKind::Handoff => b"",
    };
    MemoryId::derived(&[run.uuid().as_bytes(), &kind, key.as_bytes(), said])
}
