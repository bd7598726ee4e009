//! The run actor: carries one run. Every record reaches it in order; what follows from them it has kept, what
//! they wish for it has done.
//!
//! May: ask the scheduler, await the journal's acknowledgement, start and cancel effects, watch over agents.
//! Never: decide, await a model, git, a command or a person.

use std::sync::Arc;

use protocol::{NodeId, Record, Seq};
use ractor::{Actor, ActorProcessingErr, ActorRef, SupervisionEvent};
use scheduler::run::{Run, RunInput, RunOutcome, RunPhase, Wish, decide, follow, wishes};
use tokio::sync::watch;

use super::chores;
use super::crew::Crew;
use super::effects;
use super::former;
use super::house::Houses;
use super::messages::{Flow, Home, RunMsg, RunStart, RunStatus};
use super::planner;
use super::retire::{is_over, worked_on};
use super::site::Site;
use crate::agent_actor::CommandError;
use crate::feed::Intake;
use crate::flight::Flights;

/// More facts than this from nothing but facts are a circle, and a fault of formic.
const MOST_ROUNDS: u32 = 10_000;

pub(crate) struct RunActor;

pub(crate) struct RunState {
    pub site: Arc<Site>,
    pub run: Run,
    pub houses: Houses,
    pub crew: Crew,
    /// What the planner answered.
    pub answer: Option<Arc<str>>,
    pub is_drafting: bool,
    intake: Intake,
    known: Seq,
    pub(super) flights: Flights<Wish>,
    pub(super) status: watch::Sender<RunStatus>,
    agenda: Agenda,
    /// Whether the run is over and what kept its work was looked through.
    is_tidy: bool,
}

/// Why the run is to be looked at again, and whether that is under way.
#[derive(Default)]
struct Agenda {
    /// Whether an agent is to be told something as soon as it is at its place.
    is_unheard: bool,
    /// Whether a record has come from which something may follow.
    is_stirred: bool,
    /// Whether it is looked at once all that has come meanwhile is taken in.
    is_due: bool,
}

impl Actor for RunActor {
    type Msg = RunMsg;
    type State = RunState;
    type Arguments = RunStart;

    async fn pre_start(
        &self,
        me: ActorRef<RunMsg>,
        start: RunStart,
    ) -> Result<RunState, ActorProcessingErr> {
        let (news, closing) = (start.intake.news(), start.site.yard.closing.clone());
        start.site.yard.effects.spawn(async move {
            while closing.run_until_cancelled(news.notified()).await.is_some() {
                if me.send_message(RunMsg::Heard).is_err() {
                    return;
                }
            }
        });
        let keeping = chores::keep(start.site.clone());
        start.site.yard.effects.spawn(keeping);
        Ok(RunState {
            site: start.site,
            run: start.run,
            houses: start.houses,
            crew: Crew::new(start.pasts),
            answer: start.answer,
            is_drafting: false,
            intake: start.intake,
            known: start.known,
            flights: Flights::default(),
            status: start.status,
            agenda: Agenda {
                is_stirred: true,
                ..Agenda::default()
            },
            is_tidy: false,
        })
    }

    async fn handle(
        &self,
        me: ActorRef<RunMsg>,
        message: RunMsg,
        state: &mut RunState,
    ) -> Result<(), ActorProcessingErr> {
        let is_last = matches!(message, RunMsg::Close(_));
        if state.site.yard.closing.is_cancelled() && !is_last {
            // What comes home now is for the next process to find out again.
            return Ok(());
        }
        match state.take(message).await {
            Ok(Flow::On) => state.go_on(&me).await.map_err(|down| state.fall(down)),
            Ok(Flow::Told((answer, taken))) => {
                state.go_on(&me).await.map_err(|down| state.fall(down))?;
                // Whoever asked finds the run where the command has brought it.
                let _ = answer.send(taken);
                Ok(())
            }
            Ok(Flow::Later) => {
                state.wait_for_the_rest(&me);
                Ok(())
            }
            Ok(Flow::Nothing | Flow::Closed) => Ok(()),
            Err(down) => Err(state.fall(down)),
        }
    }

