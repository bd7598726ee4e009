//! Trees made ready before anybody needs them: whole and held, so that whoever takes one waits only until it has been
//! compared and brought to where the run has come meanwhile.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use protocol::GitId;
use tokio::sync::watch;

use super::error::GitError;
use super::slot::Slot;
use super::trees::{Trees, Wanted};

/// The trees held ready by one process.
#[derive(Debug, Default)]
pub(crate) struct Ready {
    // Held for a look alone. An owner task would have every node that takes a tree wait for the one being made.
    slots: Mutex<Vec<Slot>>,
    /// How many trees are being taken at this moment.
    taking: watch::Sender<usize>,
}

/// A tree being taken.
pub(crate) struct Taking<'a>(&'a Ready);

impl Drop for Taking<'_> {
    fn drop(&mut self) {
        self.0.taking.send_modify(|count| *count -= 1);
    }
}

impl Ready {
    /// Says that a tree is being taken, until what it gives is dropped.
    pub(crate) fn taking(&self) -> Taking<'_> {
        self.taking.send_modify(|count| *count += 1);
        Taking(self)
    }

    /// Waits until none is: whoever takes one needs the machine more.
    async fn rest(&self) {
        let mut taking = self.taking.subscribe();
        // Its sender is this one's own.
        let _ = taking.wait_for(|count| *count == 0).await;
    }

    /// One of them, which is then the taker's.
    pub(crate) fn take(&self) -> Option<Slot> {
        self.lock().pop()
    }

    /// Where they are.
    pub(crate) fn folders(&self) -> Vec<PathBuf> {
        let slots = self.lock();
        slots.iter().map(|slot| slot.folder().to_owned()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Slot>> {
        // Nothing is done while it is held that could leave it half done.
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Trees {
    /// Makes one more tree ready that holds the files of `commit`, unless `many` are; whether it did. Begins when no tree
    /// is being taken by this process. They are nobody's:
    /// [`Trees::take`] gives them away with whatever has changed since, and no other process has them until then, or
    /// until [`Trees::let_go`].
    pub async fn make_ready(&self, commit: &GitId, many: usize) -> Result<bool, GitError> {
        self.ready.rest().await;
        if self.ready.lock().len() >= many {
            return Ok(false);
        }
        self.prepare().await?;
        let files = self.repo.tree_of(commit).await?;
        let wanted = Wanted {
            name: String::new(),
            base: (commit.clone(), files.clone()),
            files,
            cone: None,
        };
        let slot = self.free(None).await?;
        self.lay_out(&slot, &wanted).await?;
        self.ready.lock().push(slot);
        Ok(true)
    }

    /// Lets others have the trees that are held ready.
    pub fn let_go(&self) {
        self.ready.lock().clear();
    }
}
