//! The handle of a session: open, resume or fork it, speak to it, watch it, close it.

use std::sync::Arc;

use protocol::{
    Block, Command, Draft, Event, ForkPoint, InterruptCause, Opening, Record, Seq, SessionEvent,
    SessionId, TurnEnd, TurnId,
};
use ractor::{Actor, ActorRef};
use store::{DataFolder, Journal};
use tokio::sync::{oneshot, watch};

use crate::agent_actor::{CommandError, Status};
use crate::broker::BrokerActor;
use crate::bus::{Bus, Subscription};
use crate::coordinator::{Brief, CoordinatorActor, CoordinatorMsg, opening};
use crate::error::OpenError;
use crate::journal::{self, JournalActor, JournalMsg, Writer};
use crate::options::Options;
use crate::setup;
use crate::world::World;

/// A session that runs in this process. Dropping the last handle without [`Session::close`] leaves it
/// resumable, as a crash would.
#[derive(Clone)]
pub struct Session {
    inner: Arc<Inner>,
}

struct Inner {
    id: SessionId,
    world: Arc<World>,
    journal: ActorRef<JournalMsg>,
    coordinator: ActorRef<CoordinatorMsg>,
    status: watch::Receiver<Status>,
    /// Where the records of this process begin: what a watcher has not seen yet starts here.
    from: Seq,
}

/// The session has stopped because it could not go on.
#[derive(Debug, Clone, thiserror::Error)]
#[error("go on with the session: {0}")]
pub struct Stopped(pub String);

impl Session {
    /// Begins a new session.
    ///
    /// # Errors
    /// [`OpenError`]: what of the options or of the disk does not allow it.
    pub async fn open(options: Options, id: Option<SessionId>) -> Result<Self, OpenError> {
        let id = id.unwrap_or_else(|| SessionId::new(options.source.uuid()));
        let data = DataFolder::at(&options.data);
        let opened = Event::Session(SessionEvent::Opened(Box::new(setup::opening(&options)?)));
        let journal = Journal::create(&data, id)?;
        let draft = Draft {
            agent: None,
            node: None,
            turn: None,
            cause: None,
            event: opened,
        };
        Self::start(options, id, journal, Vec::new(), vec![draft]).await
    }

    /// Takes a session up again. A turn that was under way goes on.
    ///
    /// # Errors
    /// [`OpenError`]: there is no such session, another process has it, or it cannot be read.
    pub async fn resume(options: Options, id: SessionId) -> Result<Self, OpenError> {
        Self::take_up(options, id, None).await
    }

    /// Branches a new session off another one and takes it up.
    ///
    /// # Errors
    /// As [`Session::resume`].
    pub async fn fork(
        options: Options,
        from: SessionId,
        id: Option<SessionId>,
    ) -> Result<Self, OpenError> {
        let id = id.unwrap_or_else(|| SessionId::new(options.source.uuid()));
        let data = DataFolder::at(&options.data);
        let seq = store::fork(&data, from, None, id)?;
        Self::take_up(options, id, Some(ForkPoint { session: from, seq })).await
    }

    async fn take_up(
        options: Options,
        id: SessionId,
        forked: Option<ForkPoint>,
    ) -> Result<Self, OpenError> {
        let data = DataFolder::at(&options.data);
        let (journal, recovered) = Journal::open(&data, id)?;
        let records: Vec<Arc<Record>> = recovered.records.into_iter().map(Arc::new).collect();
        let (tools, traits) = match opening(&records) {
            Some(Opening { tools, .. }) => (tools.clone(), setup::traits(&options)?),
            None => return Err(OpenError::Unbegun(id)),
        };
        let cut = recovered.cut.as_ref().map(|cut| Event::Fault(cut.fault()));
        let forked = forked.map(|point| Event::Session(SessionEvent::Forked(point)));
        let draft = |event| Draft {
            agent: None,
            node: None,
            turn: None,
            cause: None,
            event,
        };
        let first = cut.into_iter().chain(forked).map(draft).collect();
        let resume = Command::Resume {
            limits: options.limits,
            mode: options.permission.mode,
            model: options.model.clone(),
            traits,
        };
        let options = setup::with_tools(options, tools);
        let session = Self::start(options, id, journal, records, first).await?;
        session
            .command(resume)
            .await
            .map_err(|error| OpenError::Stopped(error.to_string()))?;
        Ok(session)
    }

