//! From Messages events to a reply: a state machine without IO.

use protocol::{BlockKind, CallId, Heard, ModelFault, Reply, StopReason};
use serde_json::Value;
use serde_json::value::RawValue;

use super::events::{BlockIn, DeltaIn, Event, MessageIn, UsageIn};
use crate::arguments::is_deep;
use crate::draft::{CallPart, Draft, Part};
use crate::faults::{Told, broken, garbled, reported};
use crate::{Assemble, SseEvent, Tape};

/// Assembles one reply of the Messages wire.
#[derive(Default)]
pub struct Assembler {
    draft: Draft,
    /// Which of the wire's block numbers stands for which part; a number used again means the newer part.
    places: Vec<(Option<u64>, usize)>,
    usage: UsageIn,
    stop: Option<StopReason>,
    over: bool,
}

impl Assemble for Assembler {
    fn event(&mut self, event: &SseEvent<'_>, tape: &mut Tape) -> Result<(), ModelFault> {
        let parsed: Event<'_> = match serde_json::from_str(&event.data) {
            Ok(parsed) => parsed,
            Err(error) if error.is_data() => return self.unreadable(event, &error),
            Err(_) if event.data.trim() == "[DONE]" => return Ok(()),
            Err(error) => {
                return Err(garbled(format!(
                    "an event of the stream is not JSON: {error}"
                )));
            }
        };
        let kind = if parsed.kind.is_empty() {
            &*event.name
        } else {
            &*parsed.kind
        };
        match kind {
            "content_block_delta" => {
                self.delta(parsed.index.0, &parsed.delta.unwrap_or_default(), tape);
            }
            "content_block_start" => self.block(parsed.index.0, parsed.content_block, tape),
            "content_block_stop" => self.close(parsed.index.0, tape),
            "message_start" => self.start(parsed.message),
            "message_delta" => self.message_delta(parsed),
            "message_stop" => self.over = true,
            "ping" => {}
            "error" => return Err(reported_in(&event.data)),
            // An error in the shape of the OpenAI wire, as proxies send it.
            _ if event.data.starts_with("{\"error\"") => return Err(reported_in(&event.data)),
            other => self.draft.odd(&format!("unknown event {other:?}")),
        }
        self.draft.bounded()
    }

    fn body(&mut self, body: &str, tape: &mut Tape) -> Result<(), ModelFault> {
        let value: Value = serde_json::from_str(body)
            .map_err(|error| broken(format!("the reply is not whole JSON: {error}")))?;
        if value.get("error").is_some_and(|error| !error.is_null()) {
            return Err(reported(&Told::read(&value)));
        }
        let message: MessageIn<'_> = serde_json::from_str(body)
            .map_err(|error| garbled(format!("the reply is not a message: {error}")))?;
        let Some(content) = &message.content else {
            return Err(garbled("the reply is JSON, but not a message"));
        };
        for (number, block) in content.iter().enumerate() {
            let index = Some(number as u64);
            self.block(index, Some(*block), tape);
            self.close(index, tape);
            self.draft.bounded()?;
        }
        self.stop = stop_reason(&message.stop_reason);
        self.start(Some(message));
        self.over = true;
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.over
    }

    fn heard(&self) -> Option<Heard> {
        // The count at the beginning is of the prompt; that of the whole comes with the reason to stop.
        self.draft.heard(self.usage.counted(), self.stop.is_some())
    }

    fn seal(mut self: Box<Self>, new_call: &dyn Fn() -> CallId) -> Result<Reply, ModelFault> {
        if !self.over {
            return Err(broken("the stream ended before its message_stop"));
        }
        let stop = self.stop.take().unwrap_or_else(|| {
            self.draft.odd("no stop reason");
            StopReason::EndTurn
        });
        let usage = self.usage.counted();
        Ok(self.draft.seal(stop, usage, new_call))
    }
}

impl Assembler {
    fn start(&mut self, message: Option<MessageIn<'_>>) {
        let Some(message) = message else { return };
        self.draft.model = message.model.to_string();
        if let Some(usage) = &message.usage {
            self.usage.update(usage);
        }
    }

    fn message_delta(&mut self, event: Event<'_>) {
        if let Some(usage) = &event.usage {
            self.usage.update(usage);
        }
        let delta = event.delta.unwrap_or_default();
        self.stop = stop_reason(&delta.stop_reason).or(self.stop.take());
    }

