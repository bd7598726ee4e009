//! Loop control: notices when the same calls give the same results over and over.

use std::sync::Arc;

use protocol::{BlobId, Block, Message, ResultBlock};
use serde::Serialize;

use crate::flow::{Slot, SlotState};

/// After this many identical rounds the model is told.
const REMIND_AT: u32 = 3;
/// After this many more it is told again.
const REMIND_EVERY: u32 = 3;
/// After this many the turn is ended.
const GIVE_UP_AT: u32 = 12;

/// What the last round of calls and results was, and how often it came in a row.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Echo {
    round: Option<BlobId>,
    times: u32,
    reminded_at: u32,
}

impl Echo {
    /// Takes in a finished round. Results count too: polling that sees something new is no loop.
    pub(crate) fn hear(&mut self, messages: &[Arc<Message>], calls: &[Slot]) {
        let round = Some(fingerprint(messages, calls));
        if round == self.round {
            self.times += 1;
        } else {
            *self = Self {
                round,
                times: 1,
                reminded_at: 0,
            };
        }
    }

    pub(crate) const fn reminded(&mut self) {
        self.reminded_at = self.times;
    }

    /// Whether the model should be told now.
    pub(crate) const fn wants_reminder(&self) -> bool {
        self.times >= REMIND_AT
            && self.times.is_multiple_of(REMIND_EVERY)
            && self.reminded_at < self.times
    }

    /// Whether the turn should end.
    pub(crate) const fn is_endless(&self) -> bool {
        self.times >= GIVE_UP_AT
    }

    pub(crate) fn reminder(&self) -> String {
        format!(
            "You have made the same tool calls {} times in a row with the same results. Say what new \
             information you expect from another try; otherwise take a different approach or give \
             your final answer.",
            self.times
        )
    }
}

/// Part of the state's digest, so made of a hash that is the same in every build.
fn fingerprint(messages: &[Arc<Message>], calls: &[Slot]) -> BlobId {
    let mut round = Vec::new();
    if let Some(reply) = messages.last() {
        for block in &reply.content {
            if let Block::ToolUse(call) = block {
                note(&mut round, &call.name);
                note(&mut round, &call.arguments.as_str());
            }
        }
    }
    for slot in calls {
        if let SlotState::Done(result) = &slot.state {
            round.push(result.status as u8);
            result.content.iter().for_each(|part| match part {
                ResultBlock::Text(text) => note(&mut round, &text.as_str()),
                ResultBlock::Image { data, .. } => note(&mut round, &data.as_str()),
            });
        }
    }
    BlobId::of(&round)
}

/// With its length before it, so that no two rounds read alike.
fn note(round: &mut Vec<u8>, text: &str) {
    round.extend_from_slice(&(text.len() as u64).to_le_bytes());
    round.extend_from_slice(text.as_bytes());
}
