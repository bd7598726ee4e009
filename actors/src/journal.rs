//! The journal actor: the single writer of a session's records. Appends are committed in groups by one
//! thread, acknowledged when durable, then broadcast.
//!
//! May: place records, wait for the disk on its own thread. Never: look into an event.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

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

/// What the journal understands.
pub(crate) enum JournalMsg {
    /// Keep these, then tell.
    Append(Vec<Draft>, Ack),
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
}

pub(crate) struct JournalActor;

pub(crate) struct JournalState {
    /// Keeps watches open after a failure of the disk, until the session has said why it stopped.
    _announcer: Arc<Announcer>,
    queue: Option<Sender<(Vec<Draft>, Ack)>>,
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
        JournalMsg::Append(drafts, ack): JournalMsg,
        state: &mut JournalState,
    ) -> Result<(), ActorProcessingErr> {
        if let Some(queue) = &state.queue
            && let Err(refused) = queue.send((drafts, ack))
        {
            // A dropped ack would only say that nobody answered; this says why.
            let (_, ack) = refused.0;
            let _ = ack.send(Err(JournalDown("its writer has stopped".to_owned())));
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

/// Commits whatever is waiting as one group, until the queue closes or the disk fails.
fn write_all(mut writer: Writer, jobs: &Receiver<(Vec<Draft>, Ack)>) {
    while let Ok(first) = jobs.recv() {
        let mut group = vec![first];
        group.extend(jobs.try_iter());
        if let Err(down) = writer.commit(group) {
            // Nothing more can be kept: everyone who still waits is told the same.
            for (_, ack) in jobs.try_iter() {
                let _ = ack.send(Err(down.clone()));
            }
            return;
        }
    }
}

impl Writer {
    fn commit(&mut self, group: Vec<(Vec<Draft>, Ack)>) -> Result<(), JournalDown> {
        let at = self.source.now();
        let mut records = Vec::new();
        let mut waiting = Vec::with_capacity(group.len());
        for (drafts, ack) in group {
            let from = records.len();
            for draft in drafts {
                records.push(draft.placed(self.session, self.next, at));
                self.next = self.next.next();
            }
            waiting.push((from..records.len(), ack));
        }
        let kept = self
            .keep(&records)
            .map_err(|error| JournalDown(error.to_string()));
        if let Err(down) = kept {
            waiting
                .into_iter()
                .for_each(|(_, ack)| drop(ack.send(Err(down.clone()))));
            return Err(down);
        }
        let records: Vec<Arc<Record>> = records.into_iter().map(Arc::new).collect();
        for record in &records {
            self.announcer.record(record.clone());
            if let Some(feed) = &self.feed {
                feed.record(record);
            }
        }
        for (range, ack) in waiting {
            let _ = ack.send(Ok(records[range].to_vec()));
        }
        Ok(())
    }

    fn keep(&mut self, records: &[Record]) -> Result<(), store::StoreError> {
        let place = |wanted: Seq| records.iter().position(|record| record.seq == wanted);
        match self.crash {
            None => self.journal.append(records),
            Some(CrashPoint::Before(seq)) => match place(seq) {
                None => self.journal.append(records),
                Some(at) => {
                    self.journal.append(&records[..at])?;
                    std::process::abort()
                }
            },
            Some(CrashPoint::After(seq)) => match place(seq) {
                None => self.journal.append(records),
                Some(at) => {
                    self.journal.append(&records[..=at])?;
                    std::process::abort()
                }
            },
        }
    }
}

/// Appends and waits until the records are durable.
pub(crate) async fn append(
    journal: &ActorRef<JournalMsg>,
    drafts: Vec<Draft>,
) -> Result<Vec<Arc<Record>>, JournalDown> {
    let (ack, kept) = oneshot::channel();
    let gone = || JournalDown("its actor has stopped".to_owned());
    journal
        .send_message(JournalMsg::Append(drafts, ack))
        .map_err(|_| gone())?;
    kept.await.map_err(|_| gone())?
}
