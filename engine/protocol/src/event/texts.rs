//! The bulky texts of an event, so that the journal's edge can swap them for blobs and back.

use crate::{
    Block, Event, Fact, Intent, ModelEvent, ResultBlock, SessionEvent, Text, ToolEvent, ToolResult,
    TurnEvent,
};

impl Event {
    /// Every text of this event that may be bulky.
    pub fn texts_mut(&mut self) -> Vec<&mut Text> {
        let mut texts = Vec::new();
        match self {
            Self::Session(SessionEvent::Opened(opening)) => texts.push(&mut opening.system),
            Self::Turn(event) => of_turn(event, &mut texts),
            Self::Model(ModelEvent::Replied { reply, calls, .. }) => {
                reply
                    .content
                    .iter_mut()
                    .for_each(|block| of_block(block, &mut texts));
                texts.extend(calls.iter_mut().filter_map(|call| call.refusal.as_mut()));
            }
            Self::Tool(ToolEvent::Started { intent, .. }) => match intent {
                Intent::File { done, .. } => of_result(done, &mut texts),
                Intent::Command { command, .. } => texts.push(command),
            },
            Self::Tool(ToolEvent::Finished { result, .. }) => of_result(result, &mut texts),
            Self::Session(SessionEvent::Resumed { .. } | SessionEvent::Forked(_))
            | Self::Model(
                ModelEvent::Requested { .. }
                | ModelEvent::Retried { .. }
                | ModelEvent::Failed { .. }
                | ModelEvent::Resumed { .. },
            )
            | Self::Tool(ToolEvent::Reopened { .. })
            | Self::Permission(_)
            | Self::Plan(_)
            | Self::Fault(_) => {}
        }
        texts
    }
}

fn of_turn<'a>(event: &'a mut TurnEvent, texts: &mut Vec<&'a mut Text>) {
    match event {
        TurnEvent::Submitted {
            context, content, ..
        } => {
            texts.extend(context.iter_mut());
            content.iter_mut().for_each(|block| of_block(block, texts));
        }
        TurnEvent::Steered { content } => {
            content.iter_mut().for_each(|block| of_block(block, texts));
        }
        TurnEvent::Nudged { text } => texts.push(text),
        TurnEvent::Interrupted { .. } | TurnEvent::Ended { .. } => {}
    }
}

fn of_block<'a>(block: &'a mut Block, texts: &mut Vec<&'a mut Text>) {
    match block {
        Block::Text(text) | Block::RedactedThinking(text) | Block::Foreign(text) => {
            texts.push(text);
        }
        Block::Thinking { text, signature } => {
            texts.push(text);
            texts.extend(signature.as_mut());
        }
        Block::Image { data, .. } => texts.push(data),
        Block::ToolUse(call) => {
            texts.push(&mut call.arguments);
            texts.extend(call.malformed.as_mut());
        }
        Block::ToolResult { content, .. } => of_results(content, texts),
    }
}

fn of_result<'a>(result: &'a mut ToolResult, texts: &mut Vec<&'a mut Text>) {
    of_results(&mut result.content, texts);
    for fact in &mut result.facts {
        if let Fact::Instructions { text, .. } = fact {
            texts.push(text);
        }
    }
}

fn of_results<'a>(content: &'a mut [ResultBlock], texts: &mut Vec<&'a mut Text>) {
    texts.extend(content.iter_mut().map(|block| match block {
        ResultBlock::Text(text) | ResultBlock::Image { data: text, .. } => text,
    }));
}
