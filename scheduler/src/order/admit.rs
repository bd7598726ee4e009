//! Admission: each ready node gets all it needs or nothing, in order of priority, none passed over for ever.

use protocol::{NodeId, Plan};

use super::allot::Allotter;
use super::jobs::Jobs;
use super::seats::{Seats, Turns, fill};
use super::{Admission, Capacity, Decision, Holding, Ready, Wait, Waiting, rank, search};

/// The order of a plan's nodes: made once for a plan, then asked at every decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    plan: Plan,
    jobs: Jobs,
    turns: Turns,
}

impl Order {
    /// Orders a valid plan for a capacity: by upward rank, improved where a bounded search finds a shorter schedule.
    /// The same plan and capacity give the same order.
    pub fn new(plan: &Plan, capacity: &Capacity) -> Self {
        let jobs = Jobs::new(plan);
        let own: Vec<u64> = plan.nodes.iter().map(rank::weighted).collect();
        let turns = search::improve(&jobs, capacity, &own);
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

    pub(super) fn turns(&self) -> &Turns {
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
        seats.begin(&self.turns, |at| self.is_over(at, holding));
        fill(&self.turns.queue(known), &mut seats, |at, outcome| {
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

    fn is_over(&self, at: usize, holding: &Holding<'_>) -> bool {
        let id = &self.jobs.ids[at];
        holding.ended.contains(id) || holding.waiting.contains(id)
    }
}
