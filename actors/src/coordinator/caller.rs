//! The way of a `task` call to the coordinator and back, as its caller's effect goes it.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use protocol::{AgentId, CallId, NodeId, ToolStatus};
use ractor::ActorRef;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tools::{Delegate, Delegated, Errand};

use super::CoordinatorMsg;

/// What a call asks of the coordinator.
pub(crate) struct Order {
    pub call: CallId,
    pub caller: AgentId,
    /// How the caller stood when the call began.
    pub standing: agent::Standing,
    pub errand: Errand,
    pub answer: oneshot::Sender<Delegated>,
}

/// One call, able to ask.
pub(crate) struct Caller {
    pub coordinator: ActorRef<CoordinatorMsg>,
    pub call: CallId,
    pub agent: AgentId,
    pub standing: agent::Standing,
    pub cancel: CancellationToken,
}

impl Delegate for Caller {
    fn delegate(&self, errand: Errand) -> BoxFuture<'_, Delegated> {
        async move {
            let (answer, mut ended) = oneshot::channel();
            let order = Order {
                call: self.call,
                caller: self.agent,
                standing: self.standing.clone(),
                errand,
                answer,
            };
            let sent = self
                .coordinator
                .send_message(CoordinatorMsg::Delegate(Box::new(order)));
            if sent.is_err() {
                return gone();
            }
            let ended = match self.cancel.run_until_cancelled(&mut ended).await {
                Some(ended) => ended,
                None => {
                    let recall = CoordinatorMsg::Recall(NodeId::of_call(self.call));
                    // A coordinator that is gone drops the answer, and with it the wait.
                    let _ = self.coordinator.send_message(recall);
                    ended.await
                }
            };
            ended.unwrap_or_else(|_| gone())
        }
        .boxed()
    }
}

fn gone() -> Delegated {
    Delegated {
        status: ToolStatus::Interrupted,
        said: String::new(),
        remark: "formic's process ended before the sub-agent did".to_owned(),
        facts: Vec::new(),
    }
}
