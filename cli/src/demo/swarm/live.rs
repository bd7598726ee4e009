//! Shows a run as it happens: one line whenever a node gets on, comes back, or lands.

use std::collections::BTreeMap;
use std::io::{self, Write};

use protocol::{FailureClass, NodeId, Record};
use views::{NodeState, Swarm, SwarmNode, View};

/// The run so far, and what was shown of it.
#[derive(Default)]
pub struct Live {
    /// The run so far.
    pub swarm: Swarm,
    shown: BTreeMap<NodeId, (NodeState, usize)>,
}

impl Live {
    /// Takes a record in and shows what it changed.
    ///
    /// # Errors
    /// The output's.
    pub fn record(&mut self, record: &Record, out: &mut dyn Write) -> io::Result<()> {
        self.swarm.apply(record);
        let began = self.swarm.span.map_or(record.at, |(began, _)| began);
        let clock = record.at.since(began) as f64 / 1000.0;
        for node in &self.swarm.nodes {
            let now = (node.state, node.returns.len());
            let before = self.shown.insert(node.id(), now);
            let is_new = before.is_none() && node.state == NodeState::Waiting;
            if before == Some(now) || is_new {
                continue;
            }
            if let Some(words) = words(node, before.map_or(0, |(_, returns)| returns)) {
                writeln!(out, "{clock:6.1}s  {:<14} {words}", node.name())?;
            }
        }
        out.flush()
    }
}

/// What a node's new state is in words; `None` for states that pass by.
fn words(node: &SwarmNode, returns: usize) -> Option<String> {
    if node.returns.len() > returns {
        let (attempt, failure) = node.returns.last()?;
        let said = failure.evidence.as_str();
        let line = said.lines().rev().find(|line| !line.trim().is_empty());
        return Some(format!(
            "✗ attempt {attempt} came back, {}: {}",
            failure.class.name(),
            line.unwrap_or_default().trim()
        ));
    }
    match node.state {
        NodeState::Working => Some(match node.attempt {
            1 => "· works".to_owned(),
            again => format!("· works, attempt {again}"),
        }),
        NodeState::Done => Some(match &node.commit {
            Some(commit) => format!("✓ landed as {}", commit.short()),
            None => "✓ done".to_owned(),
        }),
        NodeState::Failed => Some("✗ failed".to_owned()),
        NodeState::Skipped => Some("- skipped".to_owned()),
        NodeState::Cancelled => Some("- cancelled".to_owned()),
        // Its own work is over; another node resolves the conflict for it.
        NodeState::Queued if is_resolved_by_another(node) => None,
        NodeState::Queued => Some("· passed its own check, waits to be merged".to_owned()),
        NodeState::Waiting | NodeState::Ready | NodeState::Inspecting | NodeState::InBatch => None,
    }
}

fn is_resolved_by_another(node: &SwarmNode) -> bool {
    let last = node.returns.last();
    last.is_some_and(|(_, failure)| failure.class == FailureClass::Conflict)
}
