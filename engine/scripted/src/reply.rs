//! A reply of a script: what the model says, how it is sent, and how it goes wrong.

use std::num::NonZeroUsize;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::{
    fault::Fault,
    form::{ReplyForm, StepForm},
};

/// One reply of the scripted model.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "ReplyForm")]
pub struct Reply {
    /// What the model says.
    pub content: Content,
    /// The stop reason in Anthropic's words; the OpenAI wire gets its own word for the known ones, others go through
    /// unchanged. Absent: `tool_use` if a tool is called, otherwise `end_turn`.
    pub stop: Option<String>,
    /// The token counts sent; `None` sends no usage at all.
    pub usage: Option<Usage>,
    /// Milliseconds before the first byte of the response.
    pub delay_ms: u64,
    /// Whether the first byte, delay included, waits for [`crate::Handle::release`]: only code can say so, as nobody could
    /// release what a script in a file holds.
    pub is_held: bool,
    /// How the body is cut and paced.
    pub chunk: Chunk,
    /// The planned failure.
    pub fault: Option<Fault>,
}

/// Where a reply's body comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Content blocks, put in the shape of the wire that asked.
    Steps(Vec<Step>),
    /// A body sent as it is, whatever was asked.
    Raw(Raw),
}

/// One content block.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "StepForm")]
pub enum Step {
    /// Reasoning; without a signature no signature is sent.
    Thinking {
        /// The reasoning text.
        text: String,
        /// Sent as it is at the end of the block (Anthropic only).
        signature: Option<String>,
    },
    /// Visible text.
    Text(String),
    /// A tool call.
    Tool(ToolCall),
    /// A text sent over and over, one event each.
    Repeat(Repeat),
}

/// One tool call.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolCall {
    /// The tool's name.
    pub name: String,
    /// The call's id; absent: one that this server has not used before.
    pub id: Option<String>,
    /// What the tool is called with.
    pub arguments: Arguments,
}

/// Arguments of a tool call.
#[derive(Debug, Clone, PartialEq)]
pub enum Arguments {
    /// A JSON value; templates in its strings are filled.
    Json(Value),
    /// The exact text, which need not be JSON.
    Raw(String),
}

/// A text repeated as many events, for huge streams.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// The text of each event.
    pub text: String,
    /// How many events.
    pub count: usize,
}

/// Token counts; a missing input or output count is estimated as bytes / 4.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Usage {
    /// Input tokens that came from no cache.
    pub input: Option<u64>,
    /// Output tokens.
    pub output: Option<u64>,
    /// Input tokens read from the cache.
    pub cache_read: u64,
    /// Input tokens written to the cache (Anthropic only; the OpenAI wire counts them as plain input).
    pub cache_write: u64,
}

/// How a body is cut and paced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Chunk {
    /// Text and arguments are sent in pieces of this many bytes, rounded up to a whole character. Absent: one piece.
    pub bytes: Option<NonZeroUsize>,
    /// Milliseconds after each piece written.
    pub delay_ms: u64,
    /// The body is written to the network in pieces of exactly this many bytes, through events and characters.
    pub tcp_bytes: Option<NonZeroUsize>,
}

/// A response body sent as it is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Raw {
    /// The `content-type` header.
    #[serde(default = "event_stream", deserialize_with = "header_value")]
    pub content_type: String,
    /// The whole body.
    pub body: String,
    /// The HTTP status.
    #[serde(default = "ok", deserialize_with = "http_status")]
    pub status: u16,
}

impl Reply {
    /// A reply of one text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::steps([Step::Text(text.into())])
    }

    /// A reply of these content blocks.
    #[must_use]
    pub fn steps(steps: impl IntoIterator<Item = Step>) -> Self {
        Self {
            content: Content::Steps(steps.into_iter().collect()),
            stop: None,
            usage: Some(Usage::default()),
            delay_ms: 0,
            is_held: false,
            chunk: Chunk::default(),
            fault: None,
        }
    }

    /// A reply of one tool call with this JSON input.
    #[must_use]
    pub fn tool(name: impl Into<String>, input: Value) -> Self {
        Self::steps([Step::tool(name, input)])
    }

    /// An event stream sent as it is, with HTTP 200.
    #[must_use]
    pub fn raw(body: impl Into<String>) -> Self {
        Self {
            content: Content::Raw(Raw {
                content_type: event_stream(),
                body: body.into(),
                status: ok(),
            }),
            ..Self::steps([])
        }
    }

    /// A reply that fails without any content.
    #[must_use]
    pub fn failing(fault: Fault) -> Self {
        Self::steps([]).fault(fault)
    }

    /// Adds a planned failure.
    #[must_use]
    pub fn fault(mut self, fault: Fault) -> Self {
        self.fault = Some(fault);
        self
    }

    /// Sets the stop reason.
    #[must_use]
    pub fn stop(mut self, reason: impl Into<String>) -> Self {
        self.stop = Some(reason.into());
        self
    }

    /// Sets the token counts, or sends none.
    #[must_use]
    pub fn usage(mut self, usage: Option<Usage>) -> Self {
        self.usage = usage;
        self
    }

    /// Sets how the body is cut and paced.
    #[must_use]
    pub fn chunk(mut self, chunk: Chunk) -> Self {
        self.chunk = chunk;
        self
    }

    /// Sets the milliseconds before the first byte.
    #[must_use]
    pub fn delay_ms(mut self, delay_ms: u64) -> Self {
        self.delay_ms = delay_ms;
        self
    }

    /// Holds the reply back until [`crate::Handle::release`].
    #[must_use]
    pub fn held(mut self) -> Self {
        self.is_held = true;
        self
    }
}

impl Step {
    /// Visible text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A tool call with this JSON input and an id of the server's choice.
    #[must_use]
    pub fn tool(name: impl Into<String>, input: Value) -> Self {
        Self::Tool(ToolCall {
            name: name.into(),
            id: None,
            arguments: Arguments::Json(input),
        })
    }
}

pub(crate) fn event_stream() -> String {
    "text/event-stream".to_owned()
}

fn ok() -> u16 {
    200
}

fn http_status<'de, D: Deserializer<'de>>(json: D) -> Result<u16, D::Error> {
    match u16::deserialize(json)? {
        status @ 200..=599 => Ok(status),
        other => Err(serde::de::Error::custom(format_args!(
            "status {other} is not between 200 and 599"
        ))),
    }
}

fn header_value<'de, D: Deserializer<'de>>(json: D) -> Result<String, D::Error> {
    let text = String::deserialize(json)?;
    hyper::header::HeaderValue::try_from(&text)
        .map_err(|_| serde::de::Error::custom("this cannot be sent as a header"))?;
    Ok(text)
}
