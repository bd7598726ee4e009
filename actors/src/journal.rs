//! The journal: the single writer of a session's records. One thread owns them: it writes them in groups and tells of them.
//! Another has the disk keep them: at once if somebody waits for it, a moment later if not; what is written meanwhile waits
//! for nothing. Whoever has records for it puts them straight into its queue: every step of every agent passes here, and a
//! mailbox before the queue would be a turn of the runtime more for each.
//!
//! May: place records, wait for the disk on its own threads. Never: look into an event.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use protocol::{Draft, Record, Seq, SessionId};
use store::{Position, Syncer};
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
/// milliseconds; up to twice as long where somebody asked meanwhile for those before them.
const LINGER_MS: u64 = 20;

/// What the writing thread is asked for.
enum Job {
    /// Write these, then tell.
    Append(Vec<Draft>, Ack),
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
    pub is_dark: Arc<AtomicBool>,
}

/// The way to the journal of a session. It is closed by [`Journal::close`] alone.
#[derive(Clone)]
pub(crate) struct Journal {
    queue: Sender<Job>,
    disk: Sender<SyncAck>,
}

impl Journal {
    /// Starts the threads that write and keep.
    ///
    /// # Errors
    /// The system's, which gives no thread.
    pub(crate) fn start(writer: Writer) -> Result<Self, JournalDown> {
        let (queue, jobs) = channel();
        let (disk, waiting) = channel();
        let (keeper, linger) = (writer.keeper(), disk.clone());
        start("journal", move || write_all(writer, &jobs, &linger))?;
        start("journal-disk", move || keeper.keep_all(&waiting))?;
        Ok(Self { queue, disk })
    }

    /// Has these written: from then on they outlive this process, whatever ends it, and what can be done twice may follow
    /// from them. What cannot waits for [`Journal::sync`] too.
    pub(crate) async fn append(&self, drafts: Vec<Draft>) -> Result<Vec<Arc<Record>>, JournalDown> {
        let (ack, kept) = oneshot::channel();
        self.queue.send(Job::Append(drafts, ack)).map_err(closed)?;
        kept.await.map_err(closed)?
    }

    /// Waits until everything that anybody was told is written outlives the machine too.
    pub(crate) async fn sync(&self) -> Result<(), JournalDown> {
        let (ack, synced) = oneshot::channel();
        self.disk.send(ack).map_err(closed)?;
        synced.await.map_err(closed)?
    }

