//! `bash_output`: what a background shell said since the last look.

use std::path::Path;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use grep_matcher::Matcher;
use protocol::{Claim, Fact, ToolResult};
use serde::Deserialize;
use serde_json::Value;

use super::{arguments, session};
use crate::context::ReadContext;
use crate::place::Place;
use crate::search::lines::Looking;
use crate::shells::{ShellId, ShellState};
use crate::tool::ReadTool;

/// The tool.
pub(crate) struct BashOutput;

#[derive(Deserialize)]
struct Args {
    bash_id: ShellId,
    filter: Option<String>,
}

impl ReadTool for BashOutput {
    fn claim(&self, args: &Value, _place: &dyn Place, _cwd: &Path) -> Result<Claim, String> {
        let _: Args = arguments(args)?;
        Ok(session("bash_output"))
    }

    fn run<'a>(&'a self, args: &'a Value, ctx: &'a ReadContext) -> BoxFuture<'a, ToolResult> {
        async move { look(args, ctx).await.unwrap_or_else(ToolResult::failed) }.boxed()
    }
}

async fn look(args: &Value, ctx: &ReadContext) -> Result<ToolResult, String> {
    let args: Args = arguments(args)?;
    let shell = ctx.shells.get(args.bash_id)?;
    let filter = match &args.filter {
        Some(filter) => Some(Looking::default().matcher(filter)?),
        None => None,
    };
    // Asked before the output is taken: what an ended shell said is all there then.
    let state = shell.state();
    let (news, remark, whole) = {
        let mut output = shell.output.lock().await;
        let remark = output.remark();
        (
            output.news().await,
            remark,
            output.whole().map(Path::to_owned),
        )
    };
    let mut text = String::new();
    for line in news.lines() {
        let keep = filter
            .as_ref()
            .is_none_or(|filter| filter.is_match(line.as_bytes()).unwrap_or(true));
        if keep {
            text.push_str(line);
            text.push('\n');
        }
    }
    if text.is_empty() {
        text.push_str("(nothing new)\n");
    }
    let (how, exited) = match state {
        ShellState::Running => ("runs".to_owned(), None),
        ShellState::Exited(code) => (format!("exit {code}"), Some(code)),
        ShellState::Ended => ("was ended".to_owned(), None),
    };
    text.push_str(&format!("({} {how}: {})\n", args.bash_id, shell.command));
    text.extend(remark.map(|remark| remark + "\n"));
    let mut result = ToolResult::ok(text);
    result.facts.extend(exited.map(Fact::Exited));
    result.facts.extend(whole.map(Fact::Spilled));
    Ok(result)
}
