//! Why a text to be replaced was not found: already replaced, copied with line numbers, or nearly there.

use std::collections::HashMap;

use crate::file::diff::snippet;
use crate::file::splice::line_of;

/// Lines of the nearest place that are shown.
const SHOWN_LINES: usize = 12;
/// Characters of a line that are compared.
const COMPARED_CHARS: usize = 400;
/// A line less alike than this is not worth showing.
const ALIKE: f64 = 0.5;

/// A sentence, with the file's own lines where they help. The cost grows with the length of `body` only.
pub(crate) fn explain(body: &str, old: &str, new: &str) -> String {
    if let Some(bare) = without_numbers(old)
        && body.contains(&bare)
    {
        return "old_string was not found: it carries the line numbers that read shows. Leave out the number \
                and the tab at the start of each line."
            .to_owned();
    }
    if !new.trim().is_empty()
        && let Some(at) = body.find(new)
    {
        return format!(
            "old_string was not found, but new_string is already there at line {}: this edit seems to be applied \
             already. Do not repeat it.",
            line_of(body, at)
        );
    }
    let Some(from) = nearest(body, old) else {
        return "old_string was not found, and nothing in the file looks like it. Read the file again.".to_owned();
    };
    let lines = old.lines().count().max(1);
    let why = if squeezed_block(body, from, lines) == squeeze(old) {
        "It differs only in white space from"
    } else {
        "The nearest are"
    };
    format!(
        "old_string was not found. {why} lines {}-{}:\n{}",
        from + 1,
        from + lines,
        snippet(body, &(from..from + lines), SHOWN_LINES)
    )
}

/// `old` without the numbers of `read`, if every line has one.
fn without_numbers(old: &str) -> Option<String> {
    let bare: Option<Vec<&str>> = old
        .lines()
        .map(|line| {
            let (number, rest) = line.split_once(['\t', '→'])?;
            let number = number.trim();
            let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
            digits.then_some(rest)
        })
        .collect();
    bare.map(|lines| lines.join("\n"))
        .filter(|text| !text.is_empty())
}

/// The line, counted from 0, where the block most like `old` begins.
fn nearest(body: &str, old: &str) -> Option<usize> {
    // The longest line tells places apart best.
    let (within, anchor) = old
        .lines()
        .enumerate()
        .max_by_key(|(at, line)| (line.trim().len(), usize::MAX - at))?;
    let anchor = Grams::of(anchor);
    let mut best = (ALIKE, None);
    for (at, line) in body.lines().enumerate().skip(within) {
        let score = anchor.alike(line);
        if score > best.0 {
            best = (score, Some(at - within));
        }
    }
    best.1
}

fn squeeze(text: &str) -> String {
    text.split_whitespace().collect()
}

fn squeezed_block(body: &str, from: usize, lines: usize) -> String {
    body.lines().skip(from).take(lines).map(squeeze).collect()
}

/// The pairs of neighbouring characters of a line, white space left out.
struct Grams {
    counts: HashMap<(char, char), u32>,
    total: u32,
}

impl Grams {
    fn of(line: &str) -> Self {
        let mut counts = HashMap::new();
        let mut total = 0;
        for pair in pairs(line) {
            *counts.entry(pair).or_insert(0) += 1;
            total += 1;
        }
        Self { counts, total }
    }

    /// Dice's coefficient of the two lines, 0 to 1.
    fn alike(&self, line: &str) -> f64 {
        let bytes = line.trim().len();
        let most = (self.total as usize + 1) * 8;
        if self.total == 0 || bytes == 0 || (bytes > most && bytes < COMPARED_CHARS) {
            return 0.0;
        }
        let mut met: HashMap<(char, char), u32> = HashMap::new();
        let (mut shared, mut total) = (0_u32, 0_u32);
        for pair in pairs(line) {
            total += 1;
            if let Some(have) = self.counts.get(&pair) {
                let met = met.entry(pair).or_insert(0);
                if *met < *have {
                    *met += 1;
                    shared += 1;
                }
            }
        }
        f64::from(2 * shared) / f64::from((self.total + total).max(1))
    }
}

fn pairs(line: &str) -> impl Iterator<Item = (char, char)> + '_ {
    let mut chars = line
        .chars()
        .filter(|c| !c.is_whitespace())
        .take(COMPARED_CHARS);
    let mut before = chars.next();
    chars.filter_map(move |c| before.replace(c).map(|b| (b, c)))
}
