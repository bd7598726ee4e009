//! Budgets of a run: what is set aside for an attempt, what it used, and whose fault it is when that was too little.

use protocol::{Budget, Cost, FailureClass, Limit, Node, NodeId, Plan, TurnEnd};

use super::Run;
use super::node_run::{NodePhase, NodeRun, Setback, Spent};
use super::wishes::DEFAULT_WALL_MS;
use crate::ledger::{Counts, Ledger, Meter, Spend};

/// With fewer tokens than this no further attempt is worth its prompt.
const LEAST_TOKENS: u64 = 1_000;

/// With less than this no other node is worth starting in the place of one.
const LEAST_SHARE: Spend = Spend {
    tokens: 4_000,
    cost: Cost(1),
    tool_calls: 4,
    attempts: 0,
};

/// The accounts of a plan, with what the run used before.
pub(super) fn ledger(plan: &Plan, used: impl Iterator<Item = (NodeId, Spent)>) -> Ledger {
    let mut ledger = Ledger::new(&plan.budget);
    // A node's account is not open yet: only the run's is charged.
    used.for_each(|(node, spent)| ledger.settle(node, &spend(spent)));
    let nodes = plan.nodes.iter();
    nodes.for_each(|node| open(&mut ledger, node, None));
    ledger
}

/// Opens a node's account, below that of the node in whose place it stands or for which it works: what limits that one
/// limits all of them together. How many attempts it has is for the ladder to say, which knows what each came to.
pub(super) fn open(ledger: &mut Ledger, node: &Node, instead: Option<NodeId>) {
    let limit = Budget {
        attempts: None,
        ..node.budget
    };
    ledger.open(node.id, node.resolves.or(instead), &limit);
}

/// What each of so many nodes may use that stand in the place of one or work for it: a share of what that one leaves. No
/// share is so small that nothing could begin with it: the account above sees to it that all together stay within.
pub(super) fn share(run: &Run, node: &Node, count: u64) -> Budget {
    let left = run.ledger.left(node.id);
    let each = |left: u64, least: u64| left.div_ceil(count.max(1)).max(least);
    Budget {
        tokens: left.tokens.map(|tokens| each(tokens, LEAST_SHARE.tokens)),
        cost: left.cost.map(|cost| Cost(each(cost.0, LEAST_SHARE.cost.0))),
        tool_calls: left
            .tool_calls
            .map(|calls| each(calls, LEAST_SHARE.tool_calls)),
        ..node.budget
    }
}

/// Whether a node leaves enough of what it may use for a planner and for what comes in its place.
pub(super) fn has_shares(run: &Run, node: &Node) -> bool {
    let left = run.ledger.left(node.id);
    let is_enough = |left: Option<u64>, least: u64| left.is_none_or(|left| left >= 2 * least);
    is_enough(left.tokens, LEAST_SHARE.tokens)
        && is_enough(left.cost.map(|cost| cost.0), LEAST_SHARE.cost.0)
        && is_enough(left.tool_calls, LEAST_SHARE.tool_calls)
}

pub(super) fn spend(spent: Spent) -> Spend {
    Spend {
        tokens: spent.tokens,
        cost: spent.cost,
        tool_calls: spent.tool_calls,
        attempts: 0,
    }
}

/// Gives the run other limits. An attempt that is under way without one of them gets a share of what is left; where that is
/// less than what is set aside for such attempts, they share it anew.
pub(super) fn limit(run: &mut Run, total: &Budget) {
    let plan = run.stage.proposed.as_mut().unwrap_or(&mut run.plan);
    plan.budget = *total;
    run.ledger.limit(total);
    for meter in [Meter::Tokens, Meter::Cost] {
        let Some(limit) = meter.of(total) else {
            continue;
        };
        cut(run, meter, limit);
        let open = unlimited(run, meter);
        for (at, node) in open.iter().enumerate() {
            let room = meter.of(&run.ledger.room(*node)).unwrap_or_default();
            let share = run
                .ledger
                .enlarge(*node, meter, room / (open.len() - at) as u64);
            allot(run, *node, (meter, share));
        }
    }
}

