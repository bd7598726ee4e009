//! The board of a run as its agents search it: in sled, always saying what the journal says.

use std::sync::Arc;

use protocol::{BoardEntry, Event, MemoryEvent, Record, SessionId};
use store::{DataFolder, StoreError};

use super::outfit::Wardrobe;

/// What all agents of a run have in common.
pub(crate) struct Commons {
    /// The run's own opening: every agent's state begins with it.
    pub opened: Arc<Record>,
    pub board: Board,
    /// What those who only read are outfitted from.
    pub wardrobe: Wardrobe,
}

/// The board of a run; shared by all its agents.
#[derive(Clone)]
pub(crate) struct Board(Arc<store::Board>);

impl Board {
    /// Opens it and makes it say what the run's own board does. Blocks.
    ///
    /// # Errors
    /// The disk's.
    pub(crate) fn open(
        data: &DataFolder,
        run: SessionId,
        board: &scheduler::board::Board,
    ) -> Result<Self, StoreError> {
        store::Board::open(data, run, board.entries()).map(|board| Self(Arc::new(board)))
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
