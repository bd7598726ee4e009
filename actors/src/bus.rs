//! The bus: records and deltas for whoever watches. Slow watchers never hold up the work.

use std::collections::VecDeque;
use std::sync::Arc;

use protocol::{Delta, Notice, Record, Seq, SessionId};
use store::DataFolder;
use tokio::sync::broadcast::{self, error::RecvError};

/// Notices a watcher may fall behind before it re-reads the journal.
const BACKLOG: usize = 4096;

/// Tells of durable records. Only the journal holds it: when that ends, every watch ends.
pub(crate) struct Announcer(broadcast::Sender<Notice>);

impl Announcer {
    pub(crate) fn record(&self, record: Arc<Record>) {
        // Nobody watching is fine: the journal has it.
        let _ = self.0.send(Notice::Record(record));
    }
}

/// Sends deltas to every subscription, as long as there is an announcer.
#[derive(Clone)]
pub(crate) struct Bus {
    sender: broadcast::WeakSender<Notice>,
    journal: Arc<(DataFolder, SessionId)>,
}

impl Bus {
    pub(crate) fn new(data: DataFolder, session: SessionId) -> (Self, Announcer) {
        let (sender, _) = broadcast::channel(BACKLOG);
        let bus = Self {
            sender: sender.downgrade(),
            journal: Arc::new((data, session)),
        };
        (bus, Announcer(sender))
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

    /// Everything after `after`. What is recorded already is read from the journal first: a later record would show
    /// that it was missed, but there may be none.
    pub(crate) fn subscribe(&self, after: Seq) -> Subscription {
        let closed = || broadcast::channel(1).1;
        Subscription {
            receiver: self
                .sender
                .upgrade()
                .map_or_else(closed, |sender| sender.subscribe()),
            journal: self.journal.clone(),
            last: after,
            missed: VecDeque::new(),
            is_behind: true,
            is_over: false,
        }
    }
}

/// A watcher's view: every record in order, deltas as far as it keeps up.
pub struct Subscription {
    receiver: broadcast::Receiver<Notice>,
    journal: Arc<(DataFolder, SessionId)>,
    last: Seq,
    missed: VecDeque<Arc<Record>>,
    /// Whether the journal has records that came by unseen, as those from before the subscription did.
    is_behind: bool,
    /// Whether nothing comes any more but what the journal still has.
    is_over: bool,
}

impl Subscription {
    /// The next notice; `None` once the session is closed and everything was delivered. A call that is
    /// given up loses nothing.
    pub async fn next(&mut self) -> Option<Notice> {
        loop {
            if let Some(record) = self.missed.pop_front() {
                self.last = record.seq;
                return Some(Notice::Record(record));
            }
            if self.is_behind {
                self.catch_up().await;
                continue;
            }
            match self.receiver.recv().await {
                Ok(Notice::Record(record)) if record.seq <= self.last => {}
                Ok(Notice::Record(record)) if record.seq > self.last.next() => {
                    self.is_behind = true;
                }
                Ok(Notice::Record(record)) => {
                    self.last = record.seq;
                    return Some(Notice::Record(record));
                }
                Ok(delta) => return Some(delta),
                Err(RecvError::Lagged(_)) => self.is_behind = true,
                Err(RecvError::Closed) if self.is_over => return None,
                Err(RecvError::Closed) => (self.is_behind, self.is_over) = (true, true),
            }
        }
    }

    /// Takes what was missed from the journal. What cannot be read now comes with the next try.
    async fn catch_up(&mut self) {
        let (journal, from) = (self.journal.clone(), self.last.next());
        let read = move || store::read(&journal.0, journal.1, from);
        if let Ok(Ok(report)) = tokio::task::spawn_blocking(read).await {
            self.missed.extend(report.records.into_iter().map(Arc::new));
        }
        self.is_behind = false;
    }
}
