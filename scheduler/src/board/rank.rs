//! Which entries of the board are worth an agent's tokens: contracts and decisions first, then what its work is about.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use protocol::{AgentId, BoardEntry, EntryKind, MemoryId};

use super::Board;

/// Bytes of a key and of the line around it, when an entry is shown.
const FRAME_BYTES: u64 = 40;

/// Words shorter than this tell nothing.
const LEAST_WORD: usize = 3;

/// Whom entries are chosen for.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// The agent; what it wrote itself is not shown to it.
    pub agent: AgentId,
    /// What its work is about: title, brief, scope.
    pub words: &'a str,
    /// What it was shown before.
    pub shown: &'a BTreeSet<MemoryId>,
    /// The most bytes to show.
    pub most_bytes: u64,
}

/// The entries worth showing, best first, as many as fit. The same board and agent give the same choice.
pub fn worth_showing<'a>(board: &'a Board, about: &About<'_>) -> Vec<&'a BoardEntry> {
    let words = words(about.words);
    let mut entries: Vec<&BoardEntry> = board
        .entries()
        .filter(|entry| entry.origin.agent != Some(about.agent) && !about.shown.contains(&entry.id))
        .collect();
    entries.sort_by_key(|entry| (Reverse(weight(entry, &words)), entry.id));
    let mut left = about.most_bytes;
    entries.retain(|entry| {
        let bytes = entry.value.bytes() + entry.key.len() as u64 + FRAME_BYTES;
        let fits = bytes <= left;
        left -= if fits { bytes } else { 0 };
        fits
    });
    entries
}

/// What binds goes before what informs; among equals, the more words in common.
fn weight(entry: &BoardEntry, words: &BTreeSet<String>) -> (u8, usize) {
    let kind = match entry.kind {
        EntryKind::Contract => 2,
        EntryKind::Decision => 1,
        EntryKind::Fact | EntryKind::Finding | EntryKind::Handoff => 0,
    };
    let said = self::words(&format!("{} {}", entry.key, entry.value.as_str()));
    (kind, said.intersection(words).count())
}

fn words(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| word.len() >= LEAST_WORD)
        .map(str::to_lowercase)
        .collect()
}
