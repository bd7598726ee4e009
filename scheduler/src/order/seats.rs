//! Who is considered when, and what is taken at one moment: slots, pools, the build lane, paths.

use std::cmp::Reverse;

use super::jobs::{Jobs, Seat};
use super::{Capacity, Pool, Wait};

/// After so many decisions that passed a node over, nothing it waits for goes to others any more.
pub const STARVE_AFTER: u32 = 32;

/// The turns of all places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Turns {
    /// Each place's turn: the lower, the earlier it is considered.
    turns: Vec<usize>,
    /// A place that should leave its seat free for another one until that has started.
    behind: Vec<Option<usize>>,
}

/// A ready place, and whether it has waited too long.
pub(super) type Candidate = (usize, bool);

impl Turns {
    /// From all places in order, and pairs of a place and the one it stays behind.
    pub(super) fn new(places: &[usize], pairs: &[(usize, usize)]) -> Self {
        let mut turns = vec![0; places.len()];
        for (turn, at) in places.iter().enumerate() {
            turns[*at] = turn;
        }
        let mut behind = vec![None; places.len()];
        for &(at, before) in pairs {
            behind[at] = Some(before);
        }
        Self { turns, behind }
    }

    pub(super) fn of(&self, at: usize) -> usize {
        self.turns[at]
    }

    /// All places in order.
    pub(super) fn places(&self) -> impl Iterator<Item = usize> + use<> {
        let mut places: Vec<usize> = (0..self.turns.len()).collect();
        places.sort_unstable_by_key(|at| self.turns[*at]);
        places.into_iter()
    }

    /// The ready places in the order in which they are considered: who has waited too long first, then by turn.
    pub(super) fn queue(&self, mut ready: Vec<(usize, u32)>) -> Vec<Candidate> {
        let starved = |age: u32| age.saturating_sub(STARVE_AFTER - 1);
        ready.sort_by_key(|&(at, age)| (Reverse(starved(age)), self.turns[at]));
        let candidates = ready.into_iter();
        candidates.map(|(at, age)| (at, starved(age) > 0)).collect()
    }
}

/// Goes through the queue once. `settle` hears whether a place has a seat and its scope, and has the last word.
pub(super) fn fill(
    queue: &[Candidate],
    seats: &mut Seats<'_>,
    mut settle: impl FnMut(usize, Result<(), Wait>) -> Result<(), Wait>,
) {
    // The one that has waited too long for budget, so that nobody spends it.
    let mut saving = None;
    for &(at, starved) in queue {
        let turn = saving.map_or(Ok(()), |first| Err(Wait::Turn(first)));
        let held = if starved {
            Ok(())
        } else {
            seats.is_free_for(at)
        };
        match settle(at, seats.fits(at).and(turn).and(held)) {
            Ok(()) => seats.take(at),
            Err(why) if starved => {
                seats.keep_free(at);
                if matches!(why, Wait::Budget(_)) {
                    saving.get_or_insert(seats.jobs.ids[at]);
                }
            }
            Err(_) => {}
        }
    }
}

/// Whose the paths of a place's scope are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lock {
    /// Not its own.
    Free,
    /// Its own, though it is not at work: what it changed has not landed.
    Held,
    /// Its own, and it is at work.
    Taken,
}

/// What is taken at one moment.
#[derive(Debug, Clone)]
pub(super) struct Seats<'a> {
    jobs: &'a Jobs,
    capacity: &'a Capacity,
    slots: u32,
    builds: u32,
    pools: Vec<u32>,
    /// How each place holds its scope.
    locks: Vec<Lock>,
    /// Which places have waited so long that nobody may take a path of theirs.
    kept: Vec<usize>,
    /// Whom each place stays behind.
    behind: &'a [Option<usize>],
    /// Which places have been at work and are not any more.
    over: Vec<bool>,
}

