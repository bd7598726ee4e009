//! Plans before a run: what a document becomes and what it would take, without anything being done.

use std::path::Path;

use protocol::{GitId, Isolation, PermissionMode, PlanDocument, SessionId};
use workspace::{GitError, Repo, Standing};

use crate::error::{OpenError, TargetError};

pub use scheduler::plan::{
    Defaults, DerivedEdge, Forecast, Ground, Normal, Prices, Problem, better_alone, forecast,
    has_title_of_brief, normalise,
};

/// What is to be known where the kernel has no walls for the commands of nodes.
pub(crate) const NO_WALLS: &str = "this system has no Landlock: commands of nodes are judged by what they say, \
     and what a program writes outside its tree is not prevented";

/// The most files of a folder without git that scopes are compared with.
const MOST_FILES: usize = 50_000;

/// Why a document is no plan that could begin here.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
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

/// What a run would stand on, as it was found.
#[derive(Debug, Clone)]
pub struct Terrain {
    /// The repository, where one is wanted and there is one that a run could start from.
    pub(crate) git: Option<Start>,
    /// What is to be known of it.
    pub(crate) remarks: Vec<String>,
}

/// A repository, and where in it a run would start.
#[derive(Debug, Clone)]
pub(crate) struct Start {
    pub repo: Repo,
    pub standing: Standing,
    /// The commit it would start from, and the files there.
    pub base: GitId,
    pub files: Vec<String>,
    /// The branch its result would be for, without `refs/heads/`.
    pub target: Option<String>,
}

/// Looks at the folder `root`, and at the branch `target` if the result is to be for another one than is checked out. A run
/// that is to begin with what was found here begins at once: what has changed meanwhile is not part of it.
///
/// # Errors
/// The repository is one that no run could start from, or has no such branch; or all work would be done in the one folder,
/// and a branch is wanted.
pub async fn survey(
    root: &Path,
    isolation: Option<Isolation>,
    target: Option<&str>,
) -> Result<Terrain, OpenError> {
    let shared = |remarks| Terrain { git: None, remarks };
    if isolation == Some(Isolation::Shared) {
        no_target(target, || "which a flag or settings say".to_owned())?;
        return Ok(shared(Vec::new()));
    }
    let (repo, standing) = match Repo::survey(root).await {
        Ok(found) => found,
        Err(error) if isolation.is_none() && is_no_repository(&error, root) => {
            no_target(target, || format!("as it is here: could not {error}"))?;
            let remark = format!(
                "all work is done in the one folder, writes one at a time: could not {error}"
            );
            return Ok(shared(vec![remark]));
        }
        Err(error) => return Err(error.into()),
    };
    if let Some(error) = standing.unfit() {
        return Err(error.into());
    }
    Ok(Terrain {
        remarks: standing.remarks(),
        git: Some(start(repo, standing, target).await?),
    })
}

/// Work in the one folder is for no branch.
fn no_target(target: Option<&str>, why: impl FnOnce() -> String) -> Result<(), TargetError> {
    match target {
        None => Ok(()),
        Some(branch) => Err(TargetError::Shared {
            branch: branch.to_owned(),
            why: why(),
        }),
    }
}

/// Where the run starts from, and the branch its result is for.
async fn start(
    repo: Repo,
    mut standing: Standing,
    wanted: Option<&str>,
) -> Result<Start, OpenError> {
    let head = standing.head.commit().cloned();
    let name = wanted.map(|name| name.strip_prefix("refs/heads/").unwrap_or(name));
    let base = match name {
        Some(name) => repo.get_ref(&format!("refs/heads/{name}")).await?,
        None => head.clone(),
    };
    let base = base.ok_or_else(|| TargetError::Missing(name.unwrap_or("HEAD").to_owned()))?;
    let files = match head.as_ref() == Some(&base) {
        true => std::mem::take(&mut standing.files),
        false => repo.files(&base).await?,
    };
    Ok(Start {
        target: name.or(standing.head.branch()).map(str::to_owned),
        repo,
        standing,
        base,
        files,
    })
}

/// What a document would become in the folder `root`, which is this terrain; only looks.
///
/// # Errors
/// [`Unfit`]: the folder or the document.
pub async fn rehearse(
    root: &Path,
    document: &PlanDocument,
    terrain: &Terrain,
    mode: PermissionMode,
) -> Result<Normal, Unfit> {
    let listed;
    let (base, files) = match &terrain.git {
        Some(start) => (Some(&start.base), &start.files),
        None => {
            let found = workspace::files(root, MOST_FILES).await;
            listed = found.map_err(|cause| Unfit::Folder {
                folder: root.display().to_string(),
                cause,
            })?;
            (None, &listed.paths)
        }
    };
    let ground = Ground {
        run: SessionId::derived(&[document.goal.as_bytes()]),
        base,
        files,
        session_mode: mode,
        defaults: &Defaults::default(),
    };
    let mut normal = normalise(document, &ground).map_err(Unfit::Plan)?;
    normal.remarks.extend_from_slice(&terrain.remarks);
    normal
        .remarks
        .extend((!tools::walls_hold()).then(|| NO_WALLS.to_owned()));
    Ok(normal)
}

/// What became of the branch that a run's result is for, if it is no longer where the run starts from: what came since is
/// no part of its work. `None` too where the result is for no branch, or it cannot be looked at.
pub async fn moved(ground: &protocol::Ground) -> Option<String> {
    let (branch, base) = (ground.target.as_deref()?, ground.base.as_ref()?);
    let repo = Repo::open(&ground.root).await.ok()?;
    let tip = repo.get_ref(&format!("refs/heads/{branch}")).await.ok()?;
    match tip {
        None => Some(format!("{branch} is gone")),
        Some(tip) if tip == *base => None,
        Some(_) => Some(format!("{branch} has moved")),
    }
}

/// Whether there is simply no repository, rather than one that cannot be used.
fn is_no_repository(error: &GitError, root: &Path) -> bool {
    match error {
        GitError::Missing => !root.join(".git").exists(),
        GitError::Unfit { why, .. } => matches!(why, workspace::Unfit::NotARepository),
        _ => false,
    }
}
