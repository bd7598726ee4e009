//! What the records of a node's agent mean for its node: turns, usage, written files.

use protocol::{
    Block, Charge, Fact, Kind, ModelEvent, NodeId, PermissionEvent, Provenance, Record, Reply,
    Text, ToolEvent, TurnEnd, TurnEvent, Verdict,
};

use super::enter;
use crate::run::Run;
use crate::run::node_run::{Call, NodePhase, NodeRun, Spent};
use crate::run::{commons, halt, purse, verdict};

pub(super) fn turn(run: &mut Run, record: &Record, event: &TurnEvent) {
    let Some(node) = record.node.filter(|node| run.nodes.contains_key(node)) else {
        return;
    };
    match event {
        TurnEvent::Submitted { turn, .. } => {
            if let Some(state) = of_agent(run, record, node) {
                state.turn.open = Some(*turn);
            }
        }
        TurnEvent::Ended { end, .. } => ended(run, record, node, end),
        TurnEvent::Steered { .. }
        | TurnEvent::Nudged { .. }
        | TurnEvent::Warned { .. }
        | TurnEvent::Informed { .. }
        | TurnEvent::Interrupted { .. } => {}
    }
}

/// The node's state, if the record is of the agent that has it now.
fn of_agent<'a>(run: &'a mut Run, record: &Record, node: NodeId) -> Option<&'a mut NodeRun> {
    let state = run.nodes.get_mut(&node)?;
    (state.agent.is_some() && state.agent == record.agent).then_some(state)
}

/// Only the end of the turn that began last says something: no attempt begins while an older turn is open.
fn ended(run: &mut Run, record: &Record, node: NodeId, end: &TurnEnd) {
    let kind = run.planned(node).map(|node| node.kind);
    let heard = run.clock.heard;
    let has_check = run.planned(node).is_some_and(|node| node.accept.is_some());
    let Some(state) = of_agent(run, record, node) else {
        return;
    };
    if record.turn.is_some() && state.turn.open != record.turn {
        return;
    }
    state.turn.open = None;
    if state.phase != NodePhase::Working {
        purse::release(run, node);
        return;
    }
    state.turn.end = Some(end.clone());
    let is_silence = matches!(end, TurnEnd::Failed(_)) && halt::unheard(state, heard).is_some();
    let lack = halt::of_turn(state, end, heard);
    state.rungs.silences += u32::from(is_silence);
    state.turn.is_halt = lack.is_some();
    let is_whole = matches!(end, TurnEnd::Completed | TurnEnd::Cut);
    let is_refusal = verdict::given_up(state.said.as_ref()).is_some();
    if let Some(fault) = lack {
        halt::learn(run, node, fault);
    }
    if is_whole && !is_refusal && (has_check || kind.is_some_and(Kind::writes)) {
        enter(run, node, NodePhase::Inspecting);
    }
}

pub(super) fn model(run: &mut Run, record: &Record, event: &ModelEvent) {
    match event {
        ModelEvent::Replied {
            reply,
            calls,
            charge,
            ..
        } => {
            let charge = charge.unwrap_or_else(|| counted(reply));
            pay(run, record, &charge, calls.len() as u64);
            run.clock.heard += 1;
            let state = record.node.and_then(|node| of_agent(run, record, node));
            if let Some(state) = state {
                state.said = said(reply).or(state.said.take());
                state.rungs.silences = 0;
            }
        }
        ModelEvent::Retried { charge, fault, .. } | ModelEvent::Failed { charge, fault, .. } => {
            if let Some(charge) = charge {
                pay(run, record, charge, 0);
            }
            run.clock.heard += u64::from(fault.heard.is_some());
            let heard = run.clock.heard;
            let state = record.node.and_then(|node| of_agent(run, record, node));
            if let Some(call) = state.and_then(|state| state.turn.call.as_mut()) {
                let is_mute = fault.is_mute() || fault.meets_every_call();
                let is_first = is_mute && call.mute.is_none();
                // What others heard before its first try came to nothing says nothing of the tries since.
                if is_first && matches!(event, ModelEvent::Retried { .. }) {
                    call.heard = heard;
                }
                call.mute = is_mute.then(|| fault.clone());
            }
        }
        ModelEvent::Lost { charge, .. } => pay(run, record, charge, 0),
        ModelEvent::Requested { .. } => {
            let call = Call {
                heard: run.clock.heard,
                mute: None,
            };
            if let Some(state) = record.node.and_then(|node| of_agent(run, record, node)) {
                state.turn.call = Some(call);
            }
        }
        ModelEvent::Resumed { .. } => {}
    }
}

/// What a reply of a journal older than its charge counts for.
fn counted(reply: &Reply) -> Charge {
    Charge {
        tokens: reply.usage.map_or(0, |usage| usage.total()),
        cost: reply.cost,
        ..Charge::default()
    }
}

/// Settles what a model call counts for, answered or not.
fn pay(run: &mut Run, record: &Record, charge: &Charge, tool_calls: u64) {
    let spent = Spent {
        tokens: charge.tokens,
        cost: charge.cost.unwrap_or_default(),
        tool_calls,
    };
    if let Some(state) = record.node.and_then(|node| run.nodes.get_mut(&node)) {
        state.spent.add(spent);
        if state.agent == record.agent {
            state.spent_now.add(spent);
        }
    }
    run.spent.add(spent);
    if let Some(node) = record.node {
        run.ledger.settle(node, &purse::spend(spent));
    }
}

pub(super) fn permission(run: &mut Run, record: &Record, event: &PermissionEvent) {
    let PermissionEvent::Decided { verdict, .. } = event;
    let Verdict::Deny(reason) = verdict else {
        return;
    };
    if let Some(state) = record.node.and_then(|node| of_agent(run, record, node)) {
        state.turn.denied.count += 1;
        state.turn.denied.last.clone_from(&reason.text);
    }
}

/// The last text of a reply.
fn said(reply: &Reply) -> Option<Text> {
    reply.content.iter().rev().find_map(|block| match block {
        Block::Text(text) => Some(text.clone()),
        _ => None,
    })
}

pub(super) fn tool(run: &mut Run, record: &Record, event: &ToolEvent) {
    let ToolEvent::Finished { result, .. } = event else {
        return;
    };
    for fact in &result.facts {
        if let Fact::Noted(note) = fact {
            let origin = Provenance {
                node: record.node,
                agent: record.agent,
                evidence: note.evidence.clone(),
            };
            commons::take(run, note.as_ref().clone(), origin);
        }
    }
    let wrote = |fact: &Fact| matches!(fact, Fact::FileWritten { .. });
    let answered = |fact: &Fact| match fact {
        Fact::Structured(answer) => Some(answer.clone()),
        _ => None,
    };
    let state = record.node.and_then(|node| run.nodes.get_mut(&node));
    if let Some(state) = state.filter(|state| state.agent == record.agent) {
        if let Some(answer) = result.facts.iter().find_map(answered) {
            state.turn.answer = Some(answer);
        }
        state.rungs.has_written |= result.facts.iter().any(wrote);
    }
}
