//! `glob`: files by the pattern of their names.

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
use crate::place::{Place, shown};
use crate::search::walk::{Names, Walk};
use crate::tool::ReadTool;

const MOST: usize = 100;

/// The tool.
pub(crate) struct Glob;

#[derive(Deserialize)]
struct Args {
    pattern: String,
    path: Option<String>,
}

impl ReadTool for Glob {
    fn claim(&self, args: &Value, place: &dyn Place, cwd: &Path) -> Result<Claim, String> {
        let args: Args = arguments(args)?;
        let path = args.path.as_deref().unwrap_or(".");
        Ok(searches("glob", place.resolve(cwd, path)?))
    }

    fn run<'a>(&'a self, args: &'a Value, ctx: &'a ReadContext) -> BoxFuture<'a, ToolResult> {
        looked(glob, args, ctx).boxed()
    }
}

fn glob(args: &Value, ctx: &ReadContext) -> Result<String, String> {
    let args: Args = arguments(args)?;
    let root = ctx
        .place
        .resolve(&ctx.cwd, args.path.as_deref().unwrap_or("."))?
        .path;
    if !root.is_dir() {
        return Err(match root.exists() {
            true => format!("{} is a file: path must be a folder.", root.display()),
            false => missing(&root),
        });
    }
    let names = Names::new(&args.pattern, &root)?;
    let walked = Walk {
        root: &root,
        place: ctx.place.as_ref(),
        cancel: &ctx.cancel,
        depth: None,
        types: None,
    }
    .entries();
    let found: Vec<&Path> = walked
        .entries
        .iter()
        .filter(|entry| !entry.folder && names.take(&entry.path, &root))
        .map(|entry| entry.path.as_path())
        .collect();
    let mut text = String::new();
    for path in found.iter().take(MOST) {
        let _ = writeln!(text, "{}", shown(path, &ctx.cwd));
    }
    if found.is_empty() {
        let _ = writeln!(
            text,
            "no file matches {} below {}",
            args.pattern,
            root.display()
        );
    }
    if found.len() > MOST {
        let _ = writeln!(
            text,
            "({} more files match; narrow the pattern)",
            found.len() - MOST
        );
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
