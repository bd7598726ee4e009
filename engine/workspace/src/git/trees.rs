//! The pool: private trees are kept between nodes, because putting one back in order is far quicker than making one.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use protocol::{GitId, TreeStart};

use super::cone::{folder_of, folders, patterns};
use super::error::{GitError, PoolFault};
use super::gitdir::{Layout, WHOLE, erase};
use super::objects::changes;
use super::refill::Refill;
use super::repo::Repo;
use super::slot::{Note, Slot};
use super::spare::Traffic;
use super::special;
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

    /// Puts a tree back into the pool; nothing of it is kept for its name.
    pub async fn give_back(&self, tree: Tree) -> Result<(), GitError> {
        let path = tree.slot.folder().to_owned();
        off_thread(&path, move || tree.slot.release()).await
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
        let (home, repo) = (self.home.clone(), self.repo.clone());
        off_thread(&self.home, move || {
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
        let slot = self.named(name).await?.ok_or_else(lost)?;
        let (base, base_tree) = Slot::note(slot.folder()).base.ok_or_else(lost)?;
        let root = slot.root();
        if !fs::symlink_metadata(&root).is_ok_and(|m| m.is_dir()) {
            return Err(lost());
        }
        Ok(Tree::new(self.repo.clone(), slot, base, base_tree))
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
        let slot = match self.named(name).await? {
            Some(slot) => slot,
            None => self.free(wanted.cone.clone()).await?,
        };
        self.lay_out(&slot, &wanted).await?;
        let (base, base_tree) = wanted.base;
        Ok(Tree::new(self.repo.clone(), slot, base, base_tree))
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

    /// Brings a place into the state that is wanted, whatever it held. Its note says so only when all of it is there.
    pub(crate) async fn lay_out(&self, slot: &Slot, wanted: &Wanted) -> Result<(), GitError> {
        let path = slot.folder();
        let had = Slot::note(path).base;
        let note = |base| Note {
            name: wanted.name.clone(),
            base,
        };
        let wrote = slot.write(&note(None));
        wrote.map_err(|error| GitError::io(path, error))?;
        // What the place held may be gone from the repository since; git minds that no more than whatever else is wrong.
        let is_done = self.refilled(slot, had.as_ref(), wanted).await;
        let done = match is_done.unwrap_or(false) {
            true => Ok(()),
            false => self.reset(slot, wanted).await,
        };
        if let Err(error) = done {
            let error = error.or_full(path);
            let (root, own) = (slot.root(), slot.git_folder());
            slot.work(move || erase(&root).and_then(|()| erase(&own)))
                .await?;
            if error.is_disk_full() {
                return Err(error);
            }
            self.reset(slot, wanted)
                .await
                .map_err(|e| e.or_full(path))?;
        }
        let layout = self.layout(wanted);
        let (inside, index) = (slot.root().join(".git"), slot.git_folder().join("index"));
        slot.work(move || layout.inside(&inside, &index)).await?;
        let wrote = slot.write(&note(Some(wanted.base.clone())));
        wrote.map_err(|error| GitError::io(path, error))
    }

    /// Files and index as wanted, without git; `false` where only git can do that.
    async fn refilled(
        &self,
        slot: &Slot,
        had: Option<&(GitId, GitId)>,
        wanted: &Wanted,
    ) -> Result<bool, GitError> {
        let is_base = wanted.files == wanted.base.1 && wanted.cone.is_none();
        let Some((_, had)) = had.filter(|_| is_base) else {
            return Ok(false);
        };
        let (own, layout) = (slot.git_folder(), self.layout(wanted));
        let laid = slot.work(move || layout.own(&own)).await;
        if laid.is_err() {
            return Ok(false);
        }
        let refill = Refill {
            repo: &self.repo,
            slot,
            had,
            files: &wanted.files,
        };
        refill.run().await
    }

    /// Files and index as wanted; what is ignored stays.
    async fn reset(&self, slot: &Slot, wanted: &Wanted) -> Result<(), GitError> {
        let (root, own, layout) = (slot.root(), slot.git_folder(), self.layout(wanted));
        slot.work(move || {
            if !fs::symlink_metadata(&root).is_ok_and(|m| m.is_dir()) {
                erase(&root)?;
                erase(&own)?;
                fs::create_dir_all(&root)?;
            }
            // git would wait for ever to read some of them.
            special::clear(&root)?;
            layout.own(&own)
        })
        .await?;
        let was_used = slot.git_folder().join("index").is_file();
        let git = || slot.git(&self.repo);
        git()?
            .args(["read-tree", "--reset", "-u", wanted.files.as_str()])
            .bytes()
            .await?;
        if was_used {
            git()?.args(["clean", "-ffdq"]).bytes().await?;
        }
        if wanted.files != wanted.base.1 {
            let only_index = ["read-tree", "--reset", wanted.base.1.as_str()];
            git()?.args(only_index).bytes().await?;
        }
        Ok(())
    }

    fn layout(&self, wanted: &Wanted) -> Layout {
        Layout {
            repo: self.repo.clone(),
            head: wanted.base.0.clone(),
            cone: wanted.cone.clone(),
        }
    }
}

/// Work on files, where it holds nobody up; `path` is what an error is about.
pub(crate) async fn off_thread<T: Send + 'static>(
    path: &Path,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, GitError> {
    let done = tokio::task::spawn_blocking(work).await;
    let done = done.map_err(io::Error::other).and_then(|result| result);
    done.map_err(|error| GitError::io(path, error))
}
