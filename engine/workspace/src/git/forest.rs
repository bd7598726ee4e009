//! Comparing, changing and merging the files of commits folder by folder, without a checkout and without starting git:
//! only the folders that differ are looked at.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::BoxFuture;
use protocol::{Change, ChangeKind, GitId};

use super::error::GitError;
use super::listing::{FOLDER, Leaf, Listing};
use super::loose::Oid;
use super::repo::Repo;

/// What a path was and what it is; folders are taken apart to what lies in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) path: Vec<u8>,
    pub(crate) old: Option<Leaf>,
    pub(crate) new: Option<Leaf>,
}

impl Step {
    /// The same as others are told it; `None` if its name is not UTF-8.
    pub(crate) fn change(&self) -> Option<Change> {
        let how = match (&self.old, &self.new) {
            (None, _) => ChangeKind::Added,
            (Some(_), None) => ChangeKind::Deleted,
            (Some(_), Some(_)) => ChangeKind::Modified,
        };
        let path = String::from_utf8(self.path.clone()).ok()?;
        Some(Change { path, how })
    }
}

impl Repo {
    /// How two folders differ, sorted by path; nothing is an empty one.
    pub(crate) async fn steps(
        &self,
        from: Option<Oid>,
        to: Option<Oid>,
    ) -> Result<Vec<Step>, GitError> {
        let mut found = Vec::new();
        let mut left = vec![(Vec::new(), from, to)];
        while let Some((prefix, from, to)) = left.pop() {
            if from == to {
                continue;
            }
            let (old, new) = (self.folder_or(from).await?, self.folder_or(to).await?);
            for (name, (old, new)) in paired(&old, &new) {
                let path = [&prefix[..], name].concat();
                let below = |leaf: Option<Leaf>| leaf.filter(Leaf::is_folder).map(|leaf| leaf.id);
                let file = |leaf: Option<Leaf>| leaf.filter(|leaf| !leaf.is_folder());
                if below(old) != below(new) {
                    let prefix = [&path[..], b"/"].concat();
                    left.push((prefix, below(old), below(new)));
                }
                let (old, new) = (file(old), file(new));
                if old != new {
                    found.push(Step { path, old, new });
                }
            }
        }
        found.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }

    async fn folder_or(&self, id: Option<Oid>) -> Result<Listing, GitError> {
        match id {
            Some(id) => Ok(self.folder(id).await?.as_ref().clone()),
            None => Ok(Listing::default()),
        }
    }

    /// The files of `base` with these steps taken, as a folder in the user's store; whatever else lies where a step puts
    /// something goes.
    pub(crate) async fn planted(&self, base: Oid, steps: &[Step]) -> Result<Oid, GitError> {
        let parts: Vec<Part<'_>> = steps
            .iter()
            .map(|step| (step.path.as_slice(), step.new))
            .collect();
        let listing = self.folder(base).await?.as_ref().clone();
        let listing = self.grown(listing, parts).await?;
        let planted = self.write_folder(listing)?;
        if let Some(id) = planted.id() {
            // Whoever asks for the files of it is told without asking git.
            self.desk.remember_tree(&id, &id);
        }
        Ok(planted)
    }

