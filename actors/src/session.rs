//! The handle of a session: open, resume or fork it, speak to it, watch it, close it.

use std::sync::Arc;

use protocol::{
    Block, Command, Event, ForkPoint, InterruptCause, Opening, Record, Seq, SessionEvent,
    SessionId, TurnEnd, TurnId,
};
use ractor::{Actor, ActorRef};
use store::{DataFolder, Journal};
use tokio::sync::{oneshot, watch};

use crate::agent_actor::{CommandError, Status};
use crate::base::{Base, Foundation};
use crate::bus::Subscription;
use crate::coordinator::{Brief, CoordinatorActor, CoordinatorMsg, Outfits, of_session, opening};
use crate::error::OpenError;
use crate::options::Options;
use crate::setup::{self, Ground};
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
    base: Base,
    coordinator: ActorRef<CoordinatorMsg>,
    status: watch::Receiver<Status>,
    /// Where the records of this process begin: what a watcher has not seen yet starts here.
    from: Seq,
}

impl Drop for Inner {
    /// Nobody can close it any more: its agent ends as in a crash.
    fn drop(&mut self) {
        self.coordinator.stop(None);
    }
}

/// How a session begins in this process.
struct Beginning {
    id: SessionId,
    journal: Journal,
    /// What it holds.
    records: Vec<Arc<Record>>,
    /// What is added before anything else.
    first: Vec<Event>,
}

