//! Loop control: notices when the same calls give the same results over and over.

use std::sync::Arc;

use protocol::{BlobId, Block, Message, ResultBlock, Text};
use serde::Serialize;

use crate::flow::{Slot, SlotState};

/// After this many identical rounds the model is told.
const REMIND_AT: u32 = 3;
/// After this many more it is told again.
const REMIND_EVERY: u32 = 3;
/// After this many rounds in which a call failed the turn is ended.
const GIVE_UP_AT: u32 = 12;
/// After this many rounds that succeeded it is ended too: who polls that long has a limit of its own, or should have.
const ENDLESS_AT: u32 = 500;

/// What the last round of calls and results was, and how often it came in a row.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Echo {
    round: Option<BlobId>,
    times: u32,
    failing: bool,
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
                failing: calls.iter().any(failed),
            };
        }
    }

    /// Whether the turn should end.
    pub(crate) const fn is_endless(&self) -> bool {
        self.times >= if self.failing { GIVE_UP_AT } else { ENDLESS_AT }
    }

    /// What the model should be told with the results of this round. It stands in the last result, not in a message
    /// of its own: the conversation keeps the shape it would have had.
    pub(crate) fn reminder(&self) -> Option<Text> {
        let due = self.times >= REMIND_AT && self.times.is_multiple_of(REMIND_EVERY);
        due.then(|| {
            let times = self.times;
            format!(
                "[formic: the same calls gave the same results {times} times in a row. Say what new information you \
                 expect from another try; otherwise take a different approach or give your final answer.]"
            )
            .into()
        })
    }
}

fn failed(slot: &Slot) -> bool {
    matches!(&slot.state, SlotState::Done(result) if result.status.is_error())
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
