//! `<think>` tags: some servers leave a model's reasoning in its answer, between tags at its very beginning.

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";

/// A stretch of content after the tags are taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stretch<'a> {
    /// Part of the answer.
    Answer(&'a str),
    /// Part of the reasoning.
    Reasoning(&'a str),
}

#[derive(Debug, Default)]
enum State {
    /// Nothing but blanks and perhaps the beginning of a tag came.
    #[default]
    Start,
    Reasoning,
    /// The tag is closed; blanks before the answer are dropped.
    Gap,
    Answer,
}

/// Parts reasoning from answer while both stream; a tag may be cut anywhere. A tag later in the answer is prose.
#[derive(Debug, Default)]
pub(super) struct Splitter {
    state: State,
    held: String,
}

impl Splitter {
    /// Takes a piece of content and gives what it is, in order.
    pub(super) fn feed(&mut self, piece: &str, out: &mut dyn FnMut(Stretch<'_>)) {
        if matches!(self.state, State::Answer) {
            out(Stretch::Answer(piece));
            return;
        }
        self.held.push_str(piece);
        let held = std::mem::take(&mut self.held);
        self.held = self.settle(&held, out).to_owned();
    }

    /// Ends the content: what was held back is what it looked like so far.
    pub(super) fn finish(&mut self, out: &mut dyn FnMut(Stretch<'_>)) {
        let held = std::mem::take(&mut self.held);
        match self.state {
            State::Reasoning if !held.is_empty() => out(Stretch::Reasoning(&held)),
            State::Start if !held.trim().is_empty() => out(Stretch::Answer(&held)),
            _ => {}
        }
    }

    /// Passes on all of `held` that is certain; returns the rest.
    fn settle<'h>(&mut self, held: &'h str, out: &mut dyn FnMut(Stretch<'_>)) -> &'h str {
        let mut rest = held;
        if matches!(self.state, State::Start) {
            let bare = rest.trim_start();
            if let Some(inside) = bare.strip_prefix(OPEN) {
                self.state = State::Reasoning;
                rest = inside;
            } else if OPEN.starts_with(bare) {
                return rest;
            } else {
                self.state = State::Answer;
            }
        }
        if matches!(self.state, State::Reasoning) {
            let (inside, after) = match rest.find(CLOSE) {
                Some(end) => (&rest[..end], Some(&rest[end + CLOSE.len()..])),
                None => (&rest[..rest.len() - tail(rest)], None),
            };
            if !inside.is_empty() {
                out(Stretch::Reasoning(inside));
            }
            let Some(after) = after else {
                return &rest[inside.len()..];
            };
            self.state = State::Gap;
            rest = after;
        }
        if matches!(self.state, State::Gap) {
            rest = rest.trim_start();
            if !rest.is_empty() {
                self.state = State::Answer;
            }
        }
        if !rest.is_empty() {
            out(Stretch::Answer(rest));
        }
        ""
    }
}

/// How many bytes at the end of `text` may be the beginning of the closing tag.
fn tail(text: &str) -> usize {
    (1..CLOSE.len())
        .rev()
        .find(|length| text.ends_with(&CLOSE[..*length]))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(pieces: &[&str]) -> (String, String) {
        let (mut reasoning, mut answer) = (String::new(), String::new());
        let mut splitter = Splitter::default();
        let mut out = |stretch: Stretch<'_>| match stretch {
            Stretch::Reasoning(text) => reasoning.push_str(text),
            Stretch::Answer(text) => answer.push_str(text),
        };
        for piece in pieces {
            splitter.feed(piece, &mut out);
        }
        splitter.finish(&mut out);
        (reasoning, answer)
    }

    #[test]
    fn case_23_think_tags_part_reasoning_from_answer_wherever_they_are_cut() {
        let whole = "\n<think>why < not</think>\n\nso be it";
        for cut in 0..=whole.len() {
            let (reasoning, answer) = split(&[&whole[..cut], &whole[cut..]]);
            assert_eq!(
                (reasoning.as_str(), answer.as_str()),
                ("why < not", "so be it"),
                "cut at {cut}"
            );
        }
        let single: Vec<_> = whole.split_inclusive(|_| true).collect();
        assert_eq!(
            split(&single),
            ("why < not".to_owned(), "so be it".to_owned())
        );
    }

    #[test]
    fn a_tag_inside_the_answer_is_prose() {
        let text = "write <think> and </think> so";
        assert_eq!(split(&[text]), (String::new(), text.to_owned()));
        assert_eq!(split(&["<thin"]), (String::new(), "<thin".to_owned()));
        assert_eq!(
            split(&["<think>cut</th"]),
            ("cut</th".to_owned(), String::new())
        );
    }
}
