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
