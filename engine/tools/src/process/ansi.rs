//! Takes terminal control sequences out of a stream of bytes; they mean nothing to a model.

/// Where in a control sequence the stream is; sequences may be cut anywhere.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum At {
    #[default]
    Text,
    /// After ESC.
    Escape,
    /// After ESC and bytes like `(`: one more byte ends it.
    Charset,
    /// After ESC `[`: ends with a byte from `@` to `~`.
    Control,
    /// After ESC `]` and its kin: ends with BEL or ESC `\`.
    Text7,
    /// ESC within such a string.
    Text7Escape,
    /// A carriage return whose next byte is not known yet.
    Return,
}

/// Removes control sequences; `\r\n` and a lone `\r` become `\n`.
#[derive(Debug, Default)]
pub(crate) struct Stripper {
    at: At,
}

impl Stripper {
    /// The plain bytes of the next piece.
    pub(crate) fn strip(&mut self, piece: &[u8]) -> Vec<u8> {
        let mut plain = Vec::with_capacity(piece.len());
        for byte in piece {
            self.step(*byte, &mut plain);
        }
        plain
    }

    fn step(&mut self, byte: u8, plain: &mut Vec<u8>) {
        self.at = match (self.at, byte) {
            (At::Text, _) => Self::text(byte, plain),
            (At::Return, b'\n') => At::Text,
            (At::Return, _) => Self::text(byte, plain),
            (At::Escape, b'[') => At::Control,
            (At::Escape, b']' | b'P' | b'X' | b'^' | b'_') => At::Text7,
            (At::Escape, 0x20..=0x2f) => At::Charset,
            (At::Escape, _) => At::Text,
            (At::Charset, 0x20..=0x2f) => At::Charset,
            (At::Charset, _) => At::Text,
            (At::Control, 0x20..=0x3f) => At::Control,
            // A line feed within a sequence: it was no sequence, go on as text.
            (At::Control | At::Text7, b'\n') => Self::text(byte, plain),
            (At::Control, _) => At::Text,
            (At::Text7, 0x07) => At::Text,
            (At::Text7, 0x1b) => At::Text7Escape,
            (At::Text7, _) => At::Text7,
            (At::Text7Escape, b'\\') => At::Text,
            (At::Text7Escape, _) => At::Text7,
        };
    }

    fn text(byte: u8, plain: &mut Vec<u8>) -> At {
        match byte {
            0x1b => At::Escape,
            b'\r' => {
                plain.push(b'\n');
                At::Return
            }
            0x00 | 0x07 | 0x08 => At::Text,
            _ => {
                plain.push(byte);
                At::Text
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plain(pieces: &[&[u8]]) -> String {
        let mut stripper = Stripper::default();
        let bytes: Vec<u8> = pieces
            .iter()
            .flat_map(|piece| stripper.strip(piece))
            .collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    #[test]
    fn only_text_is_left() {
        for (given, expected) in [
            ("\x1b[1;31mred\x1b[0m", "red"),
            ("\x1b]0;title\x07after", "after"),
            ("\x1b]8;;http://x\x1b\\link", "link"),
            ("\x1b(Bplain\x1b=x", "plainx"),
            ("a\r\nb\rc\r\r\nd", "a\nb\nc\n\nd"),
            ("bell\x07 nul\0 back\x08", "bell nul back"),
            ("cut \x1b[12\nnext", "cut \nnext"),
        ] {
            assert_eq!(plain(&[given.as_bytes()]), expected, "{given:?}");
        }
    }

    proptest! {
        #[test]
        fn it_does_not_matter_where_the_stream_is_cut(
            text in "(\\x1b\\[[0-9;]{0,4}m|\\x1b\\]0;t\\x07|\\x1b\\(B|\\r\\n|\\r|[a-z]){0,20}",
            at in any::<prop::sample::Index>()
        ) {
            let (a, b) = text.as_bytes().split_at(at.index(text.len() + 1));
            prop_assert_eq!(plain(&[a, b]), plain(&[text.as_bytes()]));
        }
    }
}
