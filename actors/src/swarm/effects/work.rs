//! Puts a node's agent to work: its house, its place, its brief; then waits for the end of its turn. A codemod's command
//! takes the place of the agent.

use std::sync::Arc;

use protocol::{
    Block, Command, Draft, Event, FailureClass, FaultEvent, InterruptCause, Kind, MemoryEvent,
    Opening, Record, Seq, SessionEvent, TreeStart,
};
use ractor::Actor;
use scheduler::run::RunOutcome;
use store::DataFolder;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::attempt::Order;
use super::{Answer, codemod, review};
use crate::agent_actor::{AgentActor, CommandError, Start, Status};
use crate::session::read_acknowledged;
use crate::swarm::crew::Member;
use crate::swarm::former;
use crate::swarm::house::{House, NoHouse};
use crate::swarm::messages::RunMsg;
use crate::swarm::outfit::{self, Outfit};
use crate::swarm::site::Site;

/// How often an agent that failed is taken up again in one attempt.
const RESTARTS: u32 = 3;

/// What is said of a command that would be carried out twice.
const IN_DOUBT: &str = "its command was running when formic ended, and how far it came is not known: look at what it \
                        changed, and try the node again if it is to run once more";

/// Why an attempt could not be carried on.
enum Stop {
    /// The journal is down: everything stops.
    Down(String),
    /// It came to nothing.
    Failed(Box<RunOutcome>),
}

impl Stop {
    fn failed(outcome: RunOutcome) -> Self {
        Self::Failed(Box::new(outcome))
    }
}

pub(super) async fn work(site: Arc<Site>, order: Order, cancel: CancellationToken) -> Answer {
    if let Some(former) = order.member.as_ref().filter(|_| !is_kept(&order)) {
        // What an agent left running must not write into the tree while that is laid out anew.
        former.world.commands.shells.end_all().await;
    }
    if is_in_doubt(&order) {
        let failed = order.failed(FailureClass::Stopped, IN_DOUBT.to_owned());
        return Ok((Some(failed), None));
    }
    let key = order.key.clone();
    let key = match order.node.kind.has_agent() {
        true => key,
        // As far as it came in a former process it would come twice.
        false => key.anew(),
    };
    let entering = key.enter(&site, &order.node, &order.attempt);
    let house = match cancel.run_until_cancelled(entering).await {
        None => return Ok((None, None)),
        Some(Ok(house)) => house,
        Some(Err(NoHouse::Journal(down))) => return Err(down.to_string()),
        Some(Err(error)) => {
            let failed = order.failed(FailureClass::Machine, format!("could not {error}"));
            return Ok((Some(failed), None));
        }
    };
    let housed = RunMsg::Housed(order.node.id, house.clone());
    let _ = order.run.send_message(housed);
    let worked = if order.node.kind.has_agent() {
        agent(&site, &order, (&house, &cancel)).await
    } else {
        let ran = codemod::run(&site, &order, (&house, &cancel)).await;
        ran.map_err(|text| Stop::failed(order.failed(FailureClass::Machine, text)))
    };
    match worked {
        Ok(outcome) => Ok((outcome, None)),
        Err(Stop::Failed(outcome)) => Ok((Some(*outcome), None)),
        Err(Stop::Down(why)) => Err(why),
    }
}

/// Whether a command was at work in a former process in a folder that nothing brings back to what it was.
fn is_in_doubt(order: &Order) -> bool {
    let is_shared = order.attempt.start == TreeStart::Shared;
    is_shared && !order.node.kind.has_agent() && order.key.is_used(&order.attempt)
}

fn is_kept(order: &Order) -> bool {
    matches!(order.attempt.start, TreeStart::Kept | TreeStart::Shared)
}