/// Shares what a limit leaves among the attempts for which more is set aside: each gets as much as the others, and none
/// more than it had.
fn cut(run: &mut Run, meter: Meter, limit: u64) {
    let mut left = limit.saturating_sub(run.ledger.total().of_meter(meter));
    if run.ledger.total_reserved().of_meter(meter) <= left {
        return;
    }
    let held = |node: &NodeId| {
        let held = run.ledger.reserved(*node)?.of_meter(meter);
        (held > 0).then_some((held, *node))
    };
    let mut holders: Vec<(u64, NodeId)> = run.nodes.keys().filter_map(held).collect();
    holders.sort_unstable();
    for (at, (_, node)) in holders.iter().enumerate() {
        let share = left / (holders.len() - at) as u64;
        let kept = run.ledger.cut(*node, meter, share);
        left -= kept;
        allot(run, *node, (meter, kept));
    }
}

/// The nodes whose agents are at work with as much of something as they like.
fn unlimited(run: &Run, meter: Meter) -> Vec<NodeId> {
    let is_open = |(node, state): &(&Node, &NodeRun)| {
        let attempt = state.attempt.as_ref();
        let is_bare = attempt.is_some_and(|attempt| meter.of(&attempt.allotted).is_none());
        state.phase == NodePhase::Working && node.kind.has_agent() && is_bare
    };
    let nodes = run.nodes().filter(is_open);
    nodes.map(|(node, _)| node.id).collect()
}

/// Allots something to an attempt besides what it has used of it.
fn allot(run: &mut Run, node: NodeId, (meter, share): (Meter, u64)) {
    let Some(state) = run.nodes.get_mut(&node) else {
        return;
    };
    let all = spend(state.spent_now).of_meter(meter).saturating_add(share);
    if let Some(attempt) = &mut state.attempt {
        match meter {
            Meter::Cost => attempt.allotted.cost = Some(Cost(all)),
            Meter::Tokens => attempt.allotted.tokens = Some(all),
            Meter::ToolCalls | Meter::Attempts => {}
        }
    }
}

/// Whether a node's own limits, and those of the nodes whose budget it shares, leave enough for another attempt: more than
/// the last one had too little of.
pub(super) fn has_own(run: &Run, node: &Node) -> bool {
    let left = run.ledger.left(node.id);
    let meters = [Meter::Tokens, Meter::Cost, Meter::ToolCalls];
    let mut limited = meters.into_iter();
    let is_enough = limited.all(|meter| {
        let left = meter.of(&left);
        left.is_none_or(|left| left >= wanted(run, node, meter))
    });
    is_enough && own_time(run, node.id) != Some(0)
}

/// How much of something another attempt at a node must be able to have: more than the last one had too little of.
pub(super) fn wanted(run: &Run, node: &Node, meter: Meter) -> u64 {
    let short = cut_short(run, node.id).and_then(|before| meter.of(&before));
    let used_up = run.nodes.get(&node.id).and_then(used_up);
    match short.filter(|_| used_up == Some(meter)) {
        Some(before) => before.saturating_add(1),
        None => least(meter) * u64::from(needs(node, meter)),
    }
}

/// Whether a node cannot do without something. One without money of its own is a local model's.
fn needs(node: &Node, meter: Meter) -> bool {
    let is_free = meter == Meter::Cost && node.budget.cost == Some(Cost(0));
    node.kind.has_agent() && !is_free
}

/// With less than this no attempt is worth beginning.
const fn least(meter: Meter) -> u64 {
    match meter {
        Meter::Tokens => LEAST_TOKENS,
        Meter::Cost | Meter::ToolCalls | Meter::Attempts => 1,
    }
}

/// Sets aside what an attempt was allotted.
pub(super) fn reserve(run: &mut Run, node: NodeId, allotted: &Budget) {
    if run.ledger.reserved(node).is_some() {
        run.ledger.release(node);
    }
    let number = run.nodes.get(&node).map_or(0, NodeRun::number);
    // What was allotted was free when the attempt was admitted; a journal that says otherwise is believed all the same.
    if run.ledger.reserve(node, allotted).is_ok() {
        let wall_ms = allotted.wall_ms;
        run.ledger.begin((node, number), run.clock.now, wall_ms);
    }
}