    async fn start(
        options: Options,
        id: SessionId,
        journal: Journal,
        mut records: Vec<Arc<Record>>,
        first: Vec<Draft>,
    ) -> Result<Self, OpenError> {
        let data = DataFolder::at(&options.data);
        let bus = Bus::new(data.clone(), id);
        let from = records.last().map(|record| record.seq).unwrap_or_default();
        let writer = Writer {
            journal,
            session: id,
            next: from.next(),
            source: options.source.clone(),
            bus: bus.clone(),
            crash: options.crash,
        };
        let law = setup::law(&options)?;
        let (journal, _) = Actor::spawn(None, JournalActor, writer).await?;
        let (broker, _) = Actor::spawn(None, BrokerActor, law.clone()).await?;
        let world = Arc::new(setup::world(
            options,
            id,
            setup::Carriers { bus, broker, law },
        )?);
        records.extend(
            journal::append(&journal, first)
                .await
                .map_err(OpenError::from)?,
        );
        let (status, watched) = watch::channel(Status::default());
        let reader = Arc::new(move || {
            let report = store::read(&data, id, Seq(1)).map(|report| report.records);
            report
                .unwrap_or_default()
                .into_iter()
                .map(Arc::new)
                .collect()
        });
        let brief = Brief {
            world: world.clone(),
            journal: journal.clone(),
            status,
            records,
            reader,
        };
        let (coordinator, _) = Actor::spawn(None, CoordinatorActor, brief).await?;
        let inner = Inner {
            id,
            world,
            journal,
            coordinator,
            status: watched,
            from,
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Its id.
    pub fn id(&self) -> SessionId {
        self.inner.id
    }

    /// Whether a turn is under way.
    pub fn is_busy(&self) -> bool {
        self.inner.status.borrow().busy
    }

    /// How the last turn ended; `None` before the first end.
    pub fn last_end(&self) -> Option<TurnEnd> {
        self.inner.status.borrow().end.clone()
    }

    /// Every record of this process from its beginning, and what streams by from now on.
    pub fn subscribe(&self) -> Subscription {
        self.inner.world.bus.subscribe(self.inner.from)
    }

    /// Begins a turn, or speaks into the one under way. Durable when this returns.
    ///
    /// # Errors
    /// [`CommandError`] if the session has stopped.
    pub async fn submit(&self, mut content: Vec<Block>) -> Result<(), CommandError> {
        self.inner.world.redactor.clean_blocks(&mut content);
        if self.is_busy() {
            let content = content.clone();
            match self.command(Command::Steer { content }).await {
                // Its turn ended in between: whoever has just read the record of the end may be ahead of the status.
                Err(CommandError::Illegal(_)) => {}
                taken => return taken,
            }
        }
        let begun = self.inner.status.borrow().begun;
        let context = if begun {
            Vec::new()
        } else {
            self.inner.world.context.first_turn()
        };
        let turn = TurnId::new(self.inner.world.source.uuid());
        self.command(Command::Submit {
            turn,
            context,
            content,
        })
        .await
    }

    /// Stops the turn under way; [`Session::rest`] tells when it has ended.
    ///
    /// # Errors
    /// [`CommandError`] if the session has stopped.
    pub async fn interrupt(&self, cause: InterruptCause) -> Result<(), CommandError> {
        self.command(Command::Interrupt { cause }).await
    }

    async fn command(&self, command: Command) -> Result<(), CommandError> {
        let (answer, taken) = oneshot::channel();
        let stopped = || CommandError::Stopped("it has stopped".to_owned());
        let message = CoordinatorMsg::Command(Box::new(command), answer);
        self.inner
            .coordinator
            .send_message(message)
            .map_err(|_| stopped())?;
        taken.await.map_err(|_| stopped())?
    }

    /// Waits until no turn is under way.
    ///
    /// # Errors
    /// [`Stopped`] if the session could not go on.
    pub async fn rest(&self) -> Result<Option<TurnEnd>, Stopped> {
        let mut status = self.inner.status.clone();
        let gone = |_| Stopped("it has stopped".to_owned());
        let now = status
            .wait_for(|now| !now.busy || now.down.is_some())
            .await
            .map_err(gone)?;
        match &now.down {
            Some(why) => Err(Stopped(why.clone())),
            None => Ok(now.end.clone()),
        }
    }

    /// Ends background shells and actors. What is not finished can be resumed.
    pub async fn close(self) {
        self.inner.world.shells.end_all().await;
        let (done, closed) = oneshot::channel();
        if self
            .inner
            .coordinator
            .send_message(CoordinatorMsg::Close(done))
            .is_ok()
        {
            // A coordinator that died has nothing left to be closed.
            let _ = closed.await;
        }
        let _ = self.inner.coordinator.stop_and_wait(None, None).await;
        let _ = self.inner.world.broker.stop_and_wait(None, None).await;
        let _ = self.inner.journal.stop_and_wait(None, None).await;
    }
}
