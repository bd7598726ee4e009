//! Drafts: a reply while it streams, in the form both wires share, and its sealing into a whole reply.

use std::collections::HashSet;
use std::sync::Arc;

use protocol::{
    Block, CallId, Heard, ModelFault, Reply, StopReason, Text, ToolCall, Usage, WireCallId,
};

use crate::arguments::{Judged, judge};
use crate::faults::{garbled, shorten_message};
use crate::spelling;

/// The most oddities kept of one reply.
const ODDITIES: usize = 20;

/// The most blocks of one reply. A model that writes more has lost itself, and each call would be run, recorded and
/// answered.
const MOST_PARTS: usize = 1_000;

/// One block while it grows.
#[derive(Debug)]
pub(crate) enum Part {
    Text(String),
    Thinking { text: String, signature: String },
    Redacted(String),
    Call(CallPart),
    Foreign { json: String, input: String },
}

impl Part {
    fn bytes(&self) -> usize {
        match self {
            Self::Text(text) | Self::Redacted(text) => text.len(),
            // A signature is the provider's, not the model's.
            Self::Thinking { text, .. } => text.len(),
            Self::Call(call) => call.name.len() + call.arguments.len(),
            Self::Foreign { json, input } => json.len() + input.len(),
        }
    }
}

/// A tool call while it grows.
#[derive(Debug, Default)]
pub(crate) struct CallPart {
    pub(crate) wire: String,
    pub(crate) name: String,
    pub(crate) arguments: String,
}

/// What both wires gather.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) model: String,
    pub(crate) parts: Vec<Part>,
    pub(crate) oddities: Vec<String>,
    /// Whether the model has begun to write, so that tokens are billed.
    pub(crate) output: bool,
}

impl Draft {
    /// Notes something passed over; the same thing only once.
    pub(crate) fn odd(&mut self, what: &str) {
        let what = shorten_message(what);
        if self.oddities.len() < ODDITIES && !self.oddities.contains(&what) {
            self.oddities.push(what);
        }
    }

    pub(crate) fn push(&mut self, part: Part) -> usize {
        self.parts.push(part);
        self.parts.len() - 1
    }

    /// Whether the reply is still one that can be lived with.
    ///
    /// # Errors
    /// It has more blocks than any sane reply.
    pub(crate) fn bounded(&self) -> Result<(), ModelFault> {
        if self.parts.len() > MOST_PARTS {
            return Err(garbled(format!(
                "the reply has more than {MOST_PARTS} blocks"
            )));
        }
        Ok(())
    }

    /// What has come so far, if anything that is billed has. `is_final` says whether `usage` counts the whole reply.
    pub(crate) fn heard(&self, usage: Option<Usage>, is_final: bool) -> Option<Heard> {
        let usage = usage.filter(|usage| usage.total() > 0);
        let has_come = self.output || usage.is_some();
        let is_counted = is_final && usage.is_some();
        has_come.then(|| Heard {
            usage,
            uncounted: if is_counted { 0 } else { self.bytes() },
        })
    }

    /// Bytes the model has written.
    fn bytes(&self) -> u64 {
        let parts = self.parts.iter().map(Part::bytes);
        parts.fold(0, |sum, bytes| sum.saturating_add(bytes as u64))
    }

    /// The whole reply. `stop` is the wire's reason; calls present or absent correct it.
    pub(crate) fn seal(
        mut self,
        stop: StopReason,
        usage: Option<Usage>,
        new_call: &dyn Fn() -> CallId,
    ) -> Reply {
        let calls = self.parts.iter().any(|part| matches!(part, Part::Call(_)));
        let stop = self.corrected(stop, calls);
        let cut = !matches!(stop, StopReason::ToolUse | StopReason::EndTurn);
        let last = self.parts.len().saturating_sub(1);
        let mut taken = HashSet::new();
        let content = std::mem::take(&mut self.parts)
            .into_iter()
            .enumerate()
            .map(|(place, part)| match part {
                Part::Text(text) => Block::Text(text.into()),
                Part::Thinking { text, signature } => Block::Thinking {
                    text: text.into(),
                    signature: (!signature.is_empty()).then(|| Text::from(signature)),
                },
                Part::Redacted(data) => Block::RedactedThinking(data.into()),
                Part::Foreign { json, input } => Block::Foreign(with_input(json, &input).into()),
                Part::Call(call) => {
                    let judged = judge_call(&call, cut && place == last);
                    Block::ToolUse(name_call(call, judged, &mut taken, new_call))
                }
            })
            .collect();
        Reply {
            model: shorten_message(&self.model),
            content,
            stop,
            usage,
            cost: None,
            oddities: self.oddities,
        }
    }

    fn corrected(&mut self, stop: StopReason, calls: bool) -> StopReason {
        match stop {
            StopReason::EndTurn | StopReason::StopSequence if calls => StopReason::ToolUse,
            StopReason::ToolUse if !calls => {
                self.odd("stopped for tools, but called none");
                StopReason::EndTurn
            }
            StopReason::Other(reason) => {
                let reason = shorten_message(&reason);
                self.odd(&format!("unknown stop reason {reason:?}"));
                StopReason::Other(reason)
            }
            other => other,
        }
    }
}

/// A call that the reply's limit cut before its first argument looks like one without arguments: it is not.
fn judge_call(call: &CallPart, cut_here: bool) -> Judged {
    if cut_here && call.arguments.trim().is_empty() {
        Judged::malformed(&call.arguments)
    } else {
        judge(&call.arguments)
    }
}

/// Gives the call its ids. A wire id that is missing or, as it will be spelled, already taken in this reply is minted
/// anew, so that every result finds its own call.
fn name_call(
    call: CallPart,
    judged: Judged,
    taken: &mut HashSet<String>,
    new_call: &dyn Fn() -> CallId,
) -> ToolCall {
    let id = new_call();
    let mut wire: Arc<str> = call.wire.into();
    if wire.is_empty() || !taken.insert(spelling::id(&wire).into_owned()) {
        wire = id.to_string().into();
        taken.insert(wire.to_string());
    }
    ToolCall {
        id,
        wire: WireCallId(wire),
        name: spelling::name(&call.name),
        arguments: judged.arguments,
        malformed: judged.malformed,
    }
}

/// Puts the streamed `input` into a block of an unknown kind, as the whole block would have carried it.
fn with_input(json: String, input: &str) -> String {
    type Object = serde_json::Map<String, serde_json::Value>;
    let parsed = (
        serde_json::from_str::<Object>(&json),
        serde_json::from_str(input),
    );
    let (Ok(mut block), Ok(input)) = parsed else {
        return json;
    };
    block.insert("input".to_owned(), input);
    serde_json::Value::Object(block).to_string()
}
