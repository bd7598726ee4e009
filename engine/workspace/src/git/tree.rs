//! One private tree: what changed in it, and undoing some of that.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use protocol::{Change, ChangeKind, GitId};

use super::error::{GitError, Unrecordable};
use super::modes::{erase, reopen};
use super::repo::Repo;
use super::run::parts;
use super::scan::{above, at};
use super::seen::{Known, Seen};
use super::slot::Slot;
use super::standing::escaped;

/// A private clone with a working tree, used by one holder.
#[derive(Debug)]
pub struct Tree {
    /// The commit that changes are counted from.
    pub base: GitId,
    pub(crate) base_tree: GitId,
    pub(crate) repo: Repo,
    pub(crate) slot: Slot,
    root: PathBuf,
    /// Whose it is.
    pub(crate) name: String,
    // Set and taken by its one holder; an owner task would be one for each tree.
    known: Mutex<Lore>,
}

/// What is known of a tree.
#[derive(Debug, Default)]
struct Lore {
    known: Option<Known>,
    /// How often somebody said that it changes: what was seen before that is of no use.
    told: u64,
    /// What the newest look passed over though nothing ignores it any more.
    left_out: Vec<String>,
}

impl Tree {
    /// The tree at a place that is laid out for `name`, changes in it counted from a commit with these files.
    pub(crate) fn new(
        (repo, slot): (Repo, Slot),
        name: &str,
        (base, base_tree): (GitId, GitId),
        known: Option<Known>,
    ) -> Self {
        Self {
            root: slot.root(),
            base,
            base_tree,
            repo,
            slot,
            name: name.to_owned(),
            known: Mutex::new(Lore {
                known: known.filter(Known::is_small),
                told: 0,
                left_out: Vec::new(),
            }),
        }
    }

    /// Says that a program is about to run that may change any of its files, at once or later.
    pub fn stir(&self) {
        let mut lore = self.lore();
        lore.told += 1;
        lore.known = None;
    }

    /// Says that one file, named from the root, is about to be written by a tool that changes nothing else. Whoever changes
    /// a tree says so before, by this or by [`Self::stir`]: what nobody is told of is not seen.
    pub fn touch(&self, file: &Path) {
        let mut lore = self.lore();
        lore.told += 1;
        let file = file.as_os_str().as_bytes().to_vec();
        lore.known = lore.known.take().and_then(|known| known.after(file));
    }

    fn lore(&self) -> MutexGuard<'_, Lore> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether only tools that say what they write have worked here since it was laid out.
    pub fn ran_nothing(&self) -> bool {
        self.lore().known.as_ref().is_some_and(Known::is_written)
    }

    /// What need not be looked for again, and when that was said.
    pub(crate) fn known(&self) -> (Option<Known>, u64) {
        let lore = self.lore();
        (lore.known.clone(), lore.told)
    }

    /// Remembers how a snapshot found it, unless it was changed since. No other look is remembered: its holder goes on
    /// working after it.
    pub(crate) fn saw(&self, seen: Seen, told: u64) {
        let mut lore = self.lore();
        if lore.told == told {
            lore.known = Some(Known::Whole(seen)).filter(Known::is_small);
        }
    }

    /// What an earlier holder left there ignored, and the newest look did not count as a change though nothing ignores it
    /// any more.
    pub fn passed_over(&self) -> Vec<String> {
        self.lore().left_out.clone()
    }

    pub(crate) fn left_out(&self, paths: &BTreeSet<Vec<u8>>) {
        let shown = paths.iter().map(|path| escaped(path));
        self.lore().left_out = shown.collect();
    }

    /// The folder where its files are.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What differs from the base, sorted, without what the repository ignores and without what it ignored when an earlier
    /// holder left it there, as long as it is as it was. Nothing is recorded anywhere. Names that
    /// are not UTF-8, repositories inside the tree and what is neither file nor folder nor link are errors.
    pub async fn changed(&self) -> Result<Vec<Change>, GitError> {
        self.whole()?;
        if let Some(changed) = self.changed_here().await? {
            return Ok(changed);
        }
        self.no_specials().await?;
        let args = [
            "status",
            "--porcelain=v1",
            "-z",
            "--no-renames",
            "--untracked-files=all",
            "--ignore-submodules=dirty",
        ];
        let bytes = self.slot.git(&self.repo)?.args(args).bytes().await?;
        let told = parts(&bytes).filter_map(|line| line.get(..2).zip(line.get(3..)));
        let told: Vec<(&[u8], &[u8])> = told.collect();
        let new = told.iter().filter(|(code, _)| code == b"??");
        let left = self.left(new.map(|(_, path)| path.to_vec()).collect());
        let left = left.await?;
        let (mut changes, mut odd) = (Vec::new(), Vec::new());
        for (code, path) in told.into_iter().filter(|(_, path)| !left.contains(*path)) {
            let Ok(path) = String::from_utf8(path.to_vec()) else {
                odd.push(escaped(path));
                continue;
            };
            let how = match code {
                b"??" => ChangeKind::Added,
                [_, b'D'] => ChangeKind::Deleted,
                _ => ChangeKind::Modified,
            };
            changes.push(Change { path, how });
        }
        if !odd.is_empty() {
            return Err(GitError::Names { paths: odd });
        }
        self.no_repositories(&changes)?;
        changes.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(changes)
    }