    /// Ends the writing once it has done what it was asked for so far; when this returns the session is anybody's.
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

/// Nobody waits for such a thread itself: it says when it is through.
fn start(name: &str, life: impl FnOnce() + Send + 'static) -> Result<(), JournalDown> {
    let thread = std::thread::Builder::new().name(name.to_owned());
    let begun = thread.spawn(life);
    begun
        .map(drop)
        .map_err(|error| JournalDown(error.to_string()))
}

/// Writes whatever is waiting as one group, until the journal is closed. Once that has failed nothing more can be kept, and
/// everyone who asks is told why; whoever watches goes on watching until then, to be told too.
fn write_all(mut writer: Writer, jobs: &Receiver<Job>, disk: &Sender<SyncAck>) {
    let written = catch_unwind(AssertUnwindSafe(|| writer.write_until_closed(jobs, disk)));
    let fault = |_| {
        let what = "formic failed at it; this is a fault of formic";
        Err(JournalDown(what.to_owned()))
    };
    let closing = match written.unwrap_or_else(fault) {
        Ok(closing) => closing,
        Err(down) => {
            // What cannot be remembered must not be done: whoever asks whether it is durable what he begins is refused too.
            writer.journal.syncer().fail(down.0.clone());
            jobs.iter().find_map(|job| job.refuse(&down))
        }
    };
    drop(writer);
    if let Some(ack) = closing {
        let _ = ack.send(());
    }
}

impl Job {
    /// Says why it cannot be done; closing can, always.
    fn refuse(self, down: &JournalDown) -> Option<CloseAck> {
        match self {
            // Whoever has stopped waiting need not be told.
            Self::Append(_, ack) => drop(ack.send(Err(down.clone()))),
            Self::Close(ack) => return Some(ack),
        }
        None
    }
}

/// What was written and waits for others before the disk is made to keep it.
struct Lingering {
    to: Position,
    /// In the source's milliseconds.
    due: u64,
}

impl Writer {
    /// Returns who waits for the end, if it was not only left by all.
    fn write_until_closed(
        &mut self,
        jobs: &Receiver<Job>,
        disk: &Sender<SyncAck>,
    ) -> Result<Option<CloseAck>, JournalDown> {
        let mut lingering: Option<Lingering> = None;
        loop {
            let next = match &lingering {
                None => jobs.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(Lingering { due, .. }) => jobs.recv_timeout(self.until(*due)),
            };
            let is_due = matches!(next, Err(RecvTimeoutError::Timeout));
            match next {
                Ok(first) => {
                    let group = std::iter::once(first).chain(jobs.try_iter());
                    let (closing, written) = self.write(group);
                    if closing.is_some() {
                        // Whoever must know whether the disk has it asks for that.
                        let _ = written.and_then(|()| self.keeper().keep());
                        return Ok(closing);
                    }
                    written?;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return self.keeper().keep().map(|()| None),
            }
            lingering = self.linger(lingering, is_due, disk);
        }
    }

    /// Has the disk keep what has lingered long enough; gives what lingers from now on.
    fn linger(
        &self,
        lingering: Option<Lingering>,
        is_due: bool,
        disk: &Sender<SyncAck>,
    ) -> Option<Lingering> {
        let still = lingering.filter(|lingering| !self.journal.has_synced(lingering.to));
        match still {
            Some(Lingering { due, .. }) if is_due || self.until(due).is_zero() => {
                // Without the thread nothing outlives the machine, and whoever needs that is told so.
                let _ = disk.send(oneshot::channel().0);
                None
            }
            Some(still) => Some(still),
            None => {
                let to = self.journal.at();
                let due = self.source.millis() + LINGER_MS;
                (!self.journal.has_synced(to)).then_some(Lingering { to, due })
            }
        }
    }

    fn until(&self, due: u64) -> Duration {
        Duration::from_millis(due.saturating_sub(self.source.millis()))
    }

    /// Writes what is to be written and tells of it, up to the end of all; and who waits for that.
    fn write(
        &mut self,
        group: impl Iterator<Item = Job>,
    ) -> (Option<CloseAck>, Result<(), JournalDown>) {
        let at = self.source.now();
        let (mut records, mut told, mut closing) = (Vec::new(), Vec::new(), None);
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
                Job::Close(ack) => {
                    closing = Some(ack);
                    break;
                }
            }
        }
        if let Err(error) = self.keep(&records) {
            let down = JournalDown(error.to_string());
            for (_, ack) in told {
                let _ = ack.send(Err(down.clone()));
            }
            return (closing, Err(down));
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
        (closing, Ok(()))
    }

    fn keep(&mut self, records: &[Record]) -> Result<(), store::StoreError> {
        let place = |wanted: Seq| records.iter().position(|record| record.seq == wanted);
        let cut = match self.crash {
            None => None,
            Some(CrashPoint::Before(seq)) => place(seq),
            Some(CrashPoint::After(seq)) => place(seq).map(|at| at + 1),
            Some(CrashPoint::Unsynced(seq)) => {
                let written = self.journal.write(records);
                if place(seq).is_some() {
                    // Before anybody is told of it, who might have it kept at once.
                    self.is_dark.store(true, Ordering::Release);
                }
                return written;
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

    fn keeper(&self) -> Keeper {
        Keeper {
            syncer: self.journal.syncer(),
            is_dark: self.is_dark.clone(),
        }
    }
}

/// Has the disk keep what is written.
struct Keeper {
    syncer: Syncer,
    is_dark: Arc<AtomicBool>,
}

impl Keeper {
    /// Once for all who wait, until nobody can.
    fn keep_all(self, waiting: &Receiver<SyncAck>) {
        for first in waiting {
            let all: Vec<SyncAck> = std::iter::once(first).chain(waiting.try_iter()).collect();
            let kept = self.keep();
            for ack in all {
                let _ = ack.send(kept.clone());
            }
        }
    }

    fn keep(&self) -> Result<(), JournalDown> {
        if self.is_dark.load(Ordering::Acquire) && self.syncer.lose().is_ok() {
            std::process::abort();
        }
        let synced = self.syncer.sync();
        synced.map_err(|error| JournalDown(error.to_string()))
    }
}
