//! The parser of settings text: tolerant of comments and trailing commas, strict about everything else.

use serde_json::Number;

use super::{Kind, Member, Node, Sequence};

/// Objects and lists inside one another beyond this are refused: settings are shallow, a stack is not endless.
const MAX_DEPTH: usize = 64;

/// Why and where the text is not JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    /// Line, from 1.
    pub(crate) line: u32,
    /// Column in characters, from 1.
    pub(crate) column: u32,
    /// What was expected or found.
    pub(crate) message: String,
}

/// Parses one object; blank text counts as an empty object, a byte order mark is skipped.
pub(crate) fn parse(text: &str) -> Result<Node, SyntaxError> {
    let mut parser = Parser {
        text,
        pos: 0,
        line: 1,
        depth: 0,
    };
    if text.starts_with('\u{feff}') {
        parser.pos = '\u{feff}'.len_utf8();
    }
    if text[parser.pos..].trim().is_empty() {
        let kind = Kind::Object(Sequence {
            items: Vec::new(),
            trailing_comma: None,
        });
        return Ok(Node {
            kind,
            span: text.len()..text.len(),
            line: 1,
        });
    }
    parser.skip_space()?;
    let start = parser.here();
    let node = parser.value()?;
    if !matches!(node.kind, Kind::Object(_)) {
        let message = format!("expected an object, found {}", node.kind_name());
        return Err(parser.error_at(start, &message));
    }
    parser.skip_space()?;
    match parser.peek() {
        None => Ok(node),
        Some(found) => Err(parser.error_here(&format!(
            "expected nothing after the end of the settings, found `{}`",
            shown(found)
        ))),
    }
}

/// A character as an error shows it: visible ones as they are.
fn shown(found: char) -> String {
    if found.is_control() {
        found.escape_default().to_string()
    } else {
        found.to_string()
    }
}

struct Parser<'a> {
    text: &'a str,
    pos: usize,
    line: u32,
    depth: usize,
}

