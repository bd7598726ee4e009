//! Tool calls of the Chat stream: which piece belongs to which call, in spite of what servers do to indexes.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::events::{CallIn, FunctionIn};
use crate::arguments::is_object;
use crate::draft::{CallPart, Draft, Part};
use crate::piece::Piece;

/// Which of the wire's call numbers stands for which part of the reply.
#[derive(Debug, Default)]
pub(super) struct Calls {
    slots: Vec<(Option<u64>, usize)>,
}

/// What became of one piece.
pub(super) struct Landed<'a> {
    /// The part it belongs to.
    pub(super) part: usize,
    /// Whether it began that part.
    pub(super) begun: bool,
    /// The arguments it added.
    pub(super) piece: Cow<'a, str>,
}

impl Calls {
    /// Adds a piece to the call it belongs to, or begins one.
    pub(super) fn take<'a>(&mut self, call: &CallIn<'a>, draft: &mut Draft) -> Landed<'a> {
        let unnamed = FunctionIn::default();
        let function = call.function.as_ref().unwrap_or(&unnamed);
        let piece = argument_text(function.arguments);
        let known = self
            .known(call)
            .filter(|part| !is_another(&draft.parts[*part], call, function, &piece));
        let part = match known {
            Some(part) => part,
            None => {
                let part = draft.push(Part::Call(CallPart::default()));
                self.slots.push((call.index.0, part));
                part
            }
        };
        if let Part::Call(held) = &mut draft.parts[part] {
            merge(held, &call.id, &function.name, &piece);
        }
        Landed {
            part,
            begun: known.is_none(),
            piece,
        }
    }

    /// The newest call with the piece's number; without a number the newest of all.
    fn known(&self, call: &CallIn<'_>) -> Option<usize> {
        let mut newest_first = self.slots.iter().rev();
        newest_first
            .find(|(index, _)| call.index.0.is_none() || *index == call.index.0)
            .map(|(_, part)| *part)
    }
}

/// Id and name come once or again and again: the first counts, nothing is appended to them.
fn merge(held: &mut CallPart, id: &str, name: &str, piece: &str) {
    if held.wire.is_empty() {
        id.clone_into(&mut held.wire);
    }
    if held.name.is_empty() {
        name.clone_into(&mut held.name);
    }
    held.arguments.push_str(piece);
}

/// Whether a piece with the number of `held` is nevertheless another call: some servers number every call 0.
/// A piece that names no function goes on with the call it is numbered for, even under a new id, because
/// some servers make up an id for every chunk.
fn is_another(held: &Part, call: &CallIn<'_>, function: &FunctionIn<'_>, piece: &str) -> bool {
    let Part::Call(held) = held else { return true };
    if function.name.is_empty() || held.name.is_empty() {
        return false;
    }
    let other_id = !call.id.is_empty() && !held.wire.is_empty() && *call.id != *held.wire;
    let other_name = *function.name != *held.name;
    let complete = piece.trim_start().starts_with('{')
        && held.arguments.trim_end().ends_with('}')
        && is_object(held.arguments.trim());
    // A server that repeats id and name in every chunk still never begins a second object.
    let same_id = !call.id.is_empty() && *call.id == *held.wire;
    other_id || other_name || (complete && !same_id)
}

/// The arguments' text: of a string its content, of anything else its JSON.
fn argument_text(raw: Option<&RawValue>) -> Cow<'_, str> {
    let Some(raw) = raw.map(RawValue::get) else {
        return Cow::Borrowed("");
    };
    match raw.as_bytes().first() {
        Some(b'"') => serde_json::from_str::<Piece<'_>>(raw).unwrap_or_default().0,
        Some(b'{' | b'[') => Cow::Borrowed(raw),
        _ => Cow::Borrowed(""),
    }
}
