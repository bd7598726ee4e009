//! `write`: a new file, or all of one replaced.

use std::path::Path;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use protocol::{Claim, ToolResult};
use serde::Deserialize;
use serde_json::Value;

use super::{arguments, writes};
use crate::context::{ReadContext, WriteContext};
use crate::file::change::{Target, commit};
use crate::place::Place;
use crate::tool::{Prepared, WriteTool};

/// The tool.
pub(crate) struct WriteFile;

#[derive(Deserialize)]
struct Args {
    file_path: String,
    content: String,
}

impl WriteTool for WriteFile {
    fn claim(&self, args: &Value, place: &dyn Place, cwd: &Path) -> Result<Claim, String> {
        let args: Args = arguments(args)?;
        Ok(writes("write", place.resolve(cwd, &args.file_path)?))
    }

    fn prepare<'a>(
        &'a self,
        args: &'a Value,
        ctx: &'a ReadContext,
    ) -> BoxFuture<'a, Result<Prepared, ToolResult>> {
        async move {
            let args: Args = arguments(args).map_err(ToolResult::failed)?;
            let ctx = ctx.clone();
            crate::blocking(move || prepare(args, &ctx))
                .await
                .map_err(ToolResult::failed)?
        }
        .boxed()
    }

    fn commit<'a>(
        &'a self,
        prepared: Prepared,
        ctx: &'a WriteContext<'a>,
    ) -> BoxFuture<'a, ToolResult> {
        commit(prepared, ctx).boxed()
    }
}

fn prepare(args: Args, ctx: &ReadContext) -> Result<Prepared, ToolResult> {
    let target = Target::take(&args.file_path, ctx).map_err(ToolResult::failed)?;
    let same = |whole: &crate::file::whole::Whole| whole.bytes == args.content.as_bytes();
    if target.before.as_ref().is_some_and(same) {
        return Err(ToolResult::ok(format!(
            "{} already has exactly this content; nothing was written.",
            target.path().display()
        )));
    }
    let claim = writes("write", target.at.clone());
    Ok(target.becomes(args.content, false, claim))
}
