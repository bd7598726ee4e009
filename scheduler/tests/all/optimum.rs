//! The best there is, found by trying everything: what the order of work is measured against.

use std::collections::HashSet;

use protocol::Plan;
use scheduler::order::{Capacity, expected_ms};

/// The shortest makespan of a small plan, at most `known`: every order of starts, cut off where it cannot win.
pub(crate) fn optimum(plan: &Plan, capacity: &Capacity, known: u64, floor: u64) -> u64 {
    let nodes = &plan.nodes;
    let place = |id| nodes.iter().position(|node| node.id == id).unwrap();
    let needs: Vec<Vec<usize>> = nodes
        .iter()
        .map(|node| node.deps.iter().map(|dep| place(*dep)).collect())
        .collect();
    let times: Vec<u64> = nodes.iter().map(expected_ms).collect();
    let mut tails = times.clone();
    for at in (0..nodes.len()).rev() {
        for &need in &needs[at] {
            tails[need] = tails[need].max(times[need] + tails[at]);
        }
    }
    let mut by_tail: Vec<usize> = (0..nodes.len()).collect();
    by_tail.sort_by_key(|at| std::cmp::Reverse(tails[*at] - times[*at]));
    let clash = |a: usize, b: usize| {
        a != b
            && nodes[a].scope.writes == nodes[b].scope.writes
            && nodes[a].kind.writes()
            && nodes[b].kind.writes()
    };
    let mut search = Search {
        clashes: (0..nodes.len())
            .map(|a| (0..nodes.len()).map(|b| clash(a, b)).collect())
            .collect(),
        by_tail,
        agent: nodes.iter().map(|node| node.kind.has_agent()).collect(),
        sizes: [capacity.builds as usize, capacity.slots as usize],
        ends: vec![None; nodes.len()],
        needs,
        times,
        tails,
        best: known,
        floor,
        seen: HashSet::new(),
    };
    search.go(0, 0);
    search.best
}

struct Search {
    needs: Vec<Vec<usize>>,
    times: Vec<u64>,
    /// Its own time and the longest way after it.
    tails: Vec<u64>,
    clashes: Vec<Vec<bool>>,
    /// By the longest way after each.
    by_tail: Vec<usize>,
    agent: Vec<bool>,
    /// How many commands and how many agents may be at work.
    sizes: [usize; 2],
    /// When each node ends that has its place already.
    ends: Vec<Option<u64>>,
    best: u64,
    floor: u64,
    seen: HashSet<(u64, Vec<(usize, u64)>)>,
}

impl Search {
    /// Goes on from the last start.
    fn go(&mut self, now: u64, placed: usize) {
        if placed == self.times.len() {
            let end = self.ends.iter().flatten().max().copied();
            self.best = self.best.min(end.unwrap_or(0));
            return;
        }
        if !self.seen.insert((now, self.state(now))) {
            return;
        }
        for at in 0..self.times.len() {
            if self.best == self.floor || self.bound(now) >= self.best {
                return;
            }
            let Some(start) = self.earliest(at, now) else {
                continue;
            };
            if start + self.tails[at] >= self.best {
                continue;
            }
            self.ends[at] = Some(start + self.times[at]);
            self.go(start, placed + 1);
            self.ends[at] = None;
        }
    }

    /// All that matters for what follows: which nodes have no place yet, and which still run, by name only where some
    /// open node cares.
    fn state(&self, now: u64) -> Vec<(usize, u64)> {
        let open = |at: usize| self.ends[at].is_none();
        let mut state = Vec::new();
        for at in 0..self.times.len() {
            let Some(end) = self.ends[at] else {
                state.push((at, 0));
                continue;
            };
            let cares = |other: usize| {
                open(other) && (self.needs[other].contains(&at) || self.clashes[other][at])
            };
            match (0..self.times.len()).any(cares) {
                _ if end <= now => {}
                true => state.push((at, end)),
                false => state.push((1_000 + usize::from(self.agent[at]), end)),
            }
        }
        state.sort_unstable();
        state
    }

    /// The earliest start from `now` on; `None` if it has its place or something it needs has none.
    fn earliest(&self, at: usize, now: u64) -> Option<u64> {
        if self.ends[at].is_some() {
            return None;
        }
        let mut start = now;
        for &need in &self.needs[at] {
            start = start.max(self.ends[need]?);
        }
        loop {
            let busy = (0..self.times.len())
                .filter(|other| self.ends[*other].is_some_and(|end| end > start));
            let (mut seats, mut next, mut blocked) = (0, u64::MAX, false);
            for other in busy {
                let same = self.agent[other] == self.agent[at];
                let clash = self.clashes[at][other];
                seats += usize::from(same);
                blocked |= clash;
                if same || clash {
                    next = next.min(self.ends[other].unwrap_or(u64::MAX));
                }
            }
            if !blocked && seats < self.sizes[usize::from(self.agent[at])] {
                return Some(start);
            }
            start = next;
        }
    }

    /// What no completion can beat: for every time from which on some nodes start, and those with the longest way to
    /// go among them, what their seats have to carry.
    fn bound(&self, now: u64) -> u64 {
        let mut heads = vec![0; self.times.len()];
        for at in 0..heads.len() {
            let needs = self.needs[at].iter().map(|need| match self.ends[*need] {
                Some(end) => end,
                None => heads[*need] + self.times[*need],
            });
            heads[at] = needs.max().unwrap_or(0).max(now);
        }
        let mut bound = self.ends.iter().flatten().max().copied().unwrap_or(0);
        for seat in [false, true] {
            let mine = |at: &&usize| self.agent[**at] == seat;
            let busy = self
                .by_tail
                .iter()
                .filter(mine)
                .filter_map(|at| self.ends[*at]);
            let busy: u64 = busy.map(|end| end.saturating_sub(now)).sum();
            let size = self.sizes[usize::from(seat)] as u64;
            let open: Vec<usize> = self
                .by_tail
                .iter()
                .filter(mine)
                .filter(|at| self.ends[**at].is_none())
                .copied()
                .collect();
            for &first in &open {
                let from = heads[first];
                let mut work = if from == now { busy } else { 0 };
                for &at in open.iter().filter(|at| heads[**at] >= from) {
                    work += self.times[at];
                    let after = self.tails[at] - self.times[at];
                    let after = if from == now { 0 } else { after };
                    bound = bound
                        .max(from + work.div_ceil(size) + after)
                        .max(heads[at] + self.tails[at]);
                }
            }
        }
        bound
    }
}
