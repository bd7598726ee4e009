//! How long a node has been at work, with all that works for it or stands in its place: while any of them is.

use protocol::{NodeId, Timestamp};

use super::Ledger;

/// The time at work of a node and of those below it: of what is at work at once it counts one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Stopwatch {
    /// Milliseconds that are counted.
    used: u64,
    /// Up to when they are, while anything is at work.
    mark: Timestamp,
    /// How many attempts are at work.
    at_work: u32,
}

impl Stopwatch {
    fn begin(&mut self, now: Timestamp) {
        if self.at_work == 0 {
            self.mark = now;
        }
        self.at_work += 1;
    }

    fn end(&mut self, now: Timestamp, is_charged: bool) {
        if is_charged {
            self.used = self.used(now);
            self.mark = now;
        }
        self.at_work = self.at_work.saturating_sub(1);
    }

    fn used(&self, now: Timestamp) -> u64 {
        let running = match self.at_work {
            0 => 0,
            _ => now.since(self.mark),
        };
        self.used.saturating_add(running)
    }
}

impl Ledger {
    /// An attempt is at work from now on.
    pub(crate) fn begin(&mut self, node: NodeId, now: Timestamp) {
        self.change(node, |account| account.watch.begin(now));
    }

    /// An attempt is at work no more. What is nobody's fault is not charged, as far as nothing else was at work meanwhile.
    pub(crate) fn end(&mut self, node: NodeId, now: Timestamp, is_charged: bool) {
        self.change(node, |account| account.watch.end(now, is_charged));
    }

    /// A stretch in which no process had the run, in milliseconds: it counts for nobody.
    pub(crate) fn skip(&mut self, ms: u64) {
        for account in self.nodes.values_mut() {
            let mark = &mut account.watch.mark;
            *mark = Timestamp(mark.0.saturating_add(ms));
        }
    }

    /// What a node's own time leaves, and that of the nodes it shares a budget with, in milliseconds; `None` without a
    /// limit.
    pub fn time_left(&self, node: NodeId, now: Timestamp) -> Option<u64> {
        let accounts = self.above(node);
        let left = |limit: u64, watch: Stopwatch| limit.saturating_sub(watch.used(now));
        let left = accounts.filter_map(|account| Some(left(account.wall_ms?, account.watch)));
        left.min()
    }

    /// Whether that is used up and stays so: nothing is at work that may not be charged in the end.
    pub(crate) fn is_late(&self, node: NodeId, now: Timestamp) -> bool {
        self.above(node).any(|account| {
            let limit = account.wall_ms.filter(|_| account.watch.at_work == 0);
            limit.is_some_and(|limit| limit <= account.watch.used(now))
        })
    }
}