    /// An agent that ends does not take the run with it: its records are all there is to it, and whoever waits for
    /// its turn takes it up again.
    async fn handle_supervisor_evt(
        &self,
        _me: ActorRef<RunMsg>,
        event: SupervisionEvent,
        state: &mut RunState,
    ) -> Result<(), ActorProcessingErr> {
        match event {
            SupervisionEvent::ActorFailed(cell, _)
            | SupervisionEvent::ActorTerminated(cell, ..) => {
                state.crew.lose(cell.get_id());
            }
            SupervisionEvent::ActorStarted(_) | SupervisionEvent::ProcessGroupChanged(_) => {}
        }
        Ok(())
    }
}

impl RunState {
    async fn take(&mut self, message: RunMsg) -> Result<Flow, ActorProcessingErr> {
        self.listen();
        match message {
            RunMsg::Heard if !self.agenda.is_stirred => return Ok(Flow::Nothing),
            RunMsg::Heard => {}
            RunMsg::Due => {
                self.agenda.is_due = false;
                return Ok(Flow::On);
            }
            RunMsg::Command(command, answer) => {
                let taken = self.step(RunInput::Command(*command)).await?;
                return Ok(Flow::Told((answer, taken.map_err(CommandError::Illegal))));
            }
            RunMsg::Tell(node, command, answer) => self.tell_agent(node, command, answer),
            RunMsg::Interrupt(node, cause, answer) => {
                let _ = answer.send(self.interrupt(node, cause));
            }
            RunMsg::Hired(node, member) => {
                self.crew.hire(node, member);
                return Ok(self.arrived(node));
            }
            RunMsg::Housed(node, house) => {
                self.houses.enter(node, house);
                return Ok(self.arrived(node));
            }
            RunMsg::Drafted(proposal) => self.propose(proposal).await?,
            RunMsg::Home(home) => self.welcome(*home).await?,
            RunMsg::Close(done) => {
                self.flights = Flights::default();
                let crew = std::mem::take(&mut self.crew);
                self.site.yard.effects.spawn(async move {
                    crew.end().await;
                    let _ = done.send(());
                });
                return Ok(Flow::Closed);
            }
        }
        Ok(Flow::Later)
    }

    /// Nothing follows from somebody's arrival but for whoever waited to be told something, and for a node that needs
    /// nobody any more.
    fn arrived(&self, node: NodeId) -> Flow {
        match self.agenda.is_unheard || self.is_over(node) {
            true => Flow::Later,
            false => Flow::Nothing,
        }
    }

    /// Whether a node needs neither agent nor tree any more.
    fn is_over(&self, node: NodeId) -> bool {
        is_over(&self.run, node)
    }

    /// What follows is looked at once for all the messages that have come: looking costs as much as the plan is large,
    /// and of a large plan many come at once.
    fn wait_for_the_rest(&mut self, me: &ActorRef<RunMsg>) {
        if !self.agenda.is_due {
            // One that has stopped looks at nothing any more.
            self.agenda.is_due = me.send_message(RunMsg::Due).is_ok();
        }
    }

    /// Applies every record that has come.
    fn listen(&mut self) {
        while let Some(record) = self.intake.take() {
            self.apply(&record);
        }
    }

    fn apply(&mut self, record: &Record) {
        if record.seq <= self.known {
            return;
        }
        self.known = record.seq;
        self.run.apply(record);
        self.agenda.is_stirred |= self.run.is_stirred_by(record);
        self.houses.apply(record);
        self.site.commons.board.apply(record);
        if self.run.phase() == RunPhase::Planning {
            self.answer = planner::answer(record).or(self.answer.take());
        }
    }

    /// Takes in what an effect brings home.
    async fn welcome(&mut self, home: Home) -> Result<(), ActorProcessingErr> {
        let Home {
            wish,
            number,
            outcome,
            held,
        } = home;
        if !self.flights.landed(&wish, number) {
            return Ok(());
        }
        if let Some(outcome) = outcome
            && let Err(text) = self.step(RunInput::Outcome(outcome)).await?
        {
            // An answer that makes no sense is a fault of formic in carrying the wish, and counted as one.
            let failed = RunOutcome::Failed { wish, text };
            let _ = self.step(RunInput::Outcome(failed)).await?;
        }
        // Only now is what was done under it written.
        drop(held);
        Ok(())
    }

