//! When there is no model to ask: the key is refused, the server is dead, or nothing is heard of it by anybody.

use protocol::{FailureClass, ModelFault, NodeId, PauseCause, TurnEnd};

use super::node_run::NodeRun;
use super::{Run, purse};

/// How often in a row a node halts the run because nothing was heard of its model: what nobody sees to may be its own
/// prompt, and others are to go on.
const SILENCES: u32 = 3;

/// Takes in that a node's call was not answered because there is no model to ask. Who finds that out first is told of.
pub(super) fn learn(run: &mut Run, node: NodeId, fault: &ModelFault) {
    run.stage.lack.get_or_insert_with(|| PauseCause::NoModel {
        node,
        fault: fault.clone(),
    });
}

/// What was said of the last call of a turn that ended because there is no model to ask.
pub(super) fn of_turn<'a>(state: &NodeRun, end: &'a TurnEnd, heard: u64) -> Option<&'a ModelFault> {
    match end {
        TurnEnd::Failed(fault) if unheard(state, heard).is_some() => Some(fault),
        end => end.no_model(),
    }
}

/// Whether an attempt ended because there was no model to ask, be it that it found that out or was ended for it.
pub(super) fn is_why(run: &Run, node: NodeId, class: FailureClass) -> bool {
    let Some(state) = run.nodes.get(&node) else {
        return false;
    };
    match class {
        FailureClass::Model => state.turn.is_halt,
        FailureClass::Stopped => run.stage.lack.is_some(),
        // Its time ended while it was asked again and again; where the run's own is over, that is why.
        FailureClass::Deadline => {
            purse::time_left(run) != Some(0) && unheard(state, run.clock.heard).is_some()
        }
        _ => false,
    }
}

/// What was said of a node's call, if it was not answered and nothing was heard of any model since it was made. Where
/// others were answered, the prompt may be why; and where this node halted the run often enough.
pub(super) fn unheard(state: &NodeRun, heard: u64) -> Option<&ModelFault> {
    let call = state.turn.call.as_ref();
    let call = call.filter(|call| call.heard == heard && state.rungs.silences < SILENCES);
    call?.mute.as_ref()
}
