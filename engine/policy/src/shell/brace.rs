//! Brace expansion: `{a,b}` and `{1..3}` make several words of one before anything else happens.

use super::word::{Atom, Word};

/// More words than this from one are not followed.
const MAX_WORDS: usize = 256;

/// The words one word becomes; `None` if they are too many.
pub(super) fn expand(word: Word) -> Option<Vec<Word>> {
    let mut done = Vec::new();
    let mut open = vec![word];
    while let Some(word) = open.pop() {
        match first(&word.0) {
            Some((start, end, members)) => {
                // Pushed in reverse, so that the words come out in their order.
                for member in members.into_iter().rev() {
                    let mut atoms = word.0[..start].to_vec();
                    atoms.extend(member);
                    atoms.extend_from_slice(&word.0[end + 1..]);
                    open.push(Word(atoms));
                }
            }
            None => done.push(word),
        }
        if done.len() + open.len() > MAX_WORDS {
            return None;
        }
    }
    Some(done)
}

type Members = Vec<Vec<Atom>>;

/// The first brace expression: where it starts and ends, and its members.
fn first(atoms: &[Atom]) -> Option<(usize, usize, Members)> {
    let starts = (0..atoms.len()).filter(|at| atoms[*at] == Atom::Char('{', false));
    starts
        .filter_map(|start| {
            let end = close(atoms, start)?;
            let members = members(&atoms[start + 1..end])?;
            Some((start, end, members))
        })
        .next()
}

fn close(atoms: &[Atom], start: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, atom) in atoms.iter().enumerate().skip(start) {
        match atom {
            Atom::Char('{', false) => depth += 1,
            Atom::Char('}', false) => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

fn members(inner: &[Atom]) -> Option<Members> {
    let mut members = vec![Vec::new()];
    let mut depth = 0_usize;
    for atom in inner {
        match atom {
            Atom::Char('{', false) => depth += 1,
            Atom::Char('}', false) => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && *atom == Atom::Char(',', false) {
            members.push(Vec::new());
        } else if let Some(last) = members.last_mut() {
            last.push(*atom);
        }
    }
    if members.len() > 1 {
        return Some(members);
    }
    sequence(&Word(inner.to_vec()).spelled()?)
}

/// `a..e` and `1..9`, with an optional step.
fn sequence(text: &str) -> Option<Members> {
    let parts: Vec<&str> = text.split("..").collect();
    let (from, to, step) = match parts[..] {
        [from, to] => (from, to, 1),
        [from, to, step] => (from, to, step.parse::<i32>().ok()?.unsigned_abs().max(1)),
        _ => return None,
    };
    let letter = |text: &str| {
        let mut chars = text.chars();
        chars
            .next()
            .filter(|c| c.is_ascii() && chars.next().is_none())
    };
    let step = usize::try_from(step).ok()?;
    if let (Ok(from), Ok(to)) = (from.parse::<i64>(), to.parse::<i64>()) {
        let range = from.min(to)..=from.max(to);
        let numbers = range.step_by(step).take(MAX_WORDS + 1);
        return Some(numbers.map(|n| text_atoms(&n.to_string())).collect());
    }
    let (from, to) = (letter(from)?, letter(to)?);
    let range = from.min(to)..=from.max(to);
    Some(
        range
            .step_by(step)
            .map(|c| vec![Atom::Char(c, false)])
            .collect(),
    )
}

fn text_atoms(text: &str) -> Vec<Atom> {
    text.chars().map(|c| Atom::Char(c, false)).collect()
}
