//! The pool: private trees are kept between nodes, because putting one back in order is far quicker than making one.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::TryFutureExt;
use protocol::{GitId, TreeStart};
use tokio::sync::{OnceCell, oneshot};

use super::cone::{folder_of, folders, patterns};
use super::error::{GitError, PoolFault};
use super::gitdir::WHOLE;
use super::idle::{Idle, Waiting};
use super::objects::changes;
use super::repo::Repo;
use super::seen::Known;
use super::slot::Slot;
use super::spare::Traffic;
use super::tree::Tree;

/// Marks the folder of the pool itself.
pub(crate) const MARKER: &str = "formic-trees";

/// How often, and how long after each other, a tree is asked for that a dying process still holds.
const TRIES: u32 = 40;
const PAUSE: Duration = Duration::from_millis(30);

/// A pool of private clones of one repository. Several processes may share its folder.
#[derive(Debug, Clone)]
pub struct Trees {
    pub(crate) repo: Repo,
    home: PathBuf,
    pub(crate) traffic: Arc<Traffic>,
    // Looked at by whoever takes or gives back a tree, for no longer than that takes. An owner task would have to await git.
    idle: Arc<Mutex<Waiting>>,
    // Filled by whoever comes first, while the others wait; for the same reason without an owner.
    names: Arc<OnceCell<Mutex<BTreeSet<String>>>>,
}

/// What a tree is to hold.
pub(crate) struct Wanted {
    pub(crate) name: String,
    /// The commit that changes are counted from, and its files.
    pub(crate) base: (GitId, GitId),
    /// The files to begin with.
    pub(crate) files: GitId,
    pub(crate) cone: Option<String>,
}

impl Trees {
    pub(crate) fn new(repo: Repo, home: PathBuf) -> Self {
        Self {
            repo,
            home,
            traffic: Arc::default(),
            idle: Arc::default(),
            names: Arc::default(),
        }
    }

    /// The folder of the pool.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Gives the tree called `name` (one line, not empty; unique among runs), as `start` says. With `sparse`, only the
    /// folders that these globs lie in are there, with everything in them, and the files beside their parents. A tree
    /// from the pool keeps what the repository ignores, such as build outputs. Nobody else gets it until it is dropped
    /// and given back; dropped alone, it waits under its name for [`TreeStart::Kept`].
    pub async fn take(
        &self,
        name: &str,
        start: &TreeStart,
        sparse: Option<&[String]>,
    ) -> Result<Tree, GitError> {
        if name.is_empty() || name.contains(['\n', '\r', '\0']) {
            let paths = vec![name.escape_debug().to_string()];
            return Err(GitError::Names { paths });
        }
        let _taking = self.traffic.taking();
        self.prepare().await?;
        match start {
            TreeStart::Shared => Err(GitError::pool(name, PoolFault::Shared)),
            TreeStart::Kept => self.keep(name).await,
            TreeStart::Commit(commit) => {
                let files = self.repo.tree_of(commit).await?;
                let base = (commit.clone(), files.clone());
                self.fill(name, base, files, sparse).await
            }
            TreeStart::Onto { base, tree } => {
                let base = (base.clone(), self.repo.tree_of(base).await?);
                // The files may be named by a commit that holds them.
                let files = self.repo.tree_of(tree).await?;
                self.fill(name, base, files, sparse).await
            }
        }
    }

    /// Puts a tree back into the pool; nothing of it is kept for its name. If it is known how it looks, this process
    /// keeps it locked for its own next node, which need not look at it again.
    pub async fn give_back(&self, tree: Tree) -> Result<(), GitError> {
        let Some(tree) = self.hand_over(tree) else {
            return Ok(());
        };
        let (path, slot) = (tree.slot.folder().to_owned(), tree.slot);
        off_thread(&path, move || slot.release()).await
    }

    /// Puts a tree back into the pool at once if it is known how it looks; else gives it back to the caller.
    pub fn hand_over(&self, tree: Tree) -> Option<Tree> {
        let (Some(known), _) = tree.known() else {
            return Some(tree);
        };
        let Tree { slot, name, .. } = tree;
        self.idle().push(Idle { slot, name, known });
        None
    }

