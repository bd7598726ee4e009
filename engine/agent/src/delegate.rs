//! How an agent stands when it asks for sub-agents: what its limits leave, and which of its calls wait for one.

use protocol::{CallId, Limits};

use crate::flow::Flow;

/// How an agent stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// What its limits leave. What its sub-agents use is in there once their calls have ended.
    pub left: Limits,
    /// Its calls of the newest reply that a sub-agent works on, or is to.
    pub open: Vec<CallId>,
    /// Whether its turn is being stopped: then no sub-agent begins any more.
    pub is_stopping: bool,
}

/// How an agent stands now.
pub fn standing(flow: &Flow) -> Standing {
    let open = flow.calls.iter().filter(|slot| slot.is_delegated());
    Standing {
        left: flow.limits().less(&flow.spent.spending()),
        open: open.map(|slot| slot.plan.call).collect(),
        is_stopping: flow.is_stopping(),
    }
}
