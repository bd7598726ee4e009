//! Replacing an exact piece of a text: never a guess, and a refusal says which case holds.

use std::borrow::Cow;

use serde::Deserialize;

use crate::file::lookalike::explain;

/// How many places of an ambiguous text are named.
const MOST_PLACES: usize = 10;

/// The most work of one call: the file's bytes for each of its edits. Every edit looks through the whole file.
const MOST_WORK: u64 = 4 * 1024 * 1024 * 1024;

/// One replacement.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Splice {
    pub(crate) old_string: String,
    pub(crate) new_string: String,
    #[serde(default)]
    pub(crate) replace_all: bool,
}

impl Splice {
    /// Whether it is the first content of a new file.
    pub(crate) fn creates(&self) -> bool {
        self.old_string.is_empty()
    }
}

/// The text after all `splices`, each on what the one before left.
///
/// # Errors
/// A sentence for the model about the first that does not fit.
pub(crate) fn apply(text: &str, splices: &[Splice]) -> Result<String, String> {
    if (text.len() as u64).saturating_mul(splices.len() as u64) > MOST_WORK {
        return Err(format!(
            "{} edits are too many for a file of {} bytes: make fewer at once, or use a command.",
            splices.len(),
            text.len()
        ));
    }
    let mut now = text.to_owned();
    for (at, splice) in splices.iter().enumerate() {
        now = one(&now, splice).map_err(|error| match splices.len() {
            1 => error,
            all => format!(
                "edit {} of {all}: {error} None of the edits was made.",
                at + 1
            ),
        })?;
    }
    Ok(now)
}

fn one(text: &str, splice: &Splice) -> Result<String, String> {
    let (old, new) = (splice.old_string.as_str(), splice.new_string.as_str());
    if old == new {
        return Err("old_string and new_string are the same: there is nothing to change.".into());
    }
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mark = &text[..text.len() - body.len()];
    if old.is_empty() {
        return match body {
            "" => Ok(format!("{mark}{new}")),
            _ => Err("old_string is empty, but the file is not. Name the text to replace.".into()),
        };
    }
    let old = old.strip_prefix('\u{feff}').unwrap_or(old);
    let new = new.strip_prefix('\u{feff}').unwrap_or(new);
    let done = spellings(body, old, new)
        .into_iter()
        .find_map(|(old, new)| replaced(body, &old, &new, splice.replace_all))
        .or_else(|| at_bare_end(body, old, new).map(Ok))
        .unwrap_or_else(|| Err(explain(body, old, new)))?;
    Ok(format!("{mark}{done}"))
}

/// The pair as it may stand in a text with these line endings, the likeliest first.
fn spellings<'a>(body: &str, old: &'a str, new: &'a str) -> Vec<(Cow<'a, str>, Cow<'a, str>)> {
    let feeds = body.matches('\n').count();
    let pairs = body.matches("\r\n").count();
    let given = (Cow::Borrowed(old), Cow::Borrowed(new));
    let windows = (Cow::Owned(crlf(old)), Cow::Owned(crlf(new)));
    let unix = (Cow::Owned(lf(old)), Cow::Owned(lf(new)));
    match (pairs, feeds - pairs) {
        // One kind throughout: whatever is written keeps it.
        (1.., 0) => vec![windows],
        (0, _) if old.contains("\r\n") => vec![unix],
        (0, _) => vec![given],
        _ => vec![given, windows, unix],
    }
}

fn lf(text: &str) -> String {
    text.replace("\r\n", "\n")
}

fn crlf(text: &str) -> String {
    lf(text).replace('\n', "\r\n")
}

/// `None` if `old` is not in `body` at all.
fn replaced(body: &str, old: &str, new: &str, all: bool) -> Option<Result<String, String>> {
    let mut places = body.match_indices(old).map(|(at, _)| at);
    let first = places.next()?;
    let more = places.next().is_some();
    if more && !all {
        return Some(Err(ambiguous(body, old)));
    }
    if !more && stands(body, first, old, new) {
        return Some(Err(format!(
            "new_string is already there around line {}, where old_string stands within it: this edit seems \
             to be applied. If it is wanted again, take more of the surrounding lines into old_string.",
            line_of(body, first)
        )));
    }
    Some(Ok(body.replace(old, new)))
}

/// Whether the one `old` at `at` is part of a `new` that already stands there.
fn stands(body: &str, at: usize, old: &str, new: &str) -> bool {
    let mut places = new.match_indices(old).map(|(within, _)| within);
    // Where a `new` with two of them stood there would be two: one look is enough, however long the texts are.
    let (Some(within), None) = (places.next(), places.next()) else {
        return false;
    };
    at.checked_sub(within)
        .and_then(|from| body.get(from..from.checked_add(new.len())?))
        .is_some_and(|there| there == new)
}

/// `old` ends with a line feed where the file's last line has none.
fn at_bare_end(body: &str, old: &str, new: &str) -> Option<String> {
    let (old, new) = (lf(old), lf(new));
    let bare = old.strip_suffix('\n').filter(|bare| !bare.is_empty())?;
    let (bare, new) = match body.contains("\r\n") {
        true => (crlf(bare), crlf(&new)),
        false => (bare.to_owned(), new),
    };
    let kept = body.strip_suffix(bare.as_str())?;
    // From the start of a line only: `old` as given would have matched nowhere else.
    let whole = kept.is_empty() || kept.ends_with('\n');
    let new = new.strip_suffix('\n').unwrap_or(&new);
    let new = new.strip_suffix('\r').unwrap_or(new);
    (whole && body.matches(bare.as_str()).count() == 1).then(|| format!("{kept}{new}"))
}

fn ambiguous(body: &str, old: &str) -> String {
    let lines = body.match_indices(old).map(|(at, _)| at);
    let count = lines.clone().count();
    let named: Vec<String> = lines_of(body, lines.take(MOST_PLACES))
        .into_iter()
        .map(|line| line.to_string())
        .collect();
    let more = if count > MOST_PLACES { ", ..." } else { "" };
    format!(
        "old_string is there {count} times, at lines {}{more}: add surrounding lines to make it unique, or set \
         replace_all.",
        named.join(", ")
    )
}

/// The lines, counted from 1, of rising byte positions; one pass.
fn lines_of(body: &str, places: impl Iterator<Item = usize>) -> Vec<usize> {
    let (mut line, mut from) = (1, 0);
    places
        .map(|at| {
            line += body[from..at].matches('\n').count();
            from = at;
            line
        })
        .collect()
}

/// The line, counted from 1, of a byte position.
pub(crate) fn line_of(body: &str, at: usize) -> usize {
    body[..at].matches('\n').count() + 1
}
