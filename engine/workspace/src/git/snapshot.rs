//! A tree's files as a git tree, written with an index of our own straight into the user's object store.

use std::fs;

use protocol::{Change, ChangeKind, GitId};

use super::error::{GitError, Unrecordable};
use super::gitdir::absent;
use super::objects::changes;
use super::run::Git;
use super::tree::{Tree, joined};
use super::trees::off_thread;

/// The largest file a change may bring: what code hosts refuse, a repository should not be given.
const LARGEST: u64 = 100 * 1024 * 1024;

/// How much all changed files together may bring.
const LARGEST_SUM: u64 = 1024 * 1024 * 1024;

/// How often files that change under the reader are read again.
const TRIES: u32 = 4;

/// The files of a tree at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// All of them, as a git tree.
    pub tree: GitId,
    /// What differs from the base, sorted.
    pub changed: Vec<Change>,
}

impl Tree {
    /// Records the files as they are, in the user's object store and nowhere else: new ones that are not ignored,
    /// executable bits, links and deletions included, and files outside a sparse tree's folders as they are in the base.
    /// Several trees may be recorded at the same time. Repositories inside the tree, changed files of more than 100 MiB,
    /// more than 1 GiB of them together, and names that are not UTF-8 are refused before anything is written.
    pub async fn snapshot(&self) -> Result<Snapshot, GitError> {
        let mut tries = 1;
        loop {
            match self.record().await {
                Err(GitError::Failed { .. }) if tries < TRIES => tries += 1,
                other => {
                    let store = self.repo.places.objects();
                    return other.map_err(|error| error.or_full(&store));
                }
            }
        }
    }

    async fn record(&self) -> Result<Snapshot, GitError> {
        let changed = self.changed().await?;
        if changed.is_empty() {
            return Ok(Snapshot {
                tree: self.base_tree.clone(),
                changed,
            });
        }
        self.not_huge(&changed)?;
        let own = self.slot.git_folder();
        off_thread(self.root(), move || {
            // Whoever made one before was stopped in the middle: nobody else records this tree.
            absent(fs::remove_file(own.join("snapshot.lock")))?;
            fs::copy(own.join("index"), own.join("snapshot")).map(drop)
        })
        .await?;
        let (gone, there): (Vec<&Change>, Vec<&Change>) =
            changed.iter().partition(|c| c.how == ChangeKind::Deleted);
        if !gone.is_empty() {
            let args = ["update-index", "--force-remove", "-z", "--stdin"];
            self.index(&args)?.input(paths(&gone)).bytes().await?;
        }
        if !there.is_empty() {
            let args = [
                "update-index",
                "--add",
                "--remove",
                "--replace",
                "-z",
                "--stdin",
            ];
            self.index(&args)?.input(paths(&there)).bytes().await?;
        }
        let tree = self.index(&["write-tree"])?.id().await?;
        let (changed, nested) = changes(self.repo.git(), &self.base_tree, &tree).await?;
        match nested.is_empty() {
            true => Ok(Snapshot { tree, changed }),
            false => Err(GitError::Unrecordable {
                paths: nested,
                what: Unrecordable::Repository,
            }),
        }
    }

    /// git with the index that is only for recording.
    fn index(&self, args: &[&str]) -> Result<Git, GitError> {
        let index = self.slot.git_folder().join("snapshot");
        let git = self.slot.git(&self.repo)?.env("GIT_INDEX_FILE", index);
        Ok(git.args(args))
    }

    fn not_huge(&self, changed: &[Change]) -> Result<(), GitError> {
        let huge = |path: &str, bytes, limit| GitError::Huge {
            path: path.to_owned(),
            bytes,
            limit,
        };
        let mut sum = 0;
        for Change { path, .. } in changed {
            let meta = fs::symlink_metadata(self.root().join(path));
            let bytes = meta.map_or(0, |meta| meta.len());
            sum += bytes;
            if bytes > LARGEST {
                return Err(huge(path, bytes, LARGEST));
            }
            if sum > LARGEST_SUM {
                return Err(huge("the changed files together", sum, LARGEST_SUM));
            }
        }
        Ok(())
    }
}

fn paths(changes: &[&Change]) -> Vec<u8> {
    let paths: Vec<&str> = changes.iter().map(|c| c.path.as_str()).collect();
    joined(&paths)
}
