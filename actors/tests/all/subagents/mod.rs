//! Sub-agents of a chat: many at once, within limits, stopped with their caller, taken up where they were.

mod answers;
mod limits;
mod lives;

use std::collections::BTreeSet;

use actors::archive::{self, DataFolder};
use protocol::{
    AgentId, Event, ModelEvent, NodeEnd, PlanEvent, Record, SessionEvent, SessionId, ToolResult,
};
use scripted::Step;
use serde_json::json;

use crate::bench::{Bench, results};

pub fn task(prompt: &str, kind: &str) -> Step {
    let input = json!({"description": format!("do {prompt}"), "prompt": prompt, "kind": kind});
    Step::tool("task", input)
}

pub fn ended_nodes(records: &[Record]) -> Vec<NodeEnd> {
    let ends = records.iter().filter_map(|record| match &record.event {
        Event::Plan(PlanEvent::NodeEnded { end, .. }) => Some(*end),
        _ => None,
    });
    ends.collect()
}

/// The agents that were opened for others.
pub fn called(records: &[Record]) -> BTreeSet<AgentId> {
    let opened = records
        .iter()
        .filter(|record| matches!(&record.event, Event::Session(SessionEvent::Opened(_))));
    opened.filter_map(|record| record.agent).collect()
}

/// The results of the session's own agent.
pub fn own_results(records: &[Record]) -> Vec<ToolResult> {
    let called = called(records);
    let own = records
        .iter()
        .filter(|record| record.agent.is_none_or(|agent| !called.contains(&agent)));
    results(&own.cloned().collect::<Vec<_>>())
}

pub fn used_tokens(records: &[Record]) -> u64 {
    let replies = records.iter().filter_map(|record| match &record.event {
        Event::Model(ModelEvent::Replied { reply, .. }) => reply.usage,
        _ => None,
    });
    replies.map(|usage| usage.total()).sum()
}

pub fn is_faithful(bench: &Bench, id: SessionId) -> bool {
    let data = DataFolder::at(bench.data.path());
    archive::replay(&data, id).unwrap().is_faithful()
}