    /// Brings paths back to what they are in the base: changed and deleted ones are restored, new ones removed.
    pub async fn revert(&self, paths: &[String]) -> Result<(), GitError> {
        let bad: Vec<String> = paths.iter().filter(|p| !stays(p)).cloned().collect();
        if !bad.is_empty() {
            return Err(GitError::Names { paths: bad });
        }
        if paths.is_empty() {
            return Ok(());
        }
        self.whole()?;
        self.stir();
        let known = self.base_files().await?;
        let (old, new): (Vec<_>, Vec<_>) = paths.iter().partition(|path| known.contains(*path));
        let is_folder = |path: &str| {
            let below = format!("{path}/");
            let mut after = known.range(below.clone()..);
            after.next().is_some_and(|file| file.starts_with(&below))
        };
        self.reopen(paths).await?;
        for path in new {
            let meta = std::fs::symlink_metadata(self.root.join(path));
            if meta.is_ok_and(|m| m.is_dir()) && is_folder(path) {
                let paths = vec![path.clone()];
                return Err(GitError::Names { paths });
            }
            self.remove(path).await?;
        }
        if old.is_empty() {
            return Ok(());
        }
        let args = ["checkout-index", "--force", "--index", "-z", "--stdin"];
        let git = self.slot.git(&self.repo)?.args(args);
        git.input(joined(&old)).bytes().await.map(drop)
    }

    /// The files of the base.
    async fn base_files(&self) -> Result<BTreeSet<String>, GitError> {
        let git = self.slot.git(&self.repo)?.args(["ls-files", "-z"]);
        let bytes = git.bytes().await?;
        let found = parts(&bytes).map(|path| String::from_utf8_lossy(path).into_owned());
        Ok(found.collect())
    }

    /// Has the folders that these paths lie in be such that they can be written to; links on the way are not followed.
    async fn reopen(&self, paths: &[String]) -> Result<(), GitError> {
        let (root, paths) = (self.root.clone(), paths.to_vec());
        self.slot
            .work(move || {
                for path in &paths {
                    for folder in [&b""[..]].into_iter().chain(above(path.as_bytes())) {
                        let folder = at(&root, folder);
                        // What lies behind a link is not the tree's.
                        if !std::fs::symlink_metadata(&folder).is_ok_and(|m| m.is_dir()) {
                            break;
                        }
                        // If it is not this user's, what is done there says so.
                        let _ = reopen(&folder);
                    }
                }
                Ok(())
            })
            .await
    }

    /// Removes one new file, and the folders that are empty without it; a link on the way is not followed.
    async fn remove(&self, path: &str) -> Result<(), GitError> {
        let (root, path) = (self.root.clone(), PathBuf::from(path));
        self.slot
            .work(move || {
                let mut at = root.clone();
                for part in path.parent().into_iter().flat_map(Path::components) {
                    at.push(part);
                    if !std::fs::symlink_metadata(&at).is_ok_and(|m| m.is_dir()) {
                        return Ok(());
                    }
                }
                erase(&root.join(&path))?;
                let emptied = path.ancestors().skip(1).filter(|p| *p != Path::new(""));
                for folder in emptied {
                    if std::fs::remove_dir(root.join(folder)).is_err() {
                        break;
                    }
                }
                Ok(())
            })
            .await
    }

    /// The tree is still a folder of ours, not a link to somewhere else.
    pub(crate) fn whole(&self) -> Result<(), GitError> {
        let meta = std::fs::symlink_metadata(&self.root);
        let meta = meta.map_err(|error| GitError::io(&self.root, error))?;
        let lost = || {
            let path = self.root.display().to_string();
            GitError::pool(path, super::error::PoolFault::Lost)
        };
        meta.is_dir().then_some(()).ok_or_else(lost)
    }

    /// git can only point at a repository inside the tree: none of its files would be in the result.
    fn no_repositories(&self, changes: &[Change]) -> Result<(), GitError> {
        let there = changes.iter().filter(|c| c.how != ChangeKind::Deleted);
        let paths: Vec<String> = there
            .filter(|c| {
                let meta = std::fs::symlink_metadata(self.root.join(&c.path));
                c.path.ends_with('/') || meta.is_ok_and(|m| m.is_dir())
            })
            .map(|c| c.path.trim_end_matches('/').to_owned())
            .collect();
        match paths.is_empty() {
            true => Ok(()),
            false => Err(GitError::Unrecordable {
                paths,
                what: Unrecordable::Repository,
            }),
        }
    }
}

/// Whether a path is relative, goes nowhere up, and is not git's own.
fn stays(path: &str) -> bool {
    let part = |part: &str| !["", ".", ".."].contains(&part) && !part.eq_ignore_ascii_case(".git");
    path.split('/').all(part) && !path.contains('\0')
}

pub(crate) fn joined<S: AsRef<str>>(paths: &[S]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for path in paths {
        bytes.extend_from_slice(path.as_ref().as_bytes());
        bytes.push(0);
    }
    bytes
}
