//! The JSON shapes of replies and steps, and the checks that turn them into typed ones or name the contradiction.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::{
    fault::Fault,
    reply::{Arguments, Chunk, Content, Raw, Repeat, Reply, Step, ToolCall, Usage},
};

/// Most bytes one `repeat` may add up to.
pub(crate) const REPEAT_LIMIT: usize = 1 << 30;

/// A reply as written in a script.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplyForm {
    text: Option<String>,
    steps: Option<Vec<Step>>,
    repeat: Option<Repeat>,
    raw: Option<Raw>,
    stop: Option<String>,
    #[serde(default, deserialize_with = "given")]
    usage: Option<Option<Usage>>,
    #[serde(default)]
    delay_ms: u64,
    #[serde(default)]
    chunk: Chunk,
    fault: Option<Fault>,
}

/// A step as written in a script.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StepForm {
    thinking: Option<String>,
    signature: Option<String>,
    text: Option<String>,
    tool: Option<String>,
    id: Option<String>,
    input: Option<Value>,
    raw_arguments: Option<String>,
    repeat: Option<Repeat>,
}

impl ReplyForm {
    /// The name of the first field that asks for generated content.
    fn generated(&self) -> Option<&'static str> {
        [
            ("text", self.text.is_some()),
            ("steps", self.steps.is_some()),
            ("repeat", self.repeat.is_some()),
            ("stop", self.stop.is_some()),
            ("usage", self.usage.is_some()),
        ]
        .into_iter()
        .find_map(|(name, is_given)| is_given.then_some(name))
    }

    fn check(&self) -> Result<(), String> {
        if self.text.is_some() && self.steps.is_some() {
            return Err("a reply has either \"text\" or \"steps\", not both".to_owned());
        }
        if let (Some(name), Some(_)) = (self.generated(), &self.raw) {
            return Err(format!(
                "a \"raw\" reply is sent as it is, so \"{name}\" has no effect"
            ));
        }
        let is_lost = self.fault.as_ref().is_some_and(Fault::replaces_content);
        if is_lost && (self.raw.is_some() || self.generated().is_some()) {
            let name = self.generated().unwrap_or("raw");
            return Err(format!(
                "this fault replaces the whole reply, so \"{name}\" has no effect"
            ));
        }
        if matches!(
            self.fault,
            Some(Fault::CutAfterEvents(_) | Fault::StallAfterEvents(_) | Fault::ErrorEvent { .. })
        ) && self.raw.is_some()
        {
            return Err(
                "a \"raw\" reply has no events to count; use \"cut_after_bytes\"".to_owned(),
            );
        }
        let has_content = self.text.is_some() || self.steps.is_some() || self.repeat.is_some();
        if !has_content && self.raw.is_none() && !is_lost {
            return Err("a reply needs \"text\", \"steps\", \"repeat\", \"raw\" or a fault that replaces it".to_owned());
        }
        self.repeat.as_ref().map_or(Ok(()), check_repeat)
    }
}

impl TryFrom<ReplyForm> for Reply {
    type Error = String;

    fn try_from(form: ReplyForm) -> Result<Self, String> {
        form.check()?;
        let mut steps = form.steps.unwrap_or_default();
        steps.extend(form.text.map(Step::Text));
        steps.extend(form.repeat.map(Step::Repeat));
        Ok(Self {
            content: form.raw.map_or(Content::Steps(steps), Content::Raw),
            stop: form.stop,
            usage: form.usage.unwrap_or(Some(Usage::default())),
            delay_ms: form.delay_ms,
            is_held: false,
            chunk: form.chunk,
            fault: form.fault,
        })
    }
}

impl StepForm {
    /// Names of the given fields that belong to another kind of step.
    fn stranger(&self) -> Option<&'static str> {
        let is_tool = self.tool.is_some();
        [
            (
                "signature",
                self.signature.is_some() && self.thinking.is_none(),
            ),
            ("id", self.id.is_some() && !is_tool),
            ("input", self.input.is_some() && !is_tool),
            ("raw_arguments", self.raw_arguments.is_some() && !is_tool),
        ]
        .into_iter()
        .find_map(|(name, stray)| stray.then_some(name))
    }
}

impl TryFrom<StepForm> for Step {
    type Error = String;

    fn try_from(form: StepForm) -> Result<Self, String> {
        const KINDS: &str = "\"text\", \"thinking\", \"tool\" or \"repeat\"";
        if let Some(stray) = form.stranger() {
            return Err(format!("\"{stray}\" does not belong to this step"));
        }
        match (form.text, form.thinking, form.tool, form.repeat) {
            (Some(text), None, None, None) => Ok(Self::Text(text)),
            (None, Some(text), None, None) => Ok(Self::Thinking {
                text,
                signature: form.signature,
            }),
            (None, None, Some(name), None) => Ok(Self::Tool(ToolCall {
                name,
                id: form.id,
                arguments: arguments(form.input, form.raw_arguments)?,
            })),
            (None, None, None, Some(repeat)) => {
                check_repeat(&repeat).map(|()| Self::Repeat(repeat))
            }
            (None, None, None, None) => Err(format!("a step needs {KINDS}")),
            _ => Err(format!("a step has only one of {KINDS}")),
        }
    }
}

fn arguments(input: Option<Value>, raw: Option<String>) -> Result<Arguments, String> {
    match (input, raw) {
        (Some(_), Some(_)) => {
            Err("a tool step has either \"input\" or \"raw_arguments\", not both".to_owned())
        }
        (None, Some(raw)) => Ok(Arguments::Raw(raw)),
        (input, None) => Ok(Arguments::Json(
            input.unwrap_or_else(|| serde_json::json!({})),
        )),
    }
}

fn check_repeat(repeat: &Repeat) -> Result<(), String> {
    let bytes = repeat.text.len().saturating_mul(repeat.count);
    if bytes > REPEAT_LIMIT {
        return Err(format!(
            "this repeat adds up to {bytes} bytes; the limit is {REPEAT_LIMIT}"
        ));
    }
    Ok(())
}

/// Tells `"usage": null` (send none) from a missing field (estimate).
fn given<'de, D: Deserializer<'de>>(json: D) -> Result<Option<Option<Usage>>, D::Error> {
    Option::deserialize(json).map(Some)
}
