//! Whose sub-agent an agent is: the call that asked for it.

use std::collections::BTreeMap;

use protocol::{AgentId, CallId, Event, ModelEvent, NodeId, Record, TASK_TOOL};

use crate::View;

/// The calls that asked for sub-agents, by what follows from them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lineage {
    nodes: BTreeMap<NodeId, CallId>,
    agents: BTreeMap<AgentId, CallId>,
}

impl Lineage {
    /// The call that asked for the agent a record is about; `None` for what is about the session, its own agent, or a
    /// node of a run.
    pub fn call_of(&self, record: &Record) -> Option<CallId> {
        self.nodes.get(&record.node?).copied()
    }

    /// The call that asked for an agent.
    pub fn call_of_agent(&self, agent: AgentId) -> Option<CallId> {
        self.agents.get(&agent).copied()
    }
}

impl View for Lineage {
    fn apply(&mut self, record: &Record) {
        let Event::Model(ModelEvent::Replied { calls, .. }) = &record.event else {
            return;
        };
        for planned in calls.iter().filter(|call| call.tool == TASK_TOOL) {
            let call = planned.call;
            self.nodes.insert(NodeId::of_call(call), call);
            self.agents.insert(AgentId::of_call(call), call);
        }
    }
}
