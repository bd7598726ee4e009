//! Effects: each wish runs beside the actor as a task of its own and comes home as a message.

mod call;
mod model;
mod settle;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use protocol::{AgentId, CallId, Effect, Outcome, Seq, Timestamp, ToolResult};
use ractor::ActorRef;
use tokio_util::sync::CancellationToken;

use crate::agent_actor::AgentMsg;
use crate::flight::{Flight, Held, Home};
use crate::world::World;

/// A wish to be fulfilled.
pub(crate) struct Order {
    pub effect: Effect,
    pub held: Option<Held>,
    pub flight: Flight,
    pub cause: Seq,
    pub agent: AgentId,
}

/// What an effect's task returns.
type Answer = (Option<Outcome>, Option<Held>);

/// Starts an effect. What it needs of the state is taken now; nothing of the state is shared with it.
pub(crate) fn start(
    world: &Arc<World>,
    core: &agent::State,
    order: Order,
    home: ActorRef<AgentMsg>,
) {
    let (effect, number, cause) = (order.effect.clone(), order.flight.number, order.cause);
    let task = task(world.clone(), core, order);
    world.effects.spawn(async move {
        let (outcome, held) = match AssertUnwindSafe(task).catch_unwind().await {
            Ok(answer) => answer,
            Err(_) => (panicked(&effect), None),
        };
        // An agent that has stopped needs no answer.
        let _ = home.send_message(AgentMsg::Home(Box::new(Home {
            effect,
            number,
            outcome,
            held,
            cause,
        })));
    });
}

/// What is to be done to fulfil a wish.
fn task(world: Arc<World>, core: &agent::State, order: Order) -> BoxFuture<'static, Answer> {
    let (agent, cancel) = (order.agent, order.flight.cancel);
    match order.effect {
        Effect::CallModel {
            step,
            attempt,
            max_tokens,
        } => {
            let declared = world.offer.declared.clone();
            let prompt = agent::prompt::assemble(core, declared, max_tokens);
            let cwd = core.flow.cwd.clone();
            let ask = model::Ask {
                agent,
                step,
                attempt,
                prompt,
                cwd,
            };
            model::call(world, ask, cancel)
                .map(|outcome| (outcome, None))
                .boxed()
        }
        Effect::Wait { step, attempt, ms } => wait(step, attempt, ms, cancel).boxed(),
        Effect::RunCall { call } => match call::Job::new(core, agent, call) {
            Some(job) => call::run(world, job, cancel).boxed(),
            None => lost(call),
        },
        Effect::CommitCall { call } => match (call::Job::new(core, agent, call), order.held) {
            (Some(job), Some(held)) => call::commit(world, job, held, cancel).boxed(),
            _ => lost(call),
        },
        Effect::SettleCall { call } => settle::settle(core, call).boxed(),
    }
}

async fn wait(step: u32, attempt: u32, ms: u64, cancel: CancellationToken) -> Answer {
    let over = cancel
        .run_until_cancelled(tokio::time::sleep(Duration::from_millis(ms)))
        .await;
    (over.map(|()| Outcome::Waited { step, attempt }), None)
}

/// A call the state does not know: a fault of formic, told to the model rather than waited for.
fn lost(call: CallId) -> BoxFuture<'static, Answer> {
    std::future::ready((Some(internal_fault(call)), None)).boxed()
}

fn internal_fault(call: CallId) -> Outcome {
    let text = "formic failed to run this call; this is a fault of formic, not of the call";
    let result = Box::new(ToolResult::failed(text));
    Outcome::Finished {
        call,
        result,
        span: (Timestamp::default(), Timestamp::default()),
    }
}

/// A bug in a tool or a wire must not leave the agent waiting for ever.
fn panicked(effect: &Effect) -> Option<Outcome> {
    match effect {
        Effect::RunCall { call } | Effect::CommitCall { call } | Effect::SettleCall { call } => {
            Some(internal_fault(*call))
        }
        Effect::CallModel { step, attempt, .. } => Some(model::fault_of_formic(*step, *attempt)),
        Effect::Wait { step, attempt, .. } => Some(Outcome::Waited {
            step: *step,
            attempt: *attempt,
        }),
    }
}
