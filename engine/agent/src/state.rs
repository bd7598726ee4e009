//! The state of one agent: everything the journal's records say about it, and nothing else.

use std::collections::BTreeMap;
use std::io::BufWriter;
use std::path::PathBuf;
use std::sync::Arc;

use protocol::{BlobHasher, BlobId, Event, Message, Record};
use serde::Serialize;

use crate::flow::Flow;

/// How much of a state is written before it is hashed, in bytes.
const PIECE_BYTES: usize = 16 * 1024;

/// One agent's state. Folding its records gives the same state as having lived through them.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct State {
    /// The small part that decisions look at.
    pub flow: Flow,
    /// The conversation.
    pub messages: Vec<Arc<Message>>,
    /// What this agent last saw of each file: its content id.
    pub seen: Arc<BTreeMap<PathBuf, BlobId>>,
}

impl State {
    /// The state after `event`.
    pub fn apply(&mut self, event: &Event) {
        crate::apply::apply(self, event);
    }

    /// Folds records in order; those of other agents are the caller's to leave out.
    pub fn fold<'a>(records: impl IntoIterator<Item = &'a Record>) -> Self {
        let mut state = Self::default();
        records
            .into_iter()
            .for_each(|record| state.apply(&record.event));
        state
    }

    /// Content id of the whole state: two runs are alike exactly when their digests are.
    pub fn digest(&self) -> BlobId {
        // Through a small buffer: a long conversation does not lie in memory a second time, and the hash
        // takes pieces that are worth taking.
        let mut pieces = BufWriter::with_capacity(PIECE_BYTES, BlobHasher::default());
        // A state holds only strings, numbers and UTF-8 paths, so writing it cannot fail; an empty
        // digest would show up as a difference, never as a false match with a real one.
        let written = serde_json::to_writer(&mut pieces, self);
        let whole = written.ok().and_then(|()| pieces.into_inner().ok());
        whole.unwrap_or_default().finish()
    }
}
