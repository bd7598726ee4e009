//! Effects of a run: each wish runs beside the actor as a task of its own and comes home as a message.

mod attempt;
mod codemod;
mod command;
mod footing;
mod gate;
mod inform;
mod inspect;
pub(crate) mod keep;
mod lane;
mod markers;
mod merge;
mod review;
mod weakened;
mod work;

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use protocol::{InterruptCause, NodeId};
use ractor::ActorRef;
use scheduler::run::{RunOutcome, Wish};
use tokio::sync::oneshot;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tools::WritePermit;

use super::messages::RunMsg;
use super::run_actor::RunState;

/// How long an agent whose time is over may take to end what it started.
const GRACE: Duration = Duration::from_secs(10);

/// What an effect's task returns: an answer, if the records do not say it already, and what it holds until that answer
/// is written. An error is a fault of formic or of the machine.
pub(crate) type Answer = Result<(Option<RunOutcome>, Option<WritePermit>), String>;

/// What is to be done to fulfil a wish. What it needs of the run is taken now; nothing of the run is shared with it. A
/// step that could not be carried out before is not tried again at once.
pub(crate) fn task(
    state: &mut RunState,
    wish: &Wish,
    cancel: CancellationToken,
    me: &ActorRef<RunMsg>,
) -> BoxFuture<'static, Answer> {
    let pause = Duration::from_millis(state.run.pause_ms(wish));
    let step = step(state, wish, cancel.clone(), me);
    if pause.is_zero() {
        return step;
    }
    async move {
        match cancel.run_until_cancelled(sleep(pause)).await {
            Some(()) => step.await,
            None => Ok((None, None)),
        }
    }
    .boxed()
}

fn step(
    state: &mut RunState,
    wish: &Wish,
    cancel: CancellationToken,
    me: &ActorRef<RunMsg>,
) -> BoxFuture<'static, Answer> {
    let site = state.site.clone();
    match wish.clone() {
        Wish::Check => {
            let due = state.run.due_checks().to_vec();
            async move { footing::check(&site, due, cancel).await }.boxed()
        }
        Wish::Work { node, agent, .. } => match attempt::Order::new(state, (node, agent), me) {
            Some(order) => work::work(site, order, cancel).boxed(),
            None => odd(),
        },
        Wish::Deadline { node, attempt, ms } => {
            let over = overdue(me.clone(), node, Duration::from_millis(ms));
            let outcome = RunOutcome::Overdue { node, attempt };
            async move {
                let over = cancel.run_until_cancelled(over).await;
                Ok((over.map(|()| outcome), None))
            }
            .boxed()
        }
        Wish::Inform {
            node,
            agent,
            entries,
        } => {
            let order = inform::Order::new(state, (node, agent), entries);
            inform::inform(order, cancel).boxed()
        }
        Wish::Inspect { node, .. } => match inspect::Order::new(state, node, me) {
            Some(order) => inspect::inspect(site, order, cancel).boxed(),
            None => odd(),
        },
        Wish::Merge { batch } => match merge::Order::new(&state.run, batch) {
            Some(order) => async move { merge::merge(&site, &order).await }.boxed(),
            None => odd(),
        },
        Wish::Gate { batch, commit, .. } => match gate::Order::new(&state.run, batch, commit) {
            Some(order) => async move { gate::gate(&site, order, cancel).await }.boxed(),
            None => odd(),
        },
        Wish::Advance { batch, from, to } => {
            let refs = keep::of_batch(&state.run);
            let move_on = lane::Step { batch, refs };
            async move { lane::advance(&site, move_on, (from, to)).await }.boxed()
        }
        Wish::Land { commit } => {
            let stands = state.run.stands().cloned();
            async move { lane::land(&site, stands, commit).await }.boxed()
        }
    }
}

/// A wish about something the run does not know: a fault of formic, told rather than waited for.
fn odd() -> BoxFuture<'static, Answer> {
    std::future::ready(Err("find what the wish is about".to_owned())).boxed()
}

/// Runs the task; what went wrong in carrying the wish is an answer too, and so is a panic: the run must not wait for
/// ever.
pub(crate) async fn guarded(
    task: BoxFuture<'static, Answer>,
    wish: &Wish,
) -> (Option<RunOutcome>, Option<WritePermit>) {
    let text = match AssertUnwindSafe(task).catch_unwind().await {
        Ok(Ok(answer)) => return answer,
        Ok(Err(text)) => format!("could not {text}"),
        Err(_) => "formic failed in carrying this out; this is a fault of formic".to_owned(),
    };
    let wish = wish.clone();
    (Some(RunOutcome::Failed { wish, text }), None)
}

/// Waits until the time is over, and until the agent that has used it up has ended its turn.
async fn overdue(run: ActorRef<RunMsg>, node: NodeId, time: Duration) {
    sleep(time).await;
    let (answer, asked) = oneshot::channel();
    let message = RunMsg::Interrupt(node, InterruptCause::Timeout, answer);
    if run.send_message(message).is_err() {
        return;
    }
    if let Ok(Some(mut status)) = asked.await {
        let rests = status.wait_for(|now| !now.busy || now.down.is_some());
        let _ = tokio::time::timeout(GRACE, rests).await;
    }
}
