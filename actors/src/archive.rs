//! Sessions at rest: listing, reading, replaying, forking, deleting, checking, without running anything.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use protocol::{AgentId, BlobId, Event, Record, Seq, SessionEvent, SessionId, TurnEvent};
use scheduler::run::{Run, RunCommand, RunInput, decide};

use tools::Process;

use crate::law::spill_root;
pub use crate::swarm::leftovers::{self, Leftovers, Untidy};

pub use scheduler::run::Illegal;
pub use store::{
    Condition, Cut, DataFolder, Facts, Glance, ReadReport, Reader, RunStage, RunTally, SessionInfo,
    StoreError, check, delete, fork, glance, list, newest_first, read, rebuild_index,
};
pub use tools::Reaped;

/// The session of `cwd` that was worked on last.
///
/// # Errors
/// The folder of the sessions cannot be listed.
pub fn newest_for(data: &DataFolder, cwd: &Path) -> Result<Option<SessionId>, StoreError> {
    let here = |id: &SessionId| began_in(data, *id).as_deref() == Some(cwd);
    Ok(newest_first(data)?.into_iter().find(here))
}

/// The folder a session was opened in, from its first record.
fn began_in(data: &DataFolder, id: SessionId) -> Option<PathBuf> {
    let first = Reader::open(data, id).ok()?.next_record().ok()??;
    if let Event::Session(SessionEvent::Opened(opening)) = first.event {
        return Some(opening.cwd);
    }
    None
}

/// Why a run that no process has would not take a command if one took it up as it is now; `None` if it would.
pub fn refusal(run: SessionId, records: &[Record], command: RunCommand) -> Option<Illegal> {
    let input = RunInput::Command(command);
    decide(&Run::fold(run, records), input).err()
}

/// Ends what still runs of commands whose formic is dead. Blocks shortly.
pub fn reap_orphans(data: &DataFolder) -> Vec<Reaped> {
    tools::reap_orphans(&spill_root(data.root()).join("running"), &Process::lives)
}

/// What a replay found at one end of a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The record.
    pub seq: Seq,
    /// The digest the running agent recorded.
    pub recorded: BlobId,
    /// The digest of the state folded from disk.
    pub folded: BlobId,
}

/// A replayed session.
#[derive(Debug)]
pub struct Replayed {
    /// Records folded.
    pub records: usize,
    /// One entry for each end of a turn.
    pub checkpoints: Vec<Checkpoint>,
    /// Digest of the final state.
    pub end: BlobId,
    /// What was not whole at the journal's end, if anything.
    pub cut: Option<Cut>,
}

impl Replayed {
    /// Whether every state came out as it was recorded.
    pub fn is_faithful(&self) -> bool {
        self.checkpoints
            .iter()
            .all(|point| point.recorded == point.folded)
    }
}

/// Folds a session again and compares the states with the recorded ones. No network, no tool, no change.
///
/// # Errors
/// The store's: no such session, unreadable, written by a newer formic.
pub fn replay(data: &DataFolder, session: SessionId) -> Result<Replayed, StoreError> {
    let report = read(data, session, Seq(1))?;
    let mut states = States::default();
    let mut checkpoints = Vec::new();
    for record in &report.records {
        if let Event::Turn(TurnEvent::Ended {
            state: recorded, ..
        }) = &record.event
        {
            let folded = states.of(record.agent).digest();
            let (seq, recorded) = (record.seq, *recorded);
            checkpoints.push(Checkpoint {
                seq,
                recorded,
                folded,
            });
        }
        states.apply(record);
    }
    let (records, cut) = (report.records.len(), report.cut);
    Ok(Replayed {
        records,
        checkpoints,
        end: states.digest(),
        cut,
    })
}

/// The states of a session's agents.
#[derive(Default)]
struct States {
    /// What concerns the session as a whole: every agent begins with it.
    session: agent::State,
    agents: BTreeMap<AgentId, agent::State>,
}

impl States {
    fn of(&mut self, agent: Option<AgentId>) -> &mut agent::State {
        let session = &self.session;
        match agent {
            Some(agent) => {
                let own = self.agents.entry(agent);
                own.or_insert_with(|| session.clone())
            }
            None => &mut self.session,
        }
    }

    fn apply(&mut self, record: &Record) {
        self.of(record.agent).apply(&record.event);
        if record.agent.is_none() {
            for agent in self.agents.values_mut() {
                agent.apply(&record.event);
            }
        }
    }

    /// That of the one agent, or one of all of them.
    fn digest(&self) -> BlobId {
        let mut all = self.agents.values();
        match (all.next(), all.next()) {
            (None, _) => self.session.digest(),
            (Some(only), None) => only.digest(),
            (Some(_), Some(_)) => {
                let digests = self.agents.values().map(|state| state.digest().to_string());
                BlobId::of(digests.collect::<String>().as_bytes())
            }
        }
    }
}
