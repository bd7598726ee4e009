//! `list`: a folder as a tree.

use std::fmt::Write as _;
use std::path::Path;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use protocol::{Claim, ToolResult};
use serde::Deserialize;
use serde_json::Value;

use super::{arguments, looked, searches};
use crate::context::ReadContext;
use crate::file::nearest::missing;
use crate::place::Place;
use crate::search::walk::Walk;
use crate::tool::ReadTool;

const MOST: usize = 1_000;
const DEFAULT_DEPTH: u64 = 2;

/// The tool.
pub(crate) struct List;

#[derive(Deserialize)]
struct Args {
    path: Option<String>,
    depth: Option<u64>,
}

impl ReadTool for List {
    fn claim(&self, args: &Value, place: &dyn Place, cwd: &Path) -> Result<Claim, String> {
        let args: Args = arguments(args)?;
        let path = args.path.as_deref().unwrap_or(".");
        Ok(searches("list", place.resolve(cwd, path)?))
    }

    fn run<'a>(&'a self, args: &'a Value, ctx: &'a ReadContext) -> BoxFuture<'a, ToolResult> {
        looked(list, args, ctx).boxed()
    }
}

fn list(args: &Value, ctx: &ReadContext) -> Result<String, String> {
    let args: Args = arguments(args)?;
    let root = ctx
        .place
        .resolve(&ctx.cwd, args.path.as_deref().unwrap_or("."))?
        .path;
    if !root.is_dir() {
        return Err(match root.exists() {
            true => format!("{} is a file: use read.", root.display()),
            false => missing(&root),
        });
    }
    let depth = args
        .depth
        .filter(|depth| *depth > 0)
        .unwrap_or(DEFAULT_DEPTH);
    let walked = Walk {
        root: &root,
        place: ctx.place.as_ref(),
        cancel: &ctx.cancel,
        depth: Some(usize::try_from(depth).unwrap_or(usize::MAX)),
        types: None,
    }
    .entries();
    let mut text = format!("{}/\n", root.display().to_string().trim_end_matches('/'));
    let below = || walked.entries.iter().filter(|entry| entry.depth > 0);
    for entry in below().take(MOST) {
        let name = entry.path.file_name().unwrap_or_default().to_string_lossy();
        let slash = if entry.folder { "/" } else { "" };
        let _ = writeln!(
            text,
            "{:indent$}{name}{slash}",
            "",
            indent = entry.depth * 2
        );
    }
    match below().count() {
        0 => text.push_str("(empty, or everything in it is hidden or ignored)\n"),
        all if all > MOST => {
            let _ = writeln!(
                text,
                "({} more entries; list a folder below, or less depth)",
                all - MOST
            );
        }
        _ => {}
    }
    if walked.forbidden > 0 {
        let _ = writeln!(
            text,
            "({} entries passed over: reading them is not permitted)",
            walked.forbidden
        );
    }
    Ok(text)
}
