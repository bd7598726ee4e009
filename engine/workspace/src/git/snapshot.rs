//! A tree's files as a git tree, written with an index of our own straight into the user's object store.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use protocol::{Change, ChangeKind, GitId};

use super::drafts::Drafts;
use super::error::{GitError, Unrecordable};
use super::forest::Step;
use super::gitdir::absent;
use super::index::{self, Index};
use super::listing::Leaf;
use super::loose::{self, Oid, Sort};
use super::objects::changes;
use super::run::Git;
use super::scan::{self, Differences, at};
use super::seen::{Known, Seen};
use super::special::ignored;
use super::tree::{Tree, joined};

/// The largest file a change may bring: what code hosts refuse, a repository should not be given.
const LARGEST: u64 = 100 * 1024 * 1024;

/// How much all changed files together may bring.
const LARGEST_SUM: u64 = 1024 * 1024 * 1024;

/// When more may have to be read than this, in bytes, git reads it.
const MOST_HERE: u64 = 64 * 1024 * 1024;

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
    /// executable bits, links and deletions included, without those that earlier holders left, and files outside a sparse tree's folders as they are in the base.
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
        self.whole()?;
        if let Some(snapshot) = self.recorded_here().await? {
            return Ok(snapshot);
        }
        let changed = self.changed().await?;
        if changed.is_empty() {
            return Ok(Snapshot {
                tree: self.base_tree.clone(),
                changed,
            });
        }
        self.not_huge(&changed)?;
        let own = self.slot.git_folder();
        self.slot
            .work(move || {
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

    /// Records it without git, where nothing in the tree needs git's judgement but what is ignored.
    async fn recorded_here(&self) -> Result<Option<Snapshot>, GitError> {
        let (store, desk) = (self.repo.places.objects(), self.repo.desk.clone());
        // The trees of those who build on it will want it.
        let keep = move |content: &[u8]| {
            let written = loose::write(&desk.drafts, &store, Sort::Blob, content);
            written.inspect(|id| desk.remember_file(*id, content))
        };
        let Some(Looked {
            mut steps,
            new,
            saw,
        }) = self.looked_here(keep).await?
        else {
            return Ok(None);
        };
        let Some(base) = Oid::of(&self.base_tree) else {
            return Ok(None);
        };
        if !new.is_empty() {
            let (root, store) = (self.root().to_owned(), self.repo.places.objects());
            let desk = self.repo.desk.clone();
            let added = self
                .slot
                .work(move || added(&root, &new, (&desk.drafts, &store)));
            let Ok(Some(added)) = added.await else {
                return Ok(None);
            };
            steps.extend(added);
        }
        steps.sort_by(|a, b| a.path.cmp(&b.path));
        let changed: Option<Vec<Change>> = steps.iter().map(Step::change).collect();
        let Some(changed) = changed else {
            return Ok(None);
        };
        let tree = match changed.is_empty() {
            true => Some(self.base_tree.clone()),
            false => self.repo.planted(base, &steps).await?.id(),
        };
        if let Some((seen, told)) = saw {
            self.saw(seen, told);
        }
        Ok(tree.map(|tree| Snapshot { tree, changed }))
    }

    /// What differs from the base, found without git and recorded nowhere; `None` where git has to look.
    pub(crate) async fn changed_here(&self) -> Result<Option<Vec<Change>>, GitError> {
        let hash = |content: &[u8]| Ok(loose::hashed(Sort::Blob, content));
        let Some(Looked { steps, new, .. }) = self.looked_here(hash).await? else {
            return Ok(None);
        };
        let added = new.into_iter().map(|path| {
            let path = String::from_utf8(path).ok()?;
            let how = ChangeKind::Added;
            Some(Change { path, how })
        });
        let changed: Option<Vec<Change>> = steps.iter().map(Step::change).chain(added).collect();
        Ok(changed.map(|mut changed| {
            changed.sort_by(|a, b| a.path.cmp(&b.path));
            changed
        }))
    }

    /// What differs from the index; `None` where git has to look. `keep` is given each content that is not as the index
    /// says.
    async fn looked_here(
        &self,
        mut keep: impl FnMut(&[u8]) -> io::Result<Oid> + Send + 'static,
    ) -> Result<Option<Looked>, GitError> {
        if !self.repo.is_plain() {
            return Ok(None);
        }
        let (root, index) = (self.root().to_owned(), self.slot.git_folder().join("index"));
        let (known, told) = self.known();
        let look = move || look((&root, &index), known.as_ref(), &mut keep);
        // What could not be looked at may have changed meanwhile: git says so, or does it better.
        let Ok(Some((steps, seen, is_whole))) = self.slot.work(look).await else {
            return Ok(None);
        };
        let unknown = &seen.differences.unknown;
        let ignored = match unknown.is_empty() {
            true => BTreeSet::new(),
            false => ignored(self.slot.git(&self.repo)?, unknown).await?,
        };
        let is_new = |path: &&Vec<u8>| !ignored.contains(*path);
        let mut new: Vec<Vec<u8>> = unknown.iter().filter(is_new).cloned().collect();
        let left = self.left(new.clone()).await?;
        new.retain(|path| !left.contains(path));
        let saw = is_whole.then_some((seen, told));
        Ok(Some(Looked { steps, new, saw }))
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

/// What differs from the index.
struct Looked {
    steps: Vec<Step>,
    /// The new files that are not ignored and were not there before its holder.
    new: Vec<Vec<u8>>,
    /// How the tree was seen, and when, if all of it was looked at.
    saw: Option<(Seen, u64)>,
}

/// What differs from the index, how the tree was seen, and whether all of it was looked at; `None` where git has to look.
fn look(
    (root, index): (&Path, &Path),
    known: Option<&Known>,
    keep: &mut dyn FnMut(&[u8]) -> io::Result<Oid>,
) -> io::Result<Option<(Vec<Step>, Seen, bool)>> {
    let Some(index) = Index::read(index) else {
        return Ok(None);
    };
    // What a look found is told by another one to whoever asks again: contents are kept by a snapshot alone.
    let written = known.filter(|known| known.is_written());
    let seen = match written {
        Some(known) => known.now(root, &index, keep)?,
        None => None,
    };
    let is_whole = seen.is_none();
    let seen = match seen {
        None => Seen::look(root, &index, MOST_HERE, keep)?,
        known => known,
    };
    let Some(seen) = seen else {
        return Ok(None);
    };
    let Differences { changed, gone, .. } = &seen.differences;
    let gone = gone.iter().map(|path| (path, None));
    let changed = changed.iter().map(|(path, now)| (path, Some(*now)));
    let steps = changed.chain(gone).map(|(path, new)| Step {
        old: index.get(path).map(|entry| entry.leaf),
        path: path.clone(),
        new,
    });
    Ok(Some((steps.collect(), seen, is_whole)))
}

/// New files, with their contents in the store; `None` where git has to look at them. They may have grown since they were
/// found.
fn added(
    root: &Path,
    paths: &[Vec<u8>],
    (drafts, store): (&Drafts, &Path),
) -> io::Result<Option<Vec<Step>>> {
    let meta = |path: &Vec<u8>| fs::symlink_metadata(at(root, path));
    let metas: Vec<fs::Metadata> = paths.iter().map(meta).collect::<io::Result<_>>()?;
    if metas.iter().map(fs::Metadata::len).sum::<u64>() > MOST_HERE {
        return Ok(None);
    }
    let mut steps = Vec::new();
    for (path, meta) in paths.iter().zip(&metas) {
        let content = scan::content(&at(root, path), meta)?;
        let Some((mode, content)) = index::mode(meta).zip(content) else {
            return Ok(None);
        };
        let id = loose::write(drafts, store, Sort::Blob, &content)?;
        steps.push(Step {
            path: path.clone(),
            old: None,
            new: Some(Leaf { mode, id }),
        });
    }
    Ok(Some(steps))
}

fn paths(changes: &[&Change]) -> Vec<u8> {
    let paths: Vec<&str> = changes.iter().map(|c| c.path.as_str()).collect();
    joined(&paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_files_that_are_too_much_together_are_left_to_git() {
        let dir = tempfile::tempdir().unwrap();
        let (root, store) = (dir.path(), dir.path().join("store"));
        let named = |names: &[&str]| -> Vec<Vec<u8>> {
            names.iter().map(|name| name.as_bytes().to_vec()).collect()
        };
        // None of them is too large by itself, and none takes room on the disk.
        for name in ["a", "b", "c"] {
            let file = fs::File::create(root.join(name)).unwrap();
            file.set_len(30 << 20).unwrap();
        }
        let steps = added(root, &named(&["a", "b", "c"]), (&Drafts::default(), &store)).unwrap();
        assert!(steps.is_none());
        assert!(!store.exists(), "nothing is stored of what git may refuse");
        fs::create_dir(&store).unwrap();
        fs::write(root.join("d"), "d").unwrap();
        let steps = added(root, &named(&["d"]), (&Drafts::default(), &store))
            .unwrap()
            .unwrap();
        assert_eq!(steps.len(), 1);
    }
}
