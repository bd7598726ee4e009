//! Matching a path, and the question whether two globs can name the same one: both walk pairs of places once.

use std::slice;

use super::glob::{Glob, Part, Pattern, Step, literal};

/// Whether a pattern names this path.
pub(super) fn names(pattern: &[Step], path: &[&str]) -> bool {
    walk(pattern.len(), path.len(), |i, j, open| {
        if matches!(pattern.get(i), Some(Step::Folders)) {
            open(1, 0);
            if j < path.len() {
                open(0, 1);
            }
        } else if let (Some(Step::Name(parts)), Some(name)) = (pattern.get(i), path.get(j))
            && named(parts, name)
        {
            open(1, 1);
        }
    })
}

fn named(parts: &[Part], name: &str) -> bool {
    let chars: Vec<char> = name.chars().collect();
    walk(parts.len(), chars.len(), |i, j, open| {
        match (parts.get(i), chars.get(j)) {
            (Some(Part::Run), next) => {
                open(1, 0);
                if next.is_some() {
                    open(0, 1);
                }
            }
            (Some(Part::One), Some(_)) => open(1, 1),
            (Some(Part::Char(a)), Some(b)) if a == b => open(1, 1),
            (Some(Part::Of(ranges)), Some(c)) if within(ranges, *c) => open(1, 1),
            (Some(Part::One | Part::Char(_) | Part::Of(_)) | None, _) => {}
        }
    })
}

/// Whether two globs can name the same path, or one of them a folder of the other's paths.
pub(super) fn meet(a: &Glob, b: &Glob) -> bool {
    let pairs = a
        .patterns
        .iter()
        .flat_map(|a| b.patterns.iter().map(move |b| (a, b)));
    pairs
        .into_iter()
        .any(|(a, b)| match (is_plain(a), is_plain(b)) {
            (true, true) => a
                .iter()
                .zip(b)
                .all(|(a, b)| patterns_meet(slice::from_ref(a), slice::from_ref(b))),
            (true, false) => patterns_meet(a, b) || patterns_meet(&below(a), b),
            (false, true) => patterns_meet(a, b) || patterns_meet(a, &below(b)),
            (false, false) => patterns_meet(a, b),
        })
}

/// Whether the pattern is one path, which may be a folder's.
fn is_plain(pattern: &[Step]) -> bool {
    pattern
        .iter()
        .all(|step| matches!(step, Step::Name(parts) if literal(parts).is_some()))
}

fn below(pattern: &[Step]) -> Pattern {
    let rest = [Step::Folders, Step::Name(vec![Part::Run])];
    pattern.iter().cloned().chain(rest).collect()
}

fn patterns_meet(a: &[Step], b: &[Step]) -> bool {
    // Most pairs differ in an early name: no need to walk then.
    for (a, b) in a.iter().zip(b) {
        match (a, b) {
            (Step::Name(a), Step::Name(b)) if !names_meet(a, b) => return false,
            (Step::Name(_), Step::Name(_)) => {}
            (Step::Folders, _) | (_, Step::Folders) => break,
        }
    }
    walk(a.len(), b.len(), |i, j, open| match (a.get(i), b.get(j)) {
        (Some(Step::Folders), next) => {
            open(1, 0);
            if next.is_some() {
                open(0, 1);
            }
        }
        (next, Some(Step::Folders)) => {
            open(0, 1);
            if next.is_some() {
                open(1, 0);
            }
        }
        (Some(Step::Name(a)), Some(Step::Name(b))) if names_meet(a, b) => open(1, 1),
        (Some(Step::Name(_)) | None, Some(Step::Name(_)) | None) => {}
    })
}

fn names_meet(a: &[Part], b: &[Part]) -> bool {
    let is_one = |part: &Part| !matches!(part, Part::Run);
    let pairs = a.iter().zip(b);
    let same = pairs.take_while(|(a, b)| is_one(a) && is_one(b));
    let mut met = 0;
    for (a, b) in same {
        if !share(a, b) {
            return false;
        }
        met += 1;
    }
    let (a, b) = (&a[met..], &b[met..]);
    if !a.contains(&Part::Run) && !b.contains(&Part::Run) {
        return a.len() == b.len();
    }
    walk(a.len(), b.len(), |i, j, open| match (a.get(i), b.get(j)) {
        (Some(Part::Run), next) => {
            open(1, 0);
            if next.is_some() {
                open(0, 1);
            }
        }
        (next, Some(Part::Run)) => {
            open(0, 1);
            if next.is_some() {
                open(1, 0);
            }
        }
        (Some(a), Some(b)) if share(a, b) => open(1, 1),
        (
            Some(Part::Char(_) | Part::One | Part::Of(_)) | None,
            Some(Part::Char(_) | Part::One | Part::Of(_)) | None,
        ) => {}
    })
}

/// Whether one character can satisfy both parts, case aside.
fn share(a: &Part, b: &Part) -> bool {
    match (a, b) {
        (Part::Char(a), Part::Char(b)) if a.is_ascii() && b.is_ascii() => a.eq_ignore_ascii_case(b),
        (Part::Char(a), Part::Char(b)) => a == b || a.to_lowercase().eq(b.to_lowercase()),
        (Part::Char(c), Part::Of(ranges)) | (Part::Of(ranges), Part::Char(c)) => {
            overlap(ranges, &[(*c, *c)])
        }
        (Part::Of(a), Part::Of(b)) => overlap(a, b),
        (Part::One | Part::Run, _) | (_, Part::One | Part::Run) => true,
    }
}

/// Whether two classes share a character. Beyond ASCII cases are too many to follow: there, any two may.
fn overlap(a: &[(char, char)], b: &[(char, char)]) -> bool {
    let (a, b) = (folded(a), folded(b));
    a.iter().any(|x| b.iter().any(|y| x.0 <= y.1 && y.0 <= x.1))
}

fn folded(ranges: &[(char, char)]) -> Vec<(char, char)> {
    let mut all = Vec::new();
    for &(low, high) in ranges {
        let (from, to) = (low.max('A'), high.min('Z'));
        if from <= to {
            all.push((from.to_ascii_lowercase(), to.to_ascii_lowercase()));
        }
        if high.is_ascii() {
            all.push((low, high));
        } else {
            all.push((low.min('\u{80}'), char::MAX));
            // A few letters beyond ASCII have a small letter within it.
            all.extend([('k', 'k'), ('s', 's'), ('i', 'i')]);
        }
    }
    all
}

fn within(ranges: &[(char, char)], c: char) -> bool {
    ranges.iter().any(|(low, high)| (*low..=*high).contains(&c))
}

/// Whether the last pair of places can be reached from the first. `step` opens places that much further on each side.
fn walk(
    rows: usize,
    columns: usize,
    mut step: impl FnMut(usize, usize, &mut dyn FnMut(usize, usize)),
) -> bool {
    let width = columns + 1;
    let mut seen = vec![false; (rows + 1) * width];
    let mut open = vec![(0, 0)];
    while let Some((i, j)) = open.pop() {
        if i == rows && j == columns {
            return true;
        }
        if std::mem::replace(&mut seen[i * width + j], true) {
            continue;
        }
        step(i, j, &mut |di, dj| open.push((i + di, j + dj)));
    }
    false
}