/// Sees the agent through the attempt's turn; one that fails on the way is taken up again from its records.
async fn agent(
    site: &Arc<Site>,
    order: &Order,
    (house, cancel): (&Arc<House>, &CancellationToken),
) -> Result<Option<RunOutcome>, Stop> {
    let mut member = order.member.clone();
    let mut past = order.past.clone();
    for _ in 0..=RESTARTS {
        let place = match member.take() {
            Some(there) if there.agent == order.agent => Place {
                member: there,
                is_resumed: false,
            },
            other => {
                if let Some(former) = other {
                    former.end().await;
                }
                hire(site, order, (house, past.take())).await?
            }
        };
        match turn_of(site, order, (&place, cancel)).await {
            Ok(()) => return Ok(None),
            Err(CommandError::Illegal(_)) if cancel.is_cancelled() => return Ok(None),
            Err(CommandError::Illegal(why)) => {
                let text = format!("could not {why}");
                return Err(Stop::failed(order.failed(FailureClass::Machine, text)));
            }
            Err(CommandError::Stopped(why)) => {
                // The crew has lost it: nobody else ends what it left running.
                place.member.end().await;
                if site.yard.closing.is_cancelled() {
                    return Ok(None);
                }
                let found = recover(site, order, why).await?;
                if cancel.is_cancelled() {
                    return bury(site, order, found).await.map(|()| None);
                }
                past = Some(found);
            }
        }
    }
    let text = "its agent failed again and again; this is a fault of formic".to_owned();
    Err(Stop::failed(order.failed(FailureClass::Machine, text)))
}

/// An agent at its place, and whether its limits are those of this attempt already.
struct Place {
    member: Member,
    is_resumed: bool,
}

/// Brings the agent to its place: as the records know it, or, if they do not, as a new one.
async fn hire(
    site: &Arc<Site>,
    order: &Order,
    (house, past): (&Arc<House>, Option<agent::State>),
) -> Result<Place, Stop> {
    let outfit = Outfit::new(site, &order.post(house));
    let Outfit { world, opening } = outfit.map_err(|error| {
        Stop::failed(order.failed(FailureClass::Machine, format!("could not {error}")))
    })?;
    let past = match past {
        // An attempt in the same context whose agent is not at its place: the records have it.
        None if !order.attempt.is_fresh => fold(site, order).await?,
        past => past,
    };
    let is_resumed = past.is_some();
    let opening = Arc::new(opening);
    let core = match past {
        Some(core) => core,
        None => open(site, order, &opening).await?,
    };
    let (status, watched) = watch::channel(Status::default());
    let start = Start {
        me: order.agent,
        node: order.node.id,
        end: None,
        last: Seq::default(),
        core,
        world: world.clone(),
        journal: site.base.journal.clone(),
        status,
    };
    let spawned = Actor::spawn_linked(None, AgentActor, start, order.run.get_cell()).await;
    let (actor, _) = spawned.map_err(|error| Stop::Down(error.to_string()))?;
    let member = Member {
        agent: order.agent,
        actor,
        status: watched,
        world,
        opening,
    };
    let hired = RunMsg::Hired(order.node.id, member.clone());
    let _ = order.run.send_message(hired);
    if is_resumed {
        // Whatever was under way in a former process is settled, or goes on.
        let resumed = member.command(resumption(site, order, &member)).await;
        resumed.map_err(|error| Stop::Down(error.to_string()))?;
    }
    Ok(Place { member, is_resumed })
}

/// What takes an agent up for this attempt.
fn resumption(site: &Site, order: &Order, member: &Member) -> Command {
    let opening = &member.opening;
    Command::Resume {
        limits: outfit::limits(
            order.node.kind,
            &order.attempt.allotted,
            &site.options.limits,
        ),
        mode: opening.mode,
        model: opening.model.clone(),
        traits: opening.traits.clone(),
        structured: order.node.kind == Kind::Plan,
    }
}

/// The first record of a new agent, and its state with it.
async fn open(site: &Site, order: &Order, opening: &Opening) -> Result<agent::State, Stop> {
    let opened = SessionEvent::Opened(Box::new(opening.clone()));
    let draft = own(order, Event::Session(opened));
    let kept = site.base.journal.append(vec![draft]).await;
    let kept = kept.map_err(|down| Stop::Down(down.to_string()))?;
    let records = std::iter::once(&site.commons.opened).chain(&kept);
    Ok(agent::State::fold(records.map(Arc::as_ref)))
}

fn own(order: &Order, event: Event) -> Draft {
    Draft {
        agent: Some(order.agent),
        node: Some(order.node.id),
        turn: None,
        cause: None,
        event,
    }
}

