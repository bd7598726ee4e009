//! A plan that waits for approval in no process is turned down: that takes its journal, and no model, repository or
//! setting, of which any may be gone.

use protocol::{Event, Record, SessionId};
use scheduler::run::{Illegal, Run, RunCommand, RunInput, decide, follow};
use store::{DataFolder, Journal, Loss, StoreError};

use super::Swarm;
use crate::coordinator::of_session;
use crate::options::Secrets;
use crate::redact::Redactor;
use crate::source::Source;

/// Why a plan was not turned down.
#[derive(Debug, thiserror::Error)]
pub enum RejectError {
    /// No plan of the run waits for approval.
    #[error(transparent)]
    Illegal(#[from] Illegal),
    /// The disk or the journal; another process has the run, say.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Swarm {
    /// Turns down the plan of a run that no process has. Durable when this returns; the run is over then.
    ///
    /// # Errors
    /// [`RejectError`]: nothing was changed, except where the disk failed.
    pub fn reject(
        data: &DataFolder,
        (source, secrets): (&dyn Source, &Secrets),
        (id, why): (SessionId, String),
    ) -> Result<(), RejectError> {
        let mut command = RunCommand::Reject { why };
        Redactor::new(secrets).clean_command(&mut command);
        let mut run = Run::new(id);
        let (mut journal, Loss { cut, .. }) =
            Journal::take_up(data, id, |record| run.apply(&record))?;
        let rejected = decide(&run, RunInput::Command(command))?;
        let cut = cut.map(|cut| Event::Fault(cut.fault()));
        let mut events: Vec<Event> = cut.into_iter().chain(rejected).collect();
        while !events.is_empty() {
            let mut next = journal.next_seq();
            let mut records: Vec<Record> = Vec::with_capacity(events.len());
            for event in events {
                records.push(of_session(event).placed(id, next, source.now()));
                next = next.next();
            }
            records.iter().for_each(|record| run.apply(record));
            journal.append(&records)?;
            events = follow(&run);
        }
        Ok(())
    }
}
