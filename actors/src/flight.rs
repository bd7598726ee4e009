//! Effects under way: started once, cancelled when no longer wished for, each coming home as a message.

use std::collections::HashMap;

use protocol::{Effect, Outcome, Seq};
use tokio_util::sync::CancellationToken;
use tools::{Prepared, WritePermit};

/// What an effect brings home.
pub(crate) struct Home {
    /// Which effect.
    pub effect: Effect,
    /// The answer; `None` if it was cancelled.
    pub outcome: Option<Outcome>,
    /// A write that holds its permit: kept until its end is durable.
    pub held: Option<Held>,
    /// The record that led to the effect.
    pub cause: Seq,
}

/// A prepared write and its permit.
pub(crate) struct Held {
    /// The change; `None` once it was committed.
    pub prepared: Option<Prepared>,
    /// Dropping it frees the lane.
    pub permit: WritePermit,
}

/// The effects of one agent that are under way.
#[derive(Default)]
pub(crate) struct Flights {
    under_way: HashMap<Effect, CancellationToken>,
}

impl Flights {
    /// Cancels what is not wished for any more and returns what is to be started, with its token.
    pub(crate) fn reconcile(&mut self, wishes: &[Effect]) -> Vec<(Effect, CancellationToken)> {
        self.under_way.retain(|effect, token| {
            let wished = wishes.contains(effect);
            if !wished {
                token.cancel();
            }
            wished
        });
        let mut new = Vec::new();
        for effect in wishes {
            if !self.under_way.contains_key(effect) {
                let token = CancellationToken::new();
                self.under_way.insert(effect.clone(), token.clone());
                new.push((effect.clone(), token));
            }
        }
        new
    }

    /// An effect came home.
    pub(crate) fn landed(&mut self, effect: &Effect) {
        self.under_way.remove(effect);
    }

    /// Cancels everything and keeps waiting for it: what has started is to be ended, not forgotten.
    pub(crate) fn hurry(&self) {
        self.under_way.values().for_each(CancellationToken::cancel);
    }
}

impl Drop for Flights {
    fn drop(&mut self) {
        self.hurry();
    }
}
