//! The ledger of a run: hard budgets of the run, its subtrees and its nodes; what is reserved and what is spent.

mod time;

use std::collections::BTreeMap;

use protocol::{Budget, Cost, NodeId, Plan};

pub(crate) use time::{Counts, LEAST_WALL_MS};

use time::Stretch;

/// What was used, or what is set aside to be used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spend {
    /// Tokens, prompt and reply together.
    pub tokens: u64,
    /// Money, in pico-dollars.
    pub cost: Cost,
    /// Tool calls.
    pub tool_calls: u64,
    /// Attempts.
    pub attempts: u32,
}

/// What there is too little of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Meter {
    /// Tokens.
    Tokens,
    /// Money.
    Cost,
    /// Tool calls.
    ToolCalls,
    /// Attempts.
    Attempts,
}

impl Meter {
    /// The limit that a budget sets to this; `None` if it sets none.
    pub(crate) fn of(self, budget: &Budget) -> Option<u64> {
        let [tokens, cost, tool_calls, attempts] = limits(budget);
        match self {
            Self::Tokens => tokens,
            Self::Cost => cost,
            Self::ToolCalls => tool_calls,
            Self::Attempts => attempts,
        }
    }
}

/// Why something could not be set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Short {
    /// A limit leaves too little.
    #[error("reserve for node {node}: the limit of {meter:?} leaves {left}, {wanted} is wanted")]
    Room {
        /// The node it was for.
        node: NodeId,
        /// What there is too little of.
        meter: Meter,
        /// What is left.
        left: u64,
        /// What is wanted.
        wanted: u64,
    },
    /// The node has no account.
    #[error("reserve for node {0}: it has no account")]
    Unknown(NodeId),
    /// It has something set aside already: one attempt at a time.
    #[error("reserve for node {0}: an attempt has its reservation already")]
    Reserved(NodeId),
}

/// The four meters in one order.
const METERS: [Meter; 4] = [
    Meter::Tokens,
    Meter::Cost,
    Meter::ToolCalls,
    Meter::Attempts,
];

type Amounts = [u64; 4];

impl Spend {
    fn amounts(&self) -> Amounts {
        let Self {
            tokens,
            cost,
            tool_calls,
            attempts,
        } = *self;
        [tokens, cost.0, tool_calls, u64::from(attempts)]
    }

    /// How much of one thing it is.
    pub(crate) fn of_meter(&self, meter: Meter) -> u64 {
        let [tokens, cost, tool_calls, attempts] = self.amounts();
        match meter {
            Meter::Tokens => tokens,
            Meter::Cost => cost,
            Meter::ToolCalls => tool_calls,
            Meter::Attempts => attempts,
        }
    }

    fn of(amounts: Amounts) -> Self {
        let [tokens, cost, tool_calls, attempts] = amounts;
        Self {
            tokens,
            cost: Cost(cost),
            tool_calls,
            attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
        }
    }
}

pub(crate) fn limits(budget: &Budget) -> [Option<u64>; 4] {
    [
        budget.tokens,
        budget.cost.map(|cost| cost.0),
        budget.tool_calls,
        budget.attempts.map(u64::from),
    ]
}