    /// A block begins. Its start may already carry text, or a call's whole input.
    fn block(&mut self, index: Option<u64>, raw: Option<&RawValue>, tape: &mut Tape) {
        let Some(raw) = raw else { return };
        let Ok(block) = serde_json::from_str::<BlockIn<'_>>(raw.get()) else {
            self.draft.odd("a content block that is no object");
            return;
        };
        let at = self.draft.parts.len();
        match &*block.kind {
            "text" => {
                self.open(index, Kind::Text, tape);
                self.text(at, &block.text, tape);
            }
            "thinking" => {
                self.open(index, Kind::Thinking, tape);
                self.thinking(at, &block.thinking, tape);
                self.sign(at, &block.signature);
            }
            "redacted_thinking" => self.keep(index, Part::Redacted(block.data.to_string())),
            "tool_use" => self.call(index, &block, tape),
            other if is_deep(raw.get()) => {
                self.draft.odd(&format!("block {other:?} nested too deep"));
            }
            other => {
                self.draft.odd(&format!("unknown block {other:?}"));
                let json = raw.get().to_owned();
                self.keep(
                    index,
                    Part::Foreign {
                        json,
                        input: String::new(),
                    },
                );
            }
        }
    }

    fn call(&mut self, index: Option<u64>, block: &BlockIn<'_>, tape: &mut Tape) {
        let at = self.draft.parts.len();
        tape.begin(at, BlockKind::ToolUse, Some(&block.name));
        let input = block.input.map_or("", RawValue::get).trim();
        // Streams begin with an empty object and then send the pieces of the real one.
        let input = if matches!(input, "{}" | "null") {
            ""
        } else {
            input
        };
        if !input.is_empty() {
            tape.arguments(at, input);
        }
        self.keep(
            index,
            Part::Call(CallPart {
                wire: block.id.to_string(),
                name: block.name.to_string(),
                arguments: input.to_owned(),
            }),
        );
    }

    fn keep(&mut self, index: Option<u64>, part: Part) {
        self.draft.output = true;
        let at = self.draft.push(part);
        self.places.push((index, at));
    }

    fn open(&mut self, index: Option<u64>, kind: Kind, tape: &mut Tape) -> usize {
        let at = match kind {
            Kind::Text => self.draft.push(Part::Text(String::new())),
            Kind::Thinking => self.draft.push(Part::Thinking {
                text: String::new(),
                signature: String::new(),
            }),
        };
        let shown = match kind {
            Kind::Text => BlockKind::Text,
            Kind::Thinking => BlockKind::Thinking,
        };
        tape.begin(at, shown, None);
        self.places.push((index, at));
        at
    }

    /// The part of block `index`; the newest one if the event gives no number.
    fn place(&self, index: Option<u64>) -> Option<usize> {
        let mut newest_first = self.places.iter().rev();
        newest_first
            .find(|(number, _)| index.is_none() || *number == index)
            .map(|(_, at)| *at)
    }

    fn delta(&mut self, index: Option<u64>, delta: &DeltaIn<'_>, tape: &mut Tape) {
        let at = self.place(index);
        match (&*delta.kind, at.map(|at| (at, &mut self.draft.parts[at]))) {
            ("text_delta", Some((at, Part::Text(_)))) => self.text(at, &delta.text, tape),
            ("thinking_delta", Some((at, Part::Thinking { .. }))) => {
                self.thinking(at, &delta.thinking, tape);
            }
            ("signature_delta", Some((at, Part::Thinking { .. }))) => {
                self.sign(at, &delta.signature);
            }
            ("input_json_delta", Some((at, Part::Call(call)))) => {
                call.arguments.push_str(&delta.partial_json);
                tape.arguments(at, &delta.partial_json);
                self.draft.output = true;
            }
            ("input_json_delta", Some((_, Part::Foreign { input, .. }))) => {
                input.push_str(&delta.partial_json);
            }
            // The block's start was lost or said otherwise: what the model wrote must not be lost too.
            ("text_delta", _) => {
                self.draft.odd("text outside of a text block");
                let at = self.open(index, Kind::Text, tape);
                self.text(at, &delta.text, tape);
            }
            ("thinking_delta", _) => {
                self.draft.odd("thinking outside of a thinking block");
                let at = self.open(index, Kind::Thinking, tape);
                self.thinking(at, &delta.thinking, tape);
            }
            (other, _) => {
                let what = format!("delta {other:?} passed over");
                self.draft.odd(&what);
            }
        }
    }

    fn text(&mut self, at: usize, piece: &str, tape: &mut Tape) {
        if let (Some(Part::Text(text)), false) = (self.draft.parts.get_mut(at), piece.is_empty()) {
            text.push_str(piece);
            tape.text(at, piece);
            self.draft.output = true;
        }
    }

    fn thinking(&mut self, at: usize, piece: &str, tape: &mut Tape) {
        if let (Some(Part::Thinking { text, .. }), false) =
            (self.draft.parts.get_mut(at), piece.is_empty())
        {
            text.push_str(piece);
            tape.thinking(at, piece);
            self.draft.output = true;
        }
    }

    fn sign(&mut self, at: usize, piece: &str) {
        if let Some(Part::Thinking { signature, .. }) = self.draft.parts.get_mut(at) {
            signature.push_str(piece);
        }
    }

    fn close(&mut self, index: Option<u64>, tape: &mut Tape) {
        let Some(at) = self.place(index) else { return };
        if !matches!(
            self.draft.parts[at],
            Part::Redacted(_) | Part::Foreign { .. }
        ) {
            tape.end(at);
        }
    }

    /// JSON, but not of the shape an event has.
    fn unreadable(
        &mut self,
        event: &SseEvent<'_>,
        error: &serde_json::Error,
    ) -> Result<(), ModelFault> {
        if event.name == "error" {
            return Err(reported_in(&event.data));
        }
        self.draft
            .odd(&format!("an event of an unknown shape: {error}"));
        Ok(())
    }
}

/// The two kinds of blocks that can be opened by a delta alone.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Thinking,
}

fn stop_reason(reason: &str) -> Option<StopReason> {
    Some(match reason {
        "" => return None,
        "end_turn" => StopReason::EndTurn,
        "tool_use" => StopReason::ToolUse,
        "max_tokens" => StopReason::MaxTokens,
        "stop_sequence" => StopReason::StopSequence,
        "pause_turn" => StopReason::PauseTurn,
        "refusal" => StopReason::Refusal,
        "model_context_window_exceeded" => StopReason::ContextFull,
        other => StopReason::Other(other.to_owned()),
    })
}

fn reported_in(data: &str) -> ModelFault {
    match serde_json::from_str::<Value>(data) {
        Ok(value) => reported(&Told::read(&value)),
        Err(_) => reported(&Told::read(&Value::String(data.to_owned()))),
    }
}
