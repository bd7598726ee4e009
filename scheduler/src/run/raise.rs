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
    let spent = run.ledger().total();
    for meter in METERS {
        let used = spent.of_meter(meter);
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
    let starved = starved(run);
    let lacks = |short: &Node| lack(run, short, &budget);
    let again = starved.iter().filter(|(_, short)| lacks(short).is_none());
    let again: Vec<&Node> = again.map(|(node, _)| *node).collect();
    let still = starved.iter().filter_map(|(node, short)| {
        let lack = lacks(short)?;
        Some((*node, lack.meter, lack.enough))
    });
    let nearest = still.min_by_key(|(_, meter, enough)| (*meter, *enough));
    let why = why(run, wanted, &again, nearest);
    // What ended with the run that could not go on is wanted again with what kept it from that.
    let is_with_it = |node: &&Node| {
        let is_own = node.resolves.is_none() && node.kind != Kind::Plan;
        run.stage.has_failed && is_own && run.end(node.id) == Some(NodeEnd::Cancelled)
    };
    let with_it = plan.nodes.iter().filter(is_with_it);
    let with_it = with_it.filter(|_| !again.is_empty());
    let patch = PlanPatch {
        modify: again.iter().copied().chain(with_it).cloned().collect(),
        budget: Some(budget),
        ..PlanPatch::default()
    };
    Ok(PlanEvent::Patched { patch, why })
}

/// What becomes of the new limits, for people; `nearest` is the node that wants least of those for which they are still
/// too low, and what it wants of the run in all.
fn why(
    run: &Run,
    wanted: &Budget,
    again: &[&Node],
    nearest: Option<(&Node, Meter, u64)>,
) -> String {
    let limits = METERS.map(|meter| Some(amount(meter, meter.of(wanted)?)));
    let limits: Vec<String> = limits.into_iter().flatten().collect();
    let may = format!("the run may use {} in all", limits.join(" and "));
    let names: Vec<&str> = again.iter().map(|node| node.name.as_str()).collect();
    match (nearest, names.is_empty(), run.phase()) {
        (_, false, _) => format!("{may}; tried again: {}", names.join(", ")),
        (Some((node, meter, enough)), true, _) => {
            let enough = amount(meter, enough);
            format!(
                "{may}; another attempt at {} wants a limit of {enough}",
                node.name
            )
        }
        (None, true, RunPhase::Closed) => {
            format!("{may}; it is over, and no node of it was given up for want of that")
        }
        (None, true, _) => may,
    }
}

/// The nodes that were given up only because the run had no more for them, each with the one whose attempt had too little:
/// itself, or one that worked for it.
fn starved(run: &Run) -> Vec<(&Node, &Node)> {
    let is_unwanted = run.given_up().is_some() && !run.stage.has_failed;
    if is_unwanted || purse::time_left(run) == Some(0) {
        return Vec::new();
    }
    let mut again: Vec<(&Node, &Node)> = Vec::new();
    let nodes = run
        .nodes()
        .filter(|(node, state)| is_starved(run, node, state));
    for (short, _) in nodes {
        // Whoever worked for a node did so after an attempt of that one: that begins anew, and all that follows from it.
        let whose = short.resolves.and_then(|of| run.planned(of));
        let node = whose.unwrap_or(short);
        let is_failed = run.end(node.id) == Some(NodeEnd::Failed);
        let is_known = again.iter().any(|(known, _)| known.id == node.id);
        if is_failed && node.kind != Kind::Plan && !is_known {
            again.push((node, short));
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

/// What a run has too little of for another attempt at a node.
struct Lack {
    meter: Meter,
    limit: u64,
    left: u64,
    /// The least limit that is enough.
    enough: u64,
}

/// What limits of the run leave too little of: no more than a node's last attempt had too little of.
fn lack(run: &Run, node: &Node, total: &Budget) -> Option<Lack> {
    let meters = [Meter::Tokens, Meter::Cost, Meter::ToolCalls];
    meters.into_iter().find_map(|meter| {
        let limit = meter.of(total)?;
        let used = run.ledger.total().of_meter(meter);
        let left = limit.saturating_sub(used);
        let wanted = purse::wanted(run, node, meter);
        (left < wanted).then_some(Lack {
            meter,
            limit,
            left,
            enough: used.saturating_add(wanted),
        })
    })
}

/// Whether the run leaves a node more than its last attempt had too little of.
///
/// # Errors
/// [`Illegal::UsedUp`]: another attempt would come to the same.
pub(super) fn has_room(run: &Run, node: &Node) -> Result<(), Illegal> {
    let lack = lack(run, node, &run.plan().budget);
    match lack.filter(|lack| METERS.contains(&lack.meter)) {
        None => Ok(()),
        Some(lack) => Err(Illegal::UsedUp {
            node: node.id,
            limit: amount(lack.meter, lack.limit),
            left: amount(lack.meter, lack.left),
        }),
    }
}

fn amount(meter: Meter, amount: u64) -> String {
    match meter {
        Meter::Cost => format!("${}", Cost(amount).usd()),
        Meter::Tokens => format!("{amount} tokens"),
        Meter::ToolCalls => format!("{amount} tool calls"),
        Meter::Attempts => format!("{amount} attempts"),
    }
}
