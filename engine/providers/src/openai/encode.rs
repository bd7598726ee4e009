//! From a prompt to the JSON of a Chat request.
//!
//! The order of fields is fixed and the reply limit, which may vary between calls, comes last: the bytes before
//! `"messages":` stay the same as long as model and tools do.

use std::borrow::Cow;

use protocol::{Block, Prompt, ResultBlock, Role, ToolCall, ToolDecl, WireCallId};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::Quirks;
use crate::body::RequestBody;
use crate::turns::{Turn, turns};

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    stream: bool,
    stream_options: StreamOptions,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<ToolOut<'a>>,
    messages: Vec<MessageOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u64>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Serialize)]
struct ToolOut<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    function: FunctionOut<'a>,
}

#[derive(Serialize)]
struct FunctionOut<'a> {
    name: &'a str,
    description: &'a str,
    parameters: &'a RawValue,
}

#[derive(Serialize)]
#[serde(tag = "role", rename_all = "snake_case")]
enum MessageOut<'a> {
    System {
        content: &'a str,
    },
    User {
        content: Content<'a>,
    },
    Assistant {
        content: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reasoning_content: Option<String>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        tool_calls: Vec<CallOut<'a>>,
    },
    Tool {
        tool_call_id: &'a WireCallId,
        content: String,
    },
}

/// Plain text where possible: many local servers know nothing else.
#[derive(Serialize)]
#[serde(untagged)]
enum Content<'a> {
    Text(String),
    Parts(Vec<PartOut<'a>>),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum PartOut<'a> {
    Text { text: Cow<'a, str> },
    ImageUrl { image_url: ImageUrl },
}

#[derive(Serialize)]
struct ImageUrl {
    url: String,
}

#[derive(Serialize)]
struct CallOut<'a> {
    id: &'a WireCallId,
    #[serde(rename = "type")]
    kind: &'static str,
    function: CalledOut<'a>,
}

#[derive(Serialize)]
struct CalledOut<'a> {
    name: &'a str,
    arguments: Cow<'a, str>,
}

/// The body of a request for `prompt`; `quirks` names the reply limit and says whether reasoning goes back.
///
/// # Errors
/// None in practice: every part is text or checked JSON.
pub fn encode(prompt: &Prompt, quirks: Quirks) -> serde_json::Result<RequestBody> {
    let newer = quirks.max_completion_tokens.unwrap_or(false);
    let limit = |named: bool| Some(prompt.max_tokens).filter(|_| named);
    let request = Request {
        model: &prompt.model,
        stream: true,
        stream_options: StreamOptions {
            include_usage: true,
        },
        tools: prompt.tools.iter().map(tool).collect(),
        messages: messages(prompt, quirks),
        max_tokens: limit(!newer),
        max_completion_tokens: limit(newer),
    };
    RequestBody::json(&request)
}

fn tool(declared: &ToolDecl) -> ToolOut<'_> {
    ToolOut {
        kind: "function",
        function: FunctionOut {
            name: &declared.name,
            description: &declared.description,
            parameters: &declared.schema,
        },
    }
}

fn messages(prompt: &Prompt, quirks: Quirks) -> Vec<MessageOut<'_>> {
    let mut out = Vec::with_capacity(prompt.messages.len() + 1);
    if !prompt.system.trim().is_empty() {
        out.push(MessageOut::System {
            content: &prompt.system,
        });
    }
    for turn in turns(&prompt.messages) {
        match turn.role {
            Role::User => user(&turn, &mut out),
            Role::Assistant => out.extend(assistant(&turn, quirks)),
        }
    }
    out
}

/// A user turn: one tool message for each result, in order, then everything else as one user message. Pictures
/// of results go into that message, because a tool message holds only text.
fn user<'a>(turn: &Turn<'a>, out: &mut Vec<MessageOut<'a>>) {
    let mut parts: Vec<PartOut<'a>> = Vec::new();
    for block in &turn.blocks {
        match block {
            Block::ToolResult { wire, content, .. } => out.push(MessageOut::Tool {
                tool_call_id: wire,
                content: result_text(content, &mut parts),
            }),
            Block::Text(text) if !text.as_str().is_empty() => {
                parts.push(PartOut::Text {
                    text: text.as_str(),
                });
            }
            Block::Image { media_type, data } => parts.push(image(media_type, &data.as_str())),
            Block::Text(_)
            | Block::Thinking { .. }
            | Block::RedactedThinking(_)
            | Block::ToolUse(_)
            | Block::Foreign(_) => {}
        }
    }
    if !parts.is_empty() {
        out.push(MessageOut::User {
            content: content(parts),
        });
    }
}

fn result_text(content: &[ResultBlock], parts: &mut Vec<PartOut<'_>>) -> String {
    let mut texts = Vec::new();
    for block in content {
        match block {
            ResultBlock::Text(text) => texts.push(text.as_str()),
            ResultBlock::Image { media_type, data } => {
                texts.push(Cow::Borrowed("(the picture follows in the next message)"));
                parts.push(image(media_type, &data.as_str()));
            }
        }
    }
    texts.join("\n")
}

fn content(parts: Vec<PartOut<'_>>) -> Content<'_> {
    let texts: Option<Vec<&str>> = parts
        .iter()
        .map(|part| match part {
            PartOut::Text { text } => Some(&**text),
            PartOut::ImageUrl { .. } => None,
        })
        .collect();
    match texts {
        Some(texts) => Content::Text(texts.join("\n\n")),
        None => Content::Parts(parts),
    }
}

fn image<'a>(media_type: &str, data: &str) -> PartOut<'a> {
    let url = format!("data:{media_type};base64,{data}");
    PartOut::ImageUrl {
        image_url: ImageUrl { url },
    }
}

/// An assistant turn; `None` if nothing of it can be said on this wire.
fn assistant<'a>(turn: &Turn<'a>, quirks: Quirks) -> Option<MessageOut<'a>> {
    let (mut texts, mut reasoning, mut tool_calls) = (Vec::new(), Vec::new(), Vec::new());
    for block in &turn.blocks {
        match block {
            Block::Text(text) if !text.as_str().trim().is_empty() => texts.push(text.as_str()),
            Block::Thinking { text, .. } if quirks.replay_reasoning => {
                reasoning.push(text.as_str());
            }
            Block::ToolUse(call) => tool_calls.push(called(call)),
            Block::Text(_)
            | Block::Thinking { .. }
            | Block::RedactedThinking(_)
            | Block::Image { .. }
            | Block::ToolResult { .. }
            | Block::Foreign(_) => {}
        }
    }
    if texts.is_empty() && tool_calls.is_empty() {
        return None;
    }
    Some(MessageOut::Assistant {
        content: (!texts.is_empty()).then(|| texts.join("\n\n")),
        reasoning_content: (!reasoning.is_empty()).then(|| reasoning.join("\n\n")),
        tool_calls,
    })
}

fn called(call: &ToolCall) -> CallOut<'_> {
    CallOut {
        id: &call.wire,
        kind: "function",
        function: CalledOut {
            name: &call.name,
            arguments: call.arguments.as_str(),
        },
    }
}
