//! What a rule may ask about a request, read from either wire's body without trusting it.

use serde_json::Value;

use crate::rule::Wire;

/// The parts of a request that conditions and templates look at.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) wire: Wire,
    pub(crate) model: &'a str,
    pub(crate) wants_stream: bool,
    /// OpenAI's `stream_options.include_usage`.
    pub(crate) wants_usage: bool,
    /// Assistant messages already in the conversation.
    pub(crate) turn: u64,
    /// The system prompt's and all users' texts, one entry per text block.
    pub(crate) prompts: Vec<&'a str>,
    /// All text of the newest user message that has any.
    pub(crate) last_user: String,
    pub(crate) last_result: Option<ToolResult>,
}

/// The newest tool result of a conversation.
#[derive(Debug, PartialEq)]
pub(crate) struct ToolResult {
    pub(crate) text: String,
    pub(crate) is_error: bool,
}

impl<'a> Facts<'a> {
    /// Reads a request body.
    ///
    /// # Errors
    /// A sentence for the client if the body is not an object with a `messages` array.
    pub(crate) fn read(wire: Wire, body: &'a Value) -> Result<Self, String> {
        let messages = body
            .get("messages")
            .and_then(Value::as_array)
            .ok_or("messages: an array is required")?;
        let mut facts = Self {
            wire,
            model: string(body, "model"),
            wants_stream: body.get("stream") == Some(&Value::Bool(true)),
            wants_usage: body.pointer("/stream_options/include_usage") == Some(&Value::Bool(true)),
            turn: 0,
            prompts: body.get("system").map(texts).unwrap_or_default(),
            last_user: String::new(),
            last_result: None,
        };
        for message in messages {
            facts.add(message);
        }
        Ok(facts)
    }

    /// Takes in one message; the roles of both wires do not clash, so one table serves both.
    fn add(&mut self, message: &'a Value) {
        let content = message.get("content").unwrap_or(&Value::Null);
        match string(message, "role") {
            "assistant" => self.turn += 1,
            "system" | "developer" => self.prompts.extend(texts(content)),
            "tool" => self.last_result = Some(result(content, false)),
            "user" => self.add_user(content),
            _ => {}
        }
    }

    fn add_user(&mut self, content: &'a Value) {
        let texts = texts(content);
        if !texts.is_empty() {
            self.last_user = texts.join("\n");
        }
        self.prompts.extend(texts);
        for block in content.as_array().into_iter().flatten() {
            if string(block, "type") == "tool_result" {
                let is_error = block.get("is_error") == Some(&Value::Bool(true));
                self.last_result = Some(result(
                    block.get("content").unwrap_or(&Value::Null),
                    is_error,
                ));
            }
        }
    }
}

/// The texts of a content that is a string or an array of blocks.
fn texts(content: &Value) -> Vec<&str> {
    match content {
        Value::String(text) => vec![text],
        Value::Array(blocks) => blocks
            .iter()
            .filter(|block| string(block, "type") == "text")
            .map(|block| string(block, "text"))
            .collect(),
        _ => Vec::new(),
    }
}

fn result(content: &Value, is_error: bool) -> ToolResult {
    ToolResult {
        text: texts(content).join("\n"),
        is_error,
    }
}

fn string<'a>(object: &'a Value, field: &str) -> &'a str {
    object
        .get(field)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Facts, ToolResult};
    use crate::rule::Wire;

    #[test]
    fn both_wires_tell_the_same_facts() {
        let anthropic = json!({"model": "m", "system": [{"type": "text", "text": "be good"}], "messages": [
            {"role": "user", "content": "first"},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "read", "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": [{"type": "text", "text": "42"}]}]},
        ]});
        let openai = json!({"model": "m", "messages": [
            {"role": "system", "content": "be good"},
            {"role": "user", "content": [{"type": "text", "text": "first"}]},
            {"role": "assistant", "content": null, "tool_calls": []},
            {"role": "tool", "tool_call_id": "a", "content": "42"},
        ]});
        for (wire, body) in [(Wire::Anthropic, anthropic), (Wire::OpenAi, openai)] {
            let facts = Facts::read(wire, &body).unwrap();
            assert_eq!(facts.turn, 1, "{wire}");
            assert_eq!(facts.prompts, ["be good", "first"], "{wire}");
            assert_eq!(facts.last_user, "first", "{wire}");
            let result = ToolResult {
                text: "42".to_owned(),
                is_error: false,
            };
            assert_eq!(facts.last_result, Some(result), "{wire}");
        }
    }

    #[test]
    fn the_newest_result_and_text_win_and_errors_show() {
        let body = json!({"messages": [
            {"role": "user", "content": "old"},
            {"role": "user", "content": [
                {"type": "tool_result", "content": "fine"},
                {"type": "tool_result", "content": "broke", "is_error": true},
                {"type": "text", "text": "new"},
                {"type": "text", "text": "er"},
            ]},
            {"role": "user", "content": [{"type": "image"}]},
        ]});
        let facts = Facts::read(Wire::Anthropic, &body).unwrap();
        assert_eq!(facts.last_user, "new\ner");
        let result = ToolResult {
            text: "broke".to_owned(),
            is_error: true,
        };
        assert_eq!(facts.last_result, Some(result));
    }

    #[test]
    fn odd_shapes_are_read_or_refused() {
        for body in [json!(null), json!([]), json!({"messages": "x"})] {
            assert!(Facts::read(Wire::OpenAi, &body).is_err(), "{body}");
        }
        let body = json!({"messages": [null, 3, {"role": 7}, {"role": "user", "content": {"a": 1}}], "model": 5});
        let facts = Facts::read(Wire::OpenAi, &body).unwrap();
        assert_eq!((facts.turn, facts.model, facts.prompts.len()), (0, "", 0));
    }
}