pub(crate) fn budget([tokens, cost, tool_calls, attempts]: [Option<u64>; 4]) -> Budget {
    Budget {
        tokens,
        cost: cost.map(Cost),
        wall_ms: None,
        tool_calls,
        attempts: attempts.map(|n| u32::try_from(n).unwrap_or(u32::MAX)),
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Account {
    limit: [Option<u64>; 4],
    settled: Amounts,
    reserved: Amounts,
    parent: Option<NodeId>,
    /// The attempt's own share of what is reserved; `None` between attempts.
    attempt: Option<Amounts>,
    /// How long the node may be at work.
    wall_ms: Option<u64>,
    /// When attempts at it and below were, in the order in which they began; where there is a limit.
    at_work: Vec<Stretch>,
}

impl Account {
    fn room(&self, meter: usize) -> Option<u64> {
        let used = self.settled[meter].saturating_add(self.reserved[meter]);
        self.limit[meter].map(|limit| limit.saturating_sub(used))
    }
}

/// The accounts of a run. At every step, settled and reserved together stay within each limit, as long as no attempt
/// uses more than was set aside for it; if a provider reports more, that is counted all the same and leaves less.
/// Wall time is not set aside: a node's is counted while anything of it is at work, and the run's is a deadline.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    run: Account,
    nodes: BTreeMap<NodeId, Account>,
    /// How long no process had the run, in milliseconds.
    gone_ms: u64,
    /// How far the clock of the records is behind what deadlines prove to have passed.
    ahead_ms: u64,
}

impl Ledger {
    /// A ledger with the limits of the run.
    pub fn new(total: &Budget) -> Self {
        let mut ledger = Self::default();
        ledger.run.limit = limits(total);
        ledger
    }

    /// Gives the run other limits.
    pub fn limit(&mut self, total: &Budget) {
        self.run.limit = limits(total);
    }

    /// A ledger with the limits of a plan and an account for each of its nodes.
    pub fn of(plan: &Plan) -> Self {
        let mut ledger = Self::new(&plan.budget);
        for node in &plan.nodes {
            ledger.open(node.id, None, &node.budget);
        }
        ledger
    }

    /// Opens a node's account, or gives it other limits; `parent` is the node whose budget it shares, such as that in
    /// whose place it stands. A parent without account is taken for none.
    pub fn open(&mut self, node: NodeId, parent: Option<NodeId>, limit: &Budget) {
        let parent = parent.filter(|parent| *parent != node && self.nodes.contains_key(parent));
        let account = self.nodes.entry(node).or_insert_with(|| Account {
            parent,
            ..Account::default()
        });
        account.limit = limits(limit);
        account.wall_ms = limit.wall_ms;
    }

    /// What could still be set aside for a node: the least any account above it leaves. `None` within: no limit.
    pub fn room(&self, node: NodeId) -> Budget {
        budget(std::array::from_fn(|meter| {
            let rooms = self.line(node).filter_map(|account| account.room(meter));
            rooms.min()
        }))
    }

    /// What a node's own limits leave, and those of the nodes it shares a budget with, the run's aside. `None` within: no
    /// limit.
    pub fn left(&self, node: NodeId) -> Budget {
        budget(std::array::from_fn(|meter| {
            let rooms = self.above(node).filter_map(|account| account.room(meter));
            rooms.min()
        }))
    }

    /// What the run itself leaves.
    pub fn run_room(&self) -> Budget {
        budget(std::array::from_fn(|meter| self.run.room(meter)))
    }

    /// Sets something aside for an attempt: all of it or nothing. What `amount` leaves open is not limited.
    ///
    /// # Errors
    /// [`Short`] if a limit leaves too little, or the node has a reservation already.
    pub fn reserve(&mut self, node: NodeId, amount: &Budget) -> Result<(), Short> {
        let account = self.nodes.get(&node).ok_or(Short::Unknown(node))?;
        if account.attempt.is_some() {
            return Err(Short::Reserved(node));
        }
        let wanted = limits(amount).map(Option::unwrap_or_default);
        let room = limits(&self.room(node));
        for (at, meter) in METERS.into_iter().enumerate() {
            if let Some(left) = room[at].filter(|left| *left < wanted[at]) {
                return Err(Short::Room {
                    node,
                    meter,
                    left,
                    wanted: wanted[at],
                });
            }
        }
        self.change(node, |account| {
            for (reserved, wanted) in account.reserved.iter_mut().zip(wanted) {
                *reserved += wanted;
            }
        });
        if let Some(account) = self.nodes.get_mut(&node) {
            account.attempt = Some(wanted);
        }
        Ok(())
    }

    /// Sets more of one thing aside for an attempt that is under way, at most what there is; gives how much.
    pub(crate) fn enlarge(&mut self, node: NodeId, meter: Meter, by: u64) -> u64 {
        let has_attempt = self.reserved(node).is_some();
        let room = meter.of(&self.room(node)).filter(|_| has_attempt);
        let by = room.map_or(0, |room| room.min(by));
        let more: Amounts = METERS.map(|one| if one == meter { by } else { 0 });
        self.change(node, |account| {
            for (reserved, more) in account.reserved.iter_mut().zip(more) {
                *reserved += more;
            }
        });
        self.keep(node, |held, at| held + more[at]);
        by
    }

    /// Frees what is set aside of one thing for an attempt that is under way, but for this much; gives how much is left.
    pub(crate) fn cut(&mut self, node: NodeId, meter: Meter, most: u64) -> u64 {
        let held = self.reserved(node).unwrap_or_default().of_meter(meter);
        let by = held.saturating_sub(most);
        let freed: Amounts = METERS.map(|one| if one == meter { by } else { 0 });
        self.change(node, |account| {
            for (reserved, freed) in account.reserved.iter_mut().zip(freed) {
                *reserved -= freed;
            }
        });
        self.keep(node, |held, at| held - freed[at]);
        held - by
    }

    /// Counts what was used: it is taken from what is reserved, and beyond that from the limits.
    pub fn settle(&mut self, node: NodeId, used: &Spend) {
        let used = used.amounts();
        let held = self.nodes.get(&node).and_then(|account| account.attempt);
        let held = held.unwrap_or_default();
        let freed: Amounts = std::array::from_fn(|at| held[at].min(used[at]));
        self.change(node, |account| {
            for at in 0..METERS.len() {
                account.reserved[at] -= freed[at];
                account.settled[at] = account.settled[at].saturating_add(used[at]);
            }
        });
        self.keep(node, |held, at| held - freed[at]);
    }

    /// An attempt is over: what is left of its reservation is free again.
    pub fn release(&mut self, node: NodeId) {
        let held = self.nodes.get(&node).and_then(|account| account.attempt);
        let held = held.unwrap_or_default();
        self.change(node, |account| {
            for (reserved, held) in account.reserved.iter_mut().zip(held) {
                *reserved -= held;
            }
        });
        if let Some(account) = self.nodes.get_mut(&node) {
            account.attempt = None;
        }
    }

    /// What a node has used, all its attempts and the nodes below it together; zero if it has no account.
    pub fn settled(&self, node: NodeId) -> Spend {
        let account = self.nodes.get(&node);
        Spend::of(account.map(|account| account.settled).unwrap_or_default())
    }

    /// What is left of the reservation of a node's attempt; `None` between attempts.
    pub fn reserved(&self, node: NodeId) -> Option<Spend> {
        self.nodes.get(&node)?.attempt.map(Spend::of)
    }

    /// What the run has used.
    pub fn total(&self) -> Spend {
        Spend::of(self.run.settled)
    }

    /// What is set aside in the run.
    pub fn total_reserved(&self) -> Spend {
        Spend::of(self.run.reserved)
    }

    /// The node's own account, those above it, the run's.
    fn line(&self, node: NodeId) -> impl Iterator<Item = &Account> {
        self.above(node).chain([&self.run])
    }

    /// The node's own account and those above it.
    fn above(&self, node: NodeId) -> impl Iterator<Item = &Account> {
        let mut next = self.nodes.get(&node);
        std::iter::from_fn(move || {
            let account = next?;
            next = account.parent.and_then(|parent| self.nodes.get(&parent));
            Some(account)
        })
    }

    fn change(&mut self, node: NodeId, mut change: impl FnMut(&mut Account)) {
        let mut next = Some(node);
        while let Some(account) = next.and_then(|node| self.nodes.get_mut(&node)) {
            change(account);
            next = account.parent;
        }
        change(&mut self.run);
    }

    fn keep(&mut self, node: NodeId, left: impl Fn(u64, usize) -> u64) {
        let attempt = self.nodes.get_mut(&node).and_then(|a| a.attempt.as_mut());
        for (at, held) in attempt.into_iter().flatten().enumerate() {
            *held = left(*held, at);
        }
    }
}
