//! What runs left behind that nobody will come back to: trees, temporary folders, refs, branches, locks. Whose it is is
//! told by its mark, whether anybody comes back by the run's journal; what is on no branch is never taken away.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use protocol::{GitId, Seq, SessionId};
use scheduler::run::Run;
use store::{DataFolder, RunStage, SessionInfo, StoreError};
use workspace::{GitError, Kept, Leftover, RefMove, Repo};

use super::effects::keep;
use crate::law;

/// Where a run's own branches are, and where they are in a repository that has a branch called `formic`.
const BRANCHES: [&str; 2] = ["refs/heads/formic/", "refs/heads/formic-*"];

/// Where refs keep work.
const REFS: &str = "refs/formic/";

/// Why looking or taking away did not work.
#[derive(Debug, thiserror::Error)]
pub enum Untidy {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The pool or the repository.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A folder.
    #[error("remove {folder}: {cause}")]
    Folder {
        /// Which.
        folder: String,
        /// The system's reason.
        cause: std::io::Error,
    },
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leftovers {
    /// Trees of runs that are over, or gone, or whose repository is.
    pub trees: Vec<PathBuf>,
    /// Temporary folders of trees that nobody has.
    pub folders: Vec<PathBuf>,
    /// Refs and branches of this repository whose work is on another branch.
    pub refs: Vec<String>,
    /// Sessions whose lock is signed by a process that is gone.
    pub locks: Vec<SessionId>,
    /// Refs and branches of this repository whose work is on no other branch though their run is over or gone. They stay.
    pub unmerged: Vec<String>,
}

impl Leftovers {
    /// How many things can be taken away.
    pub fn len(&self) -> usize {
        self.trees.len() + self.folders.len() + self.refs.len() + self.locks.len()
    }

    /// Whether there is nothing to be taken away.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The runs there are.
struct Runs(Vec<SessionInfo>);

impl Runs {
    fn find(&self, is: impl Fn(SessionId) -> bool) -> Option<&SessionInfo> {
        self.0.iter().find(|info| is(info.id))
    }

    /// Whether somebody works on it or may go on with it.
    fn is_wanted(info: &SessionInfo) -> bool {
        let is_over = matches!(info.facts.run, Some(RunStage::Closed | RunStage::Rejected));
        info.locked_by.is_some() || !is_over || info.facts.problem.is_some()
    }
}

/// Looks at the data folder, and at the repository `root` lies in if there is one; changes nothing.
///
/// # Errors
/// [`Untidy`].
pub async fn survey(data: &DataFolder, root: &Path) -> Result<Leftovers, Untidy> {
    Ok(look(data, root).await?.0)
}

/// Takes away what [`survey`] finds, each thing only if it is still as it was found; gives what it was.
///
/// # Errors
/// [`Untidy`]; what was taken away before stays away.
pub async fn tidy(data: &DataFolder, root: &Path) -> Result<Leftovers, Untidy> {
    let (mut found, trees, refs) = look(data, root).await?;
    let mut gone = Vec::new();
    for tree in &trees {
        if workspace::take_away(tree, &[temporary(data, tree)]).await? {
            gone.push(tree.folder.clone());
        }
    }
    found.trees = gone;
    for folder in &found.folders {
        let removed = workspace::erase(folder);
        removed.map_err(|cause| Untidy::Folder {
            folder: folder.display().to_string(),
            cause,
        })?;
    }
    if let Ok(repo) = Repo::open(root).await {
        found.refs = release(&repo, &refs).await?;
    }
    for session in &found.locks {
        store::forget_lock(data, *session)?;
    }
    Ok(found)
}

type Found = (Leftovers, Vec<Leftover>, Vec<Kept>);

async fn look(data: &DataFolder, root: &Path) -> Result<Found, Untidy> {
    let runs = Runs(store::list(data)?);
    let pool = workspace::leftovers(&data.root().join("trees")).await?;
    let (trees, idle): (Vec<Leftover>, Vec<Leftover>) =
        pool.into_iter().partition(|tree| is_left(&runs, tree));
    let mut found = Leftovers {
        trees: trees.iter().map(|tree| tree.folder.clone()).collect(),
        folders: folders(data, &idle),
        locks: store::forgotten_locks(data)?,
        ..Leftovers::default()
    };
    let mut refs = Vec::new();
    if let Ok(repo) = Repo::open(root).await {
        let (merged, unmerged) = of_repository(data, &runs, &repo).await?;
        found.refs = merged.iter().map(|kept| kept.name.clone()).collect();
        found.unmerged = unmerged;
        refs = merged;
    }
    Ok((found, trees, refs))
}

/// Whether nobody comes back to a tree: it waits for a run that is over or gone, or its repository is gone. A tree
/// that waits for nobody is there for the next run.
fn is_left(runs: &Runs, tree: &Leftover) -> bool {
    let run = tree.name.split(' ').next().unwrap_or_default();
    let is_over = || match run.parse::<SessionId>() {
        Ok(id) => runs
            .find(|one| one == id)
            .is_none_or(|info| !Runs::is_wanted(info)),
        Err(_) => false,
    };
    tree.is_orphan || is_over()
}

/// The temporary folders of trees that wait for nobody, and of trees that are not there any more.
fn folders(data: &DataFolder, idle: &[Leftover]) -> Vec<PathBuf> {
    let home = data.root().join("trees");
    let free = idle.iter().filter(|tree| tree.name.is_empty());
    let free: Vec<PathBuf> = free.map(|tree| temporary(data, tree)).collect();
    let entries = fs::read_dir(data.root().join("tmp")).into_iter().flatten();
    let found = entries.flatten().filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let tree = name.strip_prefix("trees-")?.strip_suffix("-tree")?;
        let is_free = free.contains(&entry.path()) || !home.join(tree).exists();
        is_free.then(|| entry.path())
    });
    let mut found: Vec<PathBuf> = found.collect();
    found.sort();
    found
}