/// Frees what is set aside once nothing of a node is at work any more; an attempt that counts is counted then, and its time.
/// Time that counted is taken back once machine or provider have brought to nothing what the attempt had come to.
pub(super) fn release(run: &mut Run, node: NodeId) {
    let state = run.nodes.get(&node).filter(|state| !state.is_busy());
    let Some(state) = state else {
        return;
    };
    let whose = (node, state.number());
    let last = state.setbacks.last();
    let last = last.filter(|last| last.attempt == whose.1);
    let counts = last.map_or(Counts::Past, counts);
    if run.ledger.reserved(node).is_some() {
        let attempt = Spend {
            attempts: u32::from(last.is_none_or(|last| last.burns)),
            ..Spend::default()
        };
        run.ledger.settle(node, &attempt);
        run.ledger.release(node);
        run.ledger.end(whose, run.clock.now, counts);
    } else if counts == Counts::Nothing {
        run.ledger.end(whose, run.clock.now, counts);
    }
}

/// What counts of the time of an attempt: nothing where machine or provider were why it came to nothing.
const fn counts(setback: &Setback) -> Counts {
    let class = setback.failure.class;
    let is_outside = matches!(
        class,
        FailureClass::Machine | FailureClass::Model | FailureClass::Stopped
    );
    if !setback.burns && (setback.is_halt || is_outside) {
        return Counts::Nothing;
    }
    match class {
        FailureClass::Deadline => Counts::Allotted,
        _ => Counts::Past,
    }
}

/// What an attempt has used beyond what was set aside for it and nobody else watches.
pub(super) fn overdrawn(state: &NodeRun) -> Option<String> {
    let allotted = state.attempt.as_ref()?.allotted.tool_calls?;
    let used = state.spent_now.tool_calls;
    (used > allotted).then(|| format!("it asked for {used} tool calls and may make {allotted}"))
}

/// Whether a larger allotment would not help: the node's own limit of what was used up is used up too, or it was no
/// allotment that stopped the attempt.
pub(super) fn is_own_fault(run: &Run, node: NodeId) -> bool {
    let (Some(planned), Some(state)) = (run.planned(node), run.nodes.get(&node)) else {
        return true;
    };
    let Some(meter) = used_up(state) else {
        return true;
    };
    let used = run.ledger.settled(node).of_meter(meter);
    meter
        .of(&planned.budget)
        .is_some_and(|own| own < used.saturating_add(least(meter)))
}

/// Which part of its allotment the newest attempt used up.
fn used_up(state: &NodeRun) -> Option<Meter> {
    let allotted = &state.attempt.as_ref()?.allotted;
    let meter = match &state.turn.end {
        Some(TurnEnd::Limited(Limit::Tokens)) => Meter::Tokens,
        Some(TurnEnd::Limited(Limit::Cost)) => Meter::Cost,
        // An agent has a step for each of its tool calls; fewer is what the session allows everybody.
        Some(TurnEnd::Limited(Limit::Steps)) | None
            if Some(state.spent_now.tool_calls) >= allotted.tool_calls =>
        {
            Meter::ToolCalls
        }
        Some(_) | None => return None,
    };
    meter.of(allotted).map(|_| meter)
}

/// Whether an attempt would have more of what the one before had too little of: otherwise it would come to the same.
pub(super) fn has_grown(run: &Run, node: NodeId, allotted: &Budget) -> bool {
    let meter = run.nodes.get(&node).and_then(used_up);
    match (cut_short(run, node), meter) {
        (Some(before), Some(meter)) => meter
            .of(allotted)
            .is_none_or(|now| Some(now) > meter.of(&before)),
        (Some(_) | None, _) => true,
    }
}

/// What is left of the run's wall time, in milliseconds, as of the newest record; `None` without a limit.
pub(super) fn time_left(run: &Run) -> Option<u64> {
    let begun = run.clock.begun?;
    let limit = run.plan.budget.wall_ms?;
    Some(limit.saturating_sub(run.clock.now.since(begun)))
}

/// What is left of the time that the plan gives a node, or those whose time it shares, in milliseconds, as of the newest
/// record; `None` without a limit. Too little to begin with is nothing.
pub(super) fn own_time(run: &Run, node: NodeId) -> Option<u64> {
    run.ledger.time_left(node, run.clock.now)
}

