//! What one file's lines hold of a pattern: matches with context, or only how many.

use std::io;
use std::path::Path;

use grep_matcher::{LineTerminator, Matcher};
use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use grep_searcher::{
    BinaryDetection, Searcher, SearcherBuilder, Sink, SinkContext, SinkFinish, SinkMatch,
};

/// Longer lines are cut.
const LINE_CHARS: usize = 500;

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
            .before_context(self.before)
            .after_context(self.after)
            .binary_detection(BinaryDetection::quit(0))
            .max_matches((self.keep == Keep::Whether).then_some(1))
            .build()
    }

    /// Looks through one file; `None` if it does not match, is binary, or cannot be read.
    pub(crate) fn look(&self, matcher: impl Matcher, path: &Path) -> Option<Found> {
        let mut found = Found::new(self.keep);
        self.searcher()
            .search_path(matcher, path, &mut found)
            .ok()?;
        (found.matches > 0 && !found.binary).then_some(found)
    }
}

/// What a file holds.
#[derive(Debug)]
pub(crate) struct Found {
    /// Matching lines, those not kept included.
    pub(crate) matches: u64,
    /// Kept lines, context included, in order.
    pub(crate) lines: Vec<Line>,
    keep: u64,
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
    const fn new(keep: Keep) -> Self {
        let keep = match keep {
            Keep::Lines(most) => most,
            Keep::Whether | Keep::Count => 0,
        };
        Self {
            matches: 0,
            lines: Vec::new(),
            keep,
            binary: false,
        }
    }
}

impl Sink for Found {
    type Error = io::Error;

    fn matched(&mut self, _: &Searcher, found: &SinkMatch<'_>) -> Result<bool, io::Error> {
        let first = found.line_number().unwrap_or_default();
        for (number, line) in (first..).zip(found.lines()) {
            self.matches += 1;
            if self.matches <= self.keep {
                self.lines.push(Line::Match(number, shown(line)));
            }
        }
        Ok(true)
    }

    fn context(&mut self, _: &Searcher, around: &SinkContext<'_>) -> Result<bool, io::Error> {
        if self.matches <= self.keep && self.keep > 0 {
            let number = around.line_number().unwrap_or_default();
            self.lines
                .push(Line::Context(number, shown(around.bytes())));
        }
        Ok(true)
    }

    fn context_break(&mut self, _: &Searcher) -> Result<bool, io::Error> {
        if self.matches < self.keep {
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
    let text = String::from_utf8_lossy(line);
    let text = text.trim_end_matches(['\n', '\r']);
    match text.char_indices().nth(LINE_CHARS) {
        Some((end, _)) => format!("{} [... line of {} bytes cut]", &text[..end], line.len()),
        None => text.to_owned(),
    }
}
