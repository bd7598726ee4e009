//! Effects under way: started once, cancelled when no longer wished for, each coming home as a message.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use protocol::{Effect, Outcome, Seq};
use tokio_util::sync::CancellationToken;
use tools::{Prepared, WritePermit};

/// What an effect of an agent brings home.
pub(crate) struct Home {
    /// Which effect.
    pub effect: Effect,
    /// Which flight of it.
    pub number: u64,
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

/// One effect under way. Its number tells it from an earlier flight of the same effect: a model call that
/// was interrupted and the one made again in the next turn are equal wishes.
#[derive(Clone)]
pub(crate) struct Flight {
    pub number: u64,
    pub cancel: CancellationToken,
}

/// The wishes of one state that are under way.
pub(crate) struct Flights<W> {
    under_way: HashMap<W, Flight>,
    last: u64,
}

impl<W> Default for Flights<W> {
    fn default() -> Self {
        Self {
            under_way: HashMap::new(),
            last: 0,
        }
    }
}

impl<W: Clone + Eq + Hash> Flights<W> {
    /// Cancels what is not wished for any more and returns what is to be started.
    pub(crate) fn reconcile(&mut self, wishes: &[W]) -> Vec<(W, Flight)> {
        let wanted: HashSet<&W> = wishes.iter().collect();
        self.under_way.retain(|wish, flight| {
            let wished = wanted.contains(wish);
            if !wished {
                flight.cancel.cancel();
            }
            wished
        });
        let mut new = Vec::new();
        for wish in wishes {
            if !self.under_way.contains_key(wish) {
                self.last += 1;
                let flight = Flight {
                    number: self.last,
                    cancel: CancellationToken::new(),
                };
                self.under_way.insert(wish.clone(), flight.clone());
                new.push((wish.clone(), flight));
            }
        }
        new
    }

    /// An effect came home. Whether it was still awaited: one that was given up answers a wish that is
    /// no longer held, even if an equal one is.
    pub(crate) fn landed(&mut self, wish: &W, number: u64) -> bool {
        let awaited = |flight: &Flight| flight.number == number;
        let is_awaited = self.under_way.get(wish).is_some_and(awaited);
        if is_awaited {
            self.under_way.remove(wish);
        }
        is_awaited
    }

    /// How many are under way.
    pub(crate) fn len(&self) -> usize {
        self.under_way.len()
    }
}

impl<W> Flights<W> {
    /// Cancels everything and keeps waiting for it: what has started is to be ended, not forgotten.
    pub(crate) fn hurry(&self) {
        self.under_way
            .values()
            .for_each(|flight| flight.cancel.cancel());
    }
}

impl<W> Drop for Flights<W> {
    fn drop(&mut self) {
        self.hurry();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: Effect = Effect::CallModel {
        step: 0,
        attempt: 0,
        max_tokens: None,
    };

    #[test]
    fn a_flight_that_was_given_up_does_not_answer_for_its_successor() {
        let mut flights = Flights::default();
        let first = flights.reconcile(&[CALL]).remove(0).1;
        assert!(flights.reconcile(&[]).is_empty());
        assert!(first.cancel.is_cancelled());
        let second = flights.reconcile(&[CALL]).remove(0).1;
        assert!(!flights.landed(&CALL, first.number), "it comes home late");
        assert!(
            flights.reconcile(&[CALL]).is_empty(),
            "the second is under way"
        );
        assert!(!second.cancel.is_cancelled());
        assert!(flights.landed(&CALL, second.number));
    }
}
