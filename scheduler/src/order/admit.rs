//! Admission: each ready node gets all it needs or nothing, in order of priority, none passed over for ever.

use protocol::{NodeId, Plan};

use super::allot::Allotter;
use super::jobs::{Jobs, Seat};
use super::{Admission, Capacity, Decision, Holding, Ready, Wait, Waiting, rank, search};

/// After so many decisions that passed a node over, nothing it waits for goes to others any more.
pub const STARVE_AFTER: u32 = 32;

/// The order of a plan's nodes: made once for a plan, then asked at every decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    plan: Plan,
    jobs: Jobs,
    /// Each place's turn: the lower, the earlier it is considered.
    turns: Vec<usize>,
}

impl Order {
    /// Orders a valid plan for a capacity: by upward rank, improved where a bounded search finds a shorter schedule.
    /// The same plan and capacity give the same order.
    pub fn new(plan: &Plan, capacity: &Capacity) -> Self {
        let jobs = Jobs::new(plan);
        let own: Vec<u64> = plan.nodes.iter().map(rank::weighted).collect();
        let places = search::improve(&jobs, capacity, &own);
        let mut turns = vec![0; places.len()];
        for (turn, place) in places.into_iter().enumerate() {
            turns[place] = turn;
        }
        Self {
            plan: plan.clone(),
            jobs,
            turns,
        }
    }

    /// The plan it orders.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    pub(super) fn jobs(&self) -> &Jobs {
        &self.jobs
    }

    pub(super) fn turns(&self) -> &[usize] {
        &self.turns
    }

    /// Whether the scopes of two nodes forbid that both are at work.
    pub fn clash(&self, a: NodeId, b: NodeId) -> bool {
        let places = &self.jobs.places;
        let clash = |a: &usize, b: &usize| self.jobs.clashes[*a].contains(b);
        matches!((places.get(&a), places.get(&b)), (Some(a), Some(b)) if clash(a, b))
    }

    /// Decides which ready nodes start now. Nodes that are ready again after an attempt may be among those that hold
    /// their scope: nobody waits for itself.
    pub fn admit(&self, ready: &[Ready], holding: &Holding<'_>) -> Decision {
        let mut decision = Decision::default();
        let mut known = Vec::new();
        for ready in ready {
            match self.jobs.places.get(&ready.node) {
                Some(&at) => known.push((at, ready.age)),
                None => decision.waits.push(Waiting {
                    node: ready.node,
                    why: Wait::Unknown,
                }),
            }
        }
        let mut seats = Seats::new(&self.jobs, holding.capacity);
        for at in self.places(holding.working.iter()) {
            seats.take(at);
        }
        for at in self.places(holding.waiting.iter()) {
            seats.hold(at);
        }
        let mut allotter = Allotter::new(&self.plan, holding);
        fill(&self.queue(known), &mut seats, |at, outcome| {
            let node = self.jobs.ids[at];
            let budget = outcome.and_then(|()| allotter.allot(&self.plan.nodes[at]));
            let why = budget.map(|allotted| decision.starts.push(Admission { node, allotted }));
            if let Err(why) = why {
                decision.waits.push(Waiting { node, why });
            }
            why
        });
        decision
    }

    fn places<'a>(&self, nodes: impl Iterator<Item = &'a NodeId>) -> impl Iterator<Item = usize> {
        nodes.filter_map(|node| self.jobs.places.get(node).copied())
    }

    fn queue(&self, ready: Vec<(usize, u32)>) -> Vec<Candidate> {
        queue(ready, &self.turns)
    }
}

/// A ready place, and whether it has waited too long.
pub(super) type Candidate = (usize, bool);

/// The ready places in the order in which they are considered: who has waited too long first, then by turn.
pub(super) fn queue(mut ready: Vec<(usize, u32)>, turns: &[usize]) -> Vec<Candidate> {
    let starved = |age: u32| age.saturating_sub(STARVE_AFTER - 1);
    ready.sort_by_key(|&(at, age)| (std::cmp::Reverse(starved(age)), turns[at]));
    ready
        .into_iter()
        .map(|(at, age)| (at, starved(age) > 0))
        .collect()
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
        match settle(at, seats.fits(at).and(turn)) {
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

/// What is taken at one moment.
#[derive(Debug, Clone)]
pub(super) struct Seats<'a> {
    jobs: &'a Jobs,
    capacity: &'a Capacity,
    slots: u32,
    builds: u32,
    pools: Vec<u32>,
    /// Which places hold their scope.
    locked: Vec<bool>,
    /// Which places have waited so long that nobody may take a path of theirs.
    kept: Vec<usize>,
}

impl<'a> Seats<'a> {
    pub(super) fn new(jobs: &'a Jobs, capacity: &'a Capacity) -> Self {
        Self {
            jobs,
            capacity,
            slots: 0,
            builds: 0,
            pools: vec![0; capacity.pools.len()],
            locked: vec![false; jobs.ids.len()],
            kept: Vec::new(),
        }
    }

    /// Whether a seat is free for a place, and every path of its scope.
    pub(super) fn fits(&self, at: usize) -> Result<(), Wait> {
        let ids = &self.jobs.ids;
        let clashes = &self.jobs.clashes[at];
        if let Some(holder) = clashes.iter().find(|other| self.locked[**other]) {
            return Err(Wait::Scope(ids[*holder]));
        }
        if let Some(first) = self.kept.iter().find(|kept| clashes.contains(kept)) {
            return Err(Wait::Turn(ids[*first]));
        }
        match self.jobs.seats[at] {
            Seat::Build if self.builds >= self.capacity.builds => Err(Wait::Build),
            Seat::Agent(_) if self.slots >= self.capacity.slots => Err(Wait::Slot),
            Seat::Agent(tier) => {
                let pools = self.capacity.pools.iter().zip(&self.pools);
                let full = |(pool, taken): (&super::Pool, &u32)| {
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
        self.locked[at] = true;
        self.count(at, |taken| *taken += 1);
    }

    /// A place ends its work.
    pub(super) fn leave(&mut self, at: usize) {
        self.locked[at] = false;
        self.count(at, |taken| *taken -= 1);
    }

    /// A place holds its scope and nothing else.
    fn hold(&mut self, at: usize) {
        self.locked[at] = true;
    }

    fn keep_free(&mut self, at: usize) {
        self.kept.push(at);
    }

    /// A new decision begins: who is kept free for is decided again.
    pub(super) fn forget_kept(&mut self) {
        self.kept.clear();
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
