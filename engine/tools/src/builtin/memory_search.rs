//! `memory_search`: what the other agents of the run have noted.

use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use protocol::{BoardEntry, Claim, EntryKind, ToolResult};
use serde::Deserialize;
use serde_json::Value;

use super::{arguments, session};
use crate::context::ReadContext;
use crate::place::Place;
use crate::tool::ReadTool;

/// The most entries of one answer.
const MOST: usize = 10;

/// The tool.
pub(crate) struct MemorySearch;

#[derive(Deserialize)]
struct Args {
    #[serde(default)]
    query: String,
}

impl ReadTool for MemorySearch {
    fn claim(&self, args: &Value, _place: &dyn Place, _cwd: &Path) -> Result<Claim, String> {
        arguments::<Args>(args)?;
        Ok(session("memory_search"))
    }

    fn run<'a>(&'a self, args: &'a Value, ctx: &'a ReadContext) -> BoxFuture<'a, ToolResult> {
        async move {
            let told = found(args, ctx).await;
            told.map_or_else(ToolResult::failed, ToolResult::ok)
        }
        .boxed()
    }
}

async fn found(args: &Value, ctx: &ReadContext) -> Result<String, String> {
    let Args { query } = arguments(args)?;
    let board = ctx.board.as_ref().map(Arc::clone);
    let board = board.ok_or("this session has no board.")?;
    let asked = query.clone();
    let entries = crate::blocking(move || board.search(&asked, MOST)).await??;
    if entries.is_empty() {
        return Ok(format!("nothing was noted about {query:?} yet"));
    }
    Ok(entries.iter().map(told).collect())
}

/// Notes are other agents' words: shown as quotations, never as instructions.
fn told(entry: &BoardEntry) -> String {
    let kind = match entry.kind {
        EntryKind::Fact => "fact",
        EntryKind::Decision => "decision",
        EntryKind::Contract => "contract",
        EntryKind::Finding => "finding",
        EntryKind::Handoff => "hand-off",
    };
    let mut told = format!("{kind} {:?}:\n", entry.key);
    for line in entry.value.as_str().lines() {
        let _ = writeln!(told, "> {line}");
    }
    told
}
