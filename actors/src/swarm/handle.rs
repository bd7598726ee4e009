//! The handle of a run: open or resume it, tell it what to do, speak to its agents, watch it, close it.

use std::sync::Arc;

use protocol::{
    Block, Budget, Event, NodeId, Record, Seq, SessionEvent, SessionId, WorkspaceEvent,
};
use ractor::{Actor, ActorRef};
use scheduler::run::{Change, RunCommand, RunPhase};
use store::{DataFolder, Journal, Loss};
use tokio::sync::{oneshot, watch};

use super::begin::{self, Beginning};
use super::board::{Board, Commons};
use super::chronicle::Chronicle;
use super::former;
use super::messages::{RunMsg, RunStart, RunStatus, steer};
use super::options::{Models, SwarmOptions};
use super::outfit::Wardrobe;
use super::retire::is_over;
use super::run_actor::RunActor;
use super::site::{Git, Intent, Plot, Site};
use crate::agent_actor::CommandError;
use crate::base::{Base, Foundation};
use crate::bus::Subscription;
use crate::error::OpenError;
use crate::feed::{Feed, feed};
use crate::options::Options;
use crate::session::Stopped;

/// A run that is carried in this process. Dropping the last handle without [`Swarm::close`] leaves it resumable, as a
/// crash would.
#[derive(Clone)]
pub struct Swarm {
    inner: Arc<Inner>,
}

struct Inner {
    site: Arc<Site>,
    actor: ActorRef<RunMsg>,
    status: watch::Receiver<RunStatus>,
    from: Seq,
    known: Seq,
}

impl Drop for Inner {
    /// Nobody can close it any more: its agents end as in a crash.
    fn drop(&mut self) {
        self.site.yard.closing.cancel();
        self.actor.stop(None);
        self.site.models.close();
    }
}

/// A run's journal and what it says.
struct Taken {
    journal: Journal,
    chronicle: Chronicle,
    /// What is added before anything else.
    first: Vec<Event>,
    git: Option<Git>,
    intent: Intent,
}

impl Taken {
    /// What a site is put on. The first facts of this process are among those of the chronicle then.
    async fn measure(self, options: &Options, feed: Feed) -> Result<(Plot, Chronicle), OpenError> {
        let Self {
            journal,
            mut chronicle,
            first,
            git,
            intent,
        } = self;
        let id = chronicle.run.id();
        let data = DataFolder::at(&options.data);
        let foundation = Foundation {
            id,
            journal,
            last: chronicle.last,
            feed: Some(feed),
        };
        let base = Base::new(foundation, options).await?;
        // Once the run is known to have been taken up, nothing of a former process is open any more.
        let ends = former::ends(&chronicle.run, &chronicle.pasts(&data)?);
        let mut kept = base.note(None, first).await?;
        kept.extend(base.journal.append(ends).await?);
        kept.iter().for_each(|record| chronicle.apply(record));
        let unbegun = || OpenError::Unbegun(id);
        let plot = Plot {
            id,
            base,
            ground: chronicle.run.ground().cloned().ok_or_else(unbegun)?,
            git,
            commons: Commons {
                board: Board::of(&data, id, chronicle.run.board()),
                opened: chronicle.opened.clone().ok_or_else(unbegun)?,
                wardrobe: Wardrobe::default(),
            },
            intent,
        };
        Ok((plot, chronicle))
    }
}

