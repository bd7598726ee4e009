//! The head and the tail of a stream in bounded memory.

use std::collections::VecDeque;

/// Keeps the first and the last half of `limit` bytes.
#[derive(Debug)]
pub(crate) struct Gather {
    half: usize,
    head: Vec<u8>,
    tail: VecDeque<u8>,
    total: u64,
}

impl Gather {
    /// Keeps up to `limit` bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            half: limit / 2,
            head: Vec::new(),
            tail: VecDeque::new(),
            total: 0,
        }
    }

    /// Takes the next bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.total += bytes.len() as u64;
        let room = (self.half - self.head.len()).min(bytes.len());
        let (head, rest) = bytes.split_at(room);
        self.head.extend_from_slice(head);
        let rest = &rest[rest.len().saturating_sub(self.half)..];
        let over = (self.tail.len() + rest.len()).saturating_sub(self.half);
        self.tail.drain(..over);
        self.tail.extend(rest);
    }

    /// Whether `more` bytes still fit without loss.
    pub(crate) fn fits(&self, more: usize) -> bool {
        self.lost() == 0 && self.total + more as u64 <= 2 * self.half as u64
    }

    /// Bytes that passed and are not kept.
    pub(crate) fn lost(&self) -> u64 {
        self.total - (self.head.len() + self.tail.len()) as u64
    }

    /// Bytes that passed.
    pub(crate) const fn total(&self) -> u64 {
        self.total
    }

    /// What is kept, in order.
    pub(crate) fn kept(&self) -> Vec<u8> {
        let mut all = self.head.clone();
        all.extend(&self.tail);
        all
    }

    /// What is kept as text, with `between` where bytes were lost.
    pub(crate) fn text(&self, between: &str) -> String {
        if self.lost() == 0 {
            return String::from_utf8_lossy(&self.kept()).into_owned();
        }
        let tail: Vec<u8> = self.tail.iter().copied().collect();
        // A character cut in two by the limit would be shown as damage that is not there.
        let head_end = self
            .head
            .utf8_chunks()
            .last()
            .map_or(0, |last| last.invalid().len());
        let head = &self.head[..self.head.len() - head_end.min(3)];
        let skip = tail
            .iter()
            .take(3)
            .take_while(|byte| **byte & 0xc0 == 0x80)
            .count();
        format!(
            "{}{between}{}",
            String::from_utf8_lossy(head),
            String::from_utf8_lossy(&tail[skip..])
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn keeps_both_ends_however_the_stream_is_cut(
            pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..20)
        ) {
            let mut gather = Gather::new(100);
            let mut all = Vec::new();
            for piece in &pieces {
                let fits = gather.fits(piece.len());
                gather.push(piece);
                all.extend_from_slice(piece);
                prop_assert_eq!(fits, gather.lost() == 0);
            }
            let expected: Vec<u8> = if all.len() <= 100 {
                all.clone()
            } else {
                [&all[..50], &all[all.len() - 50..]].concat()
            };
            prop_assert_eq!(gather.kept(), expected);
            prop_assert_eq!(gather.total(), all.len() as u64);
        }

        #[test]
        fn text_that_was_text_shows_no_damage(text in "\\PC{0,200}") {
            let mut gather = Gather::new(60);
            gather.push(text.as_bytes());
            prop_assert!(!gather.text("|").contains(char::REPLACEMENT_CHARACTER) || text.contains(char::REPLACEMENT_CHARACTER));
        }
    }
}
