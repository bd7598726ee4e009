//! The broker actor: one per session. Every write of every agent asks it, and whoever moves a branch; it resolves
//! each claim exactly once and hands out the lane of the working tree, or the one lane of the repository.
//!
//! May: ask policy, keep lanes. Never: decide by itself, wait for the world.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use protocol::{Action, Claim, Decider, Reason, Verdict};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::oneshot;
use tools::WriteLane;

use crate::law::Law;

/// A resolved claim: the last word, who had it, and the lane to wait in if it was a yes.
pub(crate) struct Resolution {
    pub verdict: Verdict,
    pub by: Decider,
    pub lane: WriteLane,
}

/// What the broker understands.
pub(crate) enum BrokerMsg {
    /// May this be done by someone under this law?
    Resolve {
        claim: Claim,
        law: Arc<Law>,
        answer: oneshot::Sender<Resolution>,
    },
}

pub(crate) struct BrokerActor;

#[derive(Default)]
pub(crate) struct BrokerState {
    /// One lane for each working tree, by its root.
    trees: BTreeMap<PathBuf, WriteLane>,
    /// The lane of the repository's branches.
    integration: WriteLane,
}

impl Actor for BrokerActor {
    type Msg = BrokerMsg;
    type State = BrokerState;
    type Arguments = ();

    async fn pre_start(
        &self,
        _me: ActorRef<BrokerMsg>,
        (): (),
    ) -> Result<BrokerState, ActorProcessingErr> {
        Ok(BrokerState::default())
    }

    async fn handle(
        &self,
        _me: ActorRef<BrokerMsg>,
        BrokerMsg::Resolve { claim, law, answer }: BrokerMsg,
        state: &mut BrokerState,
    ) -> Result<(), ActorProcessingErr> {
        // A panic on one odd command must not leave every later write without a judge.
        let judged = catch_unwind(AssertUnwindSafe(|| law.judge(&claim)));
        let (verdict, by) = unattended(judged.unwrap_or_else(|_| unjudged()));
        let lane = state.lane(&claim, &law);
        // Whoever asked may have been cancelled meanwhile; then nothing happens, which is right.
        let _ = answer.send(Resolution { verdict, by, lane });
        Ok(())
    }
}

impl BrokerState {
    fn lane(&mut self, claim: &Claim, law: &Law) -> WriteLane {
        match claim.action {
            Action::Integrate { .. } => self.integration.clone(),
            Action::Read { .. }
            | Action::Search { .. }
            | Action::Write { .. }
            | Action::Run { .. }
            | Action::Session => {
                let tree = law.root().to_owned();
                self.trees.entry(tree).or_default().clone()
            }
        }
    }
}

/// Asks the broker and waits for its word.
///
/// # Errors
/// A sentence that says that there is no broker any more.
pub(crate) async fn resolve(
    broker: &ActorRef<BrokerMsg>,
    law: &Arc<Law>,
    claim: &Claim,
) -> Result<Resolution, String> {
    let (answer, resolved) = oneshot::channel();
    let (claim, law) = (claim.clone(), law.clone());
    let gone = || "the permission broker has stopped; nothing was written".to_owned();
    let message = BrokerMsg::Resolve { claim, law, answer };
    broker.send_message(message).map_err(|_| gone())?;
    resolved.await.map_err(|_| gone())
}

/// What cannot be judged is not done.
fn unjudged() -> Verdict {
    let text = "formic failed to judge it; this is a fault of formic".to_owned();
    Verdict::Deny(Reason { text, rule: None })
}

/// Nobody is there to be asked: what would ask is denied, with a reason that says how to allow it.
pub(crate) fn unattended(verdict: Verdict) -> (Verdict, Decider) {
    match verdict {
        Verdict::Ask(Reason { text, rule }) => {
            let text = format!(
                "{text}; this needs a person's consent and nobody is there to ask (a rule in --allowedTools would \
                 allow it)"
            );
            (Verdict::Deny(Reason { text, rule }), Decider::Nobody)
        }
        decided @ (Verdict::Allow(_) | Verdict::Deny(_)) => (decided, Decider::Policy),
    }
}
