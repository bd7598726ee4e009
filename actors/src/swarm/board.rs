//! The board of a run as its agents search it: in sled, always saying what the journal says.

use std::sync::{Arc, LazyLock, Once};
use std::time::Duration;

use protocol::{BoardEntry, Event, MemoryEvent, ModelEvent, Record, SessionId};
use store::DataFolder;
use tokio::time::sleep;

use super::outfit::Wardrobe;

/// What all agents of a run have in common.
pub(crate) struct Commons {
    /// The run's own opening: every agent's state begins with it.
    pub opened: Arc<Record>,
    pub board: Board,
    /// What those who only read are outfitted from.
    pub wardrobe: Wardrobe,
}

/// How long after the first question to a model the board is opened: those who begin at the same time have asked theirs
/// by then, and what opening takes is not taken from them.
const PAUSE: Duration = Duration::from_millis(20);

/// The board of a run; shared by all its agents.
#[derive(Clone)]
pub(crate) struct Board {
    opened: Arc<LazyLock<Opened, Opening>>,
    is_due: Arc<Once>,
}

/// A board, or why it cannot be used.
type Opened = Result<store::Board, String>;

type Opening = Box<dyn FnOnce() -> Opened + Send>;

impl Board {
    /// One that says what the run's own board does. It is opened while the first agents wait for their models; whoever
    /// looks at it before does so, or waits for it.
    pub(crate) fn of(data: &DataFolder, run: SessionId, board: &scheduler::board::Board) -> Self {
        let (data, entries) = (data.clone(), board.entries().cloned().collect::<Vec<_>>());
        let opening: Opening = Box::new(move || {
            let opened = store::Board::open(&data, run, entries.iter());
            opened.map_err(|error| error.to_string())
        });
        Self {
            opened: Arc::new(LazyLock::new(opening)),
            is_due: Arc::new(Once::new()),
        }
    }

    fn prepare(&self) {
        let opened = self.opened.clone();
        tokio::spawn(async move {
            sleep(PAUSE).await;
            tokio::task::spawn_blocking(move || {
                LazyLock::force(&opened);
            });
        });
    }

    /// Takes over what a record puts on it. An entry that cannot be kept is found no more until the run is opened again,
    /// which is worth a search that misses it, not the run.
    pub(crate) fn apply(&self, record: &Record) {
        if matches!(&record.event, Event::Model(ModelEvent::Requested { .. })) {
            self.is_due.call_once(|| self.prepare());
        }
        if let Event::Memory(MemoryEvent::Noted { entry }) = &record.event
            && let Ok(board) = LazyLock::force(&self.opened)
        {
            let _ = board.put(entry);
        }
    }
}

impl tools::Board for Board {
    fn search(&self, query: &str, most: usize) -> Result<Vec<BoardEntry>, String> {
        let found = match LazyLock::force(&self.opened) {
            Ok(board) => board.search(query, most).map_err(|error| error.to_string()),
            Err(why) => Err(why.clone()),
        };
        found.map_err(|why| format!("could not {why}"))
    }
}
