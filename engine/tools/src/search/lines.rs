//! What one file's lines hold of a pattern: matches with context, or only how many.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use grep_matcher::{LineTerminator, Matcher};
use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use grep_searcher::{
    BinaryDetection, Searcher, SearcherBuilder, Sink, SinkContext, SinkFinish, SinkMatch,
};
use rustix::fs::OFlags;

/// Longer lines are cut.
const LINE_CHARS: usize = 500;
/// The most of one file held in memory: its longest line, or all of it when matches may span lines.
pub(crate) const HEAP_BYTES: usize = 32 * 1024 * 1024;
/// Lines around a match, whatever is asked for.
const MOST_AROUND: usize = 1_000;

/// How to look.
#[derive(Debug, Clone, Default)]
pub(crate) struct Looking {
    pub(crate) ignore_case: bool,
    pub(crate) multiline: bool,
    pub(crate) before: usize,
    pub(crate) after: usize,
    /// Lines kept of one file; the others are only counted. 0 keeps none and looks for one match only.
    pub(crate) keep: Keep,
}

/// What is kept of a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Keep {
    /// Whether it matches at all.
    #[default]
    Whether,
    /// How many lines match.
    Count,
    /// The matching lines, up to this many, and their context.
    Lines(u64),
}

impl Looking {
    /// The pattern made ready.
    ///
    /// # Errors
    /// A sentence for the model: where the pattern breaks and what to write.
    pub(crate) fn matcher(&self, pattern: &str) -> Result<RegexMatcher, String> {
        let mut builder = RegexMatcherBuilder::new();
        builder
            .case_insensitive(self.ignore_case)
            .multi_line(true)
            .dot_matches_new_line(self.multiline);
        if !self.multiline {
            builder.line_terminator(Some(b'\n')).crlf(true);
        }
        let hint = if pattern.contains("\\n") && !self.multiline {
            "Set multiline to match across lines."
        } else {
            "To search for the characters themselves write \\( \\) \\{ \\} \\[ \\] \\. \\* \\+ \\? \\|."
        };
        builder
            .build(pattern)
            .map_err(|error| format!("the pattern cannot be read: {error}\n{hint}"))
    }

    fn searcher(&self) -> Searcher {
        let mut builder = SearcherBuilder::new();
        if !self.multiline {
            // The matcher's own: the two must agree, or nothing is searched at all.
            builder.line_terminator(LineTerminator::crlf());
        }
        builder
            .line_number(true)
            .multi_line(self.multiline)
            .before_context(self.before.min(MOST_AROUND))
            .after_context(self.after.min(MOST_AROUND))
            .heap_limit(Some(HEAP_BYTES))
            .binary_detection(BinaryDetection::quit(0))
            .max_matches((self.keep == Keep::Whether).then_some(1))
            .build()
    }

    /// Looks through one file, keeping about `room` bytes of its lines; `None` if it does not match, is binary, or is
    /// no file that can be opened.
    ///
    /// # Errors
    /// [`TooLarge`].
    pub(crate) fn look(
        &self,
        matcher: impl Matcher,
        path: &Path,
        room: usize,
    ) -> Result<Option<Found>, TooLarge> {
        // Non-blocking: a pipe is opened without waiting for somebody to write, and then left alone.
        let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
        let opened = OpenOptions::new().read(true).custom_flags(flags).open(path);
        let is_file = |file: &File| file.metadata().is_ok_and(|meta| meta.is_file());
        let Some(file) = opened.ok().filter(is_file) else {
            return Ok(None);
        };
        let mut found = Found::new(self.keep, room);
        self.searcher()
            .search_file(matcher, &file, &mut found)
            .map_err(|_| TooLarge)?;
        Ok((found.matches > 0 && !found.binary).then_some(found))
    }
}

/// The file was not searched to its end: more of it than [`HEAP_BYTES`] would have to be held at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TooLarge;

/// What a file holds.
#[derive(Debug)]
pub(crate) struct Found {
    /// Matching lines, those not kept included.
    pub(crate) matches: u64,
    /// Kept lines, context included, in order.
    pub(crate) lines: Vec<Line>,
    keep: u64,
    /// Bytes of lines still kept: one answer shows no more, whatever matches.
    room: usize,
    binary: bool,
}

/// One kept line.
#[derive(Debug)]
pub(crate) enum Line {
    /// A matching line: its number and text.
    Match(u64, String),
    /// A line around one.
    Context(u64, String),
    /// Lines lie between.
    Gap,
}

impl Found {
    const fn new(keep: Keep, room: usize) -> Self {
        let keep = match keep {
            Keep::Lines(most) => most,
            Keep::Whether | Keep::Count => 0,
        };
        Self {
            matches: 0,
            lines: Vec::new(),
            keep,
            room,
            binary: false,
        }
    }
}

impl Found {
    fn push(&mut self, line: &[u8], entry: impl FnOnce(String) -> Line) {
        if self.room > 0 {
            let text = shown(line);
            // Numbers and line ends count too, or lines without text would cost nothing.
            self.room = self.room.saturating_sub(text.len() + 2);
            self.lines.push(entry(text));
        }
    }

    /// Bytes of lines that may still be kept of files after this one.
    pub(crate) const fn room(&self) -> usize {
        self.room
    }
}

impl Sink for Found {
    type Error = io::Error;

    fn matched(&mut self, _: &Searcher, found: &SinkMatch<'_>) -> Result<bool, io::Error> {
        let first = found.line_number().unwrap_or_default();
        for (number, line) in (first..).zip(found.lines()) {
            self.matches += 1;
            if self.matches <= self.keep {
                self.push(line, |text| Line::Match(number, text));
            }
        }
        Ok(true)
    }

    fn context(&mut self, _: &Searcher, around: &SinkContext<'_>) -> Result<bool, io::Error> {
        if self.matches <= self.keep && self.keep > 0 {
            let number = around.line_number().unwrap_or_default();
            self.push(around.bytes(), |text| Line::Context(number, text));
        }
        Ok(true)
    }

    fn context_break(&mut self, _: &Searcher) -> Result<bool, io::Error> {
        if self.matches < self.keep && self.room > 0 {
            self.lines.push(Line::Gap);
        }
        Ok(true)
    }

    fn finish(&mut self, _: &Searcher, end: &SinkFinish) -> Result<(), io::Error> {
        self.binary = end.binary_byte_offset().is_some();
        Ok(())
    }
}

fn shown(line: &[u8]) -> String {
    let cut = &line[..line.len().min(LINE_CHARS * 4 + 4)];
    let text = String::from_utf8_lossy(cut);
    let text = text.trim_end_matches(['\n', '\r']);
    match text.char_indices().nth(LINE_CHARS) {
        Some((end, _)) => format!("{} [... line of {} bytes cut]", &text[..end], line.len()),
        None => text.to_owned(),
    }
}
