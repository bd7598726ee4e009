//! Takes secrets out of a stream of bytes, also where a piece ends in the middle of one.

/// Secrets and what stands in their place.
#[derive(Debug, Default)]
pub(crate) struct Mask {
    /// Longest first: a secret that contains another must not be left half visible.
    secrets: Vec<(Vec<u8>, Vec<u8>)>,
    /// The beginning of what may become a secret with the next piece.
    held: Vec<u8>,
}

impl Mask {
    /// Masks the values of `secrets` by their names.
    pub(crate) fn new(secrets: &[(String, String)]) -> Self {
        let shown = |(name, value): &(String, String)| {
            let mask = format!("[redacted: {name}]");
            (value.clone().into_bytes(), mask.into_bytes())
        };
        let mut secrets: Vec<_> = secrets.iter().map(shown).collect();
        secrets.retain(|(value, _)| !value.is_empty());
        secrets.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        Self {
            secrets,
            held: Vec::new(),
        }
    }

    /// Takes the next piece and gives what can be shown by now.
    pub(crate) fn take(&mut self, piece: Vec<u8>) -> Vec<u8> {
        if self.secrets.is_empty() {
            return piece;
        }
        let mut all = std::mem::take(&mut self.held);
        all.extend(piece);
        let mut shown = Vec::with_capacity(all.len());
        let mut at = 0;
        while at < all.len() {
            let rest = &all[at..];
            if self.may_become_one(rest) {
                self.held = rest.to_vec();
                break;
            }
            at += self.step(rest, &mut shown);
        }
        shown
    }

    /// What was held back, once nothing follows any more.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let all = std::mem::take(&mut self.held);
        let mut shown = Vec::with_capacity(all.len());
        let mut at = 0;
        while at < all.len() {
            at += self.step(&all[at..], &mut shown);
        }
        shown
    }

    fn may_become_one(&self, rest: &[u8]) -> bool {
        let becomes = |value: &[u8]| value.len() > rest.len() && value.starts_with(rest);
        self.secrets.iter().any(|(value, _)| becomes(value))
    }

    /// Shows the beginning of `rest`, masked if it is a secret; gives how many bytes that took.
    fn step(&self, rest: &[u8], shown: &mut Vec<u8>) -> usize {
        let mut secrets = self.secrets.iter();
        match secrets.find(|(value, _)| rest.starts_with(value)) {
            Some((value, mask)) => {
                shown.extend_from_slice(mask);
                value.len()
            }
            None => {
                shown.extend(rest.first());
                1
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mask(values: &[&str]) -> Mask {
        let named = values
            .iter()
            .map(|value| ("K".to_owned(), (*value).to_owned()));
        Mask::new(&named.collect::<Vec<_>>())
    }

    fn through(mut mask: Mask, pieces: &[&[u8]]) -> String {
        let mut all: Vec<u8> = Vec::new();
        for piece in pieces {
            all.extend(mask.take(piece.to_vec()));
        }
        all.extend(mask.rest());
        String::from_utf8(all).unwrap()
    }

    #[test]
    fn secrets_are_masked_wherever_pieces_end() {
        let table: [(&[&str], &[&str], &str); 7] = [
            (&["secret"], &["a secret b"], "a [redacted: K] b"),
            (&["secret"], &["a se", "cr", "et b"], "a [redacted: K] b"),
            (&["secret"], &["a sec", "ond"], "a second"),
            (&["secret"], &["ends in sec"], "ends in sec"),
            (
                &["abc", "abcdef"],
                &["abc", "def abc"],
                "[redacted: K] [redacted: K]",
            ),
            (&["aab"], &["aa", "aab"], "aa[redacted: K]"),
            (&[""], &["plain"], "plain"),
        ];
        for (values, pieces, then) in table {
            let bytes: Vec<&[u8]> = pieces.iter().map(|piece| piece.as_bytes()).collect();
            assert_eq!(through(mask(values), &bytes), then, "{values:?} {pieces:?}");
        }
    }

    proptest! {
        #[test]
        fn how_a_stream_is_cut_changes_nothing(text in "[abx]{0,40}", cut in 0_usize..40) {
            let cut = cut.min(text.len());
            let (a, b) = text.as_bytes().split_at(cut);
            let values = ["abab", "aba", "bb"];
            prop_assert_eq!(through(mask(&values), &[a, b]), through(mask(&values), &[text.as_bytes()]));
        }
    }
}
