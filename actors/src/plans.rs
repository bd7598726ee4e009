//! Plans before a run: what a document becomes and what it would take, without anything being done.

use std::path::Path;

use protocol::{Isolation, PermissionMode, PlanDocument, SessionId};
use workspace::{GitError, Repo};

pub use scheduler::plan::{
    Defaults, DerivedEdge, Forecast, Ground, Normal, Prices, Problem, better_alone, forecast,
    normalise,
};

/// The most files of a folder without git that scopes are compared with.
const MOST_FILES: usize = 50_000;

/// Why a document is no plan that could begin here.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// The repository.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The folder.
    #[error("read {folder}: {cause}")]
    Folder {
        /// Which.
        folder: String,
        /// The system's reason.
        cause: std::io::Error,
    },
    /// The document, with everything that is wrong with it.
    #[error("make a plan of the document: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Plan(Vec<Problem>),
}

/// What a document would become in the folder `root`; only looks.
///
/// # Errors
/// [`Unfit`]: the repository or the document.
pub async fn rehearse(
    root: &Path,
    document: &PlanDocument,
    isolation: Option<Isolation>,
    mode: PermissionMode,
) -> Result<Normal, Unfit> {
    let (mut base, mut remarks) = (None, Vec::new());
    let files = match survey(root, isolation).await? {
        Some(standing) => {
            base = standing.head.commit().cloned();
            remarks = standing.remarks();
            standing.files
        }
        None => {
            let listed = workspace::files(root, MOST_FILES).await;
            let listed = listed.map_err(|cause| Unfit::Folder {
                folder: root.display().to_string(),
                cause,
            })?;
            listed.paths
        }
    };
    let ground = Ground {
        run: SessionId::derived(&[document.goal.as_bytes()]),
        base: base.as_ref(),
        files: &files,
        session_mode: mode,
        defaults: &Defaults::default(),
    };
    let mut normal = normalise(document, &ground).map_err(Unfit::Plan)?;
    normal.remarks.extend(remarks);
    Ok(normal)
}

/// The repository, where one is wanted and there is one that a run could start from.
async fn survey(
    root: &Path,
    isolation: Option<Isolation>,
) -> Result<Option<workspace::Standing>, GitError> {
    if isolation == Some(Isolation::Shared) {
        return Ok(None);
    }
    let standing = match Repo::survey(root).await {
        Ok(standing) => standing,
        Err(GitError::Unfit { .. }) if isolation.is_none() => return Ok(None),
        Err(error) => return Err(error),
    };
    match standing.unfit() {
        Some(error) => Err(error),
        None => Ok(Some(standing)),
    }
}
