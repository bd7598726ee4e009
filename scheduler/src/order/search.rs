//! A better order where upward rank alone is not the best: a bounded search over what else could start first.
//!
//! It departs from the order by rank in one place, then in three, then wherever it likes, cuts off what cannot win, and
//! stops at the lower bound or when its budget of moments is used up. Small plans are searched through, large ones
//! only near the order by rank. Last it also tries to leave a slot free for a node that is about to become ready. No
//! chance is involved: the same plan gives the same order.

use super::jobs::{Jobs, Seat};
use super::seats::{Seats, Turns};
use super::{Capacity, bound, rank, simulate};

/// How many decisions the search may look at, times the nodes of the plan.
const BUDGET: usize = 60_000;

/// The rounds: how often a schedule may depart from the order by rank, and whether it may leave a seat free.
const ROUNDS: [(u32, bool); 6] = [
    (0, false),
    (1, false),
    (3, false),
    (u32::MAX, false),
    (2, true),
    (u32::MAX, true),
];

/// The turns of all places.
pub(super) fn improve(jobs: &Jobs, capacity: &Capacity, own: &[u64]) -> Turns {
    let turns = Turns::new(&rank::by_rank(jobs, own), &[]);
    let budget = BUDGET / own.len().max(1);
    let mut search = Search {
        jobs,
        own,
        capacity,
        turns: &turns,
        ranks: rank::upward(jobs, own),
        floor: bound::least(jobs, capacity, own),
        best: None,
        left: budget,
        may_hold: false,
    };
    for (departures, may_hold) in ROUNDS {
        if may_hold && !search.may_hold {
            search.left = budget;
        }
        search.may_hold = may_hold;
        search.go(Moment::first(&search), departures);
        if search.is_won() {
            break;
        }
    }
    let best = search.best.take().map(|(_, turns)| turns);
    best.unwrap_or(turns)
}

struct Search<'a> {
    jobs: &'a Jobs,
    own: &'a [u64],
    capacity: &'a Capacity,
    turns: &'a Turns,
    ranks: Vec<u64>,
    floor: u64,
    /// The shortest makespan so far and the turns that lead to it.
    best: Option<(u64, Turns)>,
    left: usize,
    may_hold: bool,
}

/// A schedule up to one decision.
#[derive(Clone)]
struct Moment<'a> {
    now: u64,
    missing: Vec<usize>,
    /// What may start, by turn; what was passed over at this time is among `passed` instead.
    ready: Vec<usize>,
    passed: Vec<usize>,
    running: Vec<(u64, usize)>,
    seats: Seats<'a>,
    starts: Vec<usize>,
    /// Work not yet started: commands, agents.
    open: [u64; 2],
    /// What could have started earlier and was held back.
    held: Vec<usize>,
    /// What was held back, and what started just before it.
    behind: Vec<(usize, usize)>,
}

impl<'a> Search<'a> {
    fn is_won(&self) -> bool {
        let best = self.best.as_ref();
        best.is_some_and(|(best, _)| *best <= self.floor)
    }

    fn is_lost(&self, moment: &Moment<'_>) -> bool {
        let best = self.best.as_ref();
        best.is_some_and(|(best, _)| self.left == 0 || moment.bound(self) >= *best)
    }

    fn go(&mut self, mut moment: Moment<'a>, departures: u32) {
        while !self.is_won() && !self.is_lost(&moment) {
            // The first schedule is always finished: without it there is no order at all.
            self.left = self.left.saturating_sub(usize::from(self.best.is_some()));
            if let Some(next) = moment.next() {
                if departures > 0 {
                    let mut other = moment.clone();
                    other.pass(next);
                    moment.start(next, self);
                    // First what keeps to the order.
                    self.go(moment, departures);
                    moment = other;
                    return self.go(moment, departures - 1);
                }
                moment.start(next, self);
            } else if moment.running.is_empty() && moment.passed.is_empty() {
                return self.take(&moment);
            } else if moment.hold(self) {
                moment.advance(self);
            } else {
                return;
            }
        }
    }

    /// Takes a finished schedule if its turns really lead to a shorter one.
    fn take(&mut self, moment: &Moment<'_>) {
        let mut places = moment.starts.clone();
        // What never starts keeps its place behind the others.
        let never = self.turns.places();
        places.extend(never.filter(|at| !moment.starts.contains(at)));
        let turns = Turns::new(&places, &moment.behind);
        let played = simulate::play(self.jobs, self.capacity, self.own, &turns);
        let ends = played
            .iter()
            .map(|(at, start)| start.saturating_add(self.own[*at]));
        let makespan = ends.max().unwrap_or(0);
        if self.best.as_ref().is_none_or(|(best, _)| makespan < *best) {
            self.best = Some((makespan, turns));
        }
    }
}

