//! The handle of a run: open or resume it, tell it what to do, speak to its agents, watch it, close it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use protocol::{AgentId, Block, Event, NodeId, Record, SessionEvent, SessionId, WorkspaceEvent};
use ractor::{Actor, ActorRef};
use scheduler::run::{Change, Run, RunCommand, RunPhase};
use store::{DataFolder, Journal};
use tokio::sync::{oneshot, watch};

use super::begin::{self, Beginning};
use super::board::{Board, Commons};
use super::former;
use super::house::Houses;
use super::messages::{RunMsg, RunStart, RunStatus, steer};
use super::options::{Models, SwarmOptions};
use super::planner;
use super::run_actor::RunActor;
use super::site::{Git, Intent, Plot, Site};
use crate::agent_actor::CommandError;
use crate::base::{Base, Foundation};
use crate::bus::Subscription;
use crate::coordinator::opening;
use crate::error::OpenError;
use crate::feed::{Intake, feed};
use crate::journal;
use crate::options::Options;
use crate::session::{Past, Stopped};

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
    from: protocol::Seq,
}

impl Drop for Inner {
    /// Nobody can close it any more: its agents end as in a crash.
    fn drop(&mut self) {
        self.site.yard.closing.cancel();
        self.actor.stop(None);
        self.site.models.close();
    }
}

/// A run's journal and everything it holds.
struct Taken {
    id: SessionId,
    journal: Journal,
    records: Vec<Arc<Record>>,
    /// What is added before anything else.
    first: Vec<Event>,
    git: Option<Git>,
    intent: Intent,
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
            id,
            journal: Journal::create(&DataFolder::at(&options.data), id)?,
            records: Vec::new(),
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

    /// Takes a run up again, and tells its past. What was under way goes on; what is done is not done again.
    ///
    /// # Errors
    /// [`OpenError`]: there is no such run, another process has it, or it cannot be read.
    pub async fn resume(
        options: Options,
        models: Models,
        id: SessionId,
    ) -> Result<(Self, Past), OpenError> {
        let (journal, recovered) = Journal::open(&DataFolder::at(&options.data), id)?;
        let records: Vec<Arc<Record>> = recovered.records.into_iter().map(Arc::new).collect();
        if opening(&records).is_none() {
            return Err(OpenError::Unbegun(id));
        }
        let ground = begin::ground(&records).ok_or(OpenError::NoRun(id))?;
        let git = begin::git(&options, &ground).await?;
        let past = Run::fold(id, records.iter().map(Arc::as_ref));
        begin::prices(&options, &models, past.proposed().unwrap_or(past.plan()))?;
        let planning = begin::planning(&options, &past, git.as_ref()).await?;
        let resumed = begin::resumption(&options, &models)?;
        let cut = recovered.cut.as_ref().map(|cut| Event::Fault(cut.fault()));
        let taken = Taken {
            id,
            journal,
            records: records.clone(),
            first: cut.into_iter().chain([resumed]).collect(),
            git,
            intent: Intent {
                planning,
                approves: false,
            },
        };
        let run = Box::pin(Self::start(options, &models, taken)).await?;
        Ok((run, records))
    }

