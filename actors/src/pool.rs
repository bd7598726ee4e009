//! The pool actor: one per provider of a run. Every model call of every agent waits its turn here; a provider that is
//! asked too much is left alone by all of them, and no agent counts that as a failure of its own.
//!
//! May: ask the scheduler for the pace, keep who waits. Never: await a model, look into a prompt.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use protocol::{FaultKind, ModelFault, ModelTraits, Reply, RetryHint};
use providers::{Exchange, ModelListing, Provider, Wire};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use scheduler::{Pace, Round, Turn};
use tokio::sync::oneshot;

use crate::source::Source;

/// What a pool understands.
pub(crate) enum PoolMsg {
    /// One more call wants to begin.
    Begin(oneshot::Sender<Ticket>),
    /// A call got its reply.
    Replied,
    /// A call ended otherwise.
    Ended,
    /// The provider was asked too much and wants to be left alone for so many milliseconds; the answer says whether
    /// to ask again.
    Complained(Round, Option<u64>, oneshot::Sender<bool>),
    /// A pause is over.
    Due,
}

pub(crate) struct PoolActor;

pub(crate) struct PoolState {
    pace: Pace,
    waiting: VecDeque<oneshot::Sender<Ticket>>,
    source: Arc<dyn Source>,
    /// The moment for which a waking is under way.
    due: Option<u64>,
}

impl Actor for PoolActor {
    type Msg = PoolMsg;
    type State = PoolState;
    type Arguments = Arc<dyn Source>;

    async fn pre_start(
        &self,
        _me: ActorRef<PoolMsg>,
        source: Arc<dyn Source>,
    ) -> Result<PoolState, ActorProcessingErr> {
        Ok(PoolState {
            pace: Pace::default(),
            waiting: VecDeque::new(),
            source,
            due: None,
        })
    }

    async fn handle(
        &self,
        me: ActorRef<PoolMsg>,
        message: PoolMsg,
        state: &mut PoolState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            PoolMsg::Begin(answer) => state.waiting.push_back(answer),
            PoolMsg::Replied => state.pace.replied(),
            PoolMsg::Ended => state.pace.ended(),
            PoolMsg::Complained(round, wait_ms, answer) => {
                let (now, dice) = (state.source.millis(), state.source.dice());
                let again = state.pace.complained(round, now, wait_ms, dice);
                let _ = answer.send(again);
            }
            PoolMsg::Due => state.due = None,
        }
        state.admit(&me);
        Ok(())
    }
}

impl PoolState {
    /// Lets in as many as the pace allows, in the order in which they came.
    fn admit(&mut self, me: &ActorRef<PoolMsg>) {
        // Whoever was cancelled meanwhile waits for nothing.
        self.waiting.retain(|answer| !answer.is_closed());
        while let Some(answer) = self.waiting.pop_front() {
            let now = self.source.millis();
            match self.pace.begin(now) {
                Turn::Now(round) => {
                    let pool = me.clone();
                    let is_open = true;
                    // A ticket nobody takes comes back by being dropped.
                    let _ = answer.send(Ticket {
                        pool,
                        round,
                        is_open,
                    });
                }
                Turn::At(moment) => {
                    self.waiting.push_front(answer);
                    return self.wake_at(moment, now, me);
                }
                Turn::Full => return self.waiting.push_front(answer),
            }
        }
    }

    fn wake_at(&mut self, moment: u64, now: u64, me: &ActorRef<PoolMsg>) {
        if self.due.is_none_or(|due| moment < due) {
            self.due = Some(moment);
            let pause = Duration::from_millis(moment.saturating_sub(now));
            drop(me.send_after(pause, || PoolMsg::Due));
        }
    }
}

/// Leave to make one call; dropping it says that the call is over.
pub(crate) struct Ticket {
    pool: ActorRef<PoolMsg>,
    round: Round,
    is_open: bool,
}

impl Ticket {
    fn replied(mut self) {
        self.is_open = false;
        let _ = self.pool.send_message(PoolMsg::Replied);
    }

    /// Whether to ask again.
    async fn complained(mut self, wait_ms: Option<u64>) -> bool {
        self.is_open = false;
        let (answer, again) = oneshot::channel();
        let message = PoolMsg::Complained(self.round, wait_ms, answer);
        self.pool.send_message(message).is_ok() && again.await.unwrap_or(false)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.is_open {
            let _ = self.pool.send_message(PoolMsg::Ended);
        }
    }
}

/// A provider whose calls wait their turn.
pub(crate) struct Pooled {
    pub provider: Arc<dyn Provider>,
    pub pool: ActorRef<PoolMsg>,
}

impl Pooled {
    async fn ticket(&self) -> Option<Ticket> {
        let (answer, admitted) = oneshot::channel();
        self.pool.send_message(PoolMsg::Begin(answer)).ok()?;
        admitted.await.ok()
    }

    async fn paced(&self, exchange: Exchange<'_>) -> Result<Reply, ModelFault> {
        loop {
            let Some(ticket) = self.ticket().await else {
                return Err(closed());
            };
            let this = Exchange {
                prompt: exchange.prompt,
                new_call: exchange.new_call,
                deltas: exchange.deltas,
            };
            let fault = match self.provider.exchange(this).await {
                Ok(reply) => {
                    ticket.replied();
                    return Ok(reply);
                }
                Err(fault) => fault,
            };
            match complaint(&fault) {
                Some(wait_ms) if ticket.complained(wait_ms).await => {}
                Some(_) | None => return Err(fault),
            }
        }
    }
}

