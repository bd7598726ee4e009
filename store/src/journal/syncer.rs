//! Has the disk keep what is written to a journal, beside the writing if need be: a record need not wait because the disk is
//! asked to keep those before it.

use protocol::SessionId;

use super::SegmentWriter;
use crate::error::{Result, StoreError};

/// Waits for the disk in place of a [`Journal`](super::Journal). All calls block on the disk.
#[derive(Debug)]
pub struct Syncer {
    pub(super) session: SessionId,
    pub(super) writer: SegmentWriter,
}

impl Syncer {
    /// Waits until the disk has every record that was written before this was called; with none, returns at once.
    ///
    /// # Errors
    /// The disk's, after which the journal refuses to be written and to be synced: nobody knows what of it the disk has.
    pub fn sync(&self) -> Result<()> {
        sound(self.session, &self.writer)?;
        self.writer.sync()
    }

    /// Has the journal refuse to be written and to be synced from now on: something went wrong beside it.
    pub fn fail(&self, because: String) {
        self.writer.fail(because);
    }

    /// Takes away every record that was written and not synced, and has the journal refuse all others: what a power failure
    /// may do, for those who try what becomes of a session then.
    ///
    /// # Errors
    /// The disk's.
    pub fn lose(&self) -> Result<()> {
        self.writer.lose()
    }
}

/// Whether records can be kept.
pub(super) fn sound(session: SessionId, writer: &SegmentWriter) -> Result<()> {
    match writer.fault() {
        None => Ok(()),
        Some(because) => Err(StoreError::Poisoned { session, because }),
    }
}
