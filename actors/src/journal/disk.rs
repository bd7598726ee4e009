//! Has the disk keep what is written to a journal: in the thread that writes, or in one of its own beside it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, OnceLock};

use store::Syncer;
use tokio::sync::oneshot;

use super::{JournalDown, start};

/// Who waits for the disk.
pub(super) type SyncAck = oneshot::Sender<Result<(), JournalDown>>;

/// The way to the thread beside the writing one, once there is one.
#[derive(Clone, Default)]
pub(super) struct Beside(Arc<OnceLock<Sender<SyncAck>>>);

impl Beside {
    /// Starts that thread, if the system gives one.
    pub(super) fn begin(&self, keeper: Keeper) {
        let (disk, waiting) = channel();
        if self.0.get().is_none()
            && start("journal-disk", move || keeper.keep_all(&waiting)).is_ok()
        {
            let _ = self.0.set(disk);
        }
    }

    /// Has it tell this one when the disk has what is written by now; gives him back where there is no such thread.
    pub(super) fn ask(&self, ack: SyncAck) -> Result<(), SyncAck> {
        match self.0.get() {
            Some(disk) => disk.send(ack).map_err(|unsent| unsent.0),
            None => Err(ack),
        }
    }
}

/// Waits for the disk.
pub(super) struct Keeper {
    pub(super) syncer: Syncer,
    pub(super) is_dark: Arc<AtomicBool>,
}

impl Keeper {
    /// For all who wait at once, until nobody can.
    fn keep_all(self, waiting: &Receiver<SyncAck>) {
        for first in waiting {
            let all = std::iter::once(first).chain(waiting.try_iter()).collect();
            tell(all, &self.keep());
        }
    }

    /// Waits until the disk has all that was written before this was called.
    pub(super) fn keep(&self) -> Result<(), JournalDown> {
        if self.is_dark.load(Ordering::Acquire) && self.syncer.lose().is_ok() {
            std::process::abort();
        }
        let synced = self.syncer.sync();
        synced.map_err(|error| JournalDown(error.to_string()))
    }
}

/// Tells those who waited; whoever has stopped waiting need not be told.
pub(super) fn tell(all: Vec<SyncAck>, kept: &Result<(), JournalDown>) {
    for ack in all {
        let _ = ack.send(kept.clone());
    }
}
