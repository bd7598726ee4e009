//! From Chat chunks to a reply: a state machine without IO.

use protocol::{BlockKind, CallId, Heard, ModelFault, Reply, StopReason, Usage};
use serde_json::Value;
use serde_json::value::RawValue;

use super::calls::Calls;
use super::events::{CallIn, Choice, Chunk, DeltaIn, UsageIn};
use super::think::{Splitter, Stretch};
use crate::draft::{Draft, Part};
use crate::faults::{Told, broken, garbled, reported};
use crate::{Assemble, SseEvent, Tape};

/// Assembles one reply of the Chat wire.
#[derive(Default)]
pub struct Assembler {
    draft: Draft,
    calls: Calls,
    content: Splitter,
    /// The part that grows now.
    open: Option<usize>,
    usage: Option<Usage>,
    finish: Option<StopReason>,
    refused: bool,
    /// `[DONE]` came, or a whole body.
    over: bool,
}

impl Assemble for Assembler {
    fn event(&mut self, event: &SseEvent<'_>, tape: &mut Tape) -> Result<(), ModelFault> {
        let data = event.data.trim();
        if data == "[DONE]" {
            self.over = true;
            self.settle(tape);
            return Ok(());
        }
        if event.name == "error" {
            return Err(reported_in(data));
        }
        match serde_json::from_str::<Chunk<'_>>(data) {
            Ok(chunk) => self.chunk(chunk, tape),
            Err(error) if error.is_data() => {
                self.draft
                    .odd(&format!("a chunk of an unknown shape: {error}"));
                Ok(())
            }
            Err(error) => Err(garbled(format!(
                "a chunk of the stream is not JSON: {error}"
            ))),
        }
    }

    fn body(&mut self, body: &str, tape: &mut Tape) -> Result<(), ModelFault> {
        let chunk: Chunk<'_> = serde_json::from_str(body).map_err(|error| {
            if error.is_eof() {
                broken(format!("the reply is not whole JSON: {error}"))
            } else {
                garbled(format!("the reply is not a completion: {error}"))
            }
        })?;
        if chunk.error.is_none() && chunk.choices.as_ref().is_none_or(Vec::is_empty) {
            let told: Value = serde_json::from_str(body).unwrap_or_default();
            return Err(match told.get("message").or(told.get("detail")) {
                Some(_) => reported(&Told::read(&told)),
                None => garbled("the reply is JSON, but not a completion"),
            });
        }
        self.chunk(chunk, tape)?;
        self.settle(tape);
        self.over = true;
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.over
    }

    fn heard(&self) -> Option<Heard> {
        self.draft.heard(self.usage, self.finish.is_some())
    }

    fn seal(mut self: Box<Self>, new_call: &dyn Fn() -> CallId) -> Result<Reply, ModelFault> {
        if !self.over && self.finish.is_none() {
            return Err(broken("the stream ended before its finish_reason"));
        }
        if self.finish.is_none() && self.draft.parts.is_empty() {
            return Err(broken("the reply was empty"));
        }
        self.settle(&mut Tape::default());
        let stop = self.finish.take().unwrap_or_else(|| {
            self.draft.odd("no finish_reason");
            StopReason::EndTurn
        });
        let stop = match stop {
            StopReason::EndTurn if self.refused => StopReason::Refusal,
            other => other,
        };
        Ok(self.draft.seal(stop, self.usage, new_call))
    }
}

impl Assembler {
    fn chunk(&mut self, chunk: Chunk<'_>, tape: &mut Tape) -> Result<(), ModelFault> {
        if let Some(error) = chunk.error.filter(|error| is_error(error)) {
            return Err(reported_in(error.get()));
        }
        if self.draft.model.is_empty() && !chunk.model.is_empty() {
            self.draft.model = chunk.model.to_string();
        }
        if let Some(usage) = chunk.usage.as_ref().and_then(counted) {
            self.usage = Some(usage);
        }
        for choice in chunk.choices.unwrap_or_default() {
            if choice.index.0.is_none_or(|index| index == 0) {
                self.choice(choice, tape)?;
            } else {
                self.draft.odd("more than one choice");
            }
        }
        Ok(())
    }

    fn choice(&mut self, choice: Choice<'_>, tape: &mut Tape) -> Result<(), ModelFault> {
        if let Some(error) = choice.error.filter(|error| is_error(error)) {
            return Err(reported_in(error.get()));
        }
        if let Some(delta) = choice.delta.or(choice.message) {
            self.delta(&delta, tape)?;
        }
        if *choice.finish_reason == *"error" {
            return Err(reported_in(
                "\"the provider ended the reply with an error\"",
            ));
        }
        if !choice.finish_reason.is_empty() {
            self.finish = Some(finish_reason(&choice.finish_reason));
        }
        Ok(())
    }

