//! Reading a glob: what it may not be, its alternatives one by one, its names part by part.

use super::glob::{Part, Pattern, Step};

/// The longest glob, in bytes.
const MAX_BYTES: usize = 1024;

/// How many patterns the alternatives of one glob may make.
const MAX_ALTERNATIVES: usize = 64;

/// Why a text is not a glob of a scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GlobError {
    /// It is malformed.
    #[error("glob {glob:?} is malformed: {why}")]
    Malformed {
        /// The glob.
        glob: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// It names something outside the repository.
    #[error("glob {0:?} leaves the repository: it must be relative to the root, without `..`")]
    Outside(String),
    /// It names git's own folder.
    #[error("glob {0:?} names git's own folder")]
    Git(String),
}

type Ranges = Vec<(char, char)>;

/// A character, and whether it may be special.
type Letter = (char, bool);

/// The glob as it is kept, and its patterns.
pub(super) fn parse(glob: &str) -> Result<(String, Vec<Pattern>), GlobError> {
    let malformed = |why| GlobError::Malformed {
        glob: glob.to_owned(),
        why,
    };
    let text = tidy(glob).map_err(malformed)?;
    if is_outside(&text) {
        return Err(GlobError::Outside(glob.to_owned()));
    }
    let letters = letters(&text).map_err(malformed)?;
    let mut patterns = Vec::new();
    for plain in alternatives(&letters).map_err(malformed)? {
        patterns.push(pattern(&plain).map_err(malformed)?);
    }
    for name in patterns.iter().flatten().filter_map(plain_name) {
        if name == ".." {
            return Err(GlobError::Outside(glob.to_owned()));
        }
        if name.eq_ignore_ascii_case(".git") {
            return Err(GlobError::Git(glob.to_owned()));
        }
    }
    Ok((text, patterns))
}

fn plain_name(step: &Step) -> Option<String> {
    match step {
        Step::Name(parts) => super::glob::literal(parts),
        Step::Folders => None,
    }
}

/// Without what adds nothing: `./`, doubled slashes, `**` after `**`; a trailing slash means all below.
fn tidy(glob: &str) -> Result<String, &'static str> {
    let trimmed = glob.trim();
    if trimmed.len() > MAX_BYTES {
        return Err("it is longer than 1024 bytes");
    }
    if trimmed.chars().any(char::is_control) {
        return Err("it holds a control character");
    }
    if trimmed.starts_with('!') {
        return Err("a scope has no exceptions; write `\\!` for a name that begins with `!`");
    }
    let names = trimmed.split('/').enumerate();
    let kept = names.filter(|(at, name)| !(*name == "." || (name.is_empty() && *at > 0)));
    let mut kept: Vec<&str> = kept.map(|(_, name)| name).collect();
    kept.dedup_by(|a, b| *a == "**" && *b == "**");
    let mut text = kept.join("/");
    let is_folder = ["/", "/."].iter().any(|end| trimmed.ends_with(end)) || trimmed == ".";
    if is_folder && !text.ends_with("**") {
        text.push_str(if text.is_empty() { "**" } else { "/**" });
    }
    if text.is_empty() {
        return Err("it is empty");
    }
    Ok(text)
}

fn is_outside(text: &str) -> bool {
    let drive = text.as_bytes();
    text.starts_with(['/', '~'])
        || (drive.len() > 1 && drive[0].is_ascii_alphabetic() && drive[1] == b':')
        || text.split('/').any(|name| name == "..")
}

fn letters(text: &str) -> Result<Vec<Letter>, &'static str> {
    let mut letters = Vec::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                let escaped = chars.next().ok_or("nothing follows its last `\\`")?;
                if escaped == '/' {
                    return Err("a `/` cannot be escaped");
                }
                letters.push((escaped, false));
            }
            c => letters.push((c, true)),
        }
    }
    Ok(letters)
}

/// The glob once for every choice of its alternatives.
fn alternatives(letters: &[Letter]) -> Result<Vec<Vec<Letter>>, &'static str> {
    let mut open: Vec<Vec<Letter>> = vec![letters.to_vec()];
    let mut plain = Vec::new();
    while let Some(next) = open.pop() {
        if open.len() + plain.len() >= MAX_ALTERNATIVES {
            return Err("it has more than 64 alternatives");
        }
        let Some((start, ends)) = first_choice(&next)? else {
            plain.push(next);
            continue;
        };
        let close = ends[ends.len() - 1];
        let mut from = start + 1;
        for &end in &ends {
            let parts = [&next[..start], &next[from..end], &next[close + 1..]];
            open.push(parts.concat());
            from = end + 1;
        }
    }
    Ok(plain)
}

