//! What a sub-agent of a chat is told and offered: the same for all of its kind, so that servers may keep its beginning.

use protocol::{Kind, TASK_TOOL};

use super::{system, tools_of};

const WORKER: &str = include_str!("subagent_worker.md");
const READER: &str = include_str!("subagent_reader.md");

/// The system prompt of a sub-agent of this kind, followed by what the user wants appended.
pub fn system_of_subagent(kind: Kind, append: Option<&str>) -> String {
    let part = if kind.writes() { WORKER } else { READER };
    let mut whole = system(None);
    whole.push('\n');
    whole.push_str(part.trim_end());
    if let Some(more) = append {
        whole.push('\n');
        whole.push_str(more.trim());
    }
    whole
}

/// The tools a sub-agent of this kind is offered, sorted: one that changes files may call sub-agents of its own.
pub fn tools_of_subagent(kind: Kind) -> Vec<&'static str> {
    let own = tools_of(kind).iter().copied();
    let mut tools: Vec<_> = own.chain(kind.writes().then_some(TASK_TOOL)).collect();
    tools.sort_unstable();
    tools
}