/// How long a provider that was asked too much wants to be left alone, if that is what the fault says.
fn complaint(fault: &ModelFault) -> Option<Option<u64>> {
    match (fault.kind, fault.retry) {
        (FaultKind::RateLimited, RetryHint::AfterMs(ms)) => Some(Some(ms)),
        (FaultKind::RateLimited, RetryHint::Backoff) => Some(None),
        _ => None,
    }
}

fn closed() -> ModelFault {
    ModelFault {
        kind: FaultKind::Broken,
        status: None,
        message: "the pool of model calls has been closed".to_owned(),
        retry: RetryHint::Never,
        billed: false,
        heard: None,
    }
}

impl Provider for Pooled {
    fn exchange<'a>(&'a self, exchange: Exchange<'a>) -> BoxFuture<'a, Result<Reply, ModelFault>> {
        self.paced(exchange).boxed()
    }

    fn models(&self) -> BoxFuture<'_, Result<Vec<ModelListing>, ModelFault>> {
        self.provider.models()
    }

    fn traits(&self, model: &str) -> ModelTraits {
        self.provider.traits(model)
    }

    fn wire(&self) -> Wire {
        self.provider.wire()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures_util::future::join_all;
    use protocol::{Prompt, StopReason, Timestamp};
    use tokio::time::{Instant, sleep};
    use uuid::Uuid;

    use super::*;

    const AGENTS: usize = 40;
    const CALLS: usize = 2;
    const REQUESTS: usize = 10;
    const MINUTE: Duration = Duration::from_secs(60);
    const REPLYING: Duration = Duration::from_millis(200);

    /// The runtime's clock, which jumps to the next moment anybody waits for as soon as all wait.
    struct Virtual(Instant);

    impl Source for Virtual {
        fn now(&self) -> Timestamp {
            Timestamp(self.millis())
        }

        fn millis(&self) -> u64 {
            self.0.elapsed().as_millis().try_into().unwrap()
        }

        fn uuid(&self) -> Uuid {
            Uuid::nil()
        }

        fn dice(&self) -> u16 {
            500
        }
    }

    /// Lets so many requests through in any minute and tells the others when to come again.
    #[derive(Default)]
    struct Limited {
        taken: Mutex<VecDeque<Instant>>,
        refused: Mutex<usize>,
    }

    impl Limited {
        fn take(&self) -> Result<(), ModelFault> {
            let now = Instant::now();
            let mut taken = self.taken.lock().unwrap();
            taken.retain(|at| *at + MINUTE > now);
            if taken.len() < REQUESTS {
                taken.push_back(now);
                return Ok(());
            }
            *self.refused.lock().unwrap() += 1;
            let wait = taken[0] + MINUTE - now;
            Err(ModelFault {
                kind: FaultKind::RateLimited,
                retry: RetryHint::AfterMs(wait.as_millis().try_into().unwrap()),
                ..closed()
            })
        }
    }

    impl Provider for Limited {
        fn exchange<'a>(&'a self, _: Exchange<'a>) -> BoxFuture<'a, Result<Reply, ModelFault>> {
            async {
                self.take()?;
                sleep(REPLYING).await;
                Ok(Reply {
                    model: "m".to_owned(),
                    content: Vec::new(),
                    stop: StopReason::EndTurn,
                    usage: None,
                    cost: None,
                    oddities: Vec::new(),
                })
            }
            .boxed()
        }

        fn models(&self) -> BoxFuture<'_, Result<Vec<ModelListing>, ModelFault>> {
            unreachable!("nobody asks for models")
        }

        fn traits(&self, _: &str) -> ModelTraits {
            unreachable!("nobody asks for traits")
        }

        fn wire(&self) -> Wire {
            Wire::Anthropic
        }
    }

    async fn agent(pooled: &Pooled) -> usize {
        let prompt = Prompt {
            model: "m".to_owned(),
            system: "".into(),
            tools: [].into(),
            messages: Vec::new(),
            max_tokens: 1,
        };
        for call in 0..CALLS {
            let exchange = Exchange {
                prompt: &prompt,
                new_call: &|| unreachable!("no reply calls a tool"),
                deltas: &|_| {},
            };
            if pooled.exchange(exchange).await.is_err() {
                return call;
            }
        }
        CALLS
    }

    #[tokio::test(start_paused = true)]
    async fn forty_agents_get_nearly_all_that_a_slow_provider_allows() {
        let began = Instant::now();
        let source: Arc<dyn Source> = Arc::new(Virtual(began));
        let (pool, _) = Actor::spawn(None, PoolActor, source).await.unwrap();
        let provider = Arc::new(Limited::default());
        let pooled = Pooled {
            provider: provider.clone(),
            pool: pool.clone(),
        };

        let replies = join_all((0..AGENTS).map(|_| agent(&pooled))).await;

        assert!(replies.iter().all(|replies| *replies == CALLS));
        let refused = *provider.refused.lock().unwrap();
        assert!(refused > 0, "there was no storm");
        // The first window's worth is there at once.
        let windows = u32::try_from(AGENTS * CALLS / REQUESTS).unwrap() - 1;
        let (least, took) = (MINUTE * windows + REPLYING, began.elapsed());
        let share = least.as_secs_f64() / took.as_secs_f64();
        assert!(share >= 0.9, "{share} in {took:?}, {refused} refused");
        pool.stop(None);
    }
}
