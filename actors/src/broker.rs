//! The broker actor: one per session. Every write of every agent asks it; it resolves each claim exactly
//! once and hands out the lane of the working tree.
//!
//! May: ask policy, keep lanes. Never: decide by itself, wait for the world.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use protocol::{Claim, Decider, Reason, Verdict};
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
    /// May this be done in the working tree at this root?
    Resolve {
        claim: Claim,
        root: PathBuf,
        answer: oneshot::Sender<Resolution>,
    },
}

pub(crate) struct BrokerActor;

pub(crate) struct BrokerState {
    law: Arc<Law>,
    lanes: BTreeMap<PathBuf, WriteLane>,
}

impl Actor for BrokerActor {
    type Msg = BrokerMsg;
    type State = BrokerState;
    type Arguments = Arc<Law>;

    async fn pre_start(
        &self,
        _me: ActorRef<BrokerMsg>,
        law: Arc<Law>,
    ) -> Result<BrokerState, ActorProcessingErr> {
        Ok(BrokerState {
            law,
            lanes: BTreeMap::new(),
        })
    }

    async fn handle(
        &self,
        _me: ActorRef<BrokerMsg>,
        BrokerMsg::Resolve {
            claim,
            root,
            answer,
        }: BrokerMsg,
        state: &mut BrokerState,
    ) -> Result<(), ActorProcessingErr> {
        // A panic on one odd command must not leave every later write without a judge.
        let judged = catch_unwind(AssertUnwindSafe(|| state.law.judge(&claim)));
        let (verdict, by) = unattended(judged.unwrap_or_else(|_| unjudged()));
        let lane = state.lanes.entry(root).or_default().clone();
        // Whoever asked may have been cancelled meanwhile; then nothing happens, which is right.
        let _ = answer.send(Resolution { verdict, by, lane });
        Ok(())
    }
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
