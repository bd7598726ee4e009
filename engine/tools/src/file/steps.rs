//! The smallest way from one sequence to another, for lines and letters alike.

use std::collections::HashMap;
use std::convert::Infallible;

use similar::DiffOp;
use similar::algorithms::{Capture, Compact, Replace, myers};

/// The steps from `old` to `new`. For numbers only: the library's code is made anew for each kind of element.
pub(crate) fn steps(old: &[u32], new: &[u32]) -> Vec<DiffOp> {
    let mut found = Compact::new(Replace::new(Capture::new()), old, new);
    let done: Result<(), Infallible> =
        myers::diff(&mut found, old, 0..old.len(), new, 0..new.len());
    match done {
        Ok(()) => found.into_inner().into_inner().into_ops(),
        Err(never) => match never {},
    }
}

/// The steps from the lines `old` to the lines `new`.
pub(crate) fn line_steps<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<DiffOp> {
    let mut known: HashMap<&'a str, u32> = HashMap::new();
    let mut numbered = |lines: &[&'a str]| -> Vec<u32> {
        let number = |line: &&'a str| {
            let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
            *known.entry(line).or_insert(next)
        };
        lines.iter().map(number).collect()
    };
    steps(&numbered(old), &numbered(new))
}

/// How alike two words are, from 0.0 to 1.0: twice the letters they share in order, of all letters.
pub(crate) fn likeness(old: &str, new: &str) -> f64 {
    let letters = |word: &str| -> Vec<u32> { word.chars().map(u32::from).collect() };
    let (old, new) = (letters(old), letters(new));
    let both = old.len() + new.len();
    if both == 0 {
        return 1.0;
    }
    let shared = steps(&old, &new).into_iter().map(|step| match step {
        DiffOp::Equal { len, .. } => len,
        DiffOp::Delete { .. } | DiffOp::Insert { .. } | DiffOp::Replace { .. } => 0,
    });
    2.0 * shared.sum::<usize>() as f64 / both as f64
}
