//! Other limits for a run: whether they can be kept, and which nodes were given up only for want of what they leave now.

use protocol::{Budget, Cost, FailureClass, Kind, Node, NodeEnd, PlanEvent, PlanPatch};

use super::ladder::{self, Rung};
use super::node_run::{NodePhase, NodeRun};
use super::{Illegal, Run, RunPhase, purse};
use crate::ledger::Meter;

/// What new limits can be set to.
const METERS: [Meter; 2] = [Meter::Tokens, Meter::Cost];

/// The run with other limits, and what was given up for want of them planned anew as it was.
pub(super) fn limited(run: &Run, wanted: &Budget) -> Result<PlanEvent, Illegal> {
    let ledger = run.ledger();
    let (used, held) = (ledger.total(), ledger.total_reserved());
    for meter in METERS {
        let used = used.of_meter(meter).saturating_add(held.of_meter(meter));
        if let Some(limit) = meter.of(wanted).filter(|limit| *limit < used) {
            let (limit, used) = (amount(meter, limit), amount(meter, used));
            return Err(Illegal::Spent { limit, used });
        }
    }
    let plan = run.proposed().unwrap_or(run.plan());
    let budget = Budget {
        tokens: wanted.tokens.or(plan.budget.tokens),
        cost: wanted.cost.or(plan.budget.cost),
        ..plan.budget
    };
    let again = starved(run);
    let why = why(run, wanted, &again);
    let patch = PlanPatch {
        modify: again.into_iter().cloned().collect(),
        budget: Some(budget),
        ..PlanPatch::default()
    };
    Ok(PlanEvent::Patched { patch, why })
}

fn why(run: &Run, wanted: &Budget, again: &[&Node]) -> String {
    let limits = METERS.map(|meter| Some(amount(meter, meter.of(wanted)?)));
    let limits: Vec<String> = limits.into_iter().flatten().collect();
    let may = format!("the run may use {} in all", limits.join(" and "));
    let names: Vec<&str> = again.iter().map(|node| node.name.as_str()).collect();
    match (names.is_empty(), run.phase()) {
        (false, _) => format!("{may}; tried again: {}", names.join(", ")),
        (true, RunPhase::Closed) => {
            format!("{may}; it is over, and no node of it was given up for want of that")
        }
        (true, _) => may,
    }
}

/// The nodes that were given up only because the run had no more for them.
fn starved(run: &Run) -> Vec<&Node> {
    if run.given_up().is_some() || purse::time_left(run) == Some(0) {
        return Vec::new();
    }
    let mut again: Vec<&Node> = Vec::new();
    let nodes = run
        .nodes()
        .filter(|(node, state)| is_starved(run, node, state));
    for (node, _) in nodes {
        // Whoever worked for a node did so after an attempt of that one: that begins anew, and all that follows from it.
        let whose = node.resolves.and_then(|of| run.planned(of));
        let node = whose.unwrap_or(node);
        let is_failed = run.end(node.id) == Some(NodeEnd::Failed);
        if is_failed && node.kind != Kind::Plan && !again.iter().any(|known| known.id == node.id) {
            again.push(node);
        }
    }
    again
}

/// Whether a node failed that had another attempt, or had too little for its last one, while its own limits left more.
fn is_starved(run: &Run, node: &Node, state: &NodeRun) -> bool {
    let was_short = ladder::next(run, node.id) != Rung::Enough || is_cut_short(state);
    state.phase == NodePhase::Ended(NodeEnd::Failed)
        && was_short
        && ladder::next(run, node.id) != Rung::Merge
        && purse::has_own(run, node)
}

fn is_cut_short(state: &NodeRun) -> bool {
    let last = state.setbacks.last();
    last.is_some_and(|last| last.failure.class == FailureClass::Budget && !last.burns)
}

/// Whether the run leaves a node more than its last attempt had too little of.
///
/// # Errors
/// [`Illegal::UsedUp`]: another attempt would come to the same.
pub(super) fn has_room(run: &Run, node: &Node) -> Result<(), Illegal> {
    let total = &run.plan().budget;
    for meter in METERS {
        let Some(limit) = meter.of(total) else {
            continue;
        };
        let left = limit.saturating_sub(run.ledger.total().of_meter(meter));
        if left < purse::wanted(run, node, meter) {
            return Err(Illegal::UsedUp {
                node: node.id,
                limit: amount(meter, limit),
                left: amount(meter, left),
            });
        }
    }
    Ok(())
}

fn amount(meter: Meter, amount: u64) -> String {
    match meter {
        Meter::Cost => format!("${}", Cost(amount).usd()),
        Meter::Tokens => format!("{amount} tokens"),
        Meter::ToolCalls => format!("{amount} tool calls"),
        Meter::Attempts => format!("{amount} attempts"),
    }
}
