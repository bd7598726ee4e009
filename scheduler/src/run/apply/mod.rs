//! The only place where a run's state changes: one record, one new state. Running live and resuming share it.

mod agents;
mod lane;
mod plan;

use protocol::{Event, NodeId, Record, SessionEvent, Timestamp};

use super::node_run::NodePhase;
use super::{Run, commons, purse};

pub(super) fn apply(run: &mut Run, record: &Record) {
    let before = run.clock.now;
    run.clock.now = before.max(record.at);
    match &record.event {
        Event::Session(event) => session(run, record, event, before),
        Event::Turn(event) => agents::turn(run, record, event),
        Event::Model(event) => agents::model(run, record, event),
        Event::Tool(event) => agents::tool(run, record, event),
        Event::Plan(event) => plan::apply(run, event),
        Event::Workspace(event) => lane::apply(run, event),
        Event::Memory(event) => commons::apply(run, event),
        Event::Permission(event) => agents::permission(run, record, event),
        Event::Fault(_) => {}
    }
}

fn session(run: &mut Run, record: &Record, event: &SessionEvent, before: Timestamp) {
    match event {
        SessionEvent::Resumed { .. } if record.agent.is_none() => {
            taken_up(run, (before, record.at));
        }
        SessionEvent::Opened(_) | SessionEvent::Resumed { .. } | SessionEvent::Forked(_) => {}
    }
}

/// A new process has the run: what the former one had at work is gone, and the time between them counts for nobody.
fn taken_up(run: &mut Run, (before, now): (Timestamp, Timestamp)) {
    for state in run.nodes.values_mut() {
        if state.lingers() {
            state.turn.open = None;
        }
        state.rungs.blind = 0;
        let watch = &mut state.turn.watch;
        watch.before_ms += before.since(watch.since);
        watch.since = now;
    }
    run.ledger.skip(now.since(before));
    let nodes: Vec<NodeId> = run.nodes.keys().copied().collect();
    for node in nodes {
        purse::release(run, node);
    }
    if let Some(begun) = &mut run.clock.begun {
        *begun = Timestamp(begun.0.saturating_add(now.since(before)));
    }
    run.lane.trouble.forget();
    run.stage.lack = None;
}

/// Moves a node to another phase and notes when that was.
fn enter(run: &mut Run, node: NodeId, phase: NodePhase) {
    let starts = run.clock.starts;
    if let Some(state) = run.nodes.get_mut(&node) {
        state.phase = phase;
        state.since = starts;
    }
    purse::release(run, node);
}
