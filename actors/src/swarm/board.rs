//! The board of a run as its agents search it: in sled, always saying what the journal says.

use std::sync::{Arc, LazyLock};

use protocol::{BoardEntry, Event, MemoryEvent, Record, SessionId};
use store::DataFolder;

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
pub(crate) struct Board(Arc<LazyLock<Opened, Opening>>);

/// A board, or why it cannot be used.
type Opened = Result<store::Board, String>;

type Opening = Box<dyn FnOnce() -> Opened + Send>;

impl Board {
    /// Has it opened beside the run's beginning, saying what the run's own board does: nobody looks at it before somebody
    /// is at work. Whoever does before it is open waits for it.
    pub(crate) fn open(data: &DataFolder, run: SessionId, board: &scheduler::board::Board) -> Self {
        let (data, entries) = (data.clone(), board.entries().cloned().collect::<Vec<_>>());
        let opening: Opening = Box::new(move || {
            let opened = store::Board::open(&data, run, entries.iter());
            opened.map_err(|error| error.to_string())
        });
        let board = Self(Arc::new(LazyLock::new(opening)));
        let opened = board.clone();
        tokio::task::spawn_blocking(move || {
            LazyLock::force(&opened.0);
        });
        board
    }

    /// Takes over what a record puts on it. An entry that cannot be kept is found no more until the run is opened again,
    /// which is worth a search that misses it, not the run.
    pub(crate) fn apply(&self, record: &Record) {
        if let Event::Memory(MemoryEvent::Noted { entry }) = &record.event
            && let Ok(board) = LazyLock::force(&self.0)
        {
            let _ = board.put(entry);
        }
    }
}

impl tools::Board for Board {
    fn search(&self, query: &str, most: usize) -> Result<Vec<BoardEntry>, String> {
        let found = match LazyLock::force(&self.0) {
            Ok(board) => board.search(query, most).map_err(|error| error.to_string()),
            Err(why) => Err(why.clone()),
        };
        found.map_err(|why| format!("could not {why}"))
    }
}
