//! As much of TOML as a survey needs: tables, and the strings in their values. Never fails: what it cannot read it skips.

use std::collections::BTreeMap;

/// A document: for each table the text of each value.
#[derive(Debug, Default)]
pub(super) struct Document<'a> {
    tables: BTreeMap<&'a str, BTreeMap<&'a str, &'a str>>,
}

impl<'a> Document<'a> {
    pub fn read(text: &'a str) -> Self {
        let mut document = Self::default();
        let mut table = "";
        let mut rest = text;
        // Behind the last bracket no array ends; looking for its end from every line would take forever.
        let last = text.rfind(']').map_or(usize::MAX, |at| text.len() - at);
        while !rest.is_empty() {
            let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
            let plain = line.trim();
            if let Some(header) = plain.strip_prefix('[') {
                table = header
                    .trim_start_matches('[')
                    .split(']')
                    .next()
                    .unwrap_or_default()
                    .trim();
                document.tables.entry(table).or_default();
                rest = after;
            } else if let Some((key, value)) =
                plain.split_once('=').filter(|_| !plain.starts_with('#'))
            {
                // An array may go on over lines; it ends where its bracket does.
                let long = value.trim_start().starts_with('[')
                    && !value.contains(']')
                    && rest.len() >= last;
                let (value, next) = match long.then(|| rest.split_once(']')).flatten() {
                    Some((whole, next)) => {
                        (whole.split_once('=').map_or("", |(_, value)| value), next)
                    }
                    None => (value, after),
                };
                document
                    .tables
                    .entry(table)
                    .or_default()
                    .insert(key.trim().trim_matches(['"', '\'']), value.trim());
                rest = next;
            } else {
                rest = after;
            }
        }
        document
    }

    pub fn has(&self, table: &str) -> bool {
        self.tables.contains_key(table)
    }

    /// The first string of a value.
    pub fn string(&self, table: &str, key: &str) -> Option<&'a str> {
        strings(self.tables.get(table)?.get(key)?).next()
    }

    /// All strings of a value.
    pub fn strings(&self, table: &str, key: &str) -> Vec<&'a str> {
        let value = self.tables.get(table).and_then(|table| table.get(key));
        value.into_iter().flat_map(|value| strings(value)).collect()
    }

    /// Every table with its keys and values.
    pub fn tables(&self) -> impl Iterator<Item = (&'a str, &BTreeMap<&'a str, &'a str>)> {
        self.tables.iter().map(|(name, table)| (*name, table))
    }
}

/// The strings of a value, comments left out.
pub(super) fn strings(value: &str) -> impl Iterator<Item = &str> {
    let mut rest = value;
    std::iter::from_fn(move || {
        loop {
            let at = rest.find(['"', '\'', '#'])?;
            let mark = &rest[at..=at];
            let (inner, after) =
                rest[at + 1..].split_once(if mark == "#" { "\n" } else { mark })?;
            rest = after;
            if mark != "#" {
                return Some(inner);
            }
        }
    })
}
