//! `kill_bash`: a background shell of this session ended.

use std::path::Path;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use protocol::{Claim, ToolResult};
use serde::Deserialize;
use serde_json::Value;

use super::{arguments, session};
use crate::context::ReadContext;
use crate::place::Place;
use crate::shells::{ShellId, ShellState};
use crate::tool::ReadTool;

/// The tool.
pub(crate) struct KillBash;

#[derive(Deserialize)]
struct Args {
    bash_id: ShellId,
}

impl ReadTool for KillBash {
    fn claim(&self, args: &Value, _place: &dyn Place, _cwd: &Path) -> Result<Claim, String> {
        let _: Args = arguments(args)?;
        Ok(session("kill_bash"))
    }

    fn run<'a>(&'a self, args: &'a Value, ctx: &'a ReadContext) -> BoxFuture<'a, ToolResult> {
        async move { end(args, ctx).await.unwrap_or_else(ToolResult::failed) }.boxed()
    }
}

async fn end(args: &Value, ctx: &ReadContext) -> Result<ToolResult, String> {
    let args: Args = arguments(args)?;
    let shell = ctx.shells.get(args.bash_id)?;
    let told = match shell.state() {
        ShellState::Running => {
            shell.end().await;
            format!("{} was ended: {}", args.bash_id, shell.command)
        }
        ShellState::Exited(code) => format!("{} had ended by itself (exit {code})", args.bash_id),
        ShellState::Ended => format!("{} was ended before", args.bash_id),
    };
    Ok(ToolResult::ok(told))
}