impl Swarm {
    /// Begins a run: with a plan, that is proposed at once; without one a model makes it.
    ///
    /// # Errors
    /// [`OpenError`]: what of the options, the plan, the repository or the disk does not allow it. Nothing was begun
    /// then.
    pub async fn open(
        options: Options,
        swarm: SwarmOptions,
        id: Option<SessionId>,
    ) -> Result<Self, OpenError> {
        let id = id.unwrap_or_else(|| SessionId::new(options.source.uuid()));
        let Beginning {
            ground,
            git,
            proposal,
            planning,
        } = begin::begin(&options, &swarm, id).await?;
        if let RunCommand::Propose { plan, .. } = &proposal {
            begin::prices(&options, &swarm.models, plan)?;
        }
        let opening = begin::opening(&options, &swarm.models)?;
        let taken = Taken {
            journal: Journal::create(&DataFolder::at(&options.data), id)?,
            chronicle: Chronicle::new(id),
            first: vec![
                Event::Session(SessionEvent::Opened(Box::new(opening))),
                Event::Workspace(WorkspaceEvent::Begun(ground)),
            ],
            git,
            intent: Intent {
                planning,
                approves: swarm.approve,
            },
        };
        let run = Box::pin(Self::start(options, &swarm.models, taken)).await?;
        let stopped = |error: CommandError| OpenError::Stopped(error.to_string());
        run.command(proposal).await.map_err(stopped)?;
        if swarm.approve || swarm.plan.is_none() {
            let approve = RunCommand::Approve { plan: None };
            run.command(approve).await.map_err(stopped)?;
        }
        Ok(run)
    }

    /// Takes a run up again, and tells its past record by record. What was under way goes on; what is done is not done
    /// again. With other limits of tokens or money than before in `more`, what was given up for want of them is tried
    /// again.
    ///
    /// # Errors
    /// [`OpenError`]: there is no such run, another process has it, it cannot be read, or it has used more than it may.
    pub async fn resume(
        options: Options,
        models: Models,
        (id, more): (SessionId, Budget),
        mut tell: impl FnMut(&Record),
    ) -> Result<Self, OpenError> {
        let mut chronicle = Chronicle::new(id);
        let (journal, Loss { cut, .. }) =
            Journal::take_up(&DataFolder::at(&options.data), id, |record| {
                tell(&record);
                chronicle.apply(&record);
            })?;
        if !chronicle.is_begun() {
            return Err(OpenError::Unbegun(id));
        }
        let ground = chronicle.run.ground().ok_or(OpenError::NoRun(id))?;
        let git = begin::git(&options, ground).await?;
        let run = &chronicle.run;
        let (raised, plan) = begin::limited(run, &more)?;
        begin::prices(&options, &models, &plan)?;
        let planning = begin::planning(&options, (run, &plan), git.as_ref()).await?;
        let resumed = begin::resumption(&options, &models)?;
        let cut = cut.as_ref().map(|cut| Event::Fault(cut.fault()));
        let taken = Taken {
            journal,
            chronicle,
            first: cut.into_iter().chain([resumed]).chain(raised).collect(),
            git,
            intent: Intent {
                planning,
                approves: false,
            },
        };
        Box::pin(Self::start(options, &models, taken)).await
    }