    /// Decides, remembers, applies. Fails only when nothing can be remembered any more.
    pub async fn step(
        &mut self,
        input: RunInput,
    ) -> Result<Result<(), String>, ActorProcessingErr> {
        match decide(&self.run, input) {
            Ok(events) => self.keep(events).await.map(Ok),
            Err(illegal) => Ok(Err(illegal.to_string())),
        }
    }

    async fn keep(&mut self, events: Vec<protocol::Event>) -> Result<(), ActorProcessingErr> {
        if !events.is_empty() {
            self.site.note(None, events).await?;
            // The journal feeds before it acknowledges: what was kept is among what has come.
            self.listen();
        }
        Ok(())
    }

    /// Everything that follows from the records, and then the effects they wish for.
    async fn go_on(&mut self, me: &ActorRef<RunMsg>) -> Result<(), ActorProcessingErr> {
        for _ in 0..MOST_ROUNDS {
            let events = follow(&self.run);
            if events.is_empty() && self.takes_change().await? {
                continue;
            }
            if events.is_empty() {
                self.agenda.is_stirred = false;
                self.fly(me);
                let left = former::left(&self.run, &mut self.crew, &self.flights);
                if !left.is_empty() {
                    self.site.base.journal.append(left).await?;
                    self.listen();
                    continue;
                }
                self.draft(me);
                self.tell();
                return Ok(());
            }
            self.keep(events).await?;
        }
        Err("what follows from the run's records comes to no end; this is a fault of formic".into())
    }

    /// Starts the effects wished for now and cancels those that no longer are.
    fn fly(&mut self, me: &ActorRef<RunMsg>) {
        self.retire();
        let mut wished = wishes(&self.run);
        wished.retain(|wish| self.has_room(wish));
        let all = wished.len();
        wished.retain(|wish| self.can_hear(wish));
        self.agenda.is_unheard = wished.len() < all;
        for (wish, flight) in self.flights.reconcile(&wished) {
            let number = flight.number;
            let task = effects::task(self, &wish, flight.cancel, me);
            let home = me.clone();
            self.site.yard.effects.spawn(async move {
                let (outcome, held) = effects::guarded(task, &wish).await;
                // A run that has stopped needs no answer.
                let _ = home.send_message(RunMsg::Home(Box::new(Home {
                    wish,
                    number,
                    outcome,
                    held,
                })));
            });
        }
        self.tidy();
        self.site.yard.chores.wants(self.run.ahead());
    }

    /// Whether there is somebody to be told: the record of a turn may come before word of the agent that has it.
    fn can_hear(&self, wish: &Wish) -> bool {
        match wish {
            Wish::Inform { node, agent, .. } => {
                let there = self.crew.of(*node);
                there.is_some_and(|there| there.agent == *agent)
            }
            _ => true,
        }
    }

    /// Whether a node's place is free: whoever carried its former attempt may still be bringing an agent there, or
    /// ending one, and two would have one id. What comes home has the wishes looked at again.
    fn has_room(&self, wish: &Wish) -> bool {
        let Wish::Work { node, .. } = wish else {
            return true;
        };
        let mut former = self.flights.given_up();
        !former.any(|wish| worked_on(wish) == Some(*node))
    }

    /// A run that is over needs nothing kept but what is not done.
    fn tidy(&mut self) {
        let was_tidy = self.is_tidy;
        self.is_tidy = self.run.phase() == RunPhase::Closed;
        if self.is_tidy && !was_tidy {
            let (site, done) = (self.site.clone(), effects::keep::of_done(&self.run));
            self.site.yard.effects.spawn(async move {
                effects::keep::sweep(&site).await;
                effects::keep::tidy(&site, done).await;
            });
        }
    }

    /// The run cannot go on.
    fn fall(&self, down: ActorProcessingErr) -> ActorProcessingErr {
        let why = self.site.redactor.clean(&down.to_string()).into_owned();
        self.status.send_modify(|status| status.down = Some(why));
        down
    }
}
