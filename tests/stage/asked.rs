//! What the model was asked, read the same way on both wires.

use scripted::{LoggedRequest, Wire};
use serde_json::Value;

/// One request to the model.
#[derive(Debug, Clone)]
pub struct Asked {
    wire: Wire,
    raw: String,
    body: Value,
}

/// A call in the conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The provider's id.
    pub id: String,
    /// The tool's name.
    pub name: String,
    /// The arguments.
    pub input: Value,
}

/// The result of a call, as the model is told it.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The provider's id of the call.
    pub id: String,
    /// Its text.
    pub text: String,
}

impl Asked {
    pub(super) fn new(request: &LoggedRequest) -> Self {
        let body = request.body().expect("a request to a model is JSON");
        let raw = String::from_utf8(request.raw.to_vec()).expect("JSON is UTF-8");
        Self {
            wire: request.wire.expect("a wire"),
            raw,
            body,
        }
    }

    /// The exact body.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// The exact text before the conversation: what a provider may cache.
    pub fn prefix(&self) -> &str {
        let end = self
            .raw
            .find("\"messages\":")
            .expect("a request has messages");
        &self.raw[..end]
    }

    /// The messages, as the wire has them.
    pub fn messages(&self) -> &[Value] {
        self.body["messages"]
            .as_array()
            .expect("messages are a list")
    }

    /// The messages without the marks that say up to where to cache.
    pub fn said(&self) -> Vec<Value> {
        let mut messages = self.messages().to_vec();
        messages.iter_mut().for_each(unmark);
        messages
    }

    /// The calls of the model's newest message.
    pub fn calls(&self) -> Vec<Call> {
        let mut newest = self.messages().iter().rev();
        let spoken = newest.find(|message| message["role"] == "assistant");
        let Some(spoken) = spoken else {
            return Vec::new();
        };
        match self.wire {
            Wire::Anthropic => blocks(spoken, "tool_use").map(anthropic_call).collect(),
            Wire::OpenAi => list(&spoken["tool_calls"])
                .iter()
                .map(openai_call)
                .collect(),
        }
    }

    /// The messages after the model's newest one.
    pub fn since(&self) -> &[Value] {
        let newest = self
            .messages()
            .iter()
            .rposition(|message| message["role"] == "assistant");
        &self.messages()[newest.map_or(0, |at| at + 1)..]
    }

    /// The results after the model's newest message, in order.
    pub fn results(&self) -> Vec<Told> {
        let after = self.since();
        match self.wire {
            Wire::Anthropic => {
                let results = after
                    .iter()
                    .flat_map(|message| blocks(message, "tool_result"));
                results
                    .map(|block| told(&block["tool_use_id"], &block["content"]))
                    .collect()
            }
            Wire::OpenAi => {
                let results = after.iter().filter(|message| message["role"] == "tool");
                results
                    .map(|result| told(&result["tool_call_id"], &result["content"]))
                    .collect()
            }
        }
    }

    /// The names of the offered tools.
    pub fn tools<'a>(&'a self) -> Vec<&'a str> {
        let offered = list(&self.body["tools"]).iter();
        let name = |tool: &'a Value| tool["name"].as_str().or(tool["function"]["name"].as_str());
        offered.filter_map(name).collect()
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn blocks<'a>(message: &'a Value, kind: &'a str) -> impl Iterator<Item = &'a Value> {
    list(&message["content"])
        .iter()
        .filter(move |block| block["type"] == kind)
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

fn anthropic_call(block: &Value) -> Call {
    Call {
        id: text(&block["id"]),
        name: text(&block["name"]),
        input: block["input"].clone(),
    }
}

fn openai_call(call: &Value) -> Call {
    let function = &call["function"];
    let input = serde_json::from_str(&text(&function["arguments"])).expect("arguments are JSON");
    Call {
        id: text(&call["id"]),
        name: text(&function["name"]),
        input,
    }
}

fn told(id: &Value, content: &Value) -> Told {
    let whole = match content {
        Value::String(text) => text.clone(),
        blocks => list(blocks)
            .iter()
            .filter_map(|block| block["text"].as_str())
            .collect(),
    };
    Told {
        id: text(id),
        text: whole,
    }
}

fn unmark(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("cache_control");
            fields.values_mut().for_each(unmark);
        }
        Value::Array(values) => values.iter_mut().for_each(unmark),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