    fn idle(&self) -> MutexGuard<'_, Waiting> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes leftovers away: trees that nobody uses and whose name is not `wanted` any more, all but `spare` of them,
    /// which stay in the pool. Only what carries our mark is touched. Gives the number of trees removed.
    pub async fn sweep(
        &self,
        wanted: impl Fn(&str) -> bool + Send + 'static,
        spare: usize,
    ) -> Result<usize, GitError> {
        if !self.home.join(MARKER).is_file() {
            return Ok(0);
        }
        // What this process kept for its own next node is anybody's.
        let kept = std::mem::take(&mut *self.idle());
        let (home, repo) = (self.home.clone(), self.repo.clone());
        off_thread(&self.home, move || {
            drop(kept);
            let (mut free, mut gone) = (0, 0);
            for folder in Slot::all(&home, &repo)? {
                let Some(slot) = Slot::lock(&folder)? else {
                    continue;
                };
                let note = Slot::note(&folder);
                if !note.name.is_empty() && wanted(&note.name) {
                    continue;
                }
                if free < spare {
                    free += 1;
                    slot.release()?;
                } else {
                    slot.remove()?;
                    gone += 1;
                }
            }
            Ok(gone)
        })
        .await
    }

    /// Makes the folder of the pool; one that holds something else is left alone.
    pub(crate) async fn prepare(&self) -> Result<(), GitError> {
        let marker = self.home.join(MARKER);
        if marker.is_file() {
            return Ok(());
        }
        let home = self.home.clone();
        let is_ours = off_thread(&self.home, move || {
            fs::create_dir_all(&home)?;
            let mut entries = fs::read_dir(&home)?;
            let is_empty = entries.next().is_none();
            if is_empty {
                fs::write(
                    &marker,
                    "trees of formic's; safe to delete while it is not running\n",
                )?;
            }
            Ok(is_empty || marker.is_file())
        })
        .await?;
        let foreign = || GitError::pool(self.home.display().to_string(), PoolFault::Foreign);
        is_ours.then_some(()).ok_or_else(foreign)
    }

    async fn keep(&self, name: &str) -> Result<Tree, GitError> {
        let lost = || GitError::pool(name, PoolFault::Lost);
        if self.idle().is_of(name) {
            return Err(lost());
        }
        let slot = self.named(name).await?.ok_or_else(lost)?;
        let (base, base_tree) = Slot::note(slot.folder()).base.ok_or_else(lost)?;
        let root = slot.root();
        if !fs::symlink_metadata(&root).is_ok_and(|m| m.is_dir()) {
            return Err(lost());
        }
        let place = (self.repo.clone(), slot);
        Ok(Tree::new(place, name, (base, base_tree), None))
    }

    async fn fill(
        &self,
        name: &str,
        base: (GitId, GitId),
        files: GitId,
        sparse: Option<&[String]>,
    ) -> Result<Tree, GitError> {
        let cone = self.cone(&base.1, &files, sparse).await?;
        let wanted = Wanted {
            name: name.to_owned(),
            base,
            files,
            cone,
        };
        let (slot, known) = self.place(&wanted).await?;
        let known = self.lay_out(&slot, &wanted, known).await?;
        let place = (self.repo.clone(), slot);
        Ok(Tree::new(place, name, wanted.base, known))
    }

    /// The place for a tree, and what is known of it: the one of its name, one that this process has kept, any other.
    async fn place(&self, wanted: &Wanted) -> Result<(Slot, Option<Known>), GitError> {
        let name = &wanted.name;
        let is_named = self.may_be_known(name).await?;
        if let Some(Idle { slot, known, .. }) = self.idle().of(name) {
            return Ok((slot, Some(known)));
        }
        let named = match is_named {
            true => self.named(name).await?,
            false => None,
        };
        if let Some(slot) = named {
            return Ok((slot, None));
        }
        let idle = match wanted.cone.is_none() {
            true => self.idle().any(),
            false => None,
        };
        match idle {
            Some(Idle { slot, known, .. }) => Ok((slot, Some(known))),
            None => Ok((self.free(wanted.cone.clone()).await?, None)),
        }
    }

