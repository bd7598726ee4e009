//! The built-in tools: one file of code, one of description and one of schema each.

use protocol::{Action, Claim, ToolResult, ToolStatus};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::context::ReadContext;
use crate::place::Resolved;

pub(crate) mod bash;
pub(crate) mod bash_output;
pub(crate) mod edit;
pub(crate) mod glob;
pub(crate) mod grep;
pub(crate) mod kill_bash;
pub(crate) mod list;
pub(crate) mod memory_note;
pub(crate) mod memory_search;
pub(crate) mod multi_edit;
pub(crate) mod read;
pub(crate) mod task;
pub(crate) mod todo;
pub(crate) mod write;

/// The arguments as a type; the registry has fitted them to the schema already.
fn arguments<T: DeserializeOwned>(args: &Value) -> Result<T, String> {
    T::deserialize(args).map_err(|error| format!("the arguments do not fit: {error}"))
}

fn writes(tool: &str, at: Resolved) -> Claim {
    Claim {
        tool: tool.to_owned(),
        action: Action::Write {
            path: at.path,
            asked: at.asked,
        },
    }
}

fn searches(tool: &str, at: Resolved) -> Claim {
    Claim {
        tool: tool.to_owned(),
        action: Action::Search {
            root: at.path,
            asked: at.asked,
        },
    }
}

fn session(tool: &str) -> Claim {
    Claim {
        tool: tool.to_owned(),
        action: Action::Session,
    }
}

/// Runs a look through a tree where blocking is allowed; an interrupt ends it at the next entry.
async fn looked(
    look: fn(&Value, &ReadContext) -> Result<String, String>,
    args: &Value,
    ctx: &ReadContext,
) -> ToolResult {
    let (args, owned) = (args.clone(), ctx.clone());
    let told = crate::blocking(move || look(&args, &owned)).await;
    if ctx.cancel.is_cancelled() {
        return ToolResult::with_status(ToolStatus::Interrupted, "interrupted before the end");
    }
    told.and_then(|told| told)
        .map_or_else(ToolResult::failed, ToolResult::ok)
}
