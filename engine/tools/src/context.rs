//! What a running tool holds: a read context that cannot write, and a write context only a permit opens.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use protocol::{BlobId, CallId, Claim};
use tokio_util::sync::CancellationToken;

use crate::board::Board;
use crate::delegate::Delegate;
use crate::file::atomic;
use crate::lane::WritePermit;
use crate::place::Place;
use crate::shells::Shells;

/// Takes pieces of a running command's output for people who watch; may drop them.
pub type Live = Arc<dyn Fn(String) + Send + Sync>;

/// What every tool may use. It has no method that changes a file.
#[derive(Clone)]
pub struct ReadContext {
    /// The surroundings.
    pub place: Arc<dyn Place>,
    /// The folder relative paths start from.
    pub cwd: PathBuf,
    /// What this agent last saw of each file, by resolved path.
    pub seen: Arc<BTreeMap<PathBuf, BlobId>>,
    /// Whether the model sees images.
    pub vision: bool,
    /// The folder for output too long for the model; made when needed. Its parent also gets `running/`.
    pub spill: PathBuf,
    /// The session's background shells.
    pub shells: Arc<Shells>,
    /// The board of the run; `None` in a chat.
    pub board: Option<Arc<dyn Board>>,
    /// Who starts sub-agents for this call; `None` where only others may have them started.
    pub delegate: Option<Arc<dyn Delegate>>,
    /// Ends the call.
    pub cancel: CancellationToken,
    /// Where live output goes.
    pub live: Live,
    /// Which call this is.
    pub call: CallId,
}

/// What a permitted write may use.
///
/// Only a permit makes one, and only [`WriteLane`](crate::WriteLane) makes permits:
///
/// ```compile_fail
/// fn forge(ctx: &tools::ReadContext) -> tools::WriteContext<'_> {
///     tools::WriteContext::new((), ctx)
/// }
/// ```
///
/// ```compile_fail
/// fn forge(claim: protocol::Claim) -> tools::WritePermit {
///     tools::WritePermit { claim }
/// }
/// ```
///
/// ```
/// fn open<'a>(ctx: &'a tools::ReadContext, permit: &'a tools::WritePermit) -> tools::WriteContext<'a> {
///     tools::WriteContext::new(permit, ctx)
/// }
/// ```
pub struct WriteContext<'a> {
    permit: &'a WritePermit,
    read: &'a ReadContext,
}

impl<'a> WriteContext<'a> {
    /// Opens what `permit` permits.
    pub const fn new(permit: &'a WritePermit, read: &'a ReadContext) -> Self {
        Self { permit, read }
    }

    /// The part that only reads.
    pub const fn read(&self) -> &'a ReadContext {
        self.read
    }

    /// Refuses a claim that is not the permitted one.
    ///
    /// # Errors
    /// A sentence that names both.
    pub fn check(&self, claim: &Claim) -> Result<(), String> {
        if self.permit.allows(claim) {
            return Ok(());
        }
        Err(format!(
            "refused: the permit is for {:?}, not for {:?}",
            self.permit.claim(),
            claim
        ))
    }

    /// Replaces the file at `path` by `content` in one step, if the permit covers it, it still leads
    /// where it did, and it still holds `before` (`None`: it does not exist).
    pub(crate) async fn replace(
        &self,
        path: &Path,
        before: Option<BlobId>,
        content: Vec<u8>,
    ) -> Result<(), String> {
        if !self.permit.covers(path) {
            return Err(format!(
                "refused: the permit does not cover {}",
                path.display()
            ));
        }
        let place = Arc::clone(&self.read.place);
        let (path, call) = (path.to_owned(), self.read.call);
        crate::blocking(move || {
            unmoved(place.as_ref(), &path)?;
            atomic::replace(&path, before, &content, call)
        })
        .await?
    }
}

/// A folder above `path` may have become a symlink since the claim was judged.
fn unmoved(place: &dyn Place, path: &Path) -> Result<(), String> {
    let asked = path
        .to_str()
        .ok_or_else(|| format!("{} is not UTF-8", path.display()))?;
    let now = place.resolve(place.root(), asked)?;
    if now.path == path {
        return Ok(());
    }
    Err(format!(
        "refused: {} now leads to {}",
        path.display(),
        now.path.display()
    ))
}