/// Whether nothing is left of it, and nothing that is at work, looked at or integrated may give any back.
pub(super) fn is_out_of_time(run: &Run, node: NodeId) -> bool {
    run.ledger.is_late(node, |(node, number)| {
        let state = run.nodes.get(&node).filter(|it| it.number() == number);
        state.is_none_or(|state| match state.phase {
            NodePhase::Working
            | NodePhase::Inspecting
            | NodePhase::Inspected
            | NodePhase::Queued
            | NodePhase::InBatch
            | NodePhase::Bounced => false,
            NodePhase::Waiting
            | NodePhase::Returned
            | NodePhase::Resolving
            | NodePhase::Replanning
            | NodePhase::Ended(_) => true,
        })
    })
}

/// Whether it was the run's time, and not its own, that ended a node's last attempt.
pub(super) fn is_late(run: &Run, node: &Node) -> bool {
    let state = run.nodes.get(&node.id);
    let last = state.and_then(|state| state.setbacks.last());
    let is_deadline = last.is_some_and(|last| last.failure.class == FailureClass::Deadline);
    is_deadline && (time_left(run) == Some(0) || state.is_some_and(|it| is_cut(run, node, it)))
}

/// Whether the newest attempt had less time than the node's own because the run left no more.
fn is_cut(run: &Run, node: &Node, state: &NodeRun) -> bool {
    let (Some(limit), Some(begun)) = (run.plan.budget.wall_ms, run.clock.begun) else {
        return false;
    };
    let watch = &state.turn.watch;
    let before = watch.since.since(begun).saturating_sub(watch.before_ms);
    let of_run = limit.saturating_sub(before);
    let own = node.budget.wall_ms.unwrap_or(DEFAULT_WALL_MS);
    let attempt = state.attempt.as_ref();
    let had = attempt.and_then(|attempt| attempt.allotted.wall_ms);
    had.is_some_and(|had| had < own && had >= of_run)
}

/// What an attempt gets at last: more than a fair share if the one before had too little, never more than there is.
pub(super) fn allotted(run: &Run, ledger: &mut Ledger, node: NodeId, share: Budget) -> Budget {
    let _ = ledger.reserve(node, &share);
    let mut allotted = share;
    if let Some(before) = cut_short(run, node) {
        ledger.release(node);
        let room = ledger.room(node);
        let more = |share: Option<u64>, before: Option<u64>, room: Option<u64>| {
            let wanted = before.unwrap_or(0).saturating_mul(2).max(share?);
            Some(wanted.min(room.unwrap_or(wanted)))
        };
        let pico = |cost: Option<Cost>| cost.map(|cost| cost.0);
        allotted.tokens = more(share.tokens, before.tokens, room.tokens);
        allotted.cost = more(pico(share.cost), pico(before.cost), pico(room.cost)).map(Cost);
        allotted.tool_calls = more(share.tool_calls, before.tool_calls, room.tool_calls);
        let _ = ledger.reserve(node, &allotted);
    }
    allotted.wall_ms = Some(wall_ms(run, node, share.wall_ms));
    allotted
}

/// All that is there for an attempt, if that is more than the one before had too little of.
pub(super) fn all(run: &Run, node: NodeId) -> Option<Budget> {
    let planned = run.planned(node)?;
    let room = run.ledger.room(node);
    let meters = [Meter::Tokens, Meter::Cost, Meter::ToolCalls];
    let is_enough = |meter: &Meter| {
        let room = meter.of(&room);
        room.is_none_or(|room| room >= wanted(run, planned, *meter))
    };
    let has_attempt = room.attempts != Some(0);
    (has_attempt && meters.iter().all(is_enough)).then(|| Budget {
        attempts: room.attempts.map(|_| 1),
        wall_ms: Some(wall_ms(run, node, planned.budget.wall_ms)),
        ..room
    })
}

/// How long an attempt may take.
fn wall_ms(run: &Run, node: NodeId, own: Option<u64>) -> u64 {
    let left = [time_left(run), own_time(run, node)];
    let own = own.unwrap_or(DEFAULT_WALL_MS);
    left.into_iter().flatten().fold(own, u64::min)
}

/// What the attempt before was allotted, if that was too little.
fn cut_short(run: &Run, node: NodeId) -> Option<Budget> {
    let state = run.nodes.get(&node)?;
    let is_short = |last: &Setback| last.failure.class == FailureClass::Budget && !last.burns;
    let last = state.setbacks.last().filter(|last| is_short(last))?;
    let attempt = state.attempt.as_ref()?;
    (attempt.number == last.attempt).then_some(attempt.allotted)
}
