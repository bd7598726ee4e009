//! A block of lines at the bottom of the terminal that is drawn over itself.

use std::io::{self, Write};

use super::words::{breadth, columns, safe};

/// Draws on stderr. The cursor always stands below the block, so that nothing has to be put back, whatever ends the process.
#[derive(Default)]
pub struct Painter {
    /// The lines as they were drawn last, without colours.
    drawn: Vec<String>,
}

/// A line of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it says.
    pub text: String,
    /// The number of a colour for its first `.1` characters.
    pub colour: Option<(u8, usize)>,
}

impl Line {
    /// A line without colour.
    pub fn plain(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            colour: None,
        }
    }
}

impl Painter {
    /// Draws these lines in place of the ones before; `width` columns are there. What is to stay is written above them.
    /// Nothing is written if nothing changed.
    pub fn paint(&mut self, lines: &[Line], stays: &[String], width: usize) {
        let fitted: Vec<Line> = lines.iter().map(|line| fitted(line, width)).collect();
        let texts: Vec<String> = fitted.iter().map(|line| line.text.clone()).collect();
        if texts != self.drawn || !stays.is_empty() {
            let frame = self.frame(&fitted, stays, width);
            send(&frame);
            self.drawn = texts;
        }
    }

    /// Takes the block away.
    pub fn clear(&mut self, width: usize) {
        let rows = self.rows(width);
        if rows > 0 {
            // Row by row: a terminal that is asked to erase all of its screen may keep a copy of it above.
            let erased = "\u{1b}[K\r\n".repeat(rows);
            send(&format!("{}{erased}\u{1b}[{rows}A", self.back(width)));
            self.drawn.clear();
        }
    }

    /// Everything at once, shown at once by terminals that can.
    fn frame(&self, lines: &[Line], stays: &[String], width: usize) -> String {
        let mut frame = format!("\u{1b}[?2026h{}", self.back(width));
        for line in stays {
            frame.push_str(&stay(line, width));
        }
        for line in lines {
            match line.colour {
                Some((colour, many)) => {
                    let at = line.text.char_indices().nth(many);
                    let (head, rest) = line.text.split_at(at.map_or(line.text.len(), |(at, _)| at));
                    frame.push_str(&format!("\u{1b}[{colour}m{head}\u{1b}[0m{rest}"));
                }
                None => frame.push_str(&line.text),
            }
            frame.push_str("\u{1b}[K\r\n");
        }
        frame.push_str("\u{1b}[J\u{1b}[?2026l");
        frame
    }

    /// The rows the block takes. A terminal that was made narrower has broken its lines.
    fn rows(&self, width: usize) -> usize {
        let broken = |line: &String| breadth(line).max(1).div_ceil(width.max(1));
        self.drawn.iter().map(broken).sum()
    }

    /// Back to the block's first line.
    fn back(&self, width: usize) -> String {
        match self.rows(width) {
            0 => "\r".to_owned(),
            up => format!("\r\u{1b}[{up}A"),
        }
    }
}

/// A line above the block, over as many rows as it needs. One that fills its last row leaves nothing there to erase.
fn stay(line: &str, width: usize) -> String {
    let line = safe(line);
    let fills = !line.is_empty() && breadth(&line).is_multiple_of(width.max(1));
    let erase = if fills { "" } else { "\u{1b}[K" };
    format!("{line}{erase}\r\n")
}

/// A line that stays on its line.
fn fitted(line: &Line, width: usize) -> Line {
    let (most, mut used) = (width.saturating_sub(1).max(1), 0);
    let plain = line
        .text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c });
    let fits = plain.take_while(|c| {
        used += columns(*c);
        used <= most
    });
    Line {
        text: fits.collect(),
        colour: line.colour,
    }
}

/// A terminal that is gone is told by whoever reads stdout or by a signal, not here.
fn send(frame: &str) {
    let mut out = io::stderr().lock();
    let _ = out.write_all(frame.as_bytes()).and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_goes_back_over_the_lines_before_even_when_the_terminal_became_narrower() {
        let painter = Painter {
            drawn: vec!["x".repeat(30), String::new()],
        };
        let lines = [
            Line::plain("one"),
            Line {
                text: "two three".to_owned(),
                colour: Some((32, 3)),
            },
        ];
        let frame = painter.frame(&lines, &[], 20);
        let then = "\u{1b}[?2026h\r\u{1b}[3Aone\u{1b}[K\r\n\u{1b}[32mtwo\u{1b}[0m three\u{1b}[K\r\n\u{1b}[J\u{1b}[?2026l";
        assert_eq!(frame, then);
        let stays = painter.frame(&lines[..1], &["landed at 1\u{1b}".to_owned()], 20);
        let then =
            "\u{1b}[?2026h\r\u{1b}[3Alanded at 1 \u{1b}[K\r\none\u{1b}[K\r\n\u{1b}[J\u{1b}[?2026l";
        assert_eq!(stays, then);
        assert_eq!(stay("landed", 6), "landed\r\n", "it fills its row");
        let long = fitted(&Line::plain("a\u{1b}b".repeat(10)), 8);
        assert_eq!(long.text, "a ba ba");
        assert_eq!(fitted(&Line::plain("日本語日本語"), 8).text, "日本語");
    }
}
