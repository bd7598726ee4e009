//! Content blocks in the JSON of Anthropic's messages, as the stream shows and stdin gives them.

use protocol::{Block, ResultBlock, StopReason, Text};
use serde_json::{Value, json};

/// Blocks as a message's `content`.
pub fn content(blocks: &[Block]) -> Value {
    Value::from_iter(blocks.iter().filter_map(block))
}

fn block(block: &Block) -> Option<Value> {
    Some(match block {
        Block::Text(text) => json!({"type": "text", "text": text.as_str()}),
        Block::Thinking { text, signature } => json!({
            "type": "thinking",
            "thinking": text.as_str(),
            "signature": signature.as_ref().map(Text::as_str).unwrap_or_default(),
        }),
        Block::RedactedThinking(data) => {
            json!({"type": "redacted_thinking", "data": data.as_str()})
        }
        Block::Image { media_type, data } => image(media_type, data),
        Block::ToolUse(call) => json!({
            "type": "tool_use",
            "id": call.wire,
            "name": call.name,
            "input": parsed(&call.arguments).unwrap_or_else(|| json!({})),
        }),
        Block::ToolResult {
            wire,
            status,
            content,
            ..
        } => json!({
            "type": "tool_result",
            "tool_use_id": wire,
            "content": result(content),
            "is_error": status.is_error(),
        }),
        // A block that is not JSON after all has no place in a JSON stream.
        Block::Foreign(text) => return parsed(text),
    })
}

fn parsed(text: &Text) -> Option<Value> {
    serde_json::from_str(&text.as_str()).ok()
}

fn image(media_type: &str, data: &Text) -> Value {
    json!({
        "type": "image",
        "source": {"type": "base64", "media_type": media_type, "data": data.as_str()},
    })
}

/// What a tool gave: one text as a string, anything else as blocks.
pub fn result(content: &[ResultBlock]) -> Value {
    match content {
        [ResultBlock::Text(text)] => json!(text.as_str()),
        blocks => Value::from_iter(blocks.iter().map(|block| match block {
            ResultBlock::Text(text) => json!({"type": "text", "text": text.as_str()}),
            ResultBlock::Image { media_type, data } => image(media_type, data),
        })),
    }
}

/// Why the model stopped, under the names of Anthropic's wire.
pub fn stop_reason(stop: &StopReason) -> &str {
    match stop {
        StopReason::EndTurn => "end_turn",
        StopReason::ToolUse => "tool_use",
        StopReason::MaxTokens => "max_tokens",
        StopReason::StopSequence => "stop_sequence",
        StopReason::PauseTurn => "pause_turn",
        StopReason::Refusal => "refusal",
        StopReason::ContextFull => "model_context_window_exceeded",
        StopReason::Other(reason) => reason,
    }
}

/// Reads one user message of a stream-json input.
///
/// # Errors
/// What is wrong with it, in a few words.
pub fn user_message(line: &str) -> Result<Vec<Block>, String> {
    let value: Value = serde_json::from_str(line).map_err(|error| format!("not JSON: {error}"))?;
    match value.get("type").and_then(Value::as_str) {
        Some("user") => {}
        Some(other) => return Err(format!("messages of type {other:?} are not read here")),
        None => return Err("there is no \"type\"".to_owned()),
    }
    let message = value.get("message").ok_or("there is no \"message\"")?;
    match message.get("role").and_then(Value::as_str) {
        Some("user") | None => {}
        Some(other) => return Err(format!("a message of the role {other:?} cannot be sent")),
    }
    let blocks = match message.get("content") {
        Some(Value::String(text)) => vec![Block::Text(text.as_str().into())],
        Some(Value::Array(blocks)) => blocks.iter().map(said).collect::<Result<_, _>>()?,
        _ => return Err("message.content is neither text nor a list of blocks".to_owned()),
    };
    if blocks.is_empty() {
        return Err("message.content is empty".to_owned());
    }
    Ok(blocks)
}

fn said(block: &Value) -> Result<Block, String> {
    let text = |pointer: &str| block.pointer(pointer).and_then(Value::as_str);
    match text("/type") {
        Some("text") => {
            let text = text("/text").ok_or("a text block has no \"text\"")?;
            Ok(Block::Text(text.into()))
        }
        Some("image") if text("/source/type") == Some("base64") => {
            let missing = "an image block needs source.media_type and source.data";
            Ok(Block::Image {
                media_type: text("/source/media_type").ok_or(missing)?.to_owned(),
                data: text("/source/data").ok_or(missing)?.into(),
            })
        }
        Some(other) => Err(format!("a block of type {other:?} cannot be sent")),
        None => Err("a block has no \"type\"".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_message_is_text_or_blocks() {
        let text = user_message(r#"{"type":"user","message":{"role":"user","content":"hi"}}"#);
        assert_eq!(text, Ok(vec![Block::Text("hi".into())]));
        let blocks = user_message(
            r#"{"type":"user","message":{"content":[{"type":"text","text":"see"},
            {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA=="}}]}}"#,
        );
        assert_eq!(blocks.map(|blocks| blocks.len()), Ok(2));
    }

    #[test]
    fn what_is_no_user_message_is_refused_with_a_reason() {
        for (given, then) in [
            (r#"{"message":{}}"#, "there is no \"type\""),
            (
                r#"{"type":"control"}"#,
                "messages of type \"control\" are not read here",
            ),
            (r#"{"type":"user"}"#, "there is no \"message\""),
            (
                r#"{"type":"user","message":{"role":"assistant","content":"x"}}"#,
                "a message of the role \"assistant\" cannot be sent",
            ),
            (
                r#"{"type":"user","message":{"content":7}}"#,
                "message.content is neither text nor a list of blocks",
            ),
            (
                r#"{"type":"user","message":{"content":[]}}"#,
                "message.content is empty",
            ),
            (
                r#"{"type":"user","message":{"content":[{"type":"tool_use"}]}}"#,
                "a block of type \"tool_use\" cannot be sent",
            ),
        ] {
            assert_eq!(user_message(given), Err(then.to_owned()), "{given}");
        }
    }
}
