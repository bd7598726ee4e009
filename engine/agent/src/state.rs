//! The state of one agent: everything the journal's records say about it, and nothing else.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use protocol::{BlobId, Event, Message, Record};
use serde::Serialize;

use crate::flow::Flow;

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
        // A state holds only strings, numbers and UTF-8 paths, so writing it cannot fail; an empty
        // digest would show up as a difference, never as a false match with a real one.
        BlobId::of(&serde_json::to_vec(self).unwrap_or_default())
    }
}