/// Where the first `{` stands and where each of its alternatives ends, its `}` last.
fn first_choice(letters: &[Letter]) -> Result<Option<(usize, Vec<usize>)>, &'static str> {
    let (mut start, mut depth, mut ends) = (0, 0_usize, Vec::new());
    let mut at = 0;
    while at < letters.len() {
        match letters[at] {
            ('[', true) => at += class(&letters[at..])?.1 - 1,
            ('{', true) => {
                if depth == 0 {
                    start = at;
                }
                depth += 1;
            }
            (',', true) if depth == 1 => ends.push(at),
            ('}', true) if depth == 0 => return Err("a `}` closes nothing"),
            ('}', true) => {
                depth -= 1;
                if depth == 0 {
                    ends.push(at);
                    return Ok(Some((start, ends)));
                }
            }
            _ => {}
        }
        at += 1;
    }
    match depth {
        0 => Ok(None),
        _ => Err("a `{` is not closed"),
    }
}

fn pattern(letters: &[Letter]) -> Result<Pattern, &'static str> {
    let mut steps = Vec::new();
    for name in letters.split(|letter| letter.0 == '/') {
        match name {
            // Left by an alternative that is empty or ends in a `/`.
            [] => return Err("one of its alternatives leaves a name empty"),
            [('*', true), ('*', true)] => {
                if steps.last() != Some(&Step::Folders) {
                    steps.push(Step::Folders);
                }
            }
            name => steps.push(Step::Name(parts(name)?)),
        }
    }
    // At the end `**` names what lies below, not the folder itself.
    if steps.last() == Some(&Step::Folders) {
        steps.push(Step::Name(vec![Part::Run]));
    }
    Ok(steps)
}

fn parts(name: &[Letter]) -> Result<Vec<Part>, &'static str> {
    let mut parts = Vec::new();
    let mut at = 0;
    while at < name.len() {
        match name[at] {
            ('*', true) => {
                if parts.last() != Some(&Part::Run) {
                    parts.push(Part::Run);
                }
            }
            ('?', true) => parts.push(Part::One),
            ('[', true) => {
                let (ranges, length) = class(&name[at..])?;
                parts.push(Part::Of(ranges));
                at += length - 1;
            }
            (c, _) => parts.push(Part::Char(c)),
        }
        at += 1;
    }
    Ok(parts)
}

/// The ranges of a class and its length; the first letter is its `[`.
fn class(letters: &[Letter]) -> Result<(Ranges, usize), &'static str> {
    let negated = matches!(letters.get(1), Some(('!' | '^', true)));
    let first = 1 + usize::from(negated);
    let rest = letters.get(first + 1..).unwrap_or_default();
    let close = rest.iter().position(|letter| *letter == (']', true));
    let end = first + 1 + close.ok_or("a `[` is not closed")?;
    let inner = &letters[first..end];
    if inner.iter().any(|letter| letter.0 == '/' || !letter.1) {
        return Err("a `/` or a `\\` stands within `[..]`");
    }
    let inner: Vec<char> = inner.iter().map(|letter| letter.0).collect();
    let mut ranges = Vec::new();
    let mut at = 0;
    while at < inner.len() {
        let is_range = inner.get(at + 1) == Some(&'-') && at + 2 < inner.len();
        let high = if is_range { inner[at + 2] } else { inner[at] };
        if high < inner[at] {
            return Err("a range runs backwards");
        }
        ranges.push((inner[at], high));
        at += if is_range { 3 } else { 1 };
    }
    let ranges = if negated { others(ranges) } else { ranges };
    Ok((ranges, end + 1))
}

/// Every character that is in none of the ranges.
fn others(mut ranges: Ranges) -> Ranges {
    ranges.sort_unstable();
    let mut others = Vec::new();
    let mut next = Some('\0');
    for (low, high) in ranges {
        if let Some(from) = next {
            if from < low {
                let last = ('\0'..low).next_back().unwrap_or(from);
                others.push((from, last));
            }
            let after = (high..=char::MAX).nth(1);
            next = after.map(|after| after.max(from));
        }
    }
    others.extend(next.map(|from| (from, char::MAX)));
    others
}