/// The records a session had before this process took it up, read once.
pub type Past = Vec<Arc<Record>>;

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
        let ground = Ground::new(&options)?;
        let opened = Event::Session(SessionEvent::Opened(Box::new(setup::opening(
            &options, &ground,
        )?)));
        let beginning = Beginning {
            id,
            journal: Journal::create(&data, id)?,
            records: Vec::new(),
            first: vec![opened],
        };
        Self::start(options, ground, beginning).await
    }

    /// Takes a session up again, and tells its past. A turn that was under way goes on.
    ///
    /// # Errors
    /// [`OpenError`]: there is no such session, another process has it, or it cannot be read.
    pub async fn resume(options: Options, id: SessionId) -> Result<(Self, Past), OpenError> {
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
    ) -> Result<(Self, Past), OpenError> {
        let id = id.unwrap_or_else(|| SessionId::new(options.source.uuid()));
        let data = DataFolder::at(&options.data);
        // A branch that cannot be taken up must not be made.
        Ground::new(&options)?;
        let seq = store::fork(&data, from, None, id)?;
        Self::take_up(options, id, Some(ForkPoint { session: from, seq })).await
    }

    async fn take_up(
        options: Options,
        id: SessionId,
        forked: Option<ForkPoint>,
    ) -> Result<(Self, Past), OpenError> {
        let data = DataFolder::at(&options.data);
        let (journal, recovered) = Journal::open(&data, id)?;
        let records: Vec<Arc<Record>> = recovered.records.into_iter().map(Arc::new).collect();
        let Some(Opening { tools, .. }) = opening(&records) else {
            return Err(OpenError::Unbegun(id));
        };
        let options = setup::with_tools(options, tools.clone());
        let ground = Ground::new(&options)?;
        let cut = recovered.cut.as_ref().map(|cut| Event::Fault(cut.fault()));
        let forked = forked.map(|point| Event::Session(SessionEvent::Forked(point)));
        let resume = Command::Resume {
            limits: options.limits,
            mode: options.permission.mode,
            model: options.model.clone(),
            traits: ground.traits(&options),
            structured: options.prompt.schema.is_some(),
        };
        let beginning = Beginning {
            id,
            journal,
            records: records.clone(),
            first: cut.into_iter().chain(forked).collect(),
        };
        let session = Self::start(options, ground, beginning).await?;
        session
            .command(resume)
            .await
            .map_err(|error| OpenError::Stopped(error.to_string()))?;
        Ok((session, records))
    }

    async fn start(
        options: Options,
        ground: Ground,
        beginning: Beginning,
    ) -> Result<Self, OpenError> {
        let Beginning {
            id,
            journal,
            records,
            first,
        } = beginning;
        let data = DataFolder::at(&options.data);
        let from = records.last().map(|record| record.seq).unwrap_or_default();
        let foundation = Foundation {
            id,
            journal,
            last: from,
            feed: None,
        };
        let base = Base::new(foundation, &options).await?;
        let (opening, append) = (
            setup::opening(&options, &ground)?,
            options.prompt.append.clone(),
        );
        let caps = options.prompt.tasks;
        let world = Arc::new(setup::world(options, id, ground, &base));
        let outfits = Outfits {
            opening,
            append,
            world: world.clone(),
        };
        let (status, watched) = watch::channel(Status::default());
        let brief = Brief {
            world: world.clone(),
            journal: base.journal.clone(),
            status,
            records,
            first: first.into_iter().map(of_session).collect(),
            reader: Arc::new(move |from| read_acknowledged(&data, id, from)),
            outfits,
            caps,
        };
        let (coordinator, _) = Actor::spawn(None, CoordinatorActor, brief).await?;
        let inner = Inner {
            id,
            world,
            base,
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

    /// Begins a turn, or speaks into the one under way; one that is being stopped is waited for. Durable when
    /// this returns.
    ///
    /// # Errors
    /// [`CommandError`] if the session has stopped.
    pub async fn submit(&self, mut content: Vec<Block>) -> Result<(), CommandError> {
        self.inner.world.redactor.clean_blocks(&mut content);
        loop {
            match self.command(self.spoken(content.clone()).await?).await {
                // A turn ended, began or was stopped between the look and the word: look again.
                Err(CommandError::Illegal(_)) => {}
                taken => return taken,
            }
        }
    }

    /// What speaking means as things stand.
    async fn spoken(&self, content: Vec<Block>) -> Result<Command, CommandError> {
        let mut status = self.inner.status.clone();
        let settled = status.wait_for(|now| !now.stopping || now.down.is_some());
        let (busy, begun) = match settled.await {
            Ok(now) => (now.busy, now.begun),
            Err(_) => return Err(self.stopped()),
        };
        if busy {
            return Ok(Command::Steer { content });
        }
        let mut context = Vec::new();
        if !begun {
            context = self.inner.world.context.first_turn();
            for text in &mut context {
                self.inner.world.redactor.clean_text(text);
            }
        }
        let turn = TurnId::new(self.inner.world.source.uuid());
        Ok(Command::Submit {
            turn,
            context,
            content,
        })
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
        let stopped = || self.stopped();
        let message = CoordinatorMsg::Command(Box::new(command), answer);
        self.inner
            .coordinator
            .send_message(message)
            .map_err(|_| stopped())?;
        taken.await.map_err(|_| stopped())??;
        let synced = self.sync().await;
        synced.map_err(|Stopped(why)| CommandError::Stopped(why))
    }

    fn stopped(&self) -> CommandError {
        let why = self.inner.status.borrow().down.clone();
        CommandError::Stopped(why.unwrap_or_else(|| "it has stopped".to_owned()))
    }

    /// Waits until no turn is under way; how the last one ended is durable then.
    ///
    /// # Errors
    /// [`Stopped`] if the session could not go on.
    pub async fn rest(&self) -> Result<Option<TurnEnd>, Stopped> {
        let mut status = self.inner.status.clone();
        let gone = |_| Stopped("it has stopped".to_owned());
        let rests = status.wait_for(|now| !now.busy || now.down.is_some());
        let now = rests.await.map_err(gone)?.clone();
        if let Some(why) = now.down {
            return Err(Stopped(why));
        }
        self.sync().await?;
        Ok(now.end)
    }

    /// Waits until everything that watchers were told so far is durable: before anybody is told what it came to.
    ///
    /// # Errors
    /// [`Stopped`]: the disk did not keep it.
    pub async fn sync(&self) -> Result<(), Stopped> {
        let synced = self.inner.base.sync().await;
        synced.map_err(|down| Stopped(down.to_string()))
    }

    /// Ends the actors and whatever still runs. What is not finished can be resumed.
    pub async fn close(self) {
        let Inner {
            world,
            base,
            coordinator,
            ..
        } = self.inner.as_ref();
        let (done, closed) = oneshot::channel();
        if coordinator
            .send_message(CoordinatorMsg::Close(done))
            .is_ok()
        {
            // A coordinator that died has nothing left to be closed.
            let _ = closed.await;
        }
        let _ = coordinator.stop_and_wait(None, None).await;
        // With its agent every effect was cancelled; only those on their way to their end are left, and no new
        // shell is started behind the back of the last line.
        world.effects.close();
        world.effects.wait().await;
        world.commands.shells.end_all().await;
        base.close().await;
    }
}

/// Every record from one on, while others append; or why there are not all of them.
pub(crate) fn read_acknowledged(
    data: &DataFolder,
    id: SessionId,
    from: Seq,
) -> Result<Vec<Arc<Record>>, String> {
    let report = store::read(data, id, from).map_err(|error| error.to_string())?;
    let records = report.acknowledged();
    let records = records.map_err(|cut| format!("read its journal: {}", cut.reason))?;
    Ok(records.into_iter().map(Arc::new).collect())
}
