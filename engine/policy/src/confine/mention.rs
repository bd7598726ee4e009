//! Paths in a command's text, wherever they stand: in scripts for other programs, in here-documents, in messages.

use std::path::{Path, PathBuf};

use super::{Confine, Trespass};
use crate::Situation;
use crate::place::tidy;

/// How many paths of one text are looked at.
const MENTIONS: usize = 4_096;

/// What ends a path in a text.
fn ends(c: char) -> bool {
    c.is_whitespace() || "'\"`()<>|;&$[]{},=:@\\".contains(c)
}

/// The first forbidden folder a text speaks of, by an absolute path or one below home. Paths that climb are left
/// alone: in a text they are more often a line of code that imports a neighbour than a way out.
pub(super) fn in_text(text: &str, situation: &Situation<'_>) -> Option<Trespass> {
    let confine = situation.place.confine.as_ref()?;
    let pieces = pieces(text).take(MENTIONS);
    let mut paths = pieces.filter_map(|piece| absolute(piece, situation));
    paths
        .find_map(|path| foreign(&path, confine, situation))
        .or_else(|| spelled_out(text, confine, situation))
}

fn foreign(path: &Path, confine: &Confine, situation: &Situation<'_>) -> Option<Trespass> {
    let place = situation.place;
    Trespass::foreign(path, confine, place)
        .or_else(|| Trespass::foreign(&(situation.resolve)(path), confine, place))
}

/// The parts of a text that hold a slash. One after a closing bracket or a star is the rest of something unknown.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut before = ' ';
    text.split_inclusive(ends).filter_map(move |with_end| {
        let end = with_end.chars().next_back().unwrap_or(' ');
        let piece = with_end.strip_suffix(ends).unwrap_or(with_end);
        let open = std::mem::replace(&mut before, end);
        let rest_of_unknown = piece.starts_with('/') && ")}]\\".contains(open);
        (piece.contains('/') && !rest_of_unknown).then_some(piece)
    })
}

fn absolute(piece: &str, situation: &Situation<'_>) -> Option<PathBuf> {
    if let Some(rest) = piece.strip_prefix("~/") {
        return situation.place.home.as_ref().map(|home| home.join(rest));
    }
    piece.starts_with('/').then(|| piece.into())
}

/// The folder's name as it is, whatever stands around it; case is ignored as far as ASCII goes.
fn spelled_out(text: &str, confine: &Confine, situation: &Situation<'_>) -> Option<Trespass> {
    let folded = text.to_ascii_lowercase();
    confine.forbidden.iter().find_map(|one| {
        let name = one.folder.to_string_lossy().to_ascii_lowercase();
        if one.folder.components().count() < 3 {
            // A name so short stands in too many other paths.
            return None;
        }
        let mut found = folded.match_indices(name.as_str()).take(MENTIONS);
        found.find_map(|(at, _)| {
            let before = text[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || "_-.~$*?".contains(c)) {
                return None;
            }
            let rest = &text[at..];
            let end = rest.find(ends).unwrap_or(rest.len());
            Trespass::foreign(&tidy(Path::new(&rest[..end])), confine, situation.place)
        })
    })
}
