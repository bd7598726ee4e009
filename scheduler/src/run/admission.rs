//! Which nodes begin an attempt now.

use protocol::{Attempt, Event, Kind, Node, NodeEnd, NodeId, PlanEvent};

use super::node_run::NodeRun;
use super::{Run, ladder, paths, purse};

/// The attempts that begin now.
pub(super) fn starts(run: &Run) -> Vec<Event> {
    let mut busy = run.nodes().filter(|(_, state)| state.is_busy()).count();
    let mut holders: Vec<&Node> = run
        .nodes()
        .filter(|(_, state)| state.holds_scope())
        .map(|(node, _)| node)
        .collect();
    let mut events = Vec::new();
    for (node, is_fresh) in ready(run) {
        let is_free =
            |other: &&Node| other.id == node.id || !paths::clash(&other.scope, &node.scope);
        if busy < run.plan.caps.max_parallel as usize && holders.iter().all(is_free) {
            busy += 1;
            holders.push(node);
            events.push(start(run, node.id, is_fresh));
        }
    }
    events
}

fn ready(run: &Run) -> impl Iterator<Item = (&Node, bool)> {
    let is_free = |(node, _): &(&Node, &NodeRun)| {
        let has_ground = run.ground.is_some() || node.kind == Kind::Plan;
        let is_done = |dep: &NodeId| run.end(*dep) == Some(NodeEnd::Done);
        has_ground && node.deps.iter().all(is_done)
    };
    run.nodes()
        .filter(is_free)
        .filter_map(|(node, _)| Some((node, ladder::may_begin(run, node.id)?)))
}

fn start(run: &Run, node: NodeId, is_fresh: bool) -> Event {
    let number = run.nodes.get(&node).map_or(0, NodeRun::number) + 1;
    Event::Plan(PlanEvent::NodeStarted {
        node,
        agent: ladder::agent(run, node, is_fresh),
        attempt: Some(Attempt {
            number,
            is_fresh,
            allotted: purse::allotted(run, node),
            start: ladder::start(run, node, is_fresh),
        }),
    })
}
