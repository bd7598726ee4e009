//! Writes a request's body into a buffer of about the right size: a long conversation is not copied while it grows.

use protocol::{Block, Prompt, ResultBlock, Text};
use serde::Serialize;

/// What a block costs besides its text: names, ids, quotes.
const BLOCK_BYTES: u64 = 160;

/// The JSON of `request`, which is made from `prompt`.
///
/// # Errors
/// The serialiser's; none in practice.
pub(crate) fn write(prompt: &Prompt, request: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut body = Vec::with_capacity(usize::try_from(estimate(prompt)).unwrap_or(0));
    serde_json::to_writer(&mut body, request)?;
    Ok(body)
}

/// About the bytes of the body; a sixteenth is added for what JSON escapes.
fn estimate(prompt: &Prompt) -> u64 {
    let tools = prompt
        .tools
        .iter()
        .map(|tool| (tool.description.len() + tool.schema.get().len()) as u64 + BLOCK_BYTES);
    let blocks = prompt.messages.iter().flat_map(|message| &message.content);
    let bytes = tools.sum::<u64>() + blocks.map(block).sum::<u64>() + prompt.system.len() as u64;
    bytes + bytes / 16
}

fn block(block: &Block) -> u64 {
    BLOCK_BYTES
        + match block {
            Block::Text(text) | Block::RedactedThinking(text) | Block::Foreign(text) => {
                text.bytes()
            }
            Block::Thinking { text, signature } => {
                text.bytes() + signature.as_ref().map_or(0, Text::bytes)
            }
            Block::Image { data, .. } => data.bytes(),
            Block::ToolUse(call) => call.arguments.bytes(),
            Block::ToolResult { content, .. } => content.iter().map(part).sum(),
        }
}

fn part(part: &ResultBlock) -> u64 {
    match part {
        ResultBlock::Text(text) | ResultBlock::Image { data: text, .. } => text.bytes(),
    }
}
