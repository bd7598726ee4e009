//! The difference between two texts: a unified diff for people, counts, and the changed region for the model.

use std::fmt::Write as _;
use std::ops::Range;
use std::path::Path;

use similar::{DiffOp, group_diff_ops};

use crate::file::steps::line_steps;

/// Changed regions with more lines than this, on both sides together, are shown as replaced as a whole:
/// finding the smallest difference of large texts costs more than it tells.
const MOST_LINES: usize = 8_000;

/// Unchanged lines shown around a change.
const AROUND: usize = 3;

/// What changed.
#[derive(Debug)]
pub(crate) struct Difference {
    /// The unified diff.
    pub(crate) unified: String,
    /// Lines added.
    pub(crate) added: u64,
    /// Lines removed.
    pub(crate) removed: u64,
    /// The changed lines of the new text, counted from 0; empty where lines were only removed.
    pub(crate) region: Range<usize>,
}

/// The difference from `old` to `new`, as seen at `path`.
pub(crate) fn difference(path: &Path, old: &str, new: &str) -> Difference {
    let (a, b): (Vec<&str>, Vec<&str>) = (lines(old), lines(new));
    let same_head = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let (a_rest, b_rest) = (&a[same_head..], &b[same_head..]);
    let same_tail = a_rest
        .iter()
        .rev()
        .zip(b_rest.iter().rev())
        .take_while(|(x, y)| x == y)
        .count();
    let region = same_head..b.len() - same_tail;
    let old_end = a.len() - same_tail;
    let from = same_head.saturating_sub(AROUND);
    let (a_window, b_window) = (
        &a[from..(old_end + AROUND).min(a.len())],
        &b[from..(region.end + AROUND).min(b.len())],
    );
    let mut difference = if a_window.len() + b_window.len() > MOST_LINES {
        whole(&a[same_head..old_end], &b[region.clone()], same_head)
    } else {
        smallest(a_window, b_window, from)
    };
    let name = path.display();
    difference
        .unified
        .insert_str(0, &format!("--- {name}\n+++ {name}\n"));
    difference.region = region;
    difference
}

/// The lines of a text, each with its ending.
fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

fn smallest(a: &[&str], b: &[&str], from: usize) -> Difference {
    let mut found = Difference {
        unified: String::new(),
        added: 0,
        removed: 0,
        region: 0..0,
    };
    for group in group_diff_ops(line_steps(a, b), AROUND) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else {
            continue;
        };
        let (old, new) = (
            first.old_range().start..last.old_range().end,
            first.new_range().start..last.new_range().end,
        );
        header(&mut found.unified, from, &old, &new);
        group.iter().for_each(|step| tell(&mut found, step, a, b));
    }
    found
}

/// Adds the lines of one step from `a` to `b`.
fn tell(found: &mut Difference, step: &DiffOp, a: &[&str], b: &[&str]) {
    let (old, new) = (&a[step.old_range()], &b[step.new_range()]);
    if let DiffOp::Equal { .. } = step {
        old.iter()
            .for_each(|line| push(&mut found.unified, ' ', line));
        return;
    }
    found.removed += old.len() as u64;
    found.added += new.len() as u64;
    old.iter()
        .for_each(|line| push(&mut found.unified, '-', line));
    new.iter()
        .for_each(|line| push(&mut found.unified, '+', line));
}

fn whole(a: &[&str], b: &[&str], from: usize) -> Difference {
    let mut unified = String::new();
    header(&mut unified, from, &(0..a.len()), &(0..b.len()));
    a.iter().for_each(|line| push(&mut unified, '-', line));
    b.iter().for_each(|line| push(&mut unified, '+', line));
    Difference {
        unified,
        added: b.len() as u64,
        removed: a.len() as u64,
        region: 0..0,
    }
}

fn header(out: &mut String, from: usize, old: &Range<usize>, new: &Range<usize>) {
    // An empty side names the line before it, as diff does.
    let start = |side: &Range<usize>| from + side.start + usize::from(!side.is_empty());
    let _ = writeln!(
        out,
        "@@ -{},{} +{},{} @@",
        start(old),
        old.len(),
        start(new),
        new.len()
    );
}

fn push(out: &mut String, sign: char, line: &str) {
    out.push(sign);
    out.push_str(line);
    if !line.ends_with('\n') {
        out.push_str("\n\\ No newline at end of file\n");
    }
}

/// The lines of `region` and one on each side, numbered as `read` numbers them, at most `most` of them.
pub(crate) fn snippet(text: &str, region: &Range<usize>, most: usize) -> String {
    let from = region.start.saturating_sub(1);
    let wanted = (region.end + 1).saturating_sub(from);
    let mut out = String::new();
    let left = text.lines().count().saturating_sub(from).min(wanted);
    for (at, line) in text.lines().enumerate().skip(from).take(wanted.min(most)) {
        let line = &line[..line.floor_char_boundary(500)];
        let _ = writeln!(out, "{}\t{line}", at + 1);
    }
    if left > most {
        let _ = writeln!(out, "({} more changed lines)", left - most);
    }
    out
}
