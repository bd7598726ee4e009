//! The journal: the single writer of a session's records. One thread owns them: it writes them in groups and tells of them,
//! and has the disk keep them: at once if somebody waits for it, a moment later if not. The first time something would have
//! been written meanwhile it leaves the disk to a second thread, and from then on nothing waits for that. Whoever has records
//! for it puts them straight into its queue: every step of every agent passes here, and a mailbox before the queue would be
//! a turn of the runtime more for each.
//!
//! May: place records, wait for the disk on its own threads. Never: look into an event.

mod disk;
#[cfg(test)]
mod kept;

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use protocol::{Draft, Record, Seq, SessionId};
use store::Position;
use tokio::sync::oneshot;

use self::disk::{Beside, Keeper, SyncAck, tell};
use crate::bus::Announcer;
use crate::feed::Feed;
use crate::options::CrashPoint;
use crate::source::Source;

/// Why records could not be kept. The session must stop: what cannot be remembered must not be done.
#[derive(Debug, Clone, thiserror::Error)]
#[error("write the journal: {0}")]
pub struct JournalDown(pub String);

type Ack = oneshot::Sender<Result<Vec<Arc<Record>>, JournalDown>>;
type CloseAck = oneshot::Sender<()>;

/// How long records wait for others before the disk is made to keep them all, if nobody asks for it before, in
/// milliseconds; up to twice as long where somebody asked meanwhile for those before them.
const LINGER_MS: u64 = 20;

/// What the writing thread is asked for.
enum Job {
    /// Write these, then tell.
    Append(Vec<Draft>, Ack),
    /// Have the disk keep everything that is written, then tell.
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
    pub is_dark: Arc<AtomicBool>,
}

/// The way to the journal of a session. It is closed by [`Journal::close`] alone.
#[derive(Clone)]
pub(crate) struct Journal {
    queue: Sender<Job>,
    beside: Beside,
}

impl Journal {
    /// Starts the thread that writes.
    ///
    /// # Errors
    /// The system's, which gives no thread.
    pub(crate) fn start(writer: Writer) -> Result<Self, JournalDown> {
        let (queue, jobs) = channel();
        let beside = Beside::default();
        let there = beside.clone();
        start("journal", move || write_all(writer, &jobs, &there))?;
        Ok(Self { queue, beside })
    }

    /// Has these written: from then on they outlive this process, whatever ends it, and what can be done twice may follow
    /// from them. What cannot waits for [`Journal::sync`] too.
    pub(crate) async fn append(&self, drafts: Vec<Draft>) -> Result<Vec<Arc<Record>>, JournalDown> {
        let (ack, kept) = oneshot::channel();
        self.queue.send(Job::Append(drafts, ack)).map_err(closed)?;
        kept.await.map_err(closed)?
    }

