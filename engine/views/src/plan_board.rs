//! The plan with the state of its nodes.

use protocol::{AgentId, Event, NodeEnd, NodeId, Plan, PlanEvent, Record, Timestamp};
use serde::Serialize;

use crate::View;

/// The plan as it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PlanBoard {
    /// The goal of the plan accepted last.
    pub goal: Option<String>,
    /// Its nodes, in its order.
    pub nodes: Vec<BoardNode>,
}

/// A node as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BoardNode {
    /// Which.
    pub id: NodeId,
    /// A few words for people.
    pub title: String,
    /// The nodes that must be done before.
    pub deps: Vec<NodeId>,
    /// How far it is.
    pub state: NodeState,
    /// The agent that took it last.
    pub agent: Option<AgentId>,
    /// When it was taken last.
    pub began: Option<Timestamp>,
    /// When it came to its end.
    pub ended: Option<Timestamp>,
}

/// How far a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeState {
    /// Nobody took it yet.
    Waiting,
    /// An agent works on it.
    Running,
    /// Its work is done.
    Done,
    /// It was given up.
    Failed,
}

impl PlanBoard {
    /// A node of the plan.
    pub fn node(&self, id: NodeId) -> Option<&BoardNode> {
        self.nodes.iter().find(|node| node.id == id)
    }

    /// Takes a plan over; nodes that were on the board keep their state.
    fn accept(&mut self, plan: &Plan) {
        let mut before = std::mem::take(&mut self.nodes);
        self.goal = Some(plan.goal.clone());
        self.nodes = plan
            .nodes
            .iter()
            .map(|node| {
                let known = before.iter().position(|known| known.id == node.id);
                let known = known.map(|at| before.swap_remove(at));
                BoardNode {
                    id: node.id,
                    title: node.title.clone(),
                    deps: node.deps.clone(),
                    state: known
                        .as_ref()
                        .map_or(NodeState::Waiting, |known| known.state),
                    agent: known.as_ref().and_then(|known| known.agent),
                    began: known.as_ref().and_then(|known| known.began),
                    ended: known.and_then(|known| known.ended),
                }
            })
            .collect();
    }

    fn change(&mut self, id: NodeId, change: impl FnOnce(&mut BoardNode)) {
        if let Some(node) = self.nodes.iter_mut().find(|node| node.id == id) {
            change(node);
        }
    }
}

impl View for PlanBoard {
    fn apply(&mut self, record: &Record) {
        match &record.event {
            Event::Plan(PlanEvent::Accepted { plan }) => self.accept(plan),
            Event::Plan(PlanEvent::NodeStarted { node, agent, .. }) => self.change(*node, |node| {
                node.state = NodeState::Running;
                node.agent = Some(*agent);
                node.began = Some(record.at);
                node.ended = None;
            }),
            Event::Plan(PlanEvent::NodeEnded { node, end, .. }) => self.change(*node, |node| {
                node.state = match end {
                    NodeEnd::Done => NodeState::Done,
                    NodeEnd::Failed | NodeEnd::Skipped | NodeEnd::Cancelled => NodeState::Failed,
                };
                node.ended = Some(record.at);
            }),
            Event::Plan(
                PlanEvent::Proposed { .. }
                | PlanEvent::Rejected { .. }
                | PlanEvent::Patched { .. }
                | PlanEvent::NodeReturned { .. }
                | PlanEvent::Paused
                | PlanEvent::Unpaused
                | PlanEvent::Cancelled { .. }
                | PlanEvent::Closed,
            )
            | Event::Session(_)
            | Event::Turn(_)
            | Event::Model(_)
            | Event::Tool(_)
            | Event::Permission(_)
            | Event::Workspace(_)
            | Event::Memory(_)
            | Event::Fault(_) => {}
        }
    }
}
