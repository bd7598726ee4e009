//! What is set aside for an attempt: the node's own limits, or a fair share of what the run leaves.

use std::borrow::Cow;

use protocol::{Budget, Node, Plan, Tier};

use super::{Holding, Wait};
use crate::ledger::{Ledger, Meter, budget, limits};

/// The least an attempt is begun with: tokens, pico-dollars, tool calls, attempts.
const LEAST: [u64; 4] = [1_000, 1, 1, 1];

const METERS: [Meter; 4] = [
    Meter::Tokens,
    Meter::Cost,
    Meter::ToolCalls,
    Meter::Attempts,
];

const ATTEMPTS: usize = 3;

/// Allots budgets within one decision.
pub(super) struct Allotter<'a> {
    /// The accounts, with what this decision has given away already.
    ledger: Cow<'a, Ledger>,
    /// How many nodes with an agent have neither ended nor a reservation: each gets its share of what has no owner.
    open: u64,
    /// Whether anything is at work, so that waiting may help.
    is_busy: bool,
}

impl<'a> Allotter<'a> {
    pub(super) fn new(plan: &Plan, holding: &'a Holding<'a>) -> Self {
        let is_open = |node: &&Node| {
            node.kind.has_agent()
                && !holding.ended.contains(&node.id)
                && !holding.working.contains(&node.id)
        };
        Self {
            ledger: Cow::Borrowed(holding.ledger),
            open: plan.nodes.iter().filter(is_open).count() as u64,
            is_busy: !holding.working.is_empty(),
        }
    }

    /// All that is to be set aside for a node, or what there is too little of.
    pub(super) fn allot(&mut self, node: &Node) -> Result<Budget, Wait> {
        let room = limits(&self.ledger.room(node.id));
        let own = limits(&node.budget);
        let mut allotted = [None; 4];
        for (at, meter) in METERS.into_iter().enumerate() {
            let used_by_agents = at != ATTEMPTS;
            let Some(free) = room[at].filter(|_| node.kind.has_agent() || !used_by_agents) else {
                continue;
            };
            // Without money of its own it is a local model's, which works for none.
            if meter == Meter::Cost && own[at] == Some(0) && node.tier == Tier::Local {
                allotted[at] = Some(0);
                continue;
            }
            let wanted = match (at, own[at]) {
                (ATTEMPTS, _) => 1,
                // Its own limit less what it has used: `room` says so unless the run leaves less.
                (_, Some(own)) => own.saturating_sub(self.used(node, at)),
                (_, None) => free / self.open.max(1),
            };
            let amount = self.amount(free, wanted.max(LEAST[at]), at);
            allotted[at] = Some(amount.ok_or(Wait::Budget(meter))?);
        }
        let allotted = Budget {
            wall_ms: node.budget.wall_ms,
            ..budget(allotted)
        };
        // Each part of it was found free.
        let _ = self.ledger.to_mut().reserve(node.id, &allotted);
        self.open = self.open.saturating_sub(u64::from(node.kind.has_agent()));
        self.is_busy = true;
        Ok(allotted)
    }

    fn used(&self, node: &Node, at: usize) -> u64 {
        let used = self.ledger.settled(node.id);
        [
            used.tokens,
            used.cost.0,
            used.tool_calls,
            u64::from(used.attempts),
        ][at]
    }

    /// What is wanted if it is there; the rest, if nothing at work could free more; else nothing.
    fn amount(&self, free: u64, wanted: u64, at: usize) -> Option<u64> {
        if wanted <= free {
            return Some(wanted);
        }
        (!self.is_busy && free >= LEAST[at]).then_some(free)
    }
}
