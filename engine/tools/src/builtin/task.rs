//! `task`: a piece of work given to a sub-agent with a context of its own.

use std::path::Path;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use protocol::{Claim, Fact, Kind, TASK_TOOL, ToolResult};
use serde::Deserialize;
use serde_json::Value;

use super::{arguments, session};
use crate::context::ReadContext;
use crate::delegate::{Delegated, Errand};
use crate::place::Place;
use crate::process::output::Output;
use crate::tool::ReadTool;

/// What people see of it, in bytes.
const DESCRIPTION_BYTES: usize = 200;
/// What a sub-agent is told, in bytes.
const PROMPT_BYTES: usize = 64 * 1024;

/// The tool.
pub(crate) struct Task;

#[derive(Deserialize)]
struct Args {
    description: String,
    prompt: String,
    #[serde(default)]
    kind: Wanted,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "snake_case")]
enum Wanted {
    #[default]
    Explore,
    Edit,
}

impl ReadTool for Task {
    fn claim(&self, args: &Value, _place: &dyn Place, _cwd: &Path) -> Result<Claim, String> {
        valid(args)?;
        Ok(session(TASK_TOOL))
    }

    fn run<'a>(&'a self, args: &'a Value, ctx: &'a ReadContext) -> BoxFuture<'a, ToolResult> {
        run(args, ctx).boxed()
    }
}

async fn run(args: &Value, ctx: &ReadContext) -> ToolResult {
    let errand = match valid(args) {
        Ok(errand) => errand,
        Err(told) => return ToolResult::failed(told),
    };
    match &ctx.delegate {
        Some(coordinator) => told(coordinator.delegate(errand).await, ctx).await,
        None => ToolResult::failed("only the coordinator starts agents; do the work yourself"),
    }
}

/// The last words as far as a model can use them, whole in a file if they are longer; what formic says of it below.
async fn told(ended: Delegated, ctx: &ReadContext) -> ToolResult {
    let mut said = Output::new(ctx.spill.join(format!("{}.txt", ctx.call)));
    said.take(ended.said.trim().as_bytes()).await;
    said.flush().await;
    let parts = [Some(said.text()), said.remark(), Some(ended.remark)];
    let parts = parts.into_iter().flatten().filter(|part| !part.is_empty());
    let text = parts.collect::<Vec<_>>().join("\n\n");
    let mut result = ToolResult::with_status(ended.status, text);
    result.facts = ended.facts;
    result
        .facts
        .extend(said.whole().map(|file| Fact::Spilled(file.to_owned())));
    result
}

fn valid(args: &Value) -> Result<Errand, String> {
    let Args {
        description,
        prompt,
        kind,
    } = arguments(args)?;
    let description = description.split_whitespace().collect::<Vec<_>>().join(" ");
    if description.is_empty() || description.len() > DESCRIPTION_BYTES {
        return Err(format!(
            "description is a few words, 1 to {DESCRIPTION_BYTES} bytes."
        ));
    }
    if prompt.trim().is_empty() || prompt.len() > PROMPT_BYTES {
        return Err(format!(
            "prompt has {} bytes; say it in 1 to {PROMPT_BYTES}, and name files instead of copying them.",
            prompt.len()
        ));
    }
    let kind = match kind {
        Wanted::Explore => Kind::Explore,
        Wanted::Edit => Kind::Edit,
    };
    Ok(Errand {
        description,
        prompt,
        kind,
    })
}
