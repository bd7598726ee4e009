//! The feed: every record that is written, in order and none left out, for the one actor that may miss none.

use std::sync::Arc;

use protocol::Record;
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Where the journal puts each record before it acknowledges it.
pub(crate) struct Feed {
    records: UnboundedSender<Arc<Record>>,
    news: Arc<Notify>,
}

/// Where they are taken: whoever was told that an append is written finds its records here.
pub(crate) struct Intake {
    records: UnboundedReceiver<Arc<Record>>,
    news: Arc<Notify>,
}

/// A feed and its intake.
pub(crate) fn feed() -> (Feed, Intake) {
    let (sender, receiver) = unbounded_channel();
    let news = Arc::new(Notify::new());
    let feed = Feed {
        records: sender,
        news: news.clone(),
    };
    let intake = Intake {
        records: receiver,
        news,
    };
    (feed, intake)
}

impl Feed {
    pub(crate) fn record(&self, record: &Arc<Record>) {
        // Nobody takes any more: the run has ended.
        let _ = self.records.send(record.clone());
        self.news.notify_one();
    }
}

impl Intake {
    /// The next record, if one has come.
    pub(crate) fn take(&mut self) -> Option<Arc<Record>> {
        self.records.try_recv().ok()
    }

    /// Wakes whoever waits for records; several records may come with one waking.
    pub(crate) fn news(&self) -> Arc<Notify> {
        self.news.clone()
    }
}
