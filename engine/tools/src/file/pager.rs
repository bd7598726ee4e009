//! Numbered lines out of a stream of bytes: a window of a file of any size, in bounded memory.

use std::fmt::Write as _;

/// Lines shown unless told otherwise.
pub(crate) const DEFAULT_LINES: u64 = 2_000;
/// Longer lines are cut.
pub(crate) const LINE_CHARS: usize = 2_000;
/// Bytes of text in one answer.
pub(crate) const PAGE_BYTES: usize = 50 * 1024;

/// Bytes kept of a line: enough for `LINE_CHARS` of the widest characters, and one to know it is longer.
const LINE_BYTES: usize = LINE_CHARS * 4 + 1;

/// Collects the lines from `first` on while all bytes of a file pass by.
pub(crate) struct Pager {
    first: u64,
    limit: u64,
    /// The line being read, counted from 1, and what is kept of it.
    at: u64,
    line: Vec<u8>,
    line_bytes: u64,
    page: Page,
}

/// What the window shows.
#[derive(Debug, Default)]
pub(crate) struct Page {
    /// The numbered lines.
    pub(crate) text: String,
    /// How many lines are shown.
    pub(crate) shown: u64,
    /// How many lines there are.
    pub(crate) lines: u64,
    /// Whether the limit of bytes ended the window before its limit of lines.
    pub(crate) full: bool,
    /// How many of the shown lines were not UTF-8.
    pub(crate) odd: u64,
}

impl Pager {
    /// A window of `limit` lines from line `first`, counted from 1.
    pub(crate) fn new(first: u64, limit: u64) -> Self {
        Self {
            first: first.max(1),
            limit,
            at: 1,
            line: Vec::new(),
            line_bytes: 0,
            page: Page::default(),
        }
    }

    /// Takes the next bytes.
    pub(crate) fn feed(&mut self, mut bytes: &[u8]) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.take(&bytes[..end]);
            self.end_line();
            bytes = &bytes[end + 1..];
        }
        self.take(bytes);
    }

    /// The bytes are at their end.
    pub(crate) fn finish(mut self) -> Page {
        if self.line_bytes > 0 {
            self.end_line();
        }
        self.page.lines = self.at - 1;
        self.page
    }

    fn wanted(&self) -> bool {
        self.at >= self.first && self.page.shown < self.limit && !self.page.full
    }

    fn take(&mut self, bytes: &[u8]) {
        self.line_bytes += bytes.len() as u64;
        if self.wanted() {
            let room = LINE_BYTES.saturating_sub(self.line.len());
            self.line.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
    }

    fn end_line(&mut self) {
        if self.wanted() {
            self.show();
        }
        self.at += 1;
        self.line.clear();
        self.line_bytes = 0;
    }

    fn show(&mut self) {
        let whole = self.line.len() as u64 == self.line_bytes;
        let kept = match self.line.as_slice() {
            [kept @ .., b'\r'] if whole => kept,
            kept => kept,
        };
        let (text, odd) = decoded(kept, whole);
        let end = text.char_indices().nth(LINE_CHARS).map(|(at, _)| at);
        let mut line = format!("{}\t{}", self.at, &text[..end.unwrap_or(text.len())]);
        if end.is_some() {
            let _ = write!(line, " [... line of {} bytes cut]", self.line_bytes);
        }
        line.push('\n');
        if self.page.shown > 0 && self.page.text.len() + line.len() > PAGE_BYTES {
            self.page.full = true;
            return;
        }
        self.page.text.push_str(&line);
        self.page.shown += 1;
        self.page.odd += u64::from(odd);
    }
}

/// The text of a line and whether it had to be taken for Latin-1.
fn decoded(line: &[u8], whole: bool) -> (String, bool) {
    match std::str::from_utf8(line) {
        Ok(text) => (text.to_owned(), false),
        // The cut went through a character.
        Err(error) if !whole && error.error_len().is_none() => {
            let valid = &line[..error.valid_up_to()];
            (String::from_utf8_lossy(valid).into_owned(), false)
        }
        Err(_) => (line.iter().map(|byte| char::from(*byte)).collect(), true),
    }
}
