//! The bus: records and deltas for whoever watches. Slow watchers never hold up the work.

use std::collections::VecDeque;
use std::sync::Arc;

use protocol::{Delta, Notice, Record, Seq, SessionId};
use store::DataFolder;
use tokio::sync::broadcast::{self, error::RecvError};

/// Notices a watcher may fall behind before it re-reads the journal.
const BACKLOG: usize = 4096;

/// Sends notices to every subscription.
#[derive(Clone)]
pub(crate) struct Bus {
    sender: broadcast::Sender<Notice>,
    journal: Arc<(DataFolder, SessionId)>,
}

impl Bus {
    pub(crate) fn new(data: DataFolder, session: SessionId) -> Self {
        Self {
            sender: broadcast::channel(BACKLOG).0,
            journal: Arc::new((data, session)),
        }
    }

    pub(crate) fn record(&self, record: Arc<Record>) {
        // Nobody watching is fine: the journal has it.
        let _ = self.sender.send(Notice::Record(record));
    }

    pub(crate) fn delta(&self, delta: Delta) {
        let _ = self.sender.send(Notice::Delta(delta));
    }

    /// Whether anybody watches: deltas are not even made for nobody.
    pub(crate) fn is_watched(&self) -> bool {
        self.sender.receiver_count() > 0
    }

    /// Everything after `after`. What is recorded already is read from the journal at once: a later record would show
    /// that it was missed, but there may be none.
    pub(crate) fn subscribe(&self, after: Seq) -> Subscription {
        let mut subscription = Subscription {
            receiver: self.sender.subscribe(),
            journal: self.journal.clone(),
            last: after,
            missed: VecDeque::new(),
        };
        subscription.catch_up();
        subscription
    }
}

/// A watcher's view: every record in order, deltas as far as it keeps up.
pub struct Subscription {
    receiver: broadcast::Receiver<Notice>,
    journal: Arc<(DataFolder, SessionId)>,
    last: Seq,
    missed: VecDeque<Arc<Record>>,
}

impl Subscription {
    /// The next notice; `None` once the session is closed and everything was delivered.
    pub async fn next(&mut self) -> Option<Notice> {
        loop {
            if let Some(record) = self.missed.pop_front() {
                self.last = record.seq;
                return Some(Notice::Record(record));
            }
            match self.receiver.recv().await {
                Ok(Notice::Record(record)) if record.seq <= self.last => {}
                Ok(Notice::Record(record)) if record.seq > self.last.next() => self.catch_up(),
                Ok(Notice::Record(record)) => {
                    self.last = record.seq;
                    return Some(Notice::Record(record));
                }
                Ok(delta) => return Some(delta),
                Err(RecvError::Lagged(_)) => self.catch_up(),
                Err(RecvError::Closed) => {
                    self.catch_up();
                    if self.missed.is_empty() {
                        return None;
                    }
                }
            }
        }
    }

    /// Fell behind: what was missed is in the journal. What cannot be read now comes with the next try.
    fn catch_up(&mut self) {
        if let Ok(report) = store::read(&self.journal.0, self.journal.1, self.last.next()) {
            self.missed.extend(report.records.into_iter().map(Arc::new));
        }
    }
}
