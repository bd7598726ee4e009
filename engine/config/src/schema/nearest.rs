//! The known name closest to a mistyped one.

/// The nearest of `names` within a third of the letters, at least two edits; case counts for nothing.
pub(crate) fn nearest(
    given: &str,
    names: impl Iterator<Item = &'static str>,
) -> Option<&'static str> {
    let given = given.to_lowercase();
    let reach = (given.chars().count() / 3).max(2);
    names
        .map(|name| (distance(&given, &name.to_lowercase()), name))
        .filter(|(edits, name)| *edits <= reach && *edits < name.chars().count())
        .min()
        .map(|(_, name)| name)
}

/// Edits (insert, remove, replace) between two words.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
