//! Loop control: notices when the same calls give the same results over and over, also a few of them in turn.

use std::sync::Arc;

use protocol::{BlobId, Block, Message, ResultBlock, Text};
use serde::Serialize;

use crate::flow::{Slot, SlotState};

/// The longest circle that is noticed, in rounds.
const WIDEST: usize = 4;
/// After this many times round the model is told.
const REMIND_AT: u32 = 3;
/// After this many more it is told again.
const REMIND_EVERY: u32 = 3;
/// After this many times round a circle in which a call failed the turn is ended.
const GIVE_UP_AT: u32 = 12;
/// After this many rounds that succeeded it is ended too: who polls that long has a limit of its own, or should have.
const ENDLESS_AT: u32 = 500;

/// What the last rounds of calls and results were, and how long they have gone in circles.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Echo {
    /// The newest first, each with whether a call of it failed.
    rounds: Vec<(BlobId, bool)>,
    /// For circles of one round, of two, and so on: how many rounds in a row were what they were that long before.
    again: [u32; WIDEST],
}

/// Rounds that come again and again.
struct Circle {
    /// How many rounds are once round.
    wide: u32,
    /// How many rounds it has been, with the first time round.
    rounds: u32,
}

impl Circle {
    const fn times(&self) -> u32 {
        self.rounds / self.wide
    }
}

impl Echo {
    /// Takes in a finished round. Results count too: polling that sees something new is no loop.
    pub(crate) fn hear(&mut self, messages: &[Arc<Message>], calls: &[Slot]) {
        let round = fingerprint(messages, calls);
        for (at, again) in self.again.iter_mut().enumerate() {
            let is_same = self
                .rounds
                .get(at)
                .is_some_and(|(before, _)| *before == round);
            *again = if is_same { *again + 1 } else { 0 };
        }
        self.rounds.insert(0, (round, calls.iter().any(failed)));
        self.rounds.truncate(WIDEST);
    }

    /// The circle gone round most often; of those that are the same, the smallest.
    fn circle(&self) -> Option<Circle> {
        let circles = (1..).zip(self.again).filter(|(_, again)| *again > 0);
        let circles = circles.map(|(wide, again)| Circle {
            wide,
            rounds: again + wide,
        });
        circles.reduce(|most, next| match next.times() > most.times() {
            true => next,
            false => most,
        })
    }

    /// Whether the turn should end.
    pub(crate) fn is_endless(&self) -> bool {
        self.circle().is_some_and(|circle| {
            let mut once = self.rounds.iter().take(circle.wide as usize);
            match once.any(|(_, failed)| *failed) {
                true => circle.times() >= GIVE_UP_AT,
                false => circle.rounds >= ENDLESS_AT,
            }
        })
    }

    /// What the model should be told with the results of this round. It stands in the last result, not in a message
    /// of its own: the conversation keeps the shape it would have had.
    pub(crate) fn reminder(&self) -> Option<Text> {
        let circle = self.circle()?;
        let times = circle.times();
        let is_whole = circle.rounds.is_multiple_of(circle.wide);
        let due = is_whole && times >= REMIND_AT && times.is_multiple_of(REMIND_EVERY);
        due.then(|| {
            let what = match circle.wide {
                1 => "the same calls".to_owned(),
                wide => format!("the same {wide} steps of calls"),
            };
            format!(
                "[formic: {what} gave the same results {times} times in a row. Say what new information you \
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
