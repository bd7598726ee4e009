//! Sub-agents of a former process whose answers their callers never got.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use protocol::{AgentId, Event, NodeId, PlanEvent, Record, Seq, SessionEvent, ToolEvent};
use scheduler::subagents::Subagents;

use super::brief::{Folded, last_end};

/// What a sub-agent of a former process had.
pub(super) struct Past {
    pub folded: Folded,
    /// Where its records begin; `None` if it has none.
    pub opened: Option<Seq>,
    /// Whether its node has ended.
    pub is_over: bool,
}

/// Those sub-agents, each until its call is asked again.
#[derive(Default)]
pub(super) struct Pasts(BTreeMap<NodeId, Past>);

impl Pasts {
    /// Those of a journal; the plan grows with them.
    pub(super) fn fold(records: &[Arc<Record>], subagents: &mut Subagents) -> Self {
        let mut started = BTreeMap::new();
        let mut over = BTreeSet::new();
        let mut answered = BTreeSet::new();
        for record in records {
            match &record.event {
                Event::Plan(PlanEvent::Patched { patch, .. }) => subagents.grow(patch),
                Event::Plan(PlanEvent::NodeStarted { node, agent, .. })
                    if subagents.is_grown(*node) =>
                {
                    started.insert(*node, *agent);
                }
                Event::Plan(PlanEvent::NodeEnded { node, .. }) => {
                    over.insert(*node);
                }
                Event::Tool(ToolEvent::Finished { call, .. }) if !started.is_empty() => {
                    answered.insert(NodeId::of_call(*call));
                }
                Event::Session(_)
                | Event::Turn(_)
                | Event::Model(_)
                | Event::Tool(_)
                | Event::Permission(_)
                | Event::Plan(_)
                | Event::Workspace(_)
                | Event::Memory(_)
                | Event::Fault(_) => {}
            }
        }
        let lost = started
            .into_iter()
            .filter(|(node, _)| !answered.contains(node));
        let pasts = lost.map(|(node, agent)| {
            let past = Past::fold(records, agent, over.contains(&node));
            (node, past)
        });
        Self(pasts.collect())
    }

    /// That of a node; given once.
    pub(super) fn take(&mut self, node: NodeId) -> Option<Past> {
        self.0.remove(&node)
    }

    pub(super) fn of(&self, node: NodeId) -> Option<&Past> {
        self.0.get(&node)
    }

    /// Those that came to their end.
    pub(super) fn over(&self) -> impl Iterator<Item = (NodeId, &Past)> {
        let over = self.0.iter().filter(|(_, past)| past.is_over);
        over.map(|(node, past)| (*node, past))
    }
}

impl Past {
    fn fold(records: &[Arc<Record>], agent: AgentId, is_over: bool) -> Self {
        let own = || {
            let own = records.iter().filter(|record| record.agent == Some(agent));
            own.map(Arc::as_ref)
        };
        let opened =
            own().find(|record| matches!(&record.event, Event::Session(SessionEvent::Opened(_))));
        Self {
            folded: Folded {
                core: agent::State::fold(own()),
                end: last_end(own()),
            },
            opened: opened.map(|record| record.seq),
            is_over,
        }
    }
}
