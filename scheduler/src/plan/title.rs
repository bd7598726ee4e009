//! The title of a node whose plan gives it none: the first line of its brief.

/// The longest, in characters.
const LONGEST: usize = 72;

/// The first line that says something, as one harmless line of at most 72 characters; `None` if none does.
pub(super) fn of(brief: &str) -> Option<String> {
    let line = brief.lines().map(str::trim).find(|line| !line.is_empty())?;
    let shown = line.chars().map(|c| if c.is_control() { '?' } else { c });
    Some(match line.chars().count() > LONGEST {
        true => shown.take(LONGEST - 3).chain("...".chars()).collect(),
        false => shown.collect(),
    })
}
