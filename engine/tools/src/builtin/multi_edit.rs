//! `multi_edit`: several exact pieces of a file replaced, all or none.

use std::path::Path;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use protocol::{Claim, ToolResult};
use serde::Deserialize;
use serde_json::Value;

use super::edit::spliced;
use super::{arguments, writes};
use crate::context::{ReadContext, WriteContext};
use crate::file::change::commit;
use crate::file::splice::Splice;
use crate::place::Place;
use crate::tool::{Prepared, WriteTool};

/// The tool.
pub(crate) struct MultiEdit;

#[derive(Deserialize)]
struct Args {
    file_path: String,
    edits: Vec<Splice>,
}

impl WriteTool for MultiEdit {
    fn claim(&self, args: &Value, place: &dyn Place, cwd: &Path) -> Result<Claim, String> {
        let args: Args = arguments(args)?;
        if args.edits.is_empty() {
            return Err("edits is empty: there is nothing to change.".to_owned());
        }
        Ok(writes("multi_edit", place.resolve(cwd, &args.file_path)?))
    }

    fn prepare<'a>(
        &'a self,
        args: &'a Value,
        ctx: &'a ReadContext,
    ) -> BoxFuture<'a, Result<Prepared, ToolResult>> {
        async move {
            let args: Args = arguments(args).map_err(ToolResult::failed)?;
            let ctx = ctx.clone();
            crate::blocking(move || spliced("multi_edit", &args.file_path, &args.edits, &ctx))
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
