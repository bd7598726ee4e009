//! `memory_note`: something the other agents of the run should know, offered to the board.

use std::path::{Path, PathBuf};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use protocol::{Claim, EntryKind, Evidence, Fact, Note, ToolResult};
use serde::Deserialize;
use serde_json::Value;

use super::{arguments, session};
use crate::context::ReadContext;
use crate::place::Place;
use crate::tool::ReadTool;

const KEY_BYTES: usize = 200;
const VALUE_BYTES: usize = 8 * 1024;

/// The tool.
pub(crate) struct MemoryNote;

#[derive(Deserialize)]
struct Args {
    kind: EntryKind,
    key: String,
    value: String,
    #[serde(default)]
    evidence: Vec<String>,
}

impl ReadTool for MemoryNote {
    fn claim(&self, args: &Value, _place: &dyn Place, _cwd: &Path) -> Result<Claim, String> {
        valid(args)?;
        Ok(session("memory_note"))
    }

    fn run<'a>(&'a self, args: &'a Value, ctx: &'a ReadContext) -> BoxFuture<'a, ToolResult> {
        std::future::ready(noted(args, ctx).unwrap_or_else(ToolResult::failed)).boxed()
    }
}

fn noted(args: &Value, ctx: &ReadContext) -> Result<ToolResult, String> {
    let Args {
        kind,
        key,
        value,
        evidence,
    } = valid(args)?;
    let evidence = evidence
        .iter()
        .map(|asked| seen(asked, ctx))
        .collect::<Result<Vec<_>, _>>()?;
    let told = format!("noted {key:?} for the other agents of this run");
    let note = Note {
        kind,
        key,
        value: value.into(),
        evidence,
    };
    Ok(ToolResult::ok(told).knowing(Fact::Noted(Box::new(note))))
}

fn valid(args: &Value) -> Result<Args, String> {
    let args: Args = arguments(args)?;
    if !matches!(args.kind, EntryKind::Fact | EntryKind::Finding) {
        return Err("kind is \"fact\" or \"finding\"; the coordinator writes the others.".into());
    }
    let key = args.key.trim();
    if key.is_empty() || key.len() > KEY_BYTES || key.contains(['\n', '\r']) {
        return Err(format!("key is one line of 1 to {KEY_BYTES} bytes."));
    }
    if args.value.trim().is_empty() || args.value.len() > VALUE_BYTES {
        let bytes = args.value.len();
        return Err(format!(
            "value has {bytes} bytes; say it in 1 to {VALUE_BYTES}."
        ));
    }
    Ok(args)
}

/// A file as this agent saw it: what it never read shows nothing.
fn seen(asked: &str, ctx: &ReadContext) -> Result<Evidence, String> {
    let path: PathBuf = ctx.place.resolve(&ctx.cwd, asked)?.path;
    let content = ctx
        .seen
        .get(&path)
        .ok_or_else(|| format!("evidence {asked:?}: read it first."))?;
    let shown = path.strip_prefix(ctx.place.root()).unwrap_or(&path);
    Ok(Evidence {
        path: shown.display().to_string(),
        content: *content,
    })
}