fn temporary(data: &DataFolder, tree: &Leftover) -> PathBuf {
    law::temp_folder(data.root(), &tree.folder.join("tree"))
}

/// The refs and branches of runs nobody comes back to: those that nothing is lost with, and the names of the others.
async fn of_repository(
    data: &DataFolder,
    runs: &Runs,
    repo: &Repo,
) -> Result<(Vec<Kept>, Vec<String>), Untidy> {
    let mut branches = Vec::new();
    for below in BRANCHES {
        branches.extend(repo.kept(below).await?);
    }
    let refs = repo.kept(REFS).await?;
    let mut by_run: BTreeMap<String, Vec<Kept>> = BTreeMap::new();
    for kept in refs.into_iter().chain(branches.iter().cloned()) {
        if let Some(digits) = digits(&kept.name) {
            by_run.entry(digits.to_owned()).or_default().push(kept);
        }
    }
    let own: Vec<String> = branches.into_iter().map(|branch| branch.name).collect();
    let (mut left, mut unmerged) = (Vec::new(), Vec::new());
    for (digits, kept) in by_run {
        let run = runs.find(|id| id.digits() == digits);
        if run.is_some_and(Runs::is_wanted) {
            continue;
        }
        let done = run.map(|info| done(data, info.id)).transpose()?;
        let done = done.unwrap_or_default();
        let merged = repo.merged(&kept, &own).await?;
        let is_safe = |one: &Kept| done.contains(&one.name) || merged.contains(one);
        let (safe, others): (Vec<Kept>, Vec<Kept>) = kept.into_iter().partition(is_safe);
        // The commit a run began with says what its other work is a change of.
        let needs_base = others.iter().any(|one| !keep::is_base(&one.name));
        let is_kept = |one: &Kept| needs_base && keep::is_base(&one.name);
        left.extend(safe.into_iter().filter(|one| !is_kept(one)));
        let work = others.into_iter().filter(|one| !keep::is_base(&one.name));
        unmerged.extend(work.map(|one| one.name));
    }
    Ok((left, unmerged))
}

/// The refs of what a run has done: its work is on the run's branch as a commit of its own.
fn done(data: &DataFolder, run: SessionId) -> Result<Vec<String>, StoreError> {
    let records = store::read(data, run, Seq(1))?.records;
    Ok(keep::of_done(&Run::fold(run, records.iter())))
}

/// The digits of the run a ref or a branch is of.
fn digits(name: &str) -> Option<&str> {
    let rest = match name.strip_prefix(REFS) {
        Some(rest) => rest,
        None => name.strip_prefix("refs/heads/formic")?.get(1..)?,
    };
    let digits = rest.get(..SessionId::DIGITS)?;
    let is_whole = matches!(
        rest.as_bytes().get(SessionId::DIGITS),
        None | Some(b'/' | b'-')
    );
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_whole && is_hex).then_some(digits)
}

/// Lets go of refs and branches that still stand where they were found; gives those that are gone.
async fn release(repo: &Repo, found: &[Kept]) -> Result<Vec<String>, GitError> {
    let mut gone = Vec::new();
    for Kept { name, commit } in found {
        let is_gone = match name.strip_prefix("refs/heads/") {
            Some(branch) => repo.take_away(branch, commit).await?.is_none(),
            None => let_go(repo, name, commit).await?,
        };
        gone.extend(is_gone.then(|| name.clone()));
    }
    Ok(gone)
}

async fn let_go(repo: &Repo, name: &str, commit: &GitId) -> Result<bool, GitError> {
    Ok(repo.delete_ref(name, commit).await? == RefMove::Done)
}
