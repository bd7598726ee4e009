//! Prompt assembly: the stable system prompt, the context that goes before a turn, and the whole prompt of a call.

mod board;
mod context;
mod node;
mod subagent;
mod system;

use std::sync::Arc;

use protocol::{Prompt, ToolDecl};

use crate::state::State;

pub use board::told_by_others;
pub use context::{Environment, environment, instructions};
pub use node::{Brief, Handoff, again, planning, replanning, reviewed, system_of, tools_of};
pub use subagent::{system_of_subagent, tools_of_subagent};
pub use system::system;

/// The prompt of the next model call. Messages are shared, not copied.
pub fn assemble(state: &State, tools: Arc<[ToolDecl]>, max_tokens: Option<u64>) -> Prompt {
    let setup = state.flow.setup.as_ref();
    let model_max = setup.map_or(0, |setup| setup.traits.max_output);
    Prompt {
        model: setup
            .map(|setup| setup.model.model.clone())
            .unwrap_or_default(),
        system: setup
            .map(|setup| setup.system.as_str().as_ref().into())
            .unwrap_or_default(),
        tools,
        messages: state.messages.clone(),
        max_tokens: max_tokens.unwrap_or(model_max),
    }
}
