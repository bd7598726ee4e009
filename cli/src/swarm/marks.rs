//! The mark and the colour of each state of a node.

use views::NodeState;

use super::draw::Strokes;

/// One character for a state.
pub const fn mark(state: NodeState, strokes: Strokes) -> char {
    match (strokes, state) {
        (Strokes::Box, NodeState::Waiting) => '·',
        (Strokes::Box, NodeState::Ready) => '○',
        (Strokes::Box, NodeState::Working) => '●',
        (Strokes::Box, NodeState::Inspecting) => '◐',
        (Strokes::Box, NodeState::Queued) => '◔',
        (Strokes::Box, NodeState::InBatch) => '◑',
        (Strokes::Box, NodeState::Done) => '✓',
        (Strokes::Box, NodeState::Failed) => '✗',
        (Strokes::Box, NodeState::Skipped | NodeState::Cancelled) => '–',
        (Strokes::Ascii, NodeState::Waiting) => '.',
        (Strokes::Ascii, NodeState::Ready) => 'o',
        (Strokes::Ascii, NodeState::Working) => '*',
        (Strokes::Ascii, NodeState::Inspecting) => '?',
        (Strokes::Ascii, NodeState::Queued) => 'q',
        (Strokes::Ascii, NodeState::InBatch) => 'm',
        (Strokes::Ascii, NodeState::Done) => '+',
        (Strokes::Ascii, NodeState::Failed) => 'x',
        (Strokes::Ascii, NodeState::Skipped | NodeState::Cancelled) => '-',
    }
}

/// The number of the colour a terminal shows a state in.
pub const fn colour(state: NodeState) -> u8 {
    match state {
        NodeState::Waiting | NodeState::Skipped | NodeState::Cancelled => 90,
        NodeState::Ready => 39,
        NodeState::Working => 36,
        NodeState::Inspecting | NodeState::Queued | NodeState::InBatch => 33,
        NodeState::Done => 32,
        NodeState::Failed => 31,
    }
}