    async fn start(options: Options, models: &Models, taken: Taken) -> Result<Self, OpenError> {
        let Taken {
            id,
            journal,
            mut records,
            first,
            git,
            intent,
        } = taken;
        let from = records.last().map(|record| record.seq).unwrap_or_default();
        let (feed, intake) = feed();
        let foundation = Foundation {
            id,
            journal,
            last: from,
            feed: Some(feed),
        };
        let base = Base::new(foundation, &options).await?;
        // Once the run is known to have been taken up, nothing of a former process is open any more.
        let run = Run::fold(id, records.iter().map(Arc::as_ref));
        let ends = former::ends(&run, &pasts(&run, &records));
        records.extend(base.note(None, first).await?);
        records.extend(journal::append(&base.journal, ends).await?);
        let unbegun = || OpenError::Unbegun(id);
        let opened = records.first().ok_or_else(unbegun)?.clone();
        let ground = begin::ground(&records).ok_or_else(unbegun)?;
        let plot = Plot {
            id,
            base,
            ground,
            git,
            commons: Commons {
                board: Board::open(&DataFolder::at(&options.data), id, &records)?,
                opened,
            },
            intent,
        };
        let site = Arc::new(Site::new(options, models, plot).await?);
        site.sweep();
        let (status, watched) = watch::channel(RunStatus {
            phase: RunPhase::New,
            under_way: 0,
            change: None,
            down: None,
        });
        let start = begun(&site, &records, (intake, status));
        let (actor, _) = Actor::spawn(None, RunActor, start).await?;
        // What follows from the records so far follows without anybody asking.
        let _ = actor.send_message(RunMsg::Heard);
        let inner = Inner {
            site,
            actor,
            status: watched,
            from,
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

    /// Every record of this process from its beginning, and what streams by from now on.
    pub fn subscribe(&self) -> Subscription {
        self.inner.site.base.bus.subscribe(self.inner.from)
    }

    /// Has the run do something. Durable when this returns.
    ///
    /// # Errors
    /// [`CommandError`]: it makes no sense now, or the run has stopped.
    pub async fn command(&self, command: RunCommand) -> Result<(), CommandError> {
        let (answer, taken) = oneshot::channel();
        self.send(RunMsg::Command(Box::new(command), answer))?;
        taken.await.map_err(|_| self.stopped())?
    }

    /// Says something to a node's agent, which reads it at its next step. Durable when this returns.
    ///
    /// # Errors
    /// [`CommandError`]: no agent of that node is at work, or the run has stopped.
    pub async fn steer(&self, node: NodeId, mut content: Vec<Block>) -> Result<(), CommandError> {
        self.inner.site.redactor.clean_blocks(&mut content);
        let (answer, taken) = oneshot::channel();
        self.send(RunMsg::Tell(node, steer(content), answer))?;
        taken.await.map_err(|_| self.stopped())?
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
    /// approved, or it is paused and what ran has come to its end.
    ///
    /// # Errors
    /// [`Stopped`] if the run could not go on.
    pub async fn rest(&self) -> Result<RunPhase, Stopped> {
        let mut status = self.inner.status.clone();
        let gone = |_| Stopped("it has stopped".to_owned());
        let rests = status.wait_for(|now| now.down.is_some() || is_resting(now));
        let now = rests.await.map_err(gone)?;
        match &now.down {
            Some(why) => Err(Stopped(why.clone())),
            None => Ok(now.phase),
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

/// What the records say, for the actor that carries the run.
fn begun(
    site: &Arc<Site>,
    records: &[Arc<Record>],
    (intake, status): (Intake, watch::Sender<RunStatus>),
) -> RunStart {
    let run = Run::fold(site.id, records.iter().map(Arc::as_ref));
    let mut newest = records.iter().rev();
    RunStart {
        site: site.clone(),
        houses: Houses::fold(records.iter().map(Arc::as_ref)),
        pasts: pasts(&run, records),
        // The first records of this process come by the feed too, and are known already.
        known: records.last().map(|record| record.seq).unwrap_or_default(),
        answer: newest.find_map(|record| planner::answer(record)),
        run,
        intake,
        status,
    }
}

const fn is_resting(status: &RunStatus) -> bool {
    match status.phase {
        RunPhase::Proposed | RunPhase::Closed | RunPhase::Paused => status.under_way == 0,
        RunPhase::Running => status.under_way == 0 && status.change.is_some(),
        RunPhase::New | RunPhase::Planning | RunPhase::Ending => false,
    }
}

/// The states of the agents that have work left.
fn pasts(run: &Run, records: &[Arc<Record>]) -> BTreeMap<AgentId, agent::State> {
    let open = run
        .nodes()
        .filter(|(_, state)| !state.is_over() || state.lingers());
    let wanted: BTreeSet<AgentId> = open.filter_map(|(_, state)| state.agent).collect();
    let mut session = agent::State::default();
    let mut pasts: BTreeMap<AgentId, agent::State> = BTreeMap::new();
    for record in records {
        match record.agent {
            Some(agent) if wanted.contains(&agent) => {
                let own = pasts.entry(agent).or_insert_with(|| session.clone());
                own.apply(&record.event);
            }
            Some(_) => {}
            None => {
                session.apply(&record.event);
                pasts.values_mut().for_each(|own| own.apply(&record.event));
            }
        }
    }
    pasts
}