    fn delta(&mut self, delta: &DeltaIn<'_>, tape: &mut Tape) -> Result<(), ModelFault> {
        // Some servers send the same reasoning under both names.
        let reasoning = match &*delta.reasoning_content {
            "" => &*delta.reasoning,
            reasoning => reasoning,
        };
        self.write(Stretch::Reasoning(reasoning), tape);
        if !delta.content.is_empty() {
            let mut splitter = std::mem::take(&mut self.content);
            splitter.feed(&delta.content, &mut |stretch| self.write(stretch, tape));
            self.content = splitter;
        }
        if !delta.refusal.is_empty() {
            self.refused = true;
            self.write(Stretch::Answer(&delta.refusal), tape);
        }
        for call in delta.tool_calls.iter().flatten() {
            self.call(call, tape);
            self.draft.bounded()?;
        }
        self.draft.bounded()
    }

    fn write(&mut self, stretch: Stretch<'_>, tape: &mut Tape) {
        let (Stretch::Answer(piece) | Stretch::Reasoning(piece)) = stretch;
        if piece.is_empty() {
            return;
        }
        self.draft.output = true;
        let first = self.draft.parts.is_empty();
        let open = self.open.map(|at| (at, &mut self.draft.parts[at]));
        match (stretch, open) {
            (Stretch::Answer(_), Some((at, Part::Text(text)))) => {
                text.push_str(piece);
                tape.text(at, piece);
            }
            (Stretch::Reasoning(_), Some((at, Part::Thinking { text, .. }))) => {
                text.push_str(piece);
                tape.thinking(at, piece);
            }
            // Blanks between calls or after reasoning are no answer.
            (Stretch::Answer(_), _) if piece.trim().is_empty() && !first => {}
            (Stretch::Answer(_), _) => {
                let at = self.begin(Part::Text(piece.to_owned()), BlockKind::Text, tape);
                tape.text(at, piece);
            }
            (Stretch::Reasoning(_), _) => {
                let part = Part::Thinking {
                    text: piece.to_owned(),
                    signature: String::new(),
                };
                let at = self.begin(part, BlockKind::Thinking, tape);
                tape.thinking(at, piece);
            }
        }
    }

    fn begin(&mut self, part: Part, kind: BlockKind, tape: &mut Tape) -> usize {
        self.end_open(tape);
        let at = self.draft.push(part);
        tape.begin(at, kind, None);
        self.open = Some(at);
        at
    }

    fn call(&mut self, call: &CallIn<'_>, tape: &mut Tape) {
        self.draft.output = true;
        let landed = self.calls.take(call, &mut self.draft);
        if landed.begun {
            self.end_open(tape);
            let name = call.function.as_ref().map(|function| &*function.name);
            tape.begin(landed.part, BlockKind::ToolUse, name);
            self.open = Some(landed.part);
        }
        if !landed.piece.is_empty() {
            tape.arguments(landed.part, &landed.piece);
        }
    }

    fn end_open(&mut self, tape: &mut Tape) {
        if let Some(at) = self.open.take() {
            tape.end(at);
        }
    }

    /// Nothing more comes: what was held back is written, what is open is closed.
    fn settle(&mut self, tape: &mut Tape) {
        let mut splitter = std::mem::take(&mut self.content);
        splitter.finish(&mut |stretch| self.write(stretch, tape));
        self.end_open(tape);
    }
}

/// Some servers send `"error": null`, or an empty one, with every chunk.
fn is_error(error: &RawValue) -> bool {
    !matches!(error.get(), "null" | "\"\"" | "{}" | "false")
}

fn counted(usage: &UsageIn) -> Option<Usage> {
    let prompt = usage.prompt_tokens.0;
    let output = usage.completion_tokens.0;
    prompt.or(output)?;
    let details = usage.prompt_tokens_details.as_ref();
    let cache_read = details
        .and_then(|details| details.cached_tokens.0)
        .or(usage.prompt_cache_hit_tokens.0)
        .unwrap_or(0);
    let cache_write = details
        .and_then(|details| details.cache_write_tokens.0)
        .unwrap_or(0);
    let cached = cache_read.saturating_add(cache_write);
    Some(Usage {
        input: prompt.unwrap_or(0).saturating_sub(cached),
        output: output.unwrap_or(0),
        cache_read,
        cache_write,
    })
}

fn finish_reason(reason: &str) -> StopReason {
    match reason {
        "stop" | "eos" => StopReason::EndTurn,
        "tool_calls" | "function_call" => StopReason::ToolUse,
        "length" => StopReason::MaxTokens,
        "content_filter" => StopReason::Refusal,
        other => StopReason::Other(other.to_owned()),
    }
}

fn reported_in(data: &str) -> ModelFault {
    match serde_json::from_str::<Value>(data) {
        Ok(value) => reported(&Told::read(&value)),
        Err(_) => reported(&Told::read(&Value::String(data.to_owned()))),
    }
}
