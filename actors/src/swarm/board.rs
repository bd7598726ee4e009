//! The board of a run as its agents search it: in sled, always saying what the journal says.

use std::sync::Arc;

use protocol::{BoardEntry, Event, MemoryEvent, Record, SessionId};
use store::{DataFolder, StoreError};

/// What all agents of a run have in common.
pub(crate) struct Commons {
    /// The run's own opening: every agent's state begins with it.
    pub opened: Arc<Record>,
    pub board: Board,
}

/// The board of a run; shared by all its agents.
#[derive(Clone)]
pub(crate) struct Board(Arc<store::Board>);

impl Board {
    /// Opens it and makes it say what the records say. Blocks.
    ///
    /// # Errors
    /// The disk's.
    pub(crate) fn open(
        data: &DataFolder,
        run: SessionId,
        records: &[Arc<Record>],
    ) -> Result<Self, StoreError> {
        let records = records.iter().map(Arc::as_ref);
        store::Board::open(data, run, records).map(|board| Self(Arc::new(board)))
    }

    /// Takes over what a record puts on it. An entry that cannot be kept is found no more until the run is opened again,
    /// which is worth a search that misses it, not the run.
    pub(crate) fn apply(&self, record: &Record) {
        if let Event::Memory(MemoryEvent::Noted { entry }) = &record.event {
            let _ = self.0.put(entry);
        }
    }
}

impl tools::Board for Board {
    fn search(&self, query: &str, most: usize) -> Result<Vec<BoardEntry>, String> {
        let found = self.0.search(query, most);
        found.map_err(|error| format!("could not {error}"))
    }
}
