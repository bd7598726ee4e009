//! From a prompt to the JSON of a Messages request.
//!
//! The order of fields is fixed and `max_tokens`, which may vary between calls, comes last: the bytes before
//! `"messages":` stay the same as long as model, system prompt and tools do.

use std::borrow::Cow;
use std::sync::Arc;

use protocol::{Block, Message, Prompt, ResultBlock, Role, ToolDecl, WireCallId};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::body::RequestBody;
use crate::spelling;
use crate::turns::turns;

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<[Out<'a>; 1]>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<ToolOut<'a>>,
    messages: Vec<MessageOut<'a>>,
    max_tokens: u64,
}

#[derive(Serialize)]
struct ToolOut<'a> {
    name: &'a str,
    description: &'a str,
    input_schema: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<CacheControl>,
}

#[derive(Serialize)]
struct MessageOut<'a> {
    role: Role,
    content: Content<'a>,
}

/// A message's blocks; each is turned into the wire's shape only while it is written, so that a long conversation
/// does not stand in memory twice.
struct Content<'a> {
    blocks: Vec<&'a Block>,
    breakpoint: bool,
}

impl Serialize for Content<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let last = self.blocks.len().saturating_sub(1);
        let outs = self
            .blocks
            .iter()
            .enumerate()
            .filter_map(|(place, written)| {
                let mut out = block(written)?;
                if self.breakpoint && place == last {
                    mark(&mut out);
                }
                Some(out)
            });
        serializer.collect_seq(outs)
    }
}

/// A cache breakpoint: everything up to here may be cached.
#[derive(Clone, Copy, Serialize)]
struct CacheControl {
    #[serde(rename = "type")]
    kind: &'static str,
}

const BREAKPOINT: Option<CacheControl> = Some(CacheControl { kind: "ephemeral" });

/// A block as it goes out.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Out<'a> {
    Text {
        text: Cow<'a, str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl>,
    },
    Thinking {
        thinking: Cow<'a, str>,
        signature: Cow<'a, str>,
    },
    RedactedThinking {
        data: Cow<'a, str>,
    },
    Image {
        source: Source<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl>,
    },
    ToolUse {
        id: SpelledId<'a>,
        name: &'a str,
        input: RawJson<'a>,
    },
    ToolResult {
        tool_use_id: SpelledId<'a>,
        #[serde(skip_serializing_if = "is_false")]
        is_error: bool,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        content: Vec<Self>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl>,
    },
    #[serde(untagged)]
    Foreign(RawJson<'a>),
}

/// A call's id as this wire allows it (letters, digits, `_`, `-`): ids of other providers may hold more.
#[derive(Serialize)]
struct SpelledId<'a>(Cow<'a, str>);

impl<'a> SpelledId<'a> {
    fn of(id: &'a WireCallId) -> Self {
        Self(spelling::id(id.as_str()))
    }
}

/// A picture's bytes.
#[derive(Serialize)]
struct Source<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    media_type: &'a str,
    data: Cow<'a, str>,
}

/// JSON text written as it is; an empty object if it is none (a lost blob).
struct RawJson<'a>(Cow<'a, str>);

impl Serialize for RawJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match serde_json::from_str::<&RawValue>(&self.0) {
            Ok(raw) => raw.serialize(serializer),
            Err(_) => serializer.collect_map(std::iter::empty::<((), ())>()),
        }
    }
}

/// The body of a request for `prompt`.
///
/// # Errors
/// None in practice: every part is text or checked JSON.
pub fn encode(prompt: &Prompt) -> serde_json::Result<RequestBody> {
    let request = Request {
        model: &prompt.model,
        stream: true,
        system: (!prompt.system.trim().is_empty()).then(|| {
            [Out::Text {
                text: Cow::Borrowed(&*prompt.system),
                cache_control: BREAKPOINT,
            }]
        }),
        tools: tools(&prompt.tools),
        messages: messages(&prompt.messages),
        max_tokens: prompt.max_tokens,
    };
    RequestBody::json(&request)
}

fn tools(declared: &[ToolDecl]) -> Vec<ToolOut<'_>> {
    let last = declared.len().saturating_sub(1);
    let tools = declared.iter().enumerate().map(|(place, tool)| ToolOut {
        name: &tool.name,
        description: &tool.description,
        input_schema: &tool.schema,
        cache_control: BREAKPOINT.filter(|_| place == last),
    });
    tools.collect()
}

fn messages(conversation: &[Arc<Message>]) -> Vec<MessageOut<'_>> {
    let mut messages: Vec<MessageOut<'_>> = Vec::new();
    for turn in turns(conversation) {
        let (role, mut blocks) = (turn.role, turn.blocks);
        blocks.retain(|written| block(written).is_some());
        match messages.last_mut() {
            // A turn of nothing but unsendable blocks vanished in between.
            Some(before) if before.role == role => before.content.blocks.extend(blocks),
            _ if blocks.is_empty() => {}
            _ => {
                let breakpoint = false;
                let content = Content { blocks, breakpoint };
                messages.push(MessageOut { role, content });
            }
        }
    }
    let mut newest_first = messages.iter_mut().rev();
    if let Some(newest) = newest_first.find(|message| message.role == Role::User) {
        newest.content.breakpoint = true;
    }
    messages
}

fn mark(block: &mut Out<'_>) {
    match block {
        Out::Text { cache_control, .. }
        | Out::Image { cache_control, .. }
        | Out::ToolResult { cache_control, .. } => *cache_control = BREAKPOINT,
        Out::Thinking { .. }
        | Out::RedactedThinking { .. }
        | Out::ToolUse { .. }
        | Out::Foreign(_) => {}
    }
}

/// The block as the wire has it; `None` for what the wire refuses: blank texts and unsigned thinking.
fn block(block: &Block) -> Option<Out<'_>> {
    Some(match block {
        Block::Text(text) => return text_block(text.as_str()),
        Block::Thinking {
            signature: None, ..
        } => return None,
        Block::Thinking {
            text,
            signature: Some(signature),
        } => Out::Thinking {
            thinking: text.as_str(),
            signature: signature.as_str(),
        },
        Block::RedactedThinking(data) => Out::RedactedThinking {
            data: data.as_str(),
        },
        Block::Image { media_type, data } => image(media_type, data.as_str()),
        Block::ToolUse(call) => Out::ToolUse {
            id: SpelledId::of(&call.wire),
            name: &call.name,
            input: RawJson(call.arguments.as_str()),
        },
        Block::ToolResult {
            wire,
            status,
            content,
            ..
        } => Out::ToolResult {
            tool_use_id: SpelledId::of(wire),
            is_error: status.is_error(),
            content: content.iter().filter_map(result_block).collect(),
            cache_control: None,
        },
        Block::Foreign(json) => Out::Foreign(RawJson(json.as_str())),
    })
}

fn result_block(block: &ResultBlock) -> Option<Out<'_>> {
    match block {
        ResultBlock::Text(text) => text_block(text.as_str()),
        ResultBlock::Image { media_type, data } => Some(image(media_type, data.as_str())),
    }
}

fn text_block(text: Cow<'_, str>) -> Option<Out<'_>> {
    (!text.trim().is_empty()).then_some(Out::Text {
        text,
        cache_control: None,
    })
}

fn image<'a>(media_type: &'a str, data: Cow<'a, str>) -> Out<'a> {
    Out::Image {
        source: Source {
            kind: "base64",
            media_type,
            data,
        },
        cache_control: None,
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_false(flag: &bool) -> bool {
    !flag
}
