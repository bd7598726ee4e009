//! The effects a state wishes for. Derived, never stored: after a crash the same state wishes the same again.

use protocol::{CallId, Effect, Intent, claim};

use crate::flow::{Flow, Phase, Slot, SlotState};
use crate::state::State;

/// Every effect `state` wishes for now, in the order in which they may start. A carrier starts those
/// it does not have under way, and cancels those it has under way that are no longer wished for.
pub fn wishes(state: &State) -> Vec<Effect> {
    let flow = &state.flow;
    match &flow.phase {
        Phase::Resting | Phase::Due | Phase::Answered { .. } | Phase::Failed { .. } => Vec::new(),
        Phase::Calling { attempt, room } => vec![Effect::CallModel {
            step: flow.step,
            attempt: *attempt,
            max_tokens: room.max_tokens,
        }],
        Phase::Waiting { attempt, ms, .. } => {
            vec![Effect::Wait {
                step: flow.step,
                attempt: *attempt,
                ms: *ms,
            }]
        }
        Phase::Acting => acting(flow),
        Phase::Stopping { .. } => flow.calls.iter().filter_map(stopping).collect(),
    }
}

fn acting(flow: &Flow) -> Vec<Effect> {
    let wish = |(at, slot): (usize, &Slot)| match &slot.state {
        SlotState::Open => may_start(&flow.calls, at).then_some(Effect::RunCall {
            call: slot.plan.call,
        }),
        SlotState::Started(_) | SlotState::InDoubt(_) => ending(slot),
        SlotState::Done(_) => None,
    };
    flow.calls.iter().enumerate().filter_map(wish).collect()
}

/// Whether `call` is one whose run is wished for now.
pub(crate) fn runnable(calls: &[Slot], call: CallId) -> bool {
    let at = calls.iter().position(|slot| slot.plan.call == call);
    at.is_some_and(|at| calls[at].state == SlotState::Open && may_start(calls, at))
}

/// A call may start when no earlier call that is not done stands in its way: the outcome must be as
/// if the calls had run one after another.
fn may_start(calls: &[Slot], at: usize) -> bool {
    let this = &calls[at].plan;
    calls[..at]
        .iter()
        .filter(|slot| !slot.is_done())
        .all(|earlier| {
            let both_write = earlier.plan.writes && this.writes;
            !both_write && !claim::conflict(&earlier.plan.accesses, &this.accesses)
        })
        && this.refusal.is_none()
}

/// What is still to come to its end before the turn may.
fn stopping(slot: &Slot) -> Option<Effect> {
    let call = slot.plan.call;
    slot.is_delegated()
        .then_some(Effect::RunCall { call })
        .or_else(|| ending(slot))
}

/// What brings a write that has started to its end.
fn ending(slot: &Slot) -> Option<Effect> {
    let call = slot.plan.call;
    match &slot.state {
        SlotState::Started(_) => Some(Effect::CommitCall { call }),
        SlotState::InDoubt(Intent::File { .. }) => Some(Effect::SettleCall { call }),
        SlotState::InDoubt(Intent::Command { .. }) | SlotState::Open | SlotState::Done(_) => None,
    }
}
