//! Finds entries by the words of a query, in an order that is always the same.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use protocol::BoardEntry;

/// How much more a word counts in the key than in the value.
const KEY_WEIGHT: usize = 2;

pub(super) fn best(entries: Vec<BoardEntry>, query: &str, most: usize) -> Vec<BoardEntry> {
    let wanted = words(query);
    let mut found: Vec<(usize, BoardEntry)> = entries
        .into_iter()
        .map(|entry| (score(&entry, &wanted), entry))
        .filter(|(score, _)| wanted.is_empty() || *score > 0)
        .collect();
    found.sort_by(|(a, x), (b, y)| (Reverse(a), &x.key, x.id).cmp(&(Reverse(b), &y.key, y.id)));
    found.truncate(most);
    found.into_iter().map(|(_, entry)| entry).collect()
}

fn score(entry: &BoardEntry, wanted: &BTreeSet<String>) -> usize {
    let hits = |text: &str| words(text).intersection(wanted).count();
    KEY_WEIGHT * hits(&entry.key) + hits(&entry.value.as_str())
}

/// The words of a text in lower case: runs of letters, digits and `_`.
fn words(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}
