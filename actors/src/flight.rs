//! Effects under way: started once, cancelled when no longer wished for, each coming home as a message.

use std::collections::HashMap;
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
    /// A write that holds its permit: kept until its end is written.
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
    under_way: HashMap<W, UnderWay>,
    /// What was given up and is still on its way home, by its number.
    given_up: HashMap<u64, W>,
    last: u64,
    /// How often it was compared with what is wished for.
    rounds: u64,
}

struct UnderWay {
    flight: Flight,
    /// The last round in which it was wished for.
    round: u64,
}

impl<W> Default for Flights<W> {
    fn default() -> Self {
        Self {
            under_way: HashMap::new(),
            given_up: HashMap::new(),
            last: 0,
            rounds: 0,
        }
    }
}

impl<W: Clone + Eq + Hash> Flights<W> {
    /// Cancels what is not wished for any more and returns what is to be started. Each wish is looked up once: a large
    /// run has thousands, nearly all of them under way.
    pub(crate) fn reconcile(&mut self, wishes: &[W]) -> Vec<(W, Flight)> {
        self.rounds += 1;
        let round = self.rounds;
        let is_new = |wish: &&W| match self.under_way.get_mut(*wish) {
            Some(under_way) => {
                under_way.round = round;
                false
            }
            None => true,
        };
        let new: Vec<W> = wishes.iter().filter(is_new).cloned().collect();
        let given_up = self
            .under_way
            .extract_if(|_, under_way| under_way.round != round);
        for (wish, UnderWay { flight, .. }) in given_up {
            flight.cancel.cancel();
            self.given_up.insert(flight.number, wish);
        }
        new.into_iter()
            .map(|wish| (wish.clone(), self.begin(wish)))
            .collect()
    }

    fn begin(&mut self, wish: W) -> Flight {
        self.last += 1;
        let flight = Flight {
            number: self.last,
            cancel: CancellationToken::new(),
        };
        let under_way = UnderWay {
            flight: flight.clone(),
            round: self.rounds,
        };
        self.under_way.insert(wish, under_way);
        flight
    }

    /// An effect came home. Whether it was still awaited: one that was given up answers a wish that is
    /// no longer held, even if an equal one is.
    pub(crate) fn landed(&mut self, wish: &W, number: u64) -> bool {
        self.given_up.remove(&number);
        let awaited = |under_way: &UnderWay| under_way.flight.number == number;
        let is_awaited = self.under_way.get(wish).is_some_and(awaited);
        if is_awaited {
            self.under_way.remove(wish);
        }
        is_awaited
    }

    /// What was given up and has not come home: it may still be ending what it started.
    pub(crate) fn given_up(&self) -> impl Iterator<Item = &W> {
        self.given_up.values()
    }

    /// What is under way, and what was given up and has not come home.
    pub(crate) fn all(&self) -> impl Iterator<Item = &W> {
        self.under_way.keys().chain(self.given_up())
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
            .for_each(|under_way| under_way.flight.cancel.cancel());
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
        assert_eq!(flights.given_up().collect::<Vec<_>>(), [&CALL]);
        assert!(!flights.landed(&CALL, first.number), "it comes home late");
        assert_eq!(flights.given_up().count(), 0);
        assert!(
            flights.reconcile(&[CALL]).is_empty(),
            "the second is under way"
        );
        assert!(!second.cancel.is_cancelled());
        assert!(flights.landed(&CALL, second.number));
    }
}