    fn grown<'a>(
        &'a self,
        mut listing: Listing,
        parts: Vec<Part<'a>>,
    ) -> BoxFuture<'a, Result<Listing, GitError>> {
        Box::pin(async move {
            let mut below: BTreeMap<&[u8], Vec<Part<'_>>> = BTreeMap::new();
            let mut here: BTreeMap<&[u8], Option<Leaf>> = BTreeMap::new();
            for (path, new) in parts {
                match path.iter().position(|byte| *byte == b'/') {
                    Some(at) => {
                        let below = below.entry(&path[..at]).or_default();
                        below.push((&path[at + 1..], new));
                    }
                    None => drop(here.insert(path, new)),
                }
            }
            let names: BTreeSet<&[u8]> = below.keys().chain(here.keys()).copied().collect();
            for name in names {
                let old = listing.get(name).filter(Leaf::is_folder);
                let folder = match below.remove(name) {
                    Some(parts) => {
                        let old = self.folder_or(old.map(|leaf| leaf.id)).await?;
                        self.grown(old, parts).await?
                    }
                    None => Listing::default(),
                };
                let file = here.get(name).copied().flatten();
                let leaf = match folder.0.is_empty() {
                    true => file,
                    false => Some(Leaf {
                        mode: FOLDER,
                        id: self.write_folder(folder)?,
                    }),
                };
                listing.set(name, leaf);
            }
            Ok(listing)
        })
    }

    /// The merge of two folders, both counted from `base`, where git would find nothing to think about: no path was
    /// touched by both sides, nothing went away that could have been renamed, nothing changed its sort. `None` where it
    /// would.
    pub(crate) async fn woven(
        &self,
        (onto, base, theirs): (Oid, Oid, Oid),
    ) -> Result<Option<Oid>, GitError> {
        if onto == base {
            return Ok(Some(theirs));
        }
        if theirs == base {
            return Ok(Some(onto));
        }
        let ours = self.steps(Some(base), Some(onto)).await?;
        let steps = self.steps(Some(base), Some(theirs)).await?;
        let is_easy = |step: &Step| match (&step.old, &step.new) {
            (_, None) => false,
            (None, Some(new)) => new.is_plain(),
            (Some(old), Some(new)) => old.is_plain() && new.is_plain() && kind(old) == kind(new),
        };
        if !ours.iter().chain(&steps).all(is_easy) || meet(&ours, &steps) {
            return Ok(None);
        }
        self.planted(onto, &steps).await.map(Some)
    }

    /// The folder that a commit or a folder is, if objects are read and written here.
    pub(crate) async fn root_of(&self, id: &GitId) -> Result<Option<Oid>, GitError> {
        if !self.writes_objects() {
            return Ok(None);
        }
        Ok(Oid::of(&self.tree_of(id).await?))
    }
}

type Part<'a> = (&'a [u8], Option<Leaf>);

/// Links and files are never merged with each other.
const fn kind(leaf: &Leaf) -> u32 {
    leaf.mode & 0o170_000
}

/// Whether a path of one side is a path of the other, or lies below one.
fn meet(ours: &[Step], theirs: &[Step]) -> bool {
    let paths = |steps: &[Step]| -> BTreeSet<Vec<u8>> {
        steps.iter().map(|step| step.path.clone()).collect()
    };
    let lies = |steps: &[Step], others: &BTreeSet<Vec<u8>>| {
        steps.iter().any(|Step { path, .. }| {
            let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
            let mut above = ends.map(|(at, _)| &path[..at]);
            others.contains(path) || above.any(|folder| others.contains(folder))
        })
    };
    lies(ours, &paths(theirs)) || lies(theirs, &paths(ours))
}

