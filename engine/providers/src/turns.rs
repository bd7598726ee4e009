//! Turns: neighbouring messages of one role taken together, as the wires want roles to alternate.

use std::sync::Arc;

use protocol::{Block, Message, Role};

/// Neighbouring messages of one role.
pub(crate) struct Turn<'a> {
    pub(crate) role: Role,
    pub(crate) blocks: Vec<&'a Block>,
}

/// The conversation with neighbouring messages of one role joined; in a user turn the tool results come
/// first, because the wires want them to follow their calls directly.
pub(crate) fn turns(messages: &[Arc<Message>]) -> Vec<Turn<'_>> {
    let mut turns: Vec<Turn<'_>> = Vec::with_capacity(messages.len());
    for message in messages {
        match turns.last_mut() {
            Some(turn) if turn.role == message.role => turn.blocks.extend(&message.content),
            _ => turns.push(Turn {
                role: message.role,
                blocks: message.content.iter().collect(),
            }),
        }
    }
    for turn in turns.iter_mut().filter(|turn| turn.role == Role::User) {
        turn.blocks
            .sort_by_key(|block| !matches!(block, Block::ToolResult { .. }));
    }
    turns
}
