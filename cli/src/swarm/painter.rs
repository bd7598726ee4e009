//! A block of lines at the bottom of the terminal that is drawn over itself.

use std::io::{self, Write};

use super::words::{breadth, columns, safe};

/// Draws on stderr. The cursor always stands below the block, behind the question if there is one, so that nothing has to
/// be put back, whatever ends the process.
#[derive(Default)]
pub struct Painter {
    /// The lines as they were drawn last, without colours.
    drawn: Vec<String>,
    /// The question below them as it was drawn last.
    asked: Option<&'static str>,
    /// The columns there were then.
    width: usize,
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
    /// Draws these lines in place of the ones before; `width` columns are there. What is to stay is written above them,
    /// what is asked stands below them. Nothing is written if nothing changed.
    pub fn paint(
        &mut self,
        lines: &[Line],
        (stays, asked): (&[String], Option<&'static str>),
        width: usize,
    ) {
        let fitted: Vec<Line> = lines.iter().map(|line| fitted(line, width)).collect();
        let texts: Vec<String> = fitted.iter().map(|line| line.text.clone()).collect();
        if texts == self.drawn && stays.is_empty() && asked == self.asked {
            return;
        }
        let is_same = (width, texts.len(), asked) == (self.width, self.drawn.len(), self.asked);
        let frame = match asked {
            Some(_) if is_same && stays.is_empty() => self.frame_above(&fitted, width),
            Some(asked) => format!("{}\r\n{asked} ", self.frame(&fitted, stays, width)),
            None => self.frame(&fitted, stays, width),
        };
        send(&format!("\u{1b}[?2026h{frame}\u{1b}[?2026l"));
        (self.drawn, self.asked, self.width) = (texts, asked, width);
    }

    /// Takes the block away, and the question.
    pub fn clear(&mut self, width: usize) {
        let asked = usize::from(self.asked.is_some());
        self.erase((self.up(width), self.up(width) + asked));
    }

    /// Takes them away once the question's line was entered: the cursor stands a row further down then.
    pub fn entered(&mut self, width: usize) {
        let rows = match self.asked {
            Some(_) => self.up(width) + 1,
            None => self.up(width),
        };
        self.erase((rows, rows));
    }

    /// Erases so many rows from so many rows further up on. Row by row: a terminal that is asked to erase all of its
    /// screen may keep a copy of it above.
    fn erase(&mut self, (up, rows): (usize, usize)) {
        if rows > 0 {
            let erased = "\u{1b}[K\r\n".repeat(rows);
            send(&format!("{}{erased}\u{1b}[{rows}A", back(up)));
        }
        self.drawn.clear();
        self.asked = None;
    }

    /// The block where the one before was, and nothing below it.
    fn frame(&self, lines: &[Line], stays: &[String], width: usize) -> String {
        let mut frame = back(self.up(width));
        for line in stays {
            frame.push_str(&stay(line, width));
        }
        lines.iter().for_each(|line| frame.push_str(&drawn(line)));
        frame.push_str("\u{1b}[J");
        frame
    }

    /// The block where the one before was, of as many lines; what is typed behind the question stays as it is.
    fn frame_above(&self, lines: &[Line], width: usize) -> String {
        let lines: String = lines.iter().map(drawn).collect();
        format!("\u{1b}7{}{lines}\u{1b}8", back(self.up(width)))
    }

    /// How many rows the block's first one is above the cursor. A terminal that was made narrower has broken its lines.
    fn up(&self, width: usize) -> usize {
        let block = self.drawn.iter().map(|line| rows(breadth(line), width));
        // Of what is asked but the row of the cursor.
        let asked = self.asked.map_or(0, |asked| below(asked, width) - 1);
        block.sum::<usize>() + asked
    }
}

/// How many rows a question takes below a block: an empty one, and its own with a space behind it.
pub fn below(asked: &str, width: usize) -> usize {
    1 + rows(breadth(asked) + 1, width)
}

/// How many rows so many columns of text take.
fn rows(columns: usize, width: usize) -> usize {
    columns.max(1).div_ceil(width.max(1))
}

/// Back to the first column of the row so many rows further up.
fn back(up: usize) -> String {
    match up {
        0 => "\r".to_owned(),
        up => format!("\r\u{1b}[{up}A"),
    }
}

/// A line with its colour.
fn drawn(line: &Line) -> String {
    match line.colour {
        Some((colour, many)) => {
            let at = line.text.char_indices().nth(many);
            let (head, rest) = line.text.split_at(at.map_or(line.text.len(), |(at, _)| at));
            format!("\u{1b}[{colour}m{head}\u{1b}[0m{rest}\u{1b}[K\r\n")
        }
        None => format!("{}\u{1b}[K\r\n", line.text),
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
            ..Painter::default()
        };
        let lines = [
            Line::plain("one"),
            Line {
                text: "two three".to_owned(),
                colour: Some((32, 3)),
            },
        ];
        let frame = painter.frame(&lines, &[], 20);
        let then = "\r\u{1b}[3Aone\u{1b}[K\r\n\u{1b}[32mtwo\u{1b}[0m three\u{1b}[K\r\n\u{1b}[J";
        assert_eq!(frame, then);
        let stays = painter.frame(&lines[..1], &["landed at 1\u{1b}".to_owned()], 20);
        let then = "\r\u{1b}[3Alanded at 1 \u{1b}[K\r\none\u{1b}[K\r\n\u{1b}[J";
        assert_eq!(stays, then);
        assert_eq!(stay("landed", 6), "landed\r\n", "it fills its row");
        let long = fitted(&Line::plain("a\u{1b}b".repeat(10)), 8);
        assert_eq!(long.text, "a ba ba");
        assert_eq!(fitted(&Line::plain("日本語日本語"), 8).text, "日本語");
    }

    #[test]
    fn what_is_typed_behind_a_question_stays_while_the_block_above_is_drawn_anew() {
        let mut painter = Painter {
            drawn: vec!["one".to_owned(), "two".to_owned()],
            asked: Some("well?"),
            width: 20,
        };
        let lines = [Line::plain("one"), Line::plain("2")];
        let frame = painter.frame_above(&lines, 20);
        assert_eq!(
            frame,
            "\u{1b}7\r\u{1b}[3Aone\u{1b}[K\r\n2\u{1b}[K\r\n\u{1b}8"
        );
        assert_eq!(
            painter.up(5),
            4,
            "the space behind it is on a row of its own"
        );
        assert_eq!((below("well?", 20), below("well?", 5)), (2, 3));
        painter.asked = None;
        assert_eq!(painter.up(20), 2);
    }
}
