//! The board in the life of a run: notes go on it one by one, and what others found out reaches who is at work.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use protocol::{
    AgentId, BoardEntry, EntryKind, Event, Kind, MemoryEvent, MemoryId, Node, NodeId, Note,
    Provenance, Text,
};

use super::node_run::{NodePhase, NodeRun};
use super::{Run, Wish};
use crate::board::{About, Board, MOST_ENTRIES, VALUE_BYTES, worth_showing};

/// How much of the board is told at once, in bytes.
const TOLD_BYTES: u64 = 2_048;

/// How often an agent is told anything at all.
const MOST_TIMES: u32 = 8;

/// The most notes that wait; an agent that floods the board is not heard to its end.
const MOST_WAITING: usize = 200;

/// The board of a run, what waits to go on it, and who was shown what.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Commons {
    pub board: Board,
    waiting: VecDeque<Waiting>,
    shown: BTreeMap<AgentId, Shown>,
    /// How many entries that agents are told of were put on the board so far.
    noted: u64,
}

impl Commons {
    /// Whether there is anything that agents are told of.
    pub fn has_news(&self) -> bool {
        self.noted > 0
    }
}

/// What an agent was shown.
#[derive(Debug, Clone, Default, PartialEq)]
struct Shown {
    entries: BTreeSet<MemoryId>,
    /// How many entries had been put on the board then of which agents are told: until there are more, nothing is
    /// worth telling.
    noted: u64,
    times: u32,
}

#[derive(Debug, Clone, PartialEq)]
struct Waiting {
    note: Note,
    origin: Provenance,
}

/// Takes in a note of an agent, or of the coordinator if no agent wrote it.
pub(super) fn take(run: &mut Run, note: Note, origin: Provenance) {
    if run.commons.waiting.len() < MOST_WAITING {
        run.commons.waiting.push_back(Waiting { note, origin });
    }
    drop_refused(run);
}

/// What a finished node leaves to everybody: contracts bind all, the rest can be found.
pub(super) fn hand_off(run: &mut Run, node: NodeId) {
    let planned = run.planned(node).map(|node| (node.kind, node.name.clone()));
    let (Some((kind, name)), Some(said)) = (planned, run.hand_off(node)) else {
        return;
    };
    if kind == Kind::Plan {
        return;
    }
    let note = Note {
        kind: match kind {
            Kind::Contract => EntryKind::Contract,
            _ => EntryKind::Handoff,
        },
        key: format!("node {name}"),
        value: cut(said),
        evidence: Vec::new(),
    };
    let origin = Provenance {
        node: Some(node),
        agent: None,
        evidence: Vec::new(),
    };
    take(run, note, origin);
}

fn cut(text: &Text) -> Text {
    if text.bytes() <= VALUE_BYTES {
        return text.clone();
    }
    let whole = text.as_str();
    whole[..whole.floor_char_boundary(VALUE_BYTES as usize)].into()
}

/// The next notes that go on the board, up to the first that may be judged otherwise once those before it are there.
pub(super) fn noting(run: &Run) -> Vec<Event> {
    let Commons { board, waiting, .. } = &run.commons;
    let (mut taken, mut events) = (BTreeSet::new(), Vec::new());
    for next in waiting {
        let Ok(entry) = judged(run, next) else {
            break;
        };
        let is_full = !taken.is_empty() && board.len() + taken.len() >= MOST_ENTRIES;
        if is_full || !taken.insert(entry.id) {
            break;
        }
        let entry = Box::new(entry);
        events.push(Event::Memory(MemoryEvent::Noted { entry }));
    }
    events
}

fn judged(run: &Run, waiting: &Waiting) -> Result<BoardEntry, crate::board::Refused> {
    let Waiting { note, origin } = waiting;
    match origin.agent {
        Some(_) => run.commons.board.note(run.id, note, origin.clone()),
        None => run.commons.board.entry(run.id, note, origin.clone()),
    }
}

pub(super) fn apply(run: &mut Run, event: &MemoryEvent) {
    match event {
        MemoryEvent::Noted { entry } => {
            run.commons.board.put(entry.as_ref().clone());
            run.commons.noted += u64::from(is_told(entry));
            run.commons.waiting.pop_front();
            drop_refused(run);
        }
        MemoryEvent::Shown { agent, entries } => {
            let shown = run.commons.shown.entry(*agent).or_default();
            shown.entries.extend(entries.iter().copied());
            shown.noted = run.commons.noted;
            shown.times += 1;
        }
    }
}

/// What would be refused is not kept: nothing follows from it.
fn drop_refused(run: &mut Run) {
    while let Some(next) = run.commons.waiting.front() {
        if judged(run, next).is_ok() {
            return;
        }
        run.commons.waiting.pop_front();
    }
}

/// That an agent was told entries; what it was told before says nothing new.
pub(super) fn shown(run: &Run, agent: AgentId, entries: Vec<MemoryId>) -> Option<Event> {
    let before = run.commons.shown.get(&agent);
    let is_known = |id: &MemoryId| before.is_some_and(|before| before.entries.contains(id));
    let is_news = !entries.is_empty() && !entries.iter().all(is_known);
    is_news.then_some(Event::Memory(MemoryEvent::Shown { agent, entries }))
}

/// What the agent of a node should be told now; only one that is in its turn hears.
pub(super) fn informing(run: &Run, node: &Node, state: &NodeRun) -> Option<Wish> {
    let agent = state.agent.filter(|_| node.kind.has_agent())?;
    let hears = state.phase == NodePhase::Working && state.turn.open.is_some();
    let entries = if hears {
        worth(run, node, agent)
    } else {
        Vec::new()
    };
    (!entries.is_empty()).then_some(Wish::Inform {
        node: node.id,
        agent,
        entries,
    })
}

/// The entries worth telling the agent of a node, best first.
pub(super) fn worth(run: &Run, node: &Node, agent: AgentId) -> Vec<MemoryId> {
    let nothing = Shown::default();
    let shown = run.commons.shown.get(&agent).unwrap_or(&nothing);
    if shown.noted == run.commons.noted || shown.times >= MOST_TIMES {
        return Vec::new();
    }
    let brief = node.brief.as_ref().map(Text::as_str).unwrap_or_default();
    let about = About {
        agent,
        words: &format!("{} {brief} {}", node.title, node.scope.writes.join(" ")),
        shown: &shown.entries,
        most_bytes: TOLD_BYTES,
    };
    let worth = worth_showing(&run.commons.board, &about).into_iter();
    let told = worth.filter(|entry| is_told(entry) && entry.origin.node != Some(node.id));
    told.map(|entry| entry.id).collect()
}

/// What a node leaves goes along the edges of the plan; others find it if they look.
fn is_told(entry: &BoardEntry) -> bool {
    entry.kind != EntryKind::Handoff
}
