//! A run played through without doing anything: when each node would start and end.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use protocol::{NodeId, Plan};

use super::jobs::{Jobs, expected_ms};
use super::seats::{Seats, Turns, fill};
use super::{Capacity, Order};

/// How long nodes take, in milliseconds; a node that is missing takes its expected time.
pub type Durations = BTreeMap<NodeId, u64>;

/// When each node was at work.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schedule {
    /// By start, and among equals by turn.
    pub spans: Vec<Span>,
    /// When the last one ended, in milliseconds.
    pub makespan_ms: u64,
    /// Nodes that could never start, for instance because there is no slot for them at all.
    pub stuck: Vec<NodeId>,
}

/// One node's time at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The node.
    pub node: NodeId,
    /// From, in milliseconds.
    pub start_ms: u64,
    /// Until, in milliseconds.
    pub end_ms: u64,
}

/// Plays a plan through as it would be admitted, budgets left aside.
pub fn simulate(plan: &Plan, capacity: &Capacity, durations: &Durations) -> Schedule {
    Order::new(plan, capacity).simulate(capacity, durations)
}

impl Order {
    /// Plays its plan through.
    pub fn simulate(&self, capacity: &Capacity, durations: &Durations) -> Schedule {
        let own = times(self.plan(), durations);
        let played = play(self.jobs(), capacity, &own, self.turns());
        let ids = &self.jobs().ids;
        let span = |&(at, start): &(usize, u64)| Span {
            node: ids[at],
            start_ms: start,
            end_ms: start + own[at],
        };
        let spans: Vec<Span> = played.iter().map(span).collect();
        let mut started = vec![false; ids.len()];
        for (at, _) in played {
            started[at] = true;
        }
        let never = ids.iter().zip(started).filter(|(_, started)| !started);
        Schedule {
            makespan_ms: spans.iter().map(|span| span.end_ms).max().unwrap_or(0),
            stuck: never.map(|(id, _)| *id).collect(),
            spans,
        }
    }
}

pub(super) fn times(plan: &Plan, durations: &Durations) -> Vec<u64> {
    let time = |node| durations.get(node).copied();
    let nodes = plan.nodes.iter();
    nodes
        .map(|node| time(&node.id).unwrap_or_else(|| expected_ms(node)))
        .collect()
}

/// Each place that starts and when, in order.
pub(super) fn play(
    jobs: &Jobs,
    capacity: &Capacity,
    own: &[u64],
    turns: &Turns,
) -> Vec<(usize, u64)> {
    let mut missing: Vec<usize> = jobs.needs.iter().map(Vec::len).collect();
    let mut ready: Vec<(usize, u32)> = (0..own.len())
        .filter(|at| missing[*at] == 0)
        .map(|at| (at, 0))
        .collect();
    let mut seats = Seats::new(jobs, capacity);
    let mut over = vec![false; own.len()];
    let mut ends = BinaryHeap::new();
    let (mut now, mut played) = (0_u64, Vec::new());
    loop {
        let mut left = Vec::new();
        let ages: BTreeMap<usize, u32> = ready.iter().copied().collect();
        seats.begin(turns, |at| over[at]);
        fill(&turns.queue(ready), &mut seats, |at, fits| {
            match fits {
                Ok(()) => {
                    played.push((at, now));
                    ends.push(Reverse((now.saturating_add(own[at]), at)));
                }
                Err(_) => left.push((at, ages[&at] + 1)),
            }
            fits
        });
        let Some(Reverse((end, _))) = ends.peek().copied() else {
            return played;
        };
        now = end;
        while let Some(&Reverse((_, at))) = ends.peek().filter(|Reverse((end, _))| *end == now) {
            ends.pop();
            seats.leave(at);
            over[at] = true;
            for &open in &jobs.opens[at] {
                missing[open] -= 1;
                if missing[open] == 0 {
                    left.push((open, 0));
                }
            }
        }
        ready = left;
    }
}