/// The names of two folders with what they are in each.
fn paired<'a>(
    old: &'a Listing,
    new: &'a Listing,
) -> BTreeMap<&'a [u8], (Option<Leaf>, Option<Leaf>)> {
    let mut all: BTreeMap<&[u8], (Option<Leaf>, Option<Leaf>)> = BTreeMap::new();
    for (name, leaf) in &old.0 {
        all.entry(name).or_default().0 = Some(*leaf);
    }
    for (name, leaf) in &new.0 {
        all.entry(name).or_default().1 = Some(*leaf);
    }
    all.retain(|_, (old, new)| old != new);
    all
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::git::loose::{Sort, hashed};
    use crate::git::run::Git;

    /// Files by name, each with one of a few contents.
    type Files = BTreeMap<&'static str, u8>;

    fn files() -> impl Strategy<Value = Files> {
        let name = prop::sample::select(&["a", "a.b", "b/c", "b/d", "e/f/g", "e/f/h", "e/i"][..]);
        prop::collection::btree_map(name, 0..3_u8, 1..7)
    }

    async fn repository() -> (tempfile::TempDir, Repo) {
        let dir = tempfile::tempdir().unwrap();
        let init = Git::at(dir.path()).args(["init", "-q"]);
        init.bytes().await.unwrap();
        let repo = Repo::open(dir.path()).await.unwrap();
        (dir, repo)
    }

    async fn planted(repo: &Repo, files: &Files) -> Oid {
        let empty = repo.write_folder(Listing::default()).unwrap();
        let step = |(name, content): (&&str, &u8)| {
            let id = repo.write_object(Sort::Blob, &[*content]).unwrap();
            let mode = crate::git::listing::FILE;
            Step {
                path: name.as_bytes().to_vec(),
                old: None,
                new: Some(Leaf { mode, id }),
            }
        };
        let steps: Vec<Step> = files.iter().map(step).collect();
        repo.planted(empty, &steps).await.unwrap()
    }

    /// What git makes of the three.
    async fn by_git(root: &Path, (onto, base, theirs): (Oid, Oid, Oid)) -> Option<String> {
        let merge = Git::at(root).args(["merge-tree", "--write-tree"]);
        let merge = merge.arg(format!("--merge-base={}", base.hex()));
        let (output, _) = merge
            .args([onto.hex(), theirs.hex()])
            .output()
            .await
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let tree = said.lines().next().map(str::to_owned);
        tree.filter(|_| output.status.success())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

        /// Steps lead from one tree to the other, and a merge that is made here is the one git makes.
        #[test]
        fn steps_lead_there_and_merges_are_gits(all in (files(), files(), files())) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let (dir, repo) = repository().await;
                let base = planted(&repo, &all.0).await;
                let onto = planted(&repo, &all.1).await;
                let theirs = planted(&repo, &all.2).await;
                let steps = repo.steps(Some(base), Some(onto)).await.unwrap();
                assert_eq!(repo.planted(base, &steps).await.unwrap(), onto);
                let found = repo.woven((onto, base, theirs)).await.unwrap();
                if let Some(tree) = found {
                    let expected = by_git(dir.path(), (onto, base, theirs)).await;
                    assert_eq!(Some(tree.hex()), expected);
                }
            });
        }
    }

    #[tokio::test]
    async fn changes_to_other_files_are_merged_here_and_everything_else_is_gits() {
        let (_dir, repo) = repository().await;
        let base = Files::from([("a", 0), ("b/c", 0)]);
        let with = |name, content| {
            let mut files = base.clone();
            files.insert(name, content);
            files
        };
        let without = Files::from([("a", 0)]);
        let merged = async |ours: &Files, theirs: &Files| {
            let three = (
                planted(&repo, ours).await,
                planted(&repo, &base).await,
                planted(&repo, theirs).await,
            );
            repo.woven(three).await.unwrap()
        };
        let both = Files::from([("a", 1), ("b/c", 0), ("b/d", 2)]);
        let expected = planted(&repo, &both).await;
        assert_eq!(merged(&with("a", 1), &with("b/d", 2)).await, Some(expected));
        assert_eq!(merged(&with("a", 1), &with("a", 2)).await, None);
        assert_eq!(merged(&with("a", 1), &without).await, None);
        assert_eq!(merged(&with("e", 1), &with("e/i", 1)).await, None);
    }

    #[tokio::test]
    async fn an_object_is_named_as_git_names_it() {
        let (dir, repo) = repository().await;
        let asked = Git::at(dir.path()).args(["hash-object", "--stdin"]);
        let id = asked.input(b"some text\n".to_vec()).line().await.unwrap();
        assert_eq!(hashed(Sort::Blob, b"some text\n").hex(), id);
        let written = repo.write_object(Sort::Blob, b"some text\n").unwrap();
        let read = Git::at(dir.path()).args(["cat-file", "blob", &written.hex()]);
        assert_eq!(read.bytes().await.unwrap(), b"some text\n");
        assert_eq!(
            repo.content(written, Sort::Blob).await.unwrap(),
            b"some text\n"
        );
    }
}
