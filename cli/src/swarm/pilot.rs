//! Drives a run in this process: watches it, has its plan approved, hands on what other processes want of it, ends it.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use actors::plans::{Forecast, forecast};
use actors::{CommandError, RunCommand, RunPhase, Source, Stopped, Subscription, Swarm};
use protocol::{Block, InterruptCause, NodeId, NodeName, Notice, PermissionMode, Plan};
use tokio::time::{Interval, MissedTickBehavior, interval, timeout};
use views::Phase;

use super::ask::{Answer, Asker};
use super::changing;
use super::inbox::{Heard, Inbox, LOOK, Letter, Want};
use super::preview::{Edge, Preview};
use super::report::{Moment, Report};
use super::show::Show;
use crate::args::OutputFormat;
use crate::failure::Failure;
use crate::output;
use crate::resolve::swarm::Tariff;
use crate::run::signals::{Stops, stopped};

/// How long a run may take to close.
const CLOSING: Duration = Duration::from_secs(10);

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
}

/// What was said of approval, and what is known of prices.
pub struct Terms {
    /// Whether the plan is approved as it is.
    pub yes: bool,
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
}

/// What woke the pilot.
enum Woken {
    Notice(Option<Notice>),
    Stop(InterruptCause),
    Down(Stopped),
    Rested,
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
        }
    }

    /// Lives through the run; gives the exit code.
    ///
    /// # Errors
    /// When the run or stdout cannot go on.
    pub async fn fly(mut self) -> Result<u8, Failure> {
        let end = self.live().await;
        if let Ok(End::Stopped(_)) = end {
            self.show.hold("stopping; once more ends it at once");
            self.show.paint(self.source.as_ref());
        }
        let closed = self.close().await;
        let code = self.tell(end?);
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
            // The run itself may have been opened again by a record that has not come yet.
            if self.show.view.is_over() && self.swarm.phase() == RunPhase::Closed {
                return Ok(End::Over);
            }
            match (&self.show.view.phase, is_asked) {
                (Phase::Proposed, false) => {
                    is_asked = true;
                    if let Some(end) = self.approval().await? {
                        return Ok(end);
                    }
                }
                (Phase::Proposed, true) => {}
                (_, _) => is_asked = false,
            }
            if let Some(change) = self.swarm.change() {
                self.catch_up().await?;
                let here = (&mut self.show, &mut self.stops);
                let asked = changing::Asked::of(&self.swarm, here, &self.terms);
                if let Some(cause) = asked.answer(&change).await? {
                    return Ok(End::Stopped(cause));
                }
            }
            match self.woken().await {
                Woken::Notice(Some(Notice::Record(record))) => self.show.record(&record)?,
                Woken::Notice(Some(Notice::Delta(_))) | Woken::Rested => {}
                Woken::Notice(None) => return Err(Stopped("it has stopped".to_owned()).into()),
                Woken::Down(why) => return Err(why.into()),
                Woken::Stop(cause) => return Ok(End::Stopped(cause)),
                Woken::Tick => {
                    self.letters().await?;
                    self.show.paint(self.source.as_ref());
                }
            }
        }
    }

    async fn woken(&mut self) -> Woken {
        let (swarm, is_over) = (self.swarm.clone(), self.show.view.is_over());
        let rested = pin!(async move {
            match swarm.rest().await {
                Err(why) => Woken::Down(why),
                // A run that rests tells so by its records: the last is here, or they are on their way.
                Ok(RunPhase::Closed) if is_over => Woken::Rested,
                Ok(_) => std::future::pending().await,
            }
        });
        tokio::select! {
            biased;
            cause = self.stops.next() => Woken::Stop(cause),
            notice = self.records.next() => Woken::Notice(notice),
            rested = rested => rested,
            _ = self.ticks.tick() => Woken::Tick,
        }
    }

    /// Has the plan approved; gives how it ends if nobody does.
    async fn approval(&mut self) -> Result<Option<End>, Failure> {
        let preview = self.preview();
        if self.terms.yes && !self.terms.dry_run {
            self.swarm
                .command(RunCommand::Approve { plan: None })
                .await?;
            self.forecast = Some(preview.forecast);
            return Ok(None);
        }
        if self.terms.dry_run || !self.show.screen().is_answering {
            self.print(&preview)?;
            return Ok(Some(match self.terms.dry_run {
                true => End::Over,
                false => End::Unapproved,
            }));
        }
        self.show.clear();
        output::note(&preview.text(self.show.paper()));
        let mut asker = Asker::new(self.swarm.id(), self.terms.mode);
        let answer = asker
            .ask(preview, &mut self.stops, &self.terms.tariff)
            .await?;
        match answer {
            Answer::Approve { plan, preview } => {
                let plan = plan.map(|plan| *plan);
                self.forecast = Some(preview.forecast);
                self.approve(plan).await.map(|()| None)
            }
            Answer::Reject => {
                let why = "turned down by the user".to_owned();
                self.swarm.command(RunCommand::Reject { why }).await?;
                Ok(None)
            }
            Answer::Leave => Ok(Some(End::Unapproved)),
            Answer::Stop(cause) => Ok(Some(End::Stopped(cause))),
        }
    }

    /// Approves. A run that was given up meanwhile tells so by its records, which are on their way.
    async fn approve(&self, plan: Option<Plan>) -> Result<(), Failure> {
        match self.swarm.command(RunCommand::Approve { plan }).await {
            Err(CommandError::Illegal(_)) | Ok(()) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn preview(&self) -> Preview {
        let view = &self.show.view;
        let derived = self.terms.derived.clone();
        Preview::new(
            view.plan(),
            derived,
            view.remarks.clone(),
            &self.terms.tariff,
        )
    }

    fn print(&mut self, preview: &Preview) -> Result<(), Failure> {
        self.show.clear();
        match self.show.format() {
            OutputFormat::Text => output::line(&preview.text(self.show.paper())),
            OutputFormat::Json | OutputFormat::StreamJson | OutputFormat::Events => {
                let mut object = preview.json();
                object["run_id"] = serde_json::json!(self.swarm.id());
                self.show.object(object)
            }
        }
    }

    /// Carries out what other processes want.
    async fn letters(&mut self) -> Result<(), Failure> {
        let letters = self.inbox.letters()?;
        for letter in &letters {
            let outcome = self.carry_out(letter).await;
            if let Err(why) = &outcome {
                self.show.note(&format!("from outside: could not {why}"));
            }
            self.inbox.answer(letter, &outcome)?;
        }
        match letters.is_empty() {
            true => Ok(()),
            false => self.catch_up().await,
        }
    }

    /// Takes in what is durable already, so that nothing is asked about what has just changed.
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

    async fn carry_out(&mut self, letter: &Letter) -> Result<(), String> {
        let command = match letter.want.clone()? {
            Want::Cancel(why) => RunCommand::Cancel { why },
            Want::End(name, why) => RunCommand::End {
                node: self.node(&name)?,
                why,
            },
            Want::Pause => RunCommand::Pause,
            Want::Unpause => RunCommand::Unpause,
            Want::Retry(name) => RunCommand::Retry {
                node: self.node(&name)?,
            },
            Want::Steer(name, text) => {
                let node = self.node(&name)?;
                if self.heard.has(letter, node) {
                    return Ok(());
                }
                let content = vec![Block::Text(text.into())];
                let told = self.swarm.steer(node, content).await;
                return told.map_err(|error| error.to_string());
            }
        };
        let done = self.swarm.command(command).await;
        done.map_err(|error| self.by_name(&error.to_string()))
    }

    /// A text with the names of nodes in place of their ids.
    fn by_name(&self, text: &str) -> String {
        let nodes = self.show.view.nodes.iter();
        nodes.fold(text.to_owned(), |text, node| {
            text.replace(&node.id().to_string(), node.name())
        })
    }

    fn node(&self, name: &NodeName) -> Result<NodeId, String> {
        let mut nodes = self.show.view.nodes.iter();
        let node = nodes.find(|node| node.node.name == *name);
        let known = node.map(views::SwarmNode::id);
        known.ok_or_else(|| format!("find a node called {name}"))
    }

    /// Ends what runs; what is not finished can be resumed. A second signal does not wait.
    async fn close(&mut self) -> Result<(), Failure> {
        let swarm = self.swarm.clone();
        let closing = async {
            swarm.close().await;
            while let Some(notice) = self.records.next().await {
                if let Notice::Record(record) = notice {
                    self.show.record(&record)?;
                }
            }
            Ok(())
        };
        tokio::select! {
            biased;
            // A run that hangs is left as a crash would leave it.
            _ = self.stops.next() => Ok(()),
            closed = timeout(CLOSING, closing) => closed.unwrap_or(Ok(())),
        }
    }

    /// Says how it ended.
    fn tell(&mut self, end: End) -> Result<u8, Failure> {
        self.show.clear();
        let (id, short) = (self.swarm.id(), self.swarm.id().digits());
        match end {
            End::Over if self.terms.dry_run => {
                output::note(&format!(
                    "nothing was done; carry it out with: formic swarm resume {short} --yes"
                ));
                return Ok(0);
            }
            End::Unapproved => {
                output::note(&format!(
                    "error: plan: nobody approved it\nhint: approve it with: formic swarm resume {short} --yes"
                ));
                return Ok(5);
            }
            End::Over | End::Stopped(_) => {}
        }
        let lanes = self.show.view.lanes();
        let expected = || forecast(&self.show.view.plan(), lanes, &self.terms.tariff.prices);
        let expected = self.forecast.take().unwrap_or_else(expected);
        let moment = Moment::Leaving(self.source.now());
        let report = Report::new(&self.show.view, id, (Some(expected), moment));
        match self.show.format() {
            OutputFormat::Text => output::line(&report.text(self.show.paper()))?,
            OutputFormat::Json | OutputFormat::StreamJson | OutputFormat::Events => {
                self.show.object(report.json())?;
            }
        }
        match end {
            End::Stopped(cause) => {
                let failure = stopped(cause, &format!("formic swarm resume {short}"));
                output::note(&failure.to_string());
                Ok(failure.kind.exit_code())
            }
            End::Over | End::Unapproved => Ok(report.code()),
        }
    }
}
