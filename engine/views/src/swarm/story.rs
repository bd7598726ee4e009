//! What each node of a run went through: its attempts with their checks and ends, and what its agents wrote on the board.

use std::collections::BTreeMap;

use protocol::{
    AgentId, BoardEntry, Change, CheckRun, Event, Failure, MemoryEvent, NodeId, PlanEvent, Record,
    Timestamp, WorkspaceEvent,
};
use serde::Serialize;

use super::Swarm;
use crate::{Ledger, Tally, View};

/// The stories of all nodes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stories {
    /// Knows how time counts where no process had the run.
    run: Swarm,
    nodes: BTreeMap<NodeId, Story>,
}

/// What one node went through.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Story {
    /// Its attempts, in order.
    pub attempts: Vec<AttemptStory>,
    /// What its agents wrote on the board, in order.
    pub board: Vec<BoardEntry>,
}

/// One attempt at a node.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AttemptStory {
    /// Counted from 1.
    pub number: u32,
    /// Its agent.
    pub agent: AgentId,
    /// Whether the agent began with an empty context.
    pub fresh: bool,
    /// How long it took so far, in milliseconds, without the time in which no process had the run.
    pub wall_ms: u64,
    /// What it used.
    pub used: Tally,
    /// What its tree held changed when it was looked at.
    pub files: Vec<Change>,
    /// The node's own check, if it ran.
    pub check: Option<CheckRun>,
    /// Why it came to nothing, if it did.
    pub failure: Option<Failure>,
    #[serde(skip)]
    began: Timestamp,
    #[serde(skip)]
    is_over: bool,
    #[serde(skip)]
    ledger: Ledger,
}

impl Stories {
    /// A node's; one that was never begun has none.
    pub fn of(&self, node: NodeId) -> Option<&Story> {
        self.nodes.get(&node)
    }

    /// The stories at a moment of the clock on the wall, up to which a process had the run.
    pub fn until(mut self, at: Timestamp) -> Self {
        let now = self.run.active(at);
        for story in self.nodes.values_mut() {
            story.attempts.iter_mut().for_each(|one| one.passes(now));
        }
        self
    }

    fn last(&mut self, node: NodeId) -> Option<&mut AttemptStory> {
        self.nodes.get_mut(&node)?.attempts.last_mut()
    }

    fn plan(&mut self, event: &PlanEvent, now: Timestamp) {
        match event {
            PlanEvent::NodeStarted {
                node,
                agent,
                attempt,
            } => {
                let attempt = attempt.as_ref();
                let story = self.nodes.entry(*node).or_default();
                story.attempts.push(AttemptStory {
                    number: attempt.map_or(1, |attempt| attempt.number),
                    agent: *agent,
                    fresh: attempt.is_none_or(|attempt| attempt.is_fresh),
                    wall_ms: 0,
                    used: Tally::default(),
                    files: Vec::new(),
                    check: None,
                    failure: None,
                    began: now,
                    is_over: false,
                    ledger: Ledger::default(),
                });
            }
            PlanEvent::NodeReturned { node, failure, .. } => {
                if let Some(attempt) = self.last(*node) {
                    attempt.failure = Some(failure.clone());
                    attempt.ends(now);
                }
            }
            PlanEvent::NodeEnded { node, .. } => {
                if let Some(attempt) = self.last(*node) {
                    attempt.ends(now);
                }
            }
            PlanEvent::Proposed { .. }
            | PlanEvent::Accepted { .. }
            | PlanEvent::Rejected { .. }
            | PlanEvent::Patched { .. }
            | PlanEvent::Checked { .. }
            | PlanEvent::Paused { .. }
            | PlanEvent::Unpaused
            | PlanEvent::Cancelled { .. }
            | PlanEvent::Closed => {}
        }
    }

    fn workspace(&mut self, event: &WorkspaceEvent, now: Timestamp) {
        match event {
            WorkspaceEvent::Inspected { node, found, .. } => {
                if let Some(attempt) = self.last(*node) {
                    attempt.files.clone_from(&found.changed);
                    attempt.check.clone_from(&found.check);
                }
            }
            WorkspaceEvent::Advanced { nodes, .. } => {
                for merged in nodes {
                    if let Some(attempt) = self.last(merged.node) {
                        attempt.ends(now);
                    }
                }
            }
            WorkspaceEvent::Begun(_)
            | WorkspaceEvent::TreeMade { .. }
            | WorkspaceEvent::Reverted { .. }
            | WorkspaceEvent::Worked { .. }
            | WorkspaceEvent::BatchTaken { .. }
            | WorkspaceEvent::Merged { .. }
            | WorkspaceEvent::Gated { .. }
            | WorkspaceEvent::Advancing { .. }
            | WorkspaceEvent::Landed(_)
            | WorkspaceEvent::Failed { .. } => {}
        }
    }
}

impl AttemptStory {
    fn ends(&mut self, now: Timestamp) {
        self.passes(now);
        self.is_over = true;
    }

    /// Time goes by until its end.
    fn passes(&mut self, now: Timestamp) {
        if !self.is_over {
            self.wall_ms = now.since(self.began);
        }
    }
}

impl View for Stories {
    fn apply(&mut self, record: &Record) {
        self.run.apply(record);
        let now = self.run.active(record.at);
        if let Some(attempt) = record.node.and_then(|node| self.last(node)) {
            attempt.ledger.apply(record);
            attempt.used = attempt.ledger.total.clone();
            attempt.passes(now);
        }
        match &record.event {
            Event::Plan(event) => self.plan(event, now),
            Event::Workspace(event) => self.workspace(event, now),
            Event::Memory(MemoryEvent::Noted { entry }) => {
                if let Some(node) = entry.origin.node {
                    let story = self.nodes.entry(node).or_default();
                    story.board.push(entry.as_ref().clone());
                }
            }
            Event::Memory(MemoryEvent::Shown { .. })
            | Event::Session(_)
            | Event::Turn(_)
            | Event::Model(_)
            | Event::Tool(_)
            | Event::Permission(_)
            | Event::Fault(_) => {}
        }
    }
}
