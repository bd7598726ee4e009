//! What a listing tells of a session, folded from its records.

use std::collections::BTreeSet;
use std::path::PathBuf;

use protocol::{
    Block, Event, ForkPoint, ModelEvent, NodeId, PlanEvent, Record, SessionEvent, SessionId,
    TASK_TOOL, Text, Timestamp, TurnEnd, TurnEvent, WorkspaceEvent,
};
use serde::{Deserialize, Serialize};

use super::run::{RunFold, RunStage, RunTally};
use crate::error::Result;
use crate::folder::DataFolder;
use crate::journal::Reader;

/// The longest title, in characters.
const TITLE_CHARS: usize = 80;

/// What a journal says of its session.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// The folder it works in.
    pub cwd: Option<PathBuf>,
    /// When its first record was written.
    pub opened_at: Option<Timestamp>,
    /// When its last record was written.
    pub last_at: Option<Timestamp>,
    /// Whole records.
    pub records: u64,
    /// Turns begun.
    pub turns: u64,
    /// The beginning of the first thing the user said, on one line, at most 80 characters.
    pub title: Option<String>,
    /// How the last turn ended; `None` if it has not, or if there is none.
    pub end: Option<TurnEnd>,
    /// Where it branched off, if it is a fork.
    pub forked: Option<ForkPoint>,
    /// How far it is, if it is a run of a swarm.
    pub run: Option<RunStage>,
    /// What has come of it, if it is a run.
    pub tally: Option<RunTally>,
    /// Why the journal could not be read to its end, if so: its end is damaged, or a newer formic wrote it.
    pub problem: Option<String>,
}

/// What has to be known of a session's past to tell its facts.
#[derive(Default)]
struct Fold {
    /// The nodes of sub-agents.
    called: BTreeSet<NodeId>,
    run: RunFold,
}

impl Fold {
    fn apply(&mut self, record: &Record) {
        match &record.event {
            Event::Plan(event) => self.run.plan(event),
            Event::Workspace(event) => self.run.workspace(event),
            Event::Session(_)
            | Event::Turn(_)
            | Event::Model(_)
            | Event::Tool(_)
            | Event::Permission(_)
            | Event::Memory(_)
            | Event::Fault(_) => {}
        }
    }
}

impl Facts {
    /// Reads the journal of `session`. A journal that cannot be read to its end is a fact like others.
    ///
    /// # Errors
    /// The session is not there.
    pub(crate) fn read(data: &DataFolder, session: SessionId) -> Result<Self> {
        let mut reader = Reader::open(data, session)?.without_bulk();
        let mut facts = Self::default();
        let mut fold = Fold::default();
        let read = reader.each(|record| facts.take(&record, &mut fold));
        facts.problem = match read {
            Ok(()) => reader.cut().map(|cut| cut.reason.to_string()),
            Err(error) => Some(error.to_string()),
        };
        facts.tally = facts.run.map(|_| fold.run.tally());
        Ok(facts)
    }

    /// What the first records of a session say of it.
    pub(super) fn of(records: &[Record]) -> Self {
        let (mut facts, mut fold) = (Self::default(), Fold::default());
        for record in records {
            facts.take(record, &mut fold);
        }
        facts
    }

    /// Takes a record in. What a sub-agent does is part of its caller's turn.
    fn take(&mut self, record: &Record, fold: &mut Fold) {
        self.records += 1;
        self.opened_at.get_or_insert(record.at);
        self.last_at = Some(record.at);
        if let Event::Model(ModelEvent::Replied { calls, .. }) = &record.event {
            let tasks = calls.iter().filter(|call| call.tool == TASK_TOOL);
            let called = tasks.map(|call| NodeId::of_call(call.call));
            fold.called.extend(called);
        }
        if record.node.is_none_or(|node| !fold.called.contains(&node)) {
            fold.apply(record);
            self.apply(record);
        }
    }

    fn apply(&mut self, record: &Record) {
        match &record.event {
            // The agents of a run are opened too, each in a tree of its own: the session's own opening is the first.
            Event::Session(SessionEvent::Opened(opening)) => {
                self.cwd.get_or_insert_with(|| opening.cwd.clone());
            }
            Event::Plan(event) => self.plan(event),
            Event::Workspace(WorkspaceEvent::Begun(_)) => self.run = Some(RunStage::Planning),
            Event::Session(SessionEvent::Forked(point)) => self.forked = Some(*point),
            Event::Turn(event) => self.turn(event),
            Event::Session(SessionEvent::Resumed { .. })
            | Event::Model(_)
            | Event::Tool(_)
            | Event::Permission(_)
            | Event::Workspace(_)
            | Event::Memory(_)
            | Event::Fault(_) => {}
        }
    }

    fn plan(&mut self, event: &PlanEvent) {
        let stage = match event {
            PlanEvent::Proposed { plan, .. } => {
                self.title = title_of(&Block::Text(plan.goal.as_str().into()));
                RunStage::Proposed
            }
            PlanEvent::Accepted { .. } | PlanEvent::Unpaused => RunStage::Running,
            PlanEvent::Rejected { .. } => RunStage::Rejected,
            PlanEvent::Paused { .. } => RunStage::Paused,
            PlanEvent::Cancelled { .. } => RunStage::Ending,
            PlanEvent::Closed if self.run == Some(RunStage::Rejected) => RunStage::Rejected,
            PlanEvent::Closed => RunStage::Closed,
            // A node of a run that is over can be tried again.
            PlanEvent::NodeStarted { .. } if self.run == Some(RunStage::Closed) => {
                RunStage::Running
            }
            PlanEvent::Patched { patch, .. }
                if self.run == Some(RunStage::Closed) && patch.has_nodes() =>
            {
                RunStage::Running
            }
            PlanEvent::Patched { .. }
            | PlanEvent::Checked { .. }
            | PlanEvent::NodeStarted { .. }
            | PlanEvent::NodeReturned { .. }
            | PlanEvent::NodeEnded { .. } => return,
        };
        // The plan of a chat, with its one node, is no run.
        self.run = self.run.map(|_| stage);
    }

    fn turn(&mut self, event: &TurnEvent) {
        match event {
            TurnEvent::Submitted { content, .. } => {
                self.turns += 1;
                self.end = None;
                if self.title.is_none() {
                    self.title = content.iter().find_map(title_of);
                }
            }
            TurnEvent::Ended { end, .. } => self.end = Some(end.clone()),
            TurnEvent::Steered { .. }
            | TurnEvent::Nudged { .. }
            | TurnEvent::Warned { .. }
            | TurnEvent::Informed { .. }
            | TurnEvent::Interrupted { .. } => {}
        }
    }
}

/// The beginning of a text block on one line.
fn title_of(block: &Block) -> Option<String> {
    let text = match block {
        Block::Text(Text::Inline(text)) => text,
        Block::Text(Text::Stored(stored)) => &stored.head,
        Block::Thinking { .. }
        | Block::RedactedThinking(_)
        | Block::Image { .. }
        | Block::ToolUse(_)
        | Block::ToolResult { .. }
        | Block::Foreign(_) => return None,
    };
    let words: Vec<_> = text.split_whitespace().take(TITLE_CHARS).collect();
    let line: String = words.join(" ").chars().take(TITLE_CHARS).collect();
    Some(line).filter(|line| !line.is_empty())
}