    /// Waits until everything that anybody was told is written outlives the machine too. After the end, when it does, it may
    /// say that it is closed.
    pub(crate) async fn sync(&self) -> Result<(), JournalDown> {
        let (ack, synced) = oneshot::channel();
        if let Err(ack) = self.beside.ask(ack) {
            self.queue.send(Job::Sync(ack)).map_err(closed)?;
        }
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
fn write_all(mut writer: Writer, jobs: &Receiver<Job>, beside: &Beside) {
    let written = catch_unwind(AssertUnwindSafe(|| writer.write_until_closed(jobs, beside)));
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
            Self::Sync(ack) => drop(ack.send(Err(down.clone()))),
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

/// What was asked for, up to the end of all.
#[derive(Default)]
struct Group {
    records: Vec<Record>,
    /// Who waits for which of them.
    told: Vec<(Range<usize>, Ack)>,
    syncs: Vec<SyncAck>,
    closing: Option<CloseAck>,
}

impl Writer {
    /// Returns who waits for the end, if it was not only left by all.
    fn write_until_closed(
        &mut self,
        jobs: &Receiver<Job>,
        beside: &Beside,
    ) -> Result<Option<CloseAck>, JournalDown> {
        let (mut lingering, mut came) = (None::<Lingering>, None);
        loop {
            let next = match (came.take(), &lingering) {
                (Some(job), _) => Ok(job),
                (None, None) => jobs.recv().map_err(|_| RecvTimeoutError::Disconnected),
                (None, Some(Lingering { due, .. })) => jobs.recv_timeout(self.until(*due)),
            };
            let mut syncs = Vec::new();
            match next {
                Ok(first) => {
                    let group = self.group(std::iter::once(first).chain(jobs.try_iter()));
                    let written = self.write(group.records, group.told);
                    if group.closing.is_some() {
                        tell(group.syncs, &written.and_then(|()| self.keeper().keep()));
                        return Ok(group.closing);
                    }
                    if written.is_err() {
                        tell(group.syncs, &written);
                        return written.map(|()| None);
                    }
                    syncs = group.syncs;
                }
                Err(RecvTimeoutError::Timeout) => {
                    lingering = lingering.map(|lingering| Lingering {
                        due: 0,
                        ..lingering
                    });
                }
                Err(RecvTimeoutError::Disconnected) => return self.keeper().keep().map(|()| None),
            }
            let still = lingering.filter(|lingering| !self.journal.has_synced(lingering.to));
            let still = still.or_else(|| self.lingering());
            (came, lingering) = self.keep_what_is_due(still, syncs, (jobs, beside));
        }
    }

    /// Has the disk keep everything for those who wait for it, or if something has lingered long enough; gives what
    /// lingers on, and what came while this thread was at the disk.
    fn keep_what_is_due(
        &self,
        still: Option<Lingering>,
        mut syncs: Vec<SyncAck>,
        (jobs, beside): (&Receiver<Job>, &Beside),
    ) -> (Option<Job>, Option<Lingering>) {
        if still
            .as_ref()
            .is_some_and(|still| self.until(still.due).is_zero())
        {
            syncs.push(oneshot::channel().0);
        }
        if syncs.is_empty() {
            return (None, still);
        }
        let asked = syncs.into_iter().map(|ack| beside.ask(ack));
        let own: Vec<SyncAck> = asked.filter_map(Result::err).collect();
        if own.is_empty() {
            return (None, None);
        }
        // A disk that fails has the journal refuse what comes next.
        let kept = self.keeper().keep();
        let came = jobs.try_recv().ok();
        tell(own, &kept);
        if matches!(came, Some(Job::Append(..))) {
            beside.begin(self.keeper());
        }
        (came, None)
    }

    /// What the disk has not been made to keep yet.
    fn lingering(&self) -> Option<Lingering> {
        let to = self.journal.at();
        let due = self.source.millis() + LINGER_MS;
        (!self.journal.has_synced(to)).then_some(Lingering { to, due })
    }

    fn until(&self, due: u64) -> Duration {
        Duration::from_millis(due.saturating_sub(self.source.millis()))
    }

    fn group(&mut self, jobs: impl Iterator<Item = Job>) -> Group {
        let at = self.source.now();
        let mut group = Group::default();
        for job in jobs {
            match job {
                Job::Append(drafts, ack) => {
                    let from = group.records.len();
                    for draft in drafts {
                        let record = draft.placed(self.session, self.next, at);
                        group.records.push(record);
                        self.next = self.next.next();
                    }
                    group.told.push((from..group.records.len(), ack));
                }
                Job::Sync(ack) => group.syncs.push(ack),
                Job::Close(ack) => {
                    group.closing = Some(ack);
                    break;
                }
            }
        }
        group
    }

    /// Writes records and tells of them.
    fn write(
        &mut self,
        records: Vec<Record>,
        told: Vec<(Range<usize>, Ack)>,
    ) -> Result<(), JournalDown> {
        if let Err(error) = self.keep(&records) {
            let down = JournalDown(error.to_string());
            for (_, ack) in told {
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
        Ok(())
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