    async fn start(options: Options, models: &Models, taken: Taken) -> Result<Self, OpenError> {
        let data = DataFolder::at(&options.data);
        let from = taken.chronicle.last;
        let (feed, intake) = feed();
        let (plot, chronicle) = taken.measure(&options, feed).await?;
        let site = Arc::new(Site::new(options, models, plot).await?);
        let run = &chronicle.run;
        let over = run.nodes().map(|(node, _)| node.id);
        site.sweep(over.filter(|node| is_over(run, *node)));
        let known = chronicle.last;
        let (status, watched) = watch::channel(RunStatus {
            phase: RunPhase::New,
            under_way: 0,
            change: None,
            down: None,
        });
        let start = RunStart {
            site: site.clone(),
            pasts: chronicle.pasts(&data)?,
            houses: chronicle.houses,
            // The first records of this process come by the feed too, and are known already.
            known,
            answer: chronicle.answer,
            run: chronicle.run,
            intake,
            status,
        };
        let (actor, _) = Actor::spawn(None, RunActor, start).await?;
        // What follows from the records so far follows without anybody asking.
        let _ = actor.send_message(RunMsg::Heard);
        let inner = Inner {
            site,
            actor,
            status: watched,
            from,
            known,
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Its id.
    pub fn id(&self) -> SessionId {
        self.inner.site.id
    }

    /// How far it is.
    pub fn phase(&self) -> RunPhase {
        self.inner.status.borrow().phase
    }

    /// The last record that was there before anything was decided in this process: whoever shows the run as it stands
    /// has seen it.
    pub fn known(&self) -> Seq {
        self.inner.known
    }

    /// Every record of this process from its beginning, and what streams by from now on.
    pub fn subscribe(&self) -> Subscription {
        self.inner.site.base.bus.subscribe(self.inner.from)
    }

    /// Has the run do something. Durable when this returns.
    ///
    /// # Errors
    /// [`CommandError`]: it makes no sense now, or the run has stopped.
    pub async fn command(&self, mut command: RunCommand) -> Result<(), CommandError> {
        self.inner.site.redactor.clean_command(&mut command);
        let (answer, taken) = oneshot::channel();
        self.send(RunMsg::Command(Box::new(command), answer))?;
        taken.await.map_err(|_| self.stopped())??;
        self.taken().await
    }

    /// Says something to a node's agent, which reads it at its next step. Durable when this returns.
    ///
    /// # Errors
    /// [`CommandError`]: no agent of that node is at work, or the run has stopped.
    pub async fn steer(&self, node: NodeId, mut content: Vec<Block>) -> Result<(), CommandError> {
        self.inner.site.redactor.clean_blocks(&mut content);
        let (answer, taken) = oneshot::channel();
        self.send(RunMsg::Tell(node, steer(content), answer))?;
        taken.await.map_err(|_| self.stopped())??;
        self.taken().await
    }

    /// Waits until everything that watchers were told so far is durable: before anybody is told what it came to.
    ///
    /// # Errors
    /// [`Stopped`]: the disk did not keep it.
    pub async fn sync(&self) -> Result<(), Stopped> {
        let synced = self.inner.site.base.sync().await;
        synced.map_err(|down| Stopped(down.to_string()))
    }

    /// The same, for whoever gave a command.
    async fn taken(&self) -> Result<(), CommandError> {
        let synced = self.sync().await;
        synced.map_err(|Stopped(why)| CommandError::Stopped(why))
    }

    fn send(&self, message: RunMsg) -> Result<(), CommandError> {
        let sent = self.inner.actor.send_message(message);
        sent.map_err(|_| self.stopped())
    }

    fn stopped(&self) -> CommandError {
        let why = self.inner.status.borrow().down.clone();
        CommandError::Stopped(why.unwrap_or_else(|| "it has stopped".to_owned()))
    }

    /// A change of the plan that waits to be taken or turned down by [`RunCommand::Replan`].
    pub fn change(&self) -> Option<Arc<Change>> {
        self.inner.status.borrow().change.clone()
    }

    /// Waits until nothing goes on by itself any more: the run is over, or its plan or a change of it waits to be
    /// approved, or it is paused and what ran has come to its end. How far it is then is durable.
    ///
    /// # Errors
    /// [`Stopped`] if the run could not go on.
    pub async fn rest(&self) -> Result<RunPhase, Stopped> {
        let mut status = self.inner.status.clone();
        let gone = |_| Stopped("it has stopped".to_owned());
        let rests = status.wait_for(|now| now.down.is_some() || is_resting(now));
        let (phase, down) = {
            let now = rests.await.map_err(gone)?;
            (now.phase, now.down.clone())
        };
        match down {
            Some(why) => Err(Stopped(why)),
            None => {
                self.sync().await?;
                Ok(phase)
            }
        }
    }

    /// Ends the actors and whatever still runs. What is not finished can be resumed.
    pub async fn close(self) {
        let Inner { site, actor, .. } = self.inner.as_ref();
        let is_over = self.phase() == RunPhase::Closed;
        site.yard.closing.cancel();
        let (done, closed) = oneshot::channel();
        if actor.send_message(RunMsg::Close(done)).is_ok() {
            // A run that died has nothing left to be closed.
            let _ = closed.await;
        }
        let _ = actor.stop_and_wait(None, None).await;
        site.yard.effects.close();
        site.yard.effects.wait().await;
        site.leave(is_over).await;
        site.models.close();
        site.base.close().await;
    }
}

const fn is_resting(status: &RunStatus) -> bool {
    match status.phase {
        RunPhase::Proposed | RunPhase::Closed | RunPhase::Paused => status.under_way == 0,
        RunPhase::Running => status.under_way == 0 && status.change.is_some(),
        RunPhase::New | RunPhase::Planning | RunPhase::Ending => false,
    }
}

#[cfg(test)]
mod dying;
