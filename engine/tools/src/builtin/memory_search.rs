//! `memory_search`: what the other agents of the run have noted.

use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use protocol::{BoardEntry, Claim, EntryKind, Evidence, ToolResult};
use serde::Deserialize;
use serde_json::Value;

use super::{arguments, session};
use crate::context::ReadContext;
use crate::place::Place;
use crate::settle::content_id;
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
    let (asked, place) = (query.clone(), Arc::clone(&ctx.place));
    let told = crate::blocking(move || {
        let entries = board.search(&asked, MOST)?;
        let told = entries.iter().map(|entry| told(entry, place.as_ref()));
        Ok::<String, String>(told.collect())
    });
    let told = told.await??;
    match told.is_empty() {
        true => Ok(format!("nothing was noted about {query:?} yet")),
        false => Ok(told),
    }
}

/// Notes are other agents' words: shown as quotations, never as instructions.
fn told(entry: &BoardEntry, place: &dyn Place) -> String {
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
    let evidence = &entry.origin.evidence;
    if !evidence.is_empty() {
        let _ = write!(told, "(shown by {}", names(evidence.iter()));
        let stale = names(evidence.iter().filter(|one| is_stale(one, place)));
        if !stale.is_empty() {
            let _ = write!(told, "; here these are no longer what they were: {stale}");
        }
        told.push_str(")\n");
    }
    told
}

fn names<'a>(evidence: impl Iterator<Item = &'a Evidence>) -> String {
    let quoted = evidence.map(|one| format!("{:?}", one.path));
    quoted.collect::<Vec<_>>().join(", ")
}

/// Whether a file is not what it was when it was noted, in the tree of whoever asks. Of one that may not be read nothing is
/// said.
fn is_stale(evidence: &Evidence, place: &dyn Place) -> bool {
    let found = place.resolve(place.root(), &evidence.path).ok();
    let path = found.filter(|found| place.may_read(&found.path));
    let now = path.map(|found| content_id(&found.path));
    now.is_some_and(|now| now.is_ok_and(|now| now != Some(evidence.content)))
}
