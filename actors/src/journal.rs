//! The journal actor: the single writer of a session's records. One thread writes them in groups, tells of them, and has
//! the disk keep them: at once if somebody waits for it, a moment later if not.
//!
//! May: place records, wait for the disk on its own thread. Never: look into an event.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use protocol::{Draft, Record, Seq, SessionId};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::oneshot;

use crate::bus::Announcer;
use crate::feed::Feed;
use crate::options::CrashPoint;
use crate::source::Source;

/// Why records could not be kept. The session must stop: what cannot be remembered must not be done.
#[derive(Debug, Clone, thiserror::Error)]
#[error("write the journal: {0}")]
pub struct JournalDown(pub String);

type Ack = oneshot::Sender<Result<Vec<Arc<Record>>, JournalDown>>;
type SyncAck = oneshot::Sender<Result<(), JournalDown>>;

/// How long records wait for others before the disk is made to keep them all, if nobody asks for it before, in
/// milliseconds.
const LINGER_MS: u64 = 20;

/// What the journal understands.
pub(crate) enum JournalMsg {
    /// Write these, then tell.
    Append(Vec<Draft>, Ack),
    /// Tell once the disk has everything that was written before.
    Sync(SyncAck),
}

impl JournalMsg {
    fn refuse(self, down: &JournalDown) {
        // Whoever has stopped waiting need not be told.
        match self {
            Self::Append(_, ack) => drop(ack.send(Err(down.clone()))),
            Self::Sync(ack) => drop(ack.send(Err(down.clone()))),
        }
    }
}

/// What the writing thread needs.
pub(crate) struct Writer {
    pub journal: store::Journal,
    pub session: SessionId,
    pub next: Seq,
    pub source: Arc<dyn Source>,
    pub announcer: Arc<Announcer>,
    pub feed: Option<Feed>,
    pub crash: Option<CrashPoint>,
    /// Whether the machine stops when the disk is to keep something next.
    pub is_dark: bool,
}

pub(crate) struct JournalActor;

pub(crate) struct JournalState {
    /// Keeps watches open after a failure of the disk, until the session has said why it stopped.
    _announcer: Arc<Announcer>,
    queue: Option<Sender<JournalMsg>>,
    thread: Option<JoinHandle<()>>,
}

impl Actor for JournalActor {
    type Msg = JournalMsg;
    type State = JournalState;
    type Arguments = Writer;

    async fn pre_start(
        &self,
        _me: ActorRef<JournalMsg>,
        writer: Writer,
    ) -> Result<JournalState, ActorProcessingErr> {
        let (queue, jobs) = channel();
        let announcer = writer.announcer.clone();
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || write_all(writer, &jobs))?;
        Ok(JournalState {
            _announcer: announcer,
            queue: Some(queue),
            thread: Some(thread),
        })
    }

    async fn handle(
        &self,
        _me: ActorRef<JournalMsg>,
        message: JournalMsg,
        state: &mut JournalState,
    ) -> Result<(), ActorProcessingErr> {
        if let Some(queue) = &state.queue
            && let Err(refused) = queue.send(message)
        {
            // A dropped ack would only say that nobody answered; this says why.
            refused
                .0
                .refuse(&JournalDown("its writer has stopped".to_owned()));
        }
        Ok(())
    }

    async fn post_stop(
        &self,
        _me: ActorRef<JournalMsg>,
        state: &mut JournalState,
    ) -> Result<(), ActorProcessingErr> {
        state.queue.take();
        if let Some(thread) = state.thread.take() {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
        Ok(())
    }
}

/// Writes whatever is waiting as one group, until the queue closes. Once the disk has failed nothing more can be kept, and
/// everyone who asks is told why.
fn write_all(mut writer: Writer, jobs: &Receiver<JournalMsg>) {
    let Err(down) = writer.write_until_closed(jobs) else {
        return;
    };
    jobs.iter().for_each(|job| job.refuse(&down));
}

