//! The order of work: which ready node is admitted next, what it holds meanwhile, how long the whole would take.

mod admit;
mod allot;
mod bound;
mod jobs;
mod rank;
mod search;
mod seats;
mod simulate;

use std::collections::BTreeSet;

use protocol::{Budget, NodeId, Tier};

pub use admit::Order;
pub use bound::lower_bound;
pub use jobs::expected_ms;
pub(crate) use rank::longest;
pub use rank::ranks;
pub use seats::STARVE_AFTER;
pub use simulate::{Durations, Schedule, Span, simulate};

use crate::ledger::{Ledger, Meter};

/// How much may be under way at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capacity {
    /// Agents at work.
    pub slots: u32,
    /// Commands that build or rewrite: codemods and verifications.
    pub builds: u32,
    /// Further limits by model, one for each provider that has one.
    pub pools: Vec<Pool>,
}

/// A provider's limit on agents at work at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    /// The tiers it serves.
    pub tiers: Vec<Tier>,
    /// How many agents of these tiers may be at work at once.
    pub slots: u32,
}

impl Capacity {
    /// So many agents, one command at a time, no limits by provider.
    pub const fn lanes(slots: u32) -> Self {
        Self {
            slots,
            builds: 1,
            pools: Vec::new(),
        }
    }
}

/// A node that may start as far as its dependencies go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ready {
    /// The node.
    pub node: NodeId,
    /// At how many decisions it has been passed over since it became ready.
    pub age: u32,
}

/// What is held already when a decision is made.
#[derive(Debug, Clone)]
pub struct Holding<'a> {
    /// How much may be held.
    pub capacity: &'a Capacity,
    /// Nodes at work: each holds its scope and a slot or the build lane.
    pub working: BTreeSet<NodeId>,
    /// Nodes that only hold their scope: not at work, but what they changed has not landed.
    pub waiting: BTreeSet<NodeId>,
    /// Nodes that came to their end.
    pub ended: BTreeSet<NodeId>,
    /// The budgets.
    pub ledger: &'a Ledger,
}

/// What was decided about the ready nodes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decision {
    /// These start, in this order.
    pub starts: Vec<Admission>,
    /// These do not; a decision later their age is one more.
    pub waits: Vec<Waiting>,
}

/// A node that may start now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admission {
    /// The node.
    pub node: NodeId,
    /// What must be reserved for the attempt; its wall time is the node's own.
    pub allotted: Budget,
}

/// A ready node that may not start now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// The node.
    pub node: NodeId,
    /// What it waits for.
    pub why: Wait,
}

/// What a ready node waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// A slot for one more agent.
    Slot,
    /// A slot with the provider of this tier.
    Pool(Tier),
    /// The build lane.
    Build,
    /// A path this node holds.
    Scope(NodeId),
    /// Money, tokens or calls that are set aside for others, or used up.
    Budget(Meter),
    /// This node, which has waited too long already.
    Turn(NodeId),
    /// Nothing: it is not in the plan.
    Unknown,
}
