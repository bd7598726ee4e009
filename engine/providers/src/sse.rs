//! Server-sent events: bytes in, events out, without IO and without copying the hot ones.
//!
//! The format is the one of the WHATWG HTML standard, section "Server-sent events", with two liberties:
//! the last event counts even if its blank line is missing, and an `error:` field (llama.cpp) is an event
//! named `error`.

use std::borrow::Cow;
use std::ops::Range;

use memchr::{memchr, memchr2};

/// The largest event accepted, in bytes.
pub const EVENT_BYTES: usize = 32 * 1024 * 1024;

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// An event, or the bytes that wait for its end, outgrew [`EVENT_BYTES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event of the stream is larger than {EVENT_BYTES} bytes")]
pub struct TooLong;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SseEvent<'a> {
    /// The `event` field; empty if there was none.
    pub name: Cow<'a, str>,
    /// The `data` lines, joined by line feeds.
    pub data: Cow<'a, str>,
}

/// Cuts a stream of bytes, split anywhere, into events.
#[derive(Debug, Default)]
pub struct SseReader {
    buffer: Vec<u8>,
    /// Where the first line not yet read begins.
    line: usize,
    /// Up to where that line was searched for its end.
    searched: usize,
    /// Where the lines of the event not yet complete begin; everything before may go.
    kept: usize,
    begun: bool,
    skip_line_feed: bool,
    name: Range<usize>,
    data: Vec<Range<usize>>,
}

impl SseReader {
    /// Takes the next bytes of the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        self.forget_read();
        self.buffer.extend_from_slice(bytes);
    }

    /// Ends the stream: a last line or event without its line end now counts.
    pub fn finish(&mut self) {
        self.push(b"\n\n");
    }

    /// The next whole event, if there is one.
    ///
    /// # Errors
    /// [`TooLong`] when the event at hand outgrows the limit; the reader is then of no further use.
    pub fn next_event(&mut self) -> Result<Option<SseEvent<'_>>, TooLong> {
        while let Some(line) = self.next_line() {
            if !line.is_empty() {
                self.field(line);
            } else if self.data.is_empty() {
                self.name = 0..0;
                self.kept = self.line;
            } else {
                return Ok(Some(self.dispatch()));
            }
        }
        if self.buffer.len() - self.kept > EVENT_BYTES {
            return Err(TooLong);
        }
        Ok(None)
    }

    fn dispatch(&mut self) -> SseEvent<'_> {
        self.kept = self.line;
        let name = std::mem::take(&mut self.name);
        let event = SseEvent {
            name: String::from_utf8_lossy(&self.buffer[name]),
            data: match self.data.as_slice() {
                [one] => String::from_utf8_lossy(&self.buffer[one.clone()]),
                many => Cow::Owned(join(&self.buffer, many)),
            },
        };
        self.data.clear();
        event
    }

    fn next_line(&mut self) -> Option<Range<usize>> {
        if !self.begun {
            self.skip_bom()?;
        }
        if self.skip_line_feed && self.line < self.buffer.len() {
            self.skip_line_feed = false;
            if self.buffer[self.line] == b'\n' {
                self.line += 1;
                self.searched = self.line;
            }
        }
        let from = self.searched.max(self.line);
        let Some(end) = memchr2(b'\n', b'\r', &self.buffer[from..]).map(|found| from + found)
        else {
            self.searched = self.buffer.len();
            return None;
        };
        let line = self.line..end;
        self.skip_line_feed = self.buffer[end] == b'\r';
        self.line = end + 1;
        self.searched = self.line;
        Some(line)
    }

    /// Passes a byte order mark at the start; `None` while too few bytes came to tell.
    fn skip_bom(&mut self) -> Option<()> {
        if self.buffer.starts_with(BOM) {
            self.line = BOM.len();
        } else if BOM.starts_with(&self.buffer) {
            return None;
        }
        self.begun = true;
        Some(())
    }

    fn field(&mut self, line: Range<usize>) {
        let bytes = &self.buffer[line.clone()];
        let colon = memchr(b':', bytes).unwrap_or(bytes.len());
        let mut value = (colon + 1).min(bytes.len());
        if bytes.get(value) == Some(&b' ') {
            value += 1;
        }
        let place = line.start + value..line.end;
        match &bytes[..colon] {
            b"data" => self.data.push(place),
            b"event" => self.name = place,
            b"error" => {
                self.name = line.start..line.start + colon;
                self.data.push(place);
            }
            _ => {}
        }
    }

    fn forget_read(&mut self) {
        if self.kept == 0 {
            return;
        }
        let gone = self.kept;
        self.buffer.drain(..gone);
        self.kept = 0;
        self.line -= gone;
        self.searched = self.searched.saturating_sub(gone);
        for place in self.data.iter_mut().chain([&mut self.name]) {
            *place = place.start.saturating_sub(gone)..place.end.saturating_sub(gone);
        }
    }
}

fn join(buffer: &[u8], lines: &[Range<usize>]) -> String {
    let mut joined = String::new();
    for (number, line) in lines.iter().enumerate() {
        if number > 0 {
            joined.push('\n');
        }
        joined.push_str(&String::from_utf8_lossy(&buffer[line.clone()]));
    }
    joined
}