/// Has the agent do the attempt's turn, and waits for its end. Given up, the turn is stopped first.
async fn turn_of(
    site: &Site,
    order: &Order,
    (place, cancel): (&Place, &CancellationToken),
) -> Result<(), CommandError> {
    let member = &place.member;
    let is_begun = member.status.borrow().turn == Some(order.turn);
    if cancel.is_cancelled() && !is_begun {
        // Given up while its agent was brought here: a turn would be that of nobody's attempt.
        return Ok(());
    }
    let done = async {
        begin(site, order, place).await?;
        rest(member).await
    };
    if let Some(done) = cancel.run_until_cancelled(done).await {
        return done;
    }
    if site.yard.closing.is_cancelled() {
        // Another process goes on with the turn.
        return Ok(());
    }
    member.interrupt(InterruptCause::User);
    rest(member).await
}

/// Begins the turn, unless a former process has.
async fn begin(site: &Site, order: &Order, place: &Place) -> Result<(), CommandError> {
    let member = &place.member;
    if member.status.borrow().turn == Some(order.turn) {
        return Ok(());
    }
    rest(member).await?;
    let is_first = !member.status.borrow().begun;
    if !is_first && !place.is_resumed {
        member.command(resumption(site, order, member)).await?;
    }
    let mut context = Vec::new();
    if is_first {
        context = member.world.context.first_turn();
        for text in &mut context {
            member.world.redactor.clean_text(text);
        }
    }
    if !order.told.is_empty() {
        // Noted before it is said: told twice is worse than not told, as whoever was not told can still look.
        let (agent, entries) = (order.agent, order.told.clone());
        let shown = Event::Memory(MemoryEvent::Shown { agent, entries });
        let noted = site.note(None, vec![shown]).await;
        noted.map_err(|down| CommandError::Stopped(down.to_string()))?;
    }
    let mut content = vec![Block::Text(order.message.clone())];
    let review = review::shown(site, member, (&order.review, order.attempt.allotted.tokens)).await;
    content.extend(review.map(Block::Text));
    member.world.redactor.clean_blocks(&mut content);
    let turn = order.turn;
    let submit = Command::Submit {
        turn,
        context,
        content,
    };
    member.command(submit).await
}

/// Waits until the agent rests.
async fn rest(member: &Member) -> Result<(), CommandError> {
    let gone = |_| CommandError::Stopped("its agent has ended".to_owned());
    let mut status = member.status.clone();
    let rests = status.wait_for(|now| !now.busy || now.down.is_some());
    let now = rests.await.map_err(gone)?;
    match &now.down {
        Some(why) => Err(CommandError::Stopped(why.clone())),
        None => Ok(()),
    }
}

/// Reads what an agent had, after its actor failed.
async fn recover(site: &Arc<Site>, order: &Order, why: String) -> Result<agent::State, Stop> {
    let message = site.redactor.clean(&why).into_owned();
    let actor = "agent".to_owned();
    let fault = Event::Fault(FaultEvent::ActorFailed { actor, message });
    let noted = site.note(Some(order.node.id), vec![fault]).await;
    noted.map_err(|down| Stop::Down(down.to_string()))?;
    let past = fold(site, order).await?;
    past.ok_or_else(|| Stop::Down("find what its agent had in the journal".to_owned()))
}

/// What the records say of the agent; `None` if it has none yet.
async fn fold(site: &Site, order: &Order) -> Result<Option<agent::State>, Stop> {
    let (data, id) = (DataFolder::at(&site.options.data), site.id);
    let me = order.agent;
    let fold = move || {
        let records = read_acknowledged(&data, id, Seq(1))?;
        let records = records.iter().map(Arc::as_ref);
        let is_known = records.clone().any(|record| record.agent == Some(me));
        let own = |record: &&Record| record.agent.is_none_or(|of| of == me);
        Ok(is_known.then(|| agent::State::fold(records.filter(own))))
    };
    let folded = tokio::task::spawn_blocking(fold).await;
    let folded = folded.unwrap_or_else(|error| Err(error.to_string()));
    folded.map_err(Stop::Down)
}

/// Ends the turn of an agent that was given up and whose actor is not there to do it: until it has ended, its node
/// keeps its place and its files.
async fn bury(site: &Site, order: &Order, past: agent::State) -> Result<(), Stop> {
    if matches!(past.flow.phase, agent::Phase::Resting) {
        return Ok(());
    }
    let ends = former::end((order.node.id, order.agent), past);
    let kept = site.base.journal.append(ends).await;
    kept.map(|_| ())
        .map_err(|down| Stop::Down(down.to_string()))
}
