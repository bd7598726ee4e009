//! Model calls that come to nothing, in few words.

use protocol::{Event, FaultKind, ModelEvent, ModelFault, RetryHint, TurnEnd};

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