    /// The patterns of a sparse tree, which also has what a laid-on proposal changes.
    async fn cone(
        &self,
        base: &GitId,
        files: &GitId,
        sparse: Option<&[String]>,
    ) -> Result<Option<String>, GitError> {
        let Some(mut wanted): Option<BTreeSet<String>> = sparse.and_then(folders) else {
            return Ok(None);
        };
        if base != files {
            let (changed, _) = changes(self.repo.git(), base, files).await?;
            let more = changed.iter().filter_map(|change| folder_of(&change.path));
            wanted.extend(more);
        }
        let told = wanted.iter().all(|folder| !folder.contains('\n'));
        Ok(told.then(|| patterns(&wanted)))
    }

    /// Whether some place may hold a name: it was taken before by this process, or by another before this one took any.
    /// Nobody else takes it meanwhile: names are unique among runs, and a run is one process's. From now on it may.
    async fn may_be_known(&self, name: &str) -> Result<bool, GitError> {
        let home = self.home.clone();
        let found = off_thread(&self.home, move || {
            let folders = Slot::numbered(&home)?.into_iter();
            Ok(folders.map(|folder| Slot::note(&folder).name).collect())
        });
        let names = self.names.get_or_try_init(|| found.map_ok(Mutex::new));
        let mut names = names.await?.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(!names.insert(name.to_owned()))
    }

    /// The place that holds a name, waiting a little for one that an ended process has not let go.
    async fn named(&self, name: &str) -> Result<Option<Slot>, GitError> {
        for _ in 0..TRIES {
            let (home, repo, name) = (self.home.clone(), self.repo.clone(), name.to_owned());
            let found = off_thread(&self.home, move || {
                let mut folders = Slot::numbered(&home)?;
                folders.retain(|folder| Slot::note(folder).name == name);
                let mut folder = None;
                for one in folders {
                    if folder.is_none() && Slot::is_of(&one, &repo)? {
                        folder = Some(one);
                    }
                }
                let Some(folder) = folder else {
                    return Ok(Some(None));
                };
                let slot = Slot::lock(&folder)?;
                Ok(slot.filter(|_| Slot::note(&folder).name == name).map(Some))
            })
            .await?;
            if let Some(found) = found {
                return Ok(found);
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(GitError::pool(name, PoolFault::Busy))
    }

    /// A place that nobody has, best one with the same folders in it, else a new one.
    async fn free(&self, cone: Option<String>) -> Result<Slot, GitError> {
        let (home, repo) = (self.home.clone(), self.repo.clone());
        off_thread(&self.home, move || {
            let folders = Slot::numbered(&home)?;
            let is_free = |folder: &Path| Slot::note(folder).name.is_empty();
            let patterns = cone.as_deref().unwrap_or(WHOLE);
            let is_alike = |folder: &Path| {
                let own = fs::read_to_string(folder.join("git/info/sparse-checkout"));
                own.is_ok_and(|own| own == patterns)
            };
            // Those that someone else is just taking are waited for only when there is no other.
            for lock in [Slot::lock_at_once, Slot::lock] {
                for alike in [true, false] {
                    let fit = folders
                        .iter()
                        .filter(|f| is_free(f) && is_alike(f) == alike);
                    for folder in fit {
                        if !Slot::is_of(folder, &repo)? {
                            continue;
                        }
                        if let Some(slot) = lock(folder)?.filter(|_| is_free(folder)) {
                            return Ok(slot);
                        }
                    }
                }
            }
            Slot::make(&home, &repo)
        })
        .await
    }
}

/// Work on files, where it holds nobody up; `path` is what an error is about.
pub(crate) async fn off_thread<T: Send + 'static>(
    path: &Path,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, GitError> {
    let (tell, mut told) = oneshot::channel();
    // One sort of task for all of them: the runtime's code for each sort is larger than most of what is done in it.
    let work: Box<dyn FnOnce() + Send> = Box::new(move || drop(tell.send(work())));
    let done = tokio::task::spawn_blocking(work).await;
    let done = done.map_err(io::Error::other);
    let done = done.and_then(|()| told.try_recv().map_err(io::Error::other)?);
    done.map_err(|error| GitError::io(path, error))
}
