//! `edit`: one exact piece of a file replaced.

use std::path::Path;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use protocol::{Claim, ToolResult};
use serde::Deserialize;
use serde_json::Value;

use super::{arguments, writes};
use crate::context::{ReadContext, WriteContext};
use crate::file::change::{Target, commit};
use crate::file::splice::{Splice, apply};
use crate::file::whole::text;
use crate::place::Place;
use crate::tool::{Prepared, WriteTool};

/// The tool.
pub(crate) struct EditFile;

#[derive(Deserialize)]
struct Args {
    file_path: String,
    old_string: String,
    new_string: String,
    #[serde(default)]
    replace_all: bool,
}

impl WriteTool for EditFile {
    fn claim(&self, args: &Value, place: &dyn Place, cwd: &Path) -> Result<Claim, String> {
        let args: Args = arguments(args)?;
        Ok(writes("edit", place.resolve(cwd, &args.file_path)?))
    }

    fn prepare<'a>(
        &'a self,
        args: &'a Value,
        ctx: &'a ReadContext,
    ) -> BoxFuture<'a, Result<Prepared, ToolResult>> {
        async move {
            let args: Args = arguments(args).map_err(ToolResult::failed)?;
            let splice = Splice {
                old_string: args.old_string,
                new_string: args.new_string,
                replace_all: args.replace_all,
            };
            let ctx = ctx.clone();
            crate::blocking(move || spliced("edit", &args.file_path, &[splice], &ctx))
                .await
                .and_then(|prepared| prepared)
                .map_err(ToolResult::failed)
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

/// The change that `splices` make, one after the other, to the file at `file_path`.
pub(super) fn spliced(
    tool: &str,
    file_path: &str,
    splices: &[Splice],
    ctx: &ReadContext,
) -> Result<Prepared, String> {
    let target = Target::take(file_path, ctx)?;
    let creates = splices.first().is_some_and(Splice::creates);
    let old = match (&target.before, creates) {
        (None, true) => "",
        (Some(whole), true) if !whole.bytes.is_empty() => {
            return Err(format!(
                "{} exists: an empty old_string only creates a new file. Name the text to replace.",
                target.path().display()
            ));
        }
        (before, _) => text(target.path(), before.as_ref())?,
    };
    let new =
        apply(old, splices).map_err(|error| format!("{}: {error}", target.path().display()))?;
    let claim = writes(tool, target.at.clone());
    Ok(target.becomes(new, true, claim))
}