impl Writer {
    fn write_until_closed(&mut self, jobs: &Receiver<JournalMsg>) -> Result<(), JournalDown> {
        // When the disk is to have what it has not yet, in the source's milliseconds.
        let mut due: Option<u64> = None;
        loop {
            let next = match due {
                None => jobs.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(due) => jobs.recv_timeout(Duration::from_millis(self.until(due))),
            };
            let first = match next {
                Ok(first) => first,
                Err(RecvTimeoutError::Timeout) => {
                    self.sync()?;
                    due = None;
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => return self.sync(),
            };
            let waiting = self.write(std::iter::once(first).chain(jobs.try_iter()))?;
            if waiting.is_empty() && due.is_none_or(|due| self.until(due) > 0) {
                due = due.or_else(|| Some(self.source.millis() + LINGER_MS));
                continue;
            }
            let synced = self.sync();
            for ack in waiting {
                let _ = ack.send(synced.clone());
            }
            synced?;
            due = None;
        }
    }

    fn until(&self, due: u64) -> u64 {
        due.saturating_sub(self.source.millis())
    }

    /// Writes what is to be written and tells of it. Returns those who wait for the disk.
    fn write(
        &mut self,
        group: impl Iterator<Item = JournalMsg>,
    ) -> Result<Vec<SyncAck>, JournalDown> {
        let at = self.source.now();
        let (mut records, mut told, mut waiting) = (Vec::new(), Vec::new(), Vec::new());
        for job in group {
            match job {
                JournalMsg::Append(drafts, ack) => {
                    let from = records.len();
                    for draft in drafts {
                        records.push(draft.placed(self.session, self.next, at));
                        self.next = self.next.next();
                    }
                    told.push((from..records.len(), ack));
                }
                JournalMsg::Sync(ack) => waiting.push(ack),
            }
        }
        if let Err(error) = self.keep(&records) {
            let down = JournalDown(error.to_string());
            for (_, ack) in told {
                let _ = ack.send(Err(down.clone()));
            }
            for ack in waiting {
                let _ = ack.send(Err(down.clone()));
            }
            return Err(down);
        }
        let records: Vec<Arc<Record>> = records.into_iter().map(Arc::new).collect();
        for record in &records {
            self.announcer.record(record.clone());
            if let Some(feed) = &self.feed {
                feed.record(record);
            }
        }
        for (range, ack) in told {
            let _ = ack.send(Ok(records[range].to_vec()));
        }
        Ok(waiting)
    }

    fn keep(&mut self, records: &[Record]) -> Result<(), store::StoreError> {
        let place = |wanted: Seq| records.iter().position(|record| record.seq == wanted);
        let cut = match self.crash {
            None => None,
            Some(CrashPoint::Before(seq)) => place(seq),
            Some(CrashPoint::After(seq)) => place(seq).map(|at| at + 1),
            Some(CrashPoint::Unsynced(seq)) => {
                self.is_dark |= place(seq).is_some();
                None
            }
        };
        match cut {
            None => self.journal.write(records),
            Some(at) => {
                self.journal.append(&records[..at])?;
                std::process::abort()
            }
        }
    }

    fn sync(&mut self) -> Result<(), JournalDown> {
        if self.is_dark && self.journal.lose().is_ok() {
            std::process::abort();
        }
        let synced = self.journal.sync();
        synced.map_err(|error| JournalDown(error.to_string()))
    }
}

/// Has these written: from then on they outlive this process, whatever ends it, and what can be done twice may follow from
/// them. What cannot waits for [`sync`] too.
pub(crate) async fn append(
    journal: &ActorRef<JournalMsg>,
    drafts: Vec<Draft>,
) -> Result<Vec<Arc<Record>>, JournalDown> {
    let (ack, kept) = oneshot::channel();
    let append = JournalMsg::Append(drafts, ack);
    journal.send_message(append).map_err(|_| gone())?;
    kept.await.map_err(|_| gone())?
}

/// Waits until everything written so far outlives the machine too.
pub(crate) async fn sync(journal: &ActorRef<JournalMsg>) -> Result<(), JournalDown> {
    let (ack, synced) = oneshot::channel();
    let sync = JournalMsg::Sync(ack);
    journal.send_message(sync).map_err(|_| gone())?;
    synced.await.map_err(|_| gone())?
}

fn gone() -> JournalDown {
    JournalDown("its actor has stopped".to_owned())
}
