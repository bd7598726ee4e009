//! Model calls that come to nothing, in few words.

use protocol::{
    Event, FaultKind, ModelEvent, ModelFault, PauseCause, PlanEvent, RetryHint, TurnEnd,
};

use super::given_run::Sim;
use crate::given::node;

fn of(kind: FaultKind, status: Option<u16>) -> ModelFault {
    ModelFault {
        kind,
        status,
        message: "no".into(),
        retry: RetryHint::Never,
        billed: false,
        heard: None,
    }
}

/// The end of a turn whose model call failed for good.
pub(crate) fn fault(kind: FaultKind) -> TurnEnd {
    TurnEnd::Failed(of(kind, None))
}

/// What a gateway says, or the server itself, by its status.
pub(crate) fn answered(status: u16) -> ModelFault {
    of(FaultKind::Overloaded, Some(status))
}

/// Nothing came, and then the connection broke.
pub(crate) fn broken() -> ModelFault {
    of(FaultKind::Broken, None)
}

pub(crate) fn requested() -> Event {
    Event::Model(ModelEvent::Requested {
        step: 0,
        reserved: 1,
        max_tokens: None,
    })
}

/// Why the run paused last, as its journal says.
pub(crate) fn paused(sim: &Sim) -> Option<&PauseCause> {
    sim.journal
        .iter()
        .rev()
        .find_map(|record| match &record.event {
            Event::Plan(PlanEvent::Paused { cause }) => Some(cause),
            _ => None,
        })
}

/// That there is no model to ask, as a node found out.
pub(crate) fn lack(n: usize, fault: ModelFault) -> PauseCause {
    let node = node(n);
    PauseCause::NoModel { node, fault }
}

/// A call that is made again.
pub(crate) fn made_again(fault: &ModelFault) -> Event {
    Event::Model(ModelEvent::Retried {
        step: 0,
        attempt: 1,
        fault: fault.clone(),
        wait_ms: 1,
        charge: None,
        room: None,
    })
}

/// A call that is not made again.
pub(crate) fn call_failed(fault: &ModelFault) -> Event {
    Event::Model(ModelEvent::Failed {
        step: 0,
        fault: fault.clone(),
        charge: None,
        limit: None,
    })
}
