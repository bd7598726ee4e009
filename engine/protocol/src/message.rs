//! Chat messages: the conversation as the model sees it, free of any wire's spelling.

use serde::{Deserialize, Serialize};

use crate::{CallId, ResultBlock, Text, ToolStatus, WireCallId};

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The person, the tools' results, and formic's own notes.
    User,
    /// The model.
    Assistant,
}

/// One message of the conversation.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said, in order.
    pub content: Vec<Block>,
}

/// One block of a message.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Block {
    /// Plain text.
    Text(Text),
    /// The model's reasoning. With a signature it goes back unchanged; without one it is never replayed.
    Thinking {
        /// The reasoning, possibly empty when the provider hides it.
        text: Text,
        /// The provider's proof of authorship.
        signature: Option<Text>,
    },
    /// Reasoning the provider encrypted; goes back unchanged.
    RedactedThinking(Text),
    /// A picture, base64.
    Image {
        /// For example `image/png`.
        media_type: String,
        /// The bytes in base64.
        data: Text,
    },
    /// The model asks for a tool.
    ToolUse(ToolCall),
    /// The answer to a call.
    ToolResult {
        /// The call it answers.
        call: CallId,
        /// The provider's id of that call.
        wire: WireCallId,
        /// How it ended.
        status: ToolStatus,
        /// What the model reads.
        content: Vec<ResultBlock>,
    },
    /// A block of a kind formic does not know, kept as the provider's JSON and sent back unchanged.
    Foreign(Text),
}

/// A tool call as the model wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolCall {
    /// formic's id.
    pub id: CallId,
    /// The provider's id.
    pub wire: WireCallId,
    /// The name as the model wrote it.
    pub name: String,
    /// The arguments: the exact JSON text of an object (`{}` for none). When the model's own text was
    /// not an object this is `{}` and `malformed` holds what came.
    pub arguments: Text,
    /// The arguments as they came, if they were not one JSON object.
    pub malformed: Option<Text>,
}
