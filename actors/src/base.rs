//! What the agents of one session stand on: its one journal, its one broker, its one bus.
//!
//! May: start and end these. Never: decide, look into a record.

use std::sync::Arc;

use protocol::{Draft, Event, NodeId, Record, Seq, SessionId};
use ractor::{Actor, ActorRef};
use store::DataFolder;

use crate::archive;
use crate::broker::{BrokerActor, BrokerMsg};
use crate::bus::Bus;
use crate::error::OpenError;
use crate::feed::Feed;
use crate::journal::{Journal, JournalDown, Writer};
use crate::options::Options;

/// The ground of everything in one journal. Without its end the journal would stay locked for as long as the process
/// lives.
pub(crate) struct Base {
    pub journal: Journal,
    pub broker: ActorRef<BrokerMsg>,
    pub bus: Bus,
}

/// The journal a base is put on.
pub(crate) struct Foundation {
    pub id: SessionId,
    pub journal: store::Journal,
    /// Its last record.
    pub last: Seq,
    /// Whoever must hear of every record.
    pub feed: Option<Feed>,
}

impl Base {
    pub(crate) async fn new(foundation: Foundation, options: &Options) -> Result<Self, OpenError> {
        let Foundation {
            id,
            journal,
            last,
            feed,
        } = foundation;
        // What a process that was killed left running could still write where this one is to work.
        archive::reap_orphans(&DataFolder::at(&options.data));
        let (bus, announcer) = Bus::new(DataFolder::at(&options.data), id, journal.at());
        let writer = Writer {
            journal,
            session: id,
            next: last.next(),
            source: options.source.clone(),
            announcer,
            feed,
            crash: options.crash,
            is_dark: Arc::default(),
        };
        let (broker, _) = Actor::spawn(None, BrokerActor, ()).await?;
        let journal = Journal::start(writer)?;
        Ok(Self {
            journal,
            broker,
            bus,
        })
    }

    /// Keeps facts about the session as a whole, or about one node of its plan.
    pub(crate) async fn note(
        &self,
        node: Option<NodeId>,
        events: Vec<Event>,
    ) -> Result<Vec<Arc<Record>>, JournalDown> {
        let draft = |event| Draft {
            agent: None,
            node,
            turn: None,
            cause: None,
            event,
        };
        let drafts = events.into_iter().map(draft).collect();
        self.journal.append(drafts).await
    }

    /// Waits until everything written so far is durable: before anything is done that cannot be done twice.
    pub(crate) async fn sync(&self) -> Result<(), JournalDown> {
        self.journal.sync().await
    }

    /// Ends both once they have done what they were told so far.
    pub(crate) async fn close(&self) {
        let _ = self.broker.stop_and_wait(None, None).await;
        self.journal.close().await;
    }
}

impl Drop for Base {
    fn drop(&mut self) {
        self.broker.stop(None);
        // What waits for it is only the disk.
        drop(self.journal.leave());
    }
}