impl<'a> Moment<'a> {
    fn first(search: &Search<'a>) -> Self {
        let jobs = search.jobs;
        let missing: Vec<usize> = jobs.needs.iter().map(Vec::len).collect();
        let mut open = [0_u64; 2];
        for (at, own) in search.own.iter().enumerate() {
            let open = &mut open[side(jobs.seats[at])];
            *open = open.saturating_add(*own);
        }
        let ready = search.turns.places().filter(|at| missing[*at] == 0);
        Self {
            now: 0,
            ready: ready.collect(),
            passed: Vec::new(),
            running: Vec::new(),
            seats: Seats::new(jobs, search.capacity),
            starts: Vec::new(),
            missing,
            open,
            held: Vec::new(),
            behind: Vec::new(),
        }
    }

    /// The first ready place that could start now.
    fn next(&self) -> Option<usize> {
        let mut ready = self.ready.iter().copied();
        ready.find(|at| self.seats.fits(*at).is_ok())
    }

    fn pass(&mut self, at: usize) {
        self.ready.retain(|other| *other != at);
        self.passed.push(at);
    }

    fn start(&mut self, at: usize, search: &Search<'a>) {
        self.ready.retain(|other| *other != at);
        self.seats.take(at);
        if let Some(before) = self.starts.last().filter(|_| self.held.contains(&at)) {
            self.behind.push((at, *before));
        }
        self.starts.push(at);
        let open = &mut self.open[side(search.jobs.seats[at])];
        *open = open.saturating_sub(search.own[at]);
        self.running
            .push((self.now.saturating_add(search.own[at]), at));
    }

    /// Whether all that was passed over may wait: because its seat is taken, or because something of more weight is
    /// about to become ready and seats may be left free for it.
    fn hold(&mut self, search: &Search<'a>) -> bool {
        let fits = |at: &&usize| self.seats.fits(**at).is_ok();
        let idle: Vec<usize> = self.passed.iter().filter(fits).copied().collect();
        if idle.is_empty() {
            return !self.running.is_empty();
        }
        let is_running = |need: &usize| self.running.iter().any(|(_, at)| at == need);
        let is_soon = |at: &usize| {
            let unmet = search.jobs.needs[*at]
                .iter()
                .filter(|need| is_running(need));
            self.missing[*at] > 0 && unmet.count() == self.missing[*at]
        };
        let soon = (0..self.missing.len()).filter(is_soon);
        let weight = soon.map(|at| search.ranks[at]).max().unwrap_or(0);
        let may_wait = search.may_hold && idle.iter().all(|at| search.ranks[*at] < weight);
        self.held.extend(idle);
        may_wait
    }

    /// On to the next end.
    fn advance(&mut self, search: &Search<'a>) {
        let ends = self.running.iter().map(|(end, _)| *end);
        let now = ends.min().unwrap_or(self.now);
        self.now = now;
        let ended: Vec<usize> = self
            .running
            .iter()
            .filter(|(end, _)| *end == now)
            .map(|(_, at)| *at)
            .collect();
        self.running.retain(|(end, _)| *end > now);
        self.ready.append(&mut self.passed);
        for at in ended {
            self.seats.leave(at);
            for &open in &search.jobs.opens[at] {
                self.missing[open] -= 1;
                if self.missing[open] == 0 {
                    self.ready.push(open);
                }
            }
        }
        self.ready.sort_by_key(|at| search.turns.of(*at));
    }

    /// What no continuation can beat.
    fn bound(&self, search: &Search<'a>) -> u64 {
        let mut work = self.open;
        let mut bound = self.now;
        for &(end, at) in &self.running {
            let work = &mut work[side(search.jobs.seats[at])];
            *work = work.saturating_add(end - self.now);
            bound = bound.max(end.saturating_add(search.ranks[at] - search.own[at]));
        }
        for &at in self.ready.iter().chain(&self.passed) {
            bound = bound.max(self.now.saturating_add(search.ranks[at]));
        }
        let size = [search.capacity.builds, search.capacity.slots];
        for (work, size) in work.into_iter().zip(size) {
            let rest = work.div_ceil(u64::from(size.max(1)));
            bound = bound.max(self.now.saturating_add(rest));
        }
        bound
    }
}

fn side(seat: Seat) -> usize {
    match seat {
        Seat::Build => 0,
        Seat::Agent(_) => 1,
    }
}
