//! A session at a glance: whose, where, since when, how far, and what is in doubt.

use std::path::PathBuf;

use protocol::{
    Block, CallId, Event, ForkPoint, ModelRef, PermissionMode, Record, SessionEvent, SessionId,
    Timestamp, ToolEvent, TurnEnd, TurnEvent,
};
use serde::Serialize;

use crate::{Lineage, View};

/// The longest title, in characters.
const TITLE_CHARS: usize = 80;

/// A session at a glance.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Which.
    pub session: Option<SessionId>,
    /// The beginning of the first thing the user said, on one line.
    pub title: Option<String>,
    /// The folder it works in.
    pub cwd: Option<PathBuf>,
    /// The model of the latest run.
    pub model: Option<ModelRef>,
    /// The permission mode of the latest run.
    pub mode: Option<PermissionMode>,
    /// Where it branched off, if it is a fork.
    pub forked: Option<ForkPoint>,
    /// When its first record was written.
    pub opened_at: Option<Timestamp>,
    /// When its last record was written.
    pub last_at: Option<Timestamp>,
    /// Turns begun.
    pub turns: u32,
    /// How far it is.
    pub state: State,
    /// Its writes that have not ended.
    pub writes: Writes,
    #[serde(skip)]
    lineage: Lineage,
}

/// Writes that have not ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Writes {
    /// Those that started. If the process that ran them is gone, they are in doubt too.
    pub under_way: Vec<CallId>,
    /// Those that started under an earlier process and were not settled yet.
    pub in_doubt: Vec<CallId>,
}

/// How far a session is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nothing was asked yet.
    #[default]
    Fresh,
    /// A turn began and has not ended.
    Unfinished,
    /// The last turn ended like this.
    Resting(TurnEnd),
}

impl Writes {
    /// The process that ran them is gone.
    fn doubt(&mut self) {
        self.in_doubt.append(&mut self.under_way);
    }
}

impl View for Summary {
    fn apply(&mut self, record: &Record) {
        self.session = Some(record.session);
        self.opened_at.get_or_insert(record.at);
        self.last_at = Some(record.at);
        self.lineage.apply(record);
        let is_called = self.lineage.call_of(record).is_some();
        match &record.event {
            // What a sub-agent does is part of its caller's turn.
            Event::Session(SessionEvent::Resumed { .. }) if is_called => {
                self.writes.doubt();
            }
            Event::Session(_) | Event::Turn(_) if is_called => {}
            Event::Session(event) => self.session(event),
            Event::Turn(event) => self.turn(event),
            Event::Tool(event) => self.tool(event),
            Event::Model(_)
            | Event::Permission(_)
            | Event::Plan(_)
            | Event::Workspace(_)
            | Event::Memory(_)
            | Event::Fault(_) => {}
        }
    }
}

impl Summary {
    fn session(&mut self, event: &SessionEvent) {
        match event {
            // The agents of a run are opened too: the session's own opening is the first.
            SessionEvent::Opened(_) if self.cwd.is_some() => {}
            SessionEvent::Opened(opening) => {
                self.cwd = Some(opening.cwd.clone());
                self.model = Some(opening.model.clone());
                self.mode = Some(opening.mode);
            }
            SessionEvent::Resumed { mode, model, .. } => {
                self.model = Some(model.clone());
                self.mode = Some(*mode);
                self.writes.doubt();
            }
            SessionEvent::Forked(point) => self.forked = Some(*point),
        }
    }

    fn turn(&mut self, event: &TurnEvent) {
        match event {
            TurnEvent::Submitted { content, .. } => {
                self.turns += 1;
                self.state = State::Unfinished;
                if self.title.is_none() {
                    self.title = title_of(content);
                }
            }
            TurnEvent::Ended { end, .. } => self.state = State::Resting(end.clone()),
            TurnEvent::Steered { .. }
            | TurnEvent::Informed { .. }
            | TurnEvent::Nudged { .. }
            | TurnEvent::Warned { .. }
            | TurnEvent::Interrupted { .. } => {}
        }
    }

    fn tool(&mut self, event: &ToolEvent) {
        let (call, started) = match event {
            ToolEvent::Started { call, .. } => (*call, true),
            ToolEvent::Reopened { call } | ToolEvent::Finished { call, .. } => (*call, false),
        };
        self.writes.under_way.retain(|other| *other != call);
        self.writes.in_doubt.retain(|other| *other != call);
        if started {
            self.writes.under_way.push(call);
        }
    }
}

/// The first text of `content` on one line, shortened.
fn title_of(content: &[Block]) -> Option<String> {
    let text = content.iter().find_map(|block| match block {
        Block::Text(text) => Some(text.as_str()),
        Block::Thinking { .. }
        | Block::RedactedThinking(_)
        | Block::Image { .. }
        | Block::ToolUse(_)
        | Block::ToolResult { .. }
        | Block::Foreign(_) => None,
    })?;
    let words: Vec<_> = text.split_whitespace().take(TITLE_CHARS).collect();
    let line: String = words.join(" ").chars().take(TITLE_CHARS).collect();
    Some(line).filter(|line| !line.is_empty())
}