impl<'a> Seats<'a> {
    pub(super) fn new(jobs: &'a Jobs, capacity: &'a Capacity) -> Self {
        Self {
            jobs,
            capacity,
            slots: 0,
            builds: 0,
            pools: vec![0; capacity.pools.len()],
            locks: vec![Lock::Free; jobs.ids.len()],
            kept: Vec::new(),
            behind: &[],
            over: Vec::new(),
        }
    }

    /// Whether a seat is free for a place, and every path of its scope.
    pub(super) fn fits(&self, at: usize) -> Result<(), Wait> {
        let ids = &self.jobs.ids;
        let clashes = &self.jobs.clashes[at];
        // Who holds a scope gives it up only when it goes on: it waits for nobody who is not at work there, or each would
        // wait for the other.
        let is_own = self.locks[at] != Lock::Free;
        let bars = |lock: Lock| lock == Lock::Taken || (lock == Lock::Held && !is_own);
        if let Some(holder) = clashes.iter().find(|other| bars(self.locks[**other])) {
            return Err(Wait::Scope(ids[*holder]));
        }
        let first = self.kept.iter().find(|kept| clashes.contains(kept));
        if let Some(first) = first.filter(|_| !is_own) {
            return Err(Wait::Turn(ids[*first]));
        }
        match self.jobs.seats[at] {
            Seat::Build if self.builds >= self.capacity.builds => Err(Wait::Build),
            Seat::Agent(_) if self.slots >= self.capacity.slots => Err(Wait::Slot),
            Seat::Agent(tier) => {
                let pools = self.capacity.pools.iter().zip(&self.pools);
                let full = |(pool, taken): (&Pool, &u32)| {
                    pool.tiers.contains(&tier) && *taken >= pool.slots
                };
                match pools.into_iter().any(full) {
                    true => Err(Wait::Pool(tier)),
                    false => Ok(()),
                }
            }
            Seat::Build => Ok(()),
        }
    }

    /// A place goes to work.
    pub(super) fn take(&mut self, at: usize) {
        self.locks[at] = Lock::Taken;
        self.count(at, |taken| *taken += 1);
    }

    /// A place ends its work.
    pub(super) fn leave(&mut self, at: usize) {
        self.locks[at] = Lock::Free;
        self.count(at, |taken| *taken -= 1);
    }

    /// A place holds its scope and nothing else.
    pub(super) fn hold(&mut self, at: usize) {
        self.locks[at] = Lock::Held;
    }

    fn keep_free(&mut self, at: usize) {
        self.kept.push(at);
    }

    /// A decision begins: nobody is kept free for yet. `is_over` says what has been at work and is not any more.
    pub(super) fn begin(&mut self, turns: &'a Turns, is_over: impl Fn(usize) -> bool) {
        self.kept.clear();
        self.behind = &turns.behind;
        self.over = (0..self.locks.len()).map(is_over).collect();
    }

    /// Whether nobody is awaited for whom this place should leave its seat free. Only who is about to become ready is:
    /// all that is missing is at work.
    fn is_free_for(&self, at: usize) -> Result<(), Wait> {
        let is_free = |at: &usize| self.locks[*at] == Lock::Free;
        let started = |at: &usize| !is_free(at) || self.over[*at];
        let is_soon = |before: &usize| {
            let needs = &self.jobs.needs[*before];
            let at_work = needs.iter().any(|need| !is_free(need) && !self.over[*need]);
            at_work && !started(before) && needs.iter().all(started)
        };
        let before = self.behind.get(at).copied().flatten();
        match before.filter(is_soon) {
            Some(before) => Err(Wait::Turn(self.jobs.ids[before])),
            None => Ok(()),
        }
    }

    fn count(&mut self, at: usize, change: impl Fn(&mut u32)) {
        match self.jobs.seats[at] {
            Seat::Build => change(&mut self.builds),
            Seat::Agent(tier) => {
                change(&mut self.slots);
                for (pool, taken) in self.capacity.pools.iter().zip(&mut self.pools) {
                    if pool.tiers.contains(&tier) {
                        change(taken);
                    }
                }
            }
        }
    }
}
