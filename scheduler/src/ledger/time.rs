//! How long a node has been at work, with all that works for it or stands in its place: while any of them is.

use protocol::{NodeId, Timestamp};

use super::Ledger;

/// With less time than this no attempt is worth beginning, and no plan may give a node less. In milliseconds.
pub(crate) const LEAST_WALL_MS: u64 = 1_000;

/// When one attempt was at work, by the ledger's clock. What is nobody's fault is taken away again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    whose: (NodeId, u32),
    from: u64,
    /// Up to when at most: it was allotted no more.
    most: u64,
    /// `None` while it is at work.
    to: Option<u64>,
}

/// What counts of an attempt that is at work no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counts {
    /// Nothing: it was nobody's fault.
    Nothing,
    /// As long as it was at work.
    Past,
    /// All it was allotted: its deadline says so, whatever the clock of the records says.
    Allotted,
}

/// How long any of these was at work; they are in the order in which they began.
fn together<'a>(stretches: impl Iterator<Item = &'a Stretch>, now: u64) -> u64 {
    let (mut sum, mut counted) = (0, 0);
    for stretch in stretches {
        let to = stretch.to.unwrap_or(now).min(stretch.most);
        sum += to.saturating_sub(stretch.from.max(counted));
        counted = to.max(counted);
    }
    sum
}

/// What a limit leaves: too little to begin with is nothing.
const fn left(limit: u64, used: u64) -> u64 {
    match limit.saturating_sub(used) {
        ..LEAST_WALL_MS => 0,
        left => left,
    }
}

impl Ledger {
    /// An attempt is at work from now on, at most as long as it is allotted, and none before it at that node.
    pub(crate) fn begin(&mut self, whose: (NodeId, u32), now: Timestamp, allotted: Option<u64>) {
        let from = self.clock(now);
        let stretch = Stretch {
            whose,
            from,
            most: from.saturating_add(allotted.unwrap_or(u64::MAX)),
            to: None,
        };
        self.change(whose.0, |account| {
            let open = account.at_work.iter_mut();
            let open = open.filter(|it| it.whose.0 == whose.0 && it.to.is_none());
            open.for_each(|it| it.to = Some(from));
            if account.wall_ms.is_some() {
                account.at_work.push(stretch);
            }
        });
    }

    /// Attempts at a node are at work no more, or what counts of one that was is known only now.
    pub(crate) fn end(&mut self, whose: (NodeId, u32), now: Timestamp, counts: Counts) {
        let mut clock = self.clock(now);
        if counts == Counts::Allotted {
            // Its deadline is kept by a clock that nobody sets: so much time has passed for everybody.
            let all = self.above(whose.0).flat_map(|account| &account.at_work);
            let most = all.filter(|it| it.whose == whose && it.to.is_none());
            let most = most.map(|it| it.most).find(|most| *most != u64::MAX);
            self.ahead_ms += most.unwrap_or_default().saturating_sub(clock);
            clock = self.clock(now);
        }
        self.change(whose.0, |account| match counts {
            Counts::Nothing => account.at_work.retain(|it| it.whose != whose),
            Counts::Past | Counts::Allotted => {
                let ended = account.at_work.iter_mut().filter(|it| it.whose == whose);
                ended.for_each(|it| it.to = it.to.or(Some(clock)));
            }
        });
    }

    /// A stretch in which no process had the run, in milliseconds: it counts for nobody.
    pub(crate) fn skip(&mut self, ms: u64) {
        self.gone_ms = self.gone_ms.saturating_add(ms);
    }

    /// What a node's own time leaves, and that of the nodes it shares a budget with, in milliseconds; `None` without a
    /// limit. What is too little to begin with is nothing.
    pub fn time_left(&self, node: NodeId, now: Timestamp) -> Option<u64> {
        let now = self.clock(now);
        let accounts = self.above(node);
        let each = accounts.filter_map(|account| {
            let used = together(account.at_work.iter(), now);
            Some(left(account.wall_ms?, used))
        });
        each.min()
    }

    /// Whether nothing is left of it even if of all attempts only those count of which that is known for good.
    pub(crate) fn is_late(&self, node: NodeId, is_known: impl Fn((NodeId, u32)) -> bool) -> bool {
        self.above(node).any(|account| {
            let known = account.at_work.iter();
            let known = known.filter(|it| it.to.is_some() && is_known(it.whose));
            let limit = account.wall_ms;
            limit.is_some_and(|limit| left(limit, together(known, 0)) == 0)
        })
    }

    /// The time of the records, as far as a process had the run and as deadlines prove it.
    fn clock(&self, now: Timestamp) -> u64 {
        let ahead = now.0.saturating_add(self.ahead_ms);
        ahead.saturating_sub(self.gone_ms)
    }
}
