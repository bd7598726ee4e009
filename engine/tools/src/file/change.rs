//! One file's change: worked out with its diff and its result, then made under a permit.

use std::path::Path;

use protocol::{BlobId, Claim, Fact, Intent, ToolResult};

use crate::context::{ReadContext, WriteContext};
use crate::file::diff::{Difference, difference, snippet};
use crate::file::whole::{Whole, known, load};
use crate::place::Resolved;
use crate::tool::{Payload, Prepared};

/// Lines of the changed region the model is shown.
const SNIPPET_LINES: usize = 12;

/// The file to be changed, as it is.
pub(crate) struct Target {
    pub(crate) at: Resolved,
    pub(crate) before: Option<Whole>,
}

impl Target {
    /// Takes what lies at `file_path`; a file that exists must be the one this agent read.
    ///
    /// # Errors
    /// A sentence for the model.
    pub(crate) fn take(file_path: &str, ctx: &ReadContext) -> Result<Self, String> {
        let at = ctx.place.resolve(&ctx.cwd, file_path)?;
        let before = load(&at.path)?;
        if let Some(whole) = &before {
            known(&at.path, whole.id, ctx)?;
        }
        Ok(Self { at, before })
    }

    /// The resolved path.
    pub(crate) fn path(&self) -> &Path {
        &self.at.path
    }

    /// The change to `content`, told to the model with the changed lines if `show`.
    pub(crate) fn becomes(self, content: String, show: bool, claim: Claim) -> Prepared {
        let path = self.at.path;
        let old = self
            .before
            .as_ref()
            .map(|whole| String::from_utf8_lossy(&whole.bytes));
        let found = difference(&path, old.as_deref().unwrap_or_default(), &content);
        let mut text = told(&path, old.is_some(), &found);
        if show {
            text.push_str(&snippet(&content, &found.region, SNIPPET_LINES));
        }
        let after = BlobId::of(content.as_bytes());
        let done = ToolResult::ok(text)
            .knowing(Fact::FileSeen {
                path: path.clone(),
                content: after,
            })
            .knowing(Fact::FileWritten {
                path: path.clone(),
                added: found.added,
                removed: found.removed,
            });
        Prepared {
            claim,
            intent: Intent::File {
                path,
                before: self.before.map(|whole| whole.id),
                after,
                done: Box::new(done),
            },
            diff: Some(found.unified),
            payload: Payload::Content(content.into_bytes()),
        }
    }
}

fn told(path: &Path, existed: bool, found: &Difference) -> String {
    let shown = path.display();
    if existed {
        format!(
            "changed {shown} (+{} -{} lines)\n",
            found.added, found.removed
        )
    } else {
        format!("created {shown} ({} lines)\n", found.added)
    }
}

/// Makes a prepared change of a file.
pub(crate) async fn commit(prepared: Prepared, ctx: &WriteContext<'_>) -> ToolResult {
    match make(prepared, ctx).await {
        Ok(done) => done,
        Err(told) => ToolResult::failed(told),
    }
}

async fn make(prepared: Prepared, ctx: &WriteContext<'_>) -> Result<ToolResult, String> {
    ctx.check(&prepared.claim)?;
    let (
        Intent::File {
            path, before, done, ..
        },
        Payload::Content(content),
    ) = (prepared.intent, prepared.payload)
    else {
        return Err("refused: what was prepared is not the change of a file".to_owned());
    };
    ctx.replace(&path, before, content).await?;
    Ok(*done)
}
