//! Drives a run in this process: watches it, has its plan and changes of it approved, hands on what other processes
//! want of it, ends it.

mod approval;
mod changing;
mod ending;
mod letters;

use std::pin::pin;
use std::sync::Arc;

use actors::plans::Forecast;
use actors::{RunCommand, RunPhase, Source, Stopped, Subscription, Swarm};
use protocol::{InterruptCause, Notice, PermissionMode};
use tokio::time::{Interval, MissedTickBehavior, interval};
use views::Phase;

use super::ask::Question;
use super::inbox::{Heard, Inbox, LOOK};
use super::keys::Keys;
use super::preview::Edge;
use super::show::{Place, Show};
use crate::failure::Failure;
use crate::resolve::swarm::Tariff;
use crate::run::signals::Stops;

/// A run under way in this process.
pub struct Pilot {
    swarm: Swarm,
    records: Subscription,
    show: Show,
    stops: Stops,
    inbox: Inbox,
    source: Arc<dyn Source>,
    terms: Terms,
    heard: Heard,
    forecast: Option<Forecast>,
    ticks: Interval,
    keys: Keys,
    /// What a person is being asked.
    question: Option<Question>,
}

/// What was said of approval, and what is known of prices.
pub struct Terms {
    /// Whether the plan is approved as it is.
    pub yes: bool,
    /// Whether the plan begins where its branch is now, or it was told that it does not.
    pub is_fresh: bool,
    /// Whether the plan is only shown.
    pub dry_run: bool,
    /// What the models cost.
    pub tariff: Tariff,
    /// What the session may do.
    pub mode: PermissionMode,
    /// The edges that the scopes of the plan file demand.
    pub derived: Vec<Edge>,
}

/// What a pilot needs besides the run.
pub struct Cockpit {
    /// Who shows.
    pub show: Show,
    /// What stops it from outside.
    pub stops: Stops,
    /// What others want of it.
    pub inbox: Inbox,
    /// What of that earlier processes did already.
    pub heard: Heard,
    /// Where times come from.
    pub source: Arc<dyn Source>,
    /// Approval and prices.
    pub terms: Terms,
}

/// How driving a run ends.
#[derive(Clone, Copy)]
enum End {
    /// The run is over.
    Over,
    /// Its plan waits for approval that nobody here can give.
    Unapproved,
    /// It was stopped from outside and can be resumed.
    Stopped(InterruptCause),
    /// There is no model to ask; it can be resumed once there is.
    Halted,
}

/// What woke the pilot.
enum Woken {
    Notice(Option<Notice>),
    Stop(InterruptCause),
    Down(Stopped),
    Rested,
    Halted,
    /// A line that was typed; `None` if stdin has ended.
    Said(Option<String>),
    Tick,
}

