//! The tape: collects the deltas of one network read, so that watchers get few large pieces, not one per event.

use protocol::{BlockKind, DeltaBody};

/// Deltas that wait to be handed on. Pieces of the same block that follow one another become one.
#[derive(Debug, Default)]
pub struct Tape {
    waiting: Vec<DeltaBody>,
}

impl Tape {
    /// A block begins.
    pub fn begin(&mut self, index: usize, kind: BlockKind, name: Option<&str>) {
        self.waiting.push(DeltaBody::BlockBegins {
            index: place(index),
            kind,
            name: name.map(str::to_owned),
        });
    }

    /// A block ended.
    pub fn end(&mut self, index: usize) {
        self.waiting.push(DeltaBody::BlockEnds {
            index: place(index),
        });
    }

    /// More of the answer's text.
    pub fn text(&mut self, at: usize, piece: &str) {
        let at = place(at);
        match self.waiting.last_mut() {
            Some(DeltaBody::Text { index, text }) if *index == at => text.push_str(piece),
            _ => self.waiting.push(DeltaBody::Text {
                index: at,
                text: piece.to_owned(),
            }),
        }
    }

    /// More of the reasoning.
    pub fn thinking(&mut self, at: usize, piece: &str) {
        let at = place(at);
        match self.waiting.last_mut() {
            Some(DeltaBody::Thinking { index, text }) if *index == at => text.push_str(piece),
            _ => self.waiting.push(DeltaBody::Thinking {
                index: at,
                text: piece.to_owned(),
            }),
        }
    }

    /// More of a call's arguments.
    pub fn arguments(&mut self, at: usize, piece: &str) {
        let at = place(at);
        match self.waiting.last_mut() {
            Some(DeltaBody::Arguments { index, json }) if *index == at => json.push_str(piece),
            _ => self.waiting.push(DeltaBody::Arguments {
                index: at,
                json: piece.to_owned(),
            }),
        }
    }

    /// Hands everything that waits to `out`, in order.
    pub fn play(&mut self, out: &dyn Fn(DeltaBody)) {
        for delta in self.waiting.drain(..) {
            out(delta);
        }
    }
}

fn place(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
