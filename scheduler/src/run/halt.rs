//! When there is no model to ask: the key is refused, the server is dead, or nothing is heard of it by anybody.

use protocol::{FailureClass, NodeId};

use super::node_run::NodeRun;
use super::{Run, purse};

/// How often in a row a node halts the run because nothing was heard of its model: what nobody sees to may be its own
/// prompt, and others are to go on.
const SILENCES: u32 = 3;

/// Whether an attempt ended because there was no model to ask, be it that it found that out or was ended for it.
pub(super) fn is_why(run: &Run, node: NodeId, class: FailureClass) -> bool {
    let Some(state) = run.nodes.get(&node) else {
        return false;
    };
    match class {
        FailureClass::Model => state.turn.is_halt,
        FailureClass::Stopped => run.stage.lacks_model,
        // Its time ended while it was asked again and again; where the run's own is over, that is why.
        FailureClass::Deadline => {
            purse::time_left(run) != Some(0) && is_unheard(state, run.clock.heard)
        }
        _ => false,
    }
}

/// Whether a node's call was not answered, and nothing was heard of any model since it was made. Where others were
/// answered, the prompt may be why; and where this node halted the run often enough.
pub(super) fn is_unheard(state: &NodeRun, heard: u64) -> bool {
    let call = state.turn.call.filter(|call| call.is_mute);
    call.is_some_and(|call| call.heard == heard) && state.rungs.silences < SILENCES
}