impl Pilot {
    /// Watches a run from its first record of this process on.
    pub fn new(swarm: Swarm, cockpit: Cockpit) -> Self {
        let Cockpit {
            show,
            stops,
            inbox,
            heard,
            source,
            terms,
        } = cockpit;
        let mut ticks = interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            records: swarm.subscribe(),
            swarm,
            show,
            stops,
            inbox,
            source,
            terms,
            heard,
            forecast: None,
            ticks,
            keys: Keys::new(),
            question: None,
        }
    }

    /// Lives through the run; gives the exit code.
    ///
    /// # Errors
    /// When the run or stdout cannot go on.
    pub async fn fly(mut self) -> Result<u8, Failure> {
        let end = self.live().await;
        self.show.unask();
        if let Ok(End::Stopped(_)) = end {
            self.show.hold("stopping; once more ends it at once");
            self.show.paint(self.source.as_ref());
        }
        let synced = self.swarm.sync().await;
        let closed = self.close().await;
        let end = end?;
        synced?;
        let code = self.tell(end);
        closed?;
        code
    }

    async fn live(&mut self) -> Result<End, Failure> {
        self.inbox.sweep();
        self.letters().await?;
        if self.show.view.phase == Phase::Paused {
            self.swarm.command(RunCommand::Unpause).await?;
        }
        let mut is_asked = false;
        loop {
            self.take_back().await?;
            // The run itself may have been opened again by a record that has not come yet.
            if self.show.view.is_over() && self.swarm.phase() == RunPhase::Closed {
                return Ok(End::Over);
            }
            let was_asked = is_asked;
            is_asked = self.show.view.phase == Phase::Proposed && self.is_up_to_date();
            if is_asked
                && !was_asked
                && let Some(end) = self.approval().await?
            {
                return Ok(end);
            }
            if self.question.is_none() {
                self.change().await?;
            }
            match self.woken().await {
                Woken::Notice(Some(Notice::Record(record))) => self.show.record(&record)?,
                Woken::Notice(Some(Notice::Delta(_))) | Woken::Rested => {}
                Woken::Notice(None) => return Err(Stopped("it has stopped".to_owned()).into()),
                Woken::Down(why) => return Err(why.into()),
                Woken::Stop(cause) => return Ok(End::Stopped(cause)),
                Woken::Halted => return Ok(End::Halted),
                Woken::Said(said) => {
                    if let Some(end) = self.answered(said.as_deref()).await? {
                        return Ok(end);
                    }
                }
                Woken::Tick => {
                    self.letters().await?;
                    self.show.paint(self.source.as_ref());
                }
            }
        }
    }

    /// Whether the first records of this process are taken in: another limit of the plan may be among them.
    fn is_up_to_date(&self) -> bool {
        self.records.last() >= self.swarm.known()
    }

    async fn woken(&mut self) -> Woken {
        let (swarm, is_over) = (self.swarm.clone(), self.show.view.is_over());
        let has_no_model = self.show.view.no_model().is_some();
        let rested = pin!(async move {
            match swarm.rest().await {
                Err(why) => Woken::Down(why),
                // A run that rests tells so by its records: the last is here, or they are on their way.
                Ok(RunPhase::Closed) if is_over => Woken::Rested,
                Ok(RunPhase::Paused) if has_no_model => Woken::Halted,
                Ok(_) => std::future::pending().await,
            }
        });
        tokio::select! {
            biased;
            cause = self.stops.next() => Woken::Stop(cause),
            notice = self.records.next() => Woken::Notice(notice),
            rested = rested => rested,
            said = self.keys.line(), if self.question.is_some() => Woken::Said(said),
            _ = self.ticks.tick() => Woken::Tick,
        }
    }

    /// Asks, and goes on: the answer is one more thing to be woken by.
    async fn ask(&mut self, question: Question) {
        // What was typed before the question was there is no answer to it.
        self.keys.forget().await;
        self.ask_again(question);
    }

    fn ask_again(&mut self, question: Question) {
        let place = match question {
            Question::Plan(_) => Place::Alone,
            Question::Change(_) => Place::BelowBlock,
        };
        self.show.ask(question.text(), place);
        self.show.paint(self.source.as_ref());
        self.question = Some(question);
    }

    /// Asks again after a line that is no answer to the question.
    fn misheard(&mut self, question: Question, said: &str) {
        self.show.note(&question.misheard(said));
        self.ask_again(question);
    }

    /// Takes a line that was typed as the answer; gives how it ends if that ends it.
    async fn answered(&mut self, said: Option<&str>) -> Result<Option<End>, Failure> {
        match said {
            Some(_) => self.show.answered(),
            None => self.show.unask(),
        }
        match self.question.take() {
            None => Ok(None),
            Some(Question::Plan(draft)) => self.of_plan(draft, said).await,
            Some(Question::Change(change)) => self.of_change(change, said).await.map(|()| None),
        }
    }

    /// Takes the question back that stands, if what it asks is settled otherwise.
    async fn take_back(&mut self) -> Result<(), Failure> {
        let is_settled = match &self.question {
            None => false,
            Some(Question::Plan(_)) => self.show.view.phase != Phase::Proposed,
            Some(Question::Change(change)) => self.swarm.change().as_ref() != Some(change),
        };
        if !is_settled {
            return Ok(());
        }
        // The records that say how are on their way, or are here.
        self.catch_up().await?;
        let why = match self.question.take() {
            None => return Ok(()),
            Some(Question::Plan(_)) => self.plan_settled(),
            Some(Question::Change(change)) => self.change_settled(&change),
        };
        self.show.unask();
        self.show.note(&why);
        Ok(())
    }

    /// Takes in what has come already, so that nothing is asked about what has just changed.
    async fn catch_up(&mut self) -> Result<(), Failure> {
        loop {
            let notice = tokio::select! {
                biased;
                notice = self.records.next() => notice,
                () = std::future::ready(()) => return Ok(()),
            };
            match notice {
                Some(Notice::Record(record)) => self.show.record(&record)?,
                Some(Notice::Delta(_)) => {}
                None => return Ok(()),
            }
        }
    }
}
