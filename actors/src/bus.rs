//! The bus: records and deltas for whoever watches. Slow watchers never hold up the work.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use protocol::{Delta, Notice, Record, Seq, SessionId};
use store::{DataFolder, Position, Reader, StoreError};
use tokio::sync::broadcast::{self, error::RecvError};

/// Notices a watcher may fall behind before it re-reads the journal, which has no deltas: more than there are in what is
/// read from a connection at once, as nobody watches in between.
const BACKLOG: usize = 4096;

/// So many records are read in less time than it takes to start a thread that would read them.
const FEW: u64 = 16;

/// Whatever the journal has.
const ALL: Seq = Seq(u64::MAX);

/// Tells of records once they are written. Only the journal holds it: when that ends, every watch ends.
pub(crate) struct Announcer {
    sender: broadcast::Sender<Notice>,
    journal: Arc<Journal>,
}

/// Where missed records are read.
struct Journal {
    data: DataFolder,
    session: SessionId,
    /// Where the records of this process begin: those before are another's.
    begins: Position,
    /// The last record that was announced: whoever subscribes later is not sent it.
    announced: AtomicU64,
}

impl Journal {
    /// The last record that was announced, if that is not known.
    fn beyond(&self, known: Seq) -> Option<Seq> {
        let announced = Seq(self.announced.load(Ordering::SeqCst));
        (announced > known).then_some(announced)
    }

    /// The records from one on, and where it lies.
    fn read(&self, at: Position, from: Seq) -> Result<(Position, Vec<Arc<Record>>), StoreError> {
        let mut reader = Reader::follow(&self.data, self.session, at)?;
        reader.skip_to(from)?;
        let (at, mut records) = (reader.at(), Vec::new());
        reader.each(|record| records.push(record))?;
        Ok((at, records))
    }
}

impl Announcer {
    pub(crate) fn record(&self, record: Arc<Record>) {
        // Before it is sent: a watcher that comes in between meets it twice, and passes over the second, rather than never.
        self.journal.announced.store(record.seq.0, Ordering::SeqCst);
        // Nobody watching is fine: the journal has it.
        let _ = self.sender.send(Notice::Record(record));
    }
}

/// Sends deltas to every subscription, as long as there is an announcer.
#[derive(Clone)]
pub(crate) struct Bus {
    sender: broadcast::WeakSender<Notice>,
    journal: Arc<Journal>,
}

impl Bus {
    pub(crate) fn new(data: DataFolder, session: SessionId, begins: Position) -> (Self, Announcer) {
        let (sender, _) = broadcast::channel(BACKLOG);
        let journal = Arc::new(Journal {
            data,
            session,
            begins,
            announced: AtomicU64::new(0),
        });
        let bus = Self {
            sender: sender.downgrade(),
            journal: journal.clone(),
        };
        (bus, Announcer { sender, journal })
    }

    pub(crate) fn delta(&self, delta: Delta) {
        if let Some(sender) = self.sender.upgrade() {
            let _ = sender.send(Notice::Delta(delta));
        }
    }

    /// Whether anybody watches: deltas are not even made for nobody.
    pub(crate) fn is_watched(&self) -> bool {
        let sender = self.sender.upgrade();
        sender.is_some_and(|sender| sender.receiver_count() > 0)
    }

    /// Everything after `after`. What was announced already is read from the journal first: a later record would show
    /// that it was missed, but there may be none.
    pub(crate) fn subscribe(&self, after: Seq) -> Subscription {
        let closed = || broadcast::channel(1).1;
        let receiver = self
            .sender
            .upgrade()
            .map_or_else(closed, |sender| sender.subscribe());
        let begins = self.journal.begins;
        Subscription {
            receiver,
            journal: self.journal.clone(),
            last: after,
            at: match after.next() < begins.next {
                true => Position::START,
                false => begins,
            },
            missed: VecDeque::new(),
            behind: self.journal.beyond(after),
            is_over: false,
        }
    }
}

/// A watcher's view: every record in order, deltas as far as it keeps up.
pub struct Subscription {
    receiver: broadcast::Receiver<Notice>,
    journal: Arc<Journal>,
    last: Seq,
    /// A place before the next record.
    at: Position,
    missed: VecDeque<Arc<Record>>,
    /// Records up to this one came by unseen and are to be read from the journal.
    behind: Option<Seq>,
    /// Whether nothing comes any more but what the journal still has.
    is_over: bool,
}

impl Subscription {
    /// The last record it gave; before its first, the one it begins after.
    pub const fn last(&self) -> Seq {
        self.last
    }

    /// The next notice; `None` once the session is closed and everything was delivered. A call that is
    /// given up loses nothing.
    pub async fn next(&mut self) -> Option<Notice> {
        loop {
            if let Some(record) = self.missed.pop_front() {
                self.last = record.seq;
                return Some(Notice::Record(record));
            }
            if let Some(upto) = self.behind {
                self.catch_up(upto).await;
                continue;
            }
            match self.receiver.recv().await {
                Ok(Notice::Record(record)) if record.seq <= self.last => {}
                Ok(Notice::Record(record)) if record.seq > self.last.next() => {
                    self.behind = Some(record.seq);
                }
                Ok(Notice::Record(record)) => {
                    self.last = record.seq;
                    return Some(Notice::Record(record));
                }
                Ok(delta) => return Some(delta),
                Err(RecvError::Lagged(_)) => self.behind = Some(ALL),
                Err(RecvError::Closed) if self.is_over => return None,
                Err(RecvError::Closed) => {
                    self.is_over = true;
                    self.behind = self.journal.beyond(self.last);
                }
            }
        }
    }

    /// Takes what was missed from the journal. What cannot be read now comes with the next try.
    async fn catch_up(&mut self, upto: Seq) {
        let (journal, at, from) = (self.journal.clone(), self.at, self.last.next());
        let read = move || journal.read(at, from);
        let read = if upto.0.saturating_sub(at.next.0) <= FEW {
            read().ok()
        } else {
            let task = tokio::task::spawn_blocking(read).await;
            task.ok().and_then(Result::ok)
        };
        if let Some((at, records)) = read {
            self.at = at;
            let missed = records.into_iter().take_while(|record| record.seq <= upto);
            self.missed.extend(missed);
        }
        self.behind = None;
    }
}