/// A place in the text.
#[derive(Clone, Copy)]
struct Place {
    pos: usize,
    line: u32,
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.pos..].chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.pos += next.len_utf8();
        if next == '\n' {
            self.line += 1;
        }
        Some(next)
    }

    /// The present place, for an error that may come of it: to find its column is worth an error only.
    const fn here(&self) -> Place {
        Place {
            pos: self.pos,
            line: self.line,
        }
    }

    fn error_here(&self, message: &str) -> SyntaxError {
        self.error_at(self.here(), message)
    }

    fn error_at(&self, place: Place, message: &str) -> SyntaxError {
        let before = &self.text[..place.pos];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let column = before[line_start..]
            .chars()
            .filter(|c| *c != '\u{feff}')
            .count()
            + 1;
        SyntaxError {
            line: place.line,
            column: u32::try_from(column).unwrap_or(u32::MAX),
            message: message.to_owned(),
        }
    }

    /// "expected X, found Y" at the present position.
    fn expected(&self, what: &str) -> SyntaxError {
        match self.peek() {
            Some(found) => self.error_here(&format!("expected {what}, found `{}`", shown(found))),
            None => self.error_here(&format!("expected {what}, found the end of the text")),
        }
    }

    fn skip_space(&mut self) -> Result<(), SyntaxError> {
        loop {
            let rest = &self.text[self.pos..];
            if rest.starts_with("//") {
                self.pos += rest.find('\n').unwrap_or(rest.len());
            } else if let Some(comment) = rest.strip_prefix("/*") {
                let Some(end) = comment.find("*/") else {
                    return Err(self.error_here("this comment is never closed"));
                };
                let stop = self.pos + end + 4;
                while self.pos < stop {
                    self.bump();
                }
            } else if self
                .peek()
                .is_some_and(|c| matches!(c, ' ' | '\t' | '\r' | '\n'))
            {
                self.bump();
            } else {
                return Ok(());
            }
        }
    }

    fn value(&mut self) -> Result<Node, SyntaxError> {
        let (start, line) = (self.pos, self.line);
        let kind = match self.peek() {
            Some('{') => self.nested(|p| p.sequence('}', Self::member).map(Kind::Object))?,
            Some('[') => self.nested(|p| p.sequence(']', Self::value).map(Kind::Array))?,
            Some('"') => Kind::String(self.string()?),
            Some('-' | '0'..='9') => self.number()?,
            Some('a'..='z') => self.word()?,
            _ => return Err(self.expected("a value")),
        };
        Ok(Node {
            kind,
            span: start..self.pos,
            line,
        })
    }

    fn nested<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, SyntaxError>,
    ) -> Result<T, SyntaxError> {
        if self.depth == MAX_DEPTH {
            return Err(self.error_here(&format!("nested deeper than {MAX_DEPTH} levels")));
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    fn sequence<T>(
        &mut self,
        close: char,
        item: impl Fn(&mut Self) -> Result<T, SyntaxError>,
    ) -> Result<Sequence<T>, SyntaxError> {
        self.bump();
        let mut sequence = Sequence {
            items: Vec::new(),
            trailing_comma: None,
        };
        loop {
            self.skip_space()?;
            if self.peek() == Some(close) {
                self.bump();
                return Ok(sequence);
            }
            if !sequence.items.is_empty() && sequence.trailing_comma.is_none() {
                return Err(self.expected(&format!("`,` or `{close}`")));
            }
            sequence.items.push(item(self)?);
            self.skip_space()?;
            sequence.trailing_comma = (self.peek() == Some(',')).then_some(self.pos);
            if sequence.trailing_comma.is_some() {
                self.bump();
            }
        }
    }

    fn member(&mut self) -> Result<Member, SyntaxError> {
        if self.peek() != Some('"') {
            return Err(self.expected("a key in double quotes"));
        }
        let (start, line) = (self.pos, self.line);
        let key = self.string()?;
        let key_span = start..self.pos;
        self.skip_space()?;
        if self.peek() != Some(':') {
            return Err(self.expected("`:` after the key"));
        }
        self.bump();
        self.skip_space()?;
        Ok(Member {
            key,
            key_span,
            line,
            value: self.value()?,
        })
    }

    /// Finds the closing quote, then leaves the escapes to serde_json.
    fn string(&mut self) -> Result<String, SyntaxError> {
        let (opening, start) = (self.here(), self.pos);
        self.bump();
        loop {
            match self.peek() {
                None | Some('\n') => {
                    return Err(self.error_at(opening, "this string is never closed"));
                }
                Some(c) if c.is_control() && c.is_ascii() => {
                    return Err(self.error_here(
                        "a control character stands in this string, write it as an escape",
                    ));
                }
                Some('"') => break,
                Some('\\') => {
                    self.bump();
                    self.bump();
                }
                Some(_) => {
                    self.bump();
                }
            }
        }
        self.bump();
        serde_json::from_str(&self.text[start..self.pos])
            .map_err(|_| self.error_at(opening, "an escape in this string is not valid"))
    }

    fn number(&mut self) -> Result<Kind, SyntaxError> {
        let (opening, start) = (self.here(), self.pos);
        while self
            .peek()
            .is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.'))
        {
            self.bump();
        }
        serde_json::from_str::<Number>(&self.text[start..self.pos])
            .map(Kind::Number)
            .map_err(|_| self.error_at(opening, "this number is not valid JSON"))
    }

    fn word(&mut self) -> Result<Kind, SyntaxError> {
        let start = self.pos;
        while self
            .peek()
            .is_some_and(|c| c.is_ascii_alphanumeric() || c == '_')
        {
            self.bump();
        }
        match &self.text[start..self.pos] {
            "true" => Ok(Kind::Bool(true)),
            "false" => Ok(Kind::Bool(false)),
            "null" => Ok(Kind::Null),
            _ => {
                self.pos = start;
                Err(self.expected("a value (strings stand in double quotes)"))
            }
        }
    }
}
