//! The journal: the single writer of a session's records. One thread owns them: it writes them in groups, tells of them, and
//! has the disk keep them: at once if somebody waits for it, a moment later if not. Whoever has records for it puts them
//! straight into its queue: every step of every agent passes here, and a mailbox before the queue would be a turn of the
//! runtime more for each.
//!
//! May: place records, wait for the disk on its own thread. Never: look into an event.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use protocol::{Draft, Record, Seq, SessionId};
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
type CloseAck = oneshot::Sender<()>;

/// How long records wait for others before the disk is made to keep them all, if nobody asks for it before, in
/// milliseconds.
const LINGER_MS: u64 = 20;

/// What the writing thread is asked for.
enum Job {
    /// Write these, then tell.
    Append(Vec<Draft>, Ack),
    /// Tell once the disk has everything that was written before.
    Sync(SyncAck),
    /// Have the disk keep everything, let go of the files, and tell.
    Close(CloseAck),
}

/// What the writing thread needs.
pub(crate) struct Writer {
    pub journal: store::Journal,
    pub session: SessionId,
    pub next: Seq,
    pub source: Arc<dyn Source>,
    pub announcer: Announcer,
    pub feed: Option<Feed>,
    pub crash: Option<CrashPoint>,
    /// Whether the machine stops when the disk is to keep something next.
    pub is_dark: bool,
}

/// The way to the journal of a session. It is closed by [`Journal::close`] alone.
#[derive(Clone)]
pub(crate) struct Journal {
    queue: Sender<Job>,
}

impl Journal {
    /// Starts the thread that writes.
    ///
    /// # Errors
    /// The system's, which gives no thread.
    pub(crate) fn start(writer: Writer) -> Result<Self, JournalDown> {
        let (queue, jobs) = channel();
        let thread = std::thread::Builder::new().name("journal".to_owned());
        let begun = thread.spawn(move || write_all(writer, &jobs));
        // Nobody waits for the thread itself: it says when it is through.
        let begun = begun.map_err(|error| JournalDown(error.to_string()));
        begun.map(|_| Self { queue })
    }

    /// Has these written: from then on they outlive this process, whatever ends it, and what can be done twice may follow
    /// from them. What cannot waits for [`Journal::sync`] too.
    pub(crate) async fn append(&self, drafts: Vec<Draft>) -> Result<Vec<Arc<Record>>, JournalDown> {
        let (ack, kept) = oneshot::channel();
        self.queue.send(Job::Append(drafts, ack)).map_err(closed)?;
        kept.await.map_err(closed)?
    }

    /// Waits until everything written so far outlives the machine too.
    pub(crate) async fn sync(&self) -> Result<(), JournalDown> {
        let (ack, synced) = oneshot::channel();
        self.queue.send(Job::Sync(ack)).map_err(closed)?;
        synced.await.map_err(closed)?
    }

    /// Ends the thread once it has done what it was asked for so far; when this returns its files are free.
    pub(crate) async fn close(&self) {
        // Where nobody answers it is closed already.
        let _ = self.leave().await;
    }

    /// The same for whoever need not wait for it.
    pub(crate) fn leave(&self) -> oneshot::Receiver<()> {
        let (ack, closed) = oneshot::channel();
        let _ = self.queue.send(Job::Close(ack));
        closed
    }
}

fn closed<E>(_: E) -> JournalDown {
    JournalDown("it is closed".to_owned())
}

/// Writes whatever is waiting as one group, until the journal is closed. Once that has failed nothing more can be kept, and
/// everyone who asks is told why; whoever watches goes on watching until then, to be told too.
fn write_all(mut writer: Writer, jobs: &Receiver<Job>) {
    let written = catch_unwind(AssertUnwindSafe(|| writer.write_until_closed(jobs)));
    let fault = |_| {
        let what = "formic failed at it; this is a fault of formic";
        Err(JournalDown(what.to_owned()))
    };
    let closing = match written.unwrap_or_else(fault) {
        Ok(closing) => closing,
        Err(down) => jobs.iter().find_map(|job| job.refuse(&down)),
    };
    drop(writer);
    if let Some(ack) = closing {
        let _ = ack.send(());
    }
}

impl Job {
    /// Says why it cannot be done; closing can, always.
    fn refuse(self, down: &JournalDown) -> Option<CloseAck> {
        // Whoever has stopped waiting need not be told.
        match self {
            Self::Append(_, ack) => drop(ack.send(Err(down.clone()))),
            Self::Sync(ack) => drop(ack.send(Err(down.clone()))),
            Self::Close(ack) => return Some(ack),
        }
        None
    }
}

/// Who waits for more than that records are written.
#[derive(Default)]
struct Waiting {
    for_disk: Vec<SyncAck>,
    for_end: Option<CloseAck>,
}

impl Waiting {
    const fn is_none(&self) -> bool {
        self.for_disk.is_empty() && self.for_end.is_none()
    }
}

impl Writer {
    /// Returns who waits for the end, if it was not only left by all.
    fn write_until_closed(
        &mut self,
        jobs: &Receiver<Job>,
    ) -> Result<Option<CloseAck>, JournalDown> {
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
                Err(RecvTimeoutError::Disconnected) => return self.sync().map(|()| None),
            };
            let (waiting, written) = self.write(std::iter::once(first).chain(jobs.try_iter()));
            if waiting.is_none() && written.is_ok() && due.is_none_or(|due| self.until(due) > 0) {
                due = due.or_else(|| Some(self.source.millis() + LINGER_MS));
                continue;
            }
            let synced = written.and_then(|()| self.sync());
            for ack in waiting.for_disk {
                let _ = ack.send(synced.clone());
            }
            if waiting.for_end.is_some() {
                return Ok(waiting.for_end);
            }
            synced?;
            due = None;
        }
    }

    fn until(&self, due: u64) -> u64 {
        due.saturating_sub(self.source.millis())
    }

    /// Writes what is to be written and tells of it, up to the end of all; and who waits for more than that.
    fn write(&mut self, group: impl Iterator<Item = Job>) -> (Waiting, Result<(), JournalDown>) {
        let at = self.source.now();
        let (mut records, mut told, mut waiting) = (Vec::new(), Vec::new(), Waiting::default());
        for job in group {
            match job {
                Job::Append(drafts, ack) => {
                    let from = records.len();
                    for draft in drafts {
                        records.push(draft.placed(self.session, self.next, at));
                        self.next = self.next.next();
                    }
                    told.push((from..records.len(), ack));
                }
                Job::Sync(ack) => waiting.for_disk.push(ack),
                Job::Close(ack) => {
                    waiting.for_end = Some(ack);
                    break;
                }
            }
        }
        if let Err(error) = self.keep(&records) {
            let down = JournalDown(error.to_string());
            for (_, ack) in told {
                let _ = ack.send(Err(down.clone()));
            }
            return (waiting, Err(down));
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
        (waiting, Ok(()))
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
