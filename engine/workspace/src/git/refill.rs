//! Bringing a tree of the pool from one commit to another by touching only what differs, without starting git.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, symlink};
use std::path::Path;
use std::sync::Arc;

use protocol::GitId;

use super::error::GitError;
use super::forest::Step;
use super::gitdir::{absent, write_over};
use super::index::{self, Entry, Index, Looks};
use super::listing::{LINK, Leaf, PROGRAM};
use super::loose::{Oid, Sort, hashed};
use super::repo::Repo;
use super::scan::{Differences, above, at, is_rules};
use super::seen::{Known, Seen};
use super::slot::Slot;
use super::special::ignored;

/// More files than this are git's to write: it is quicker then.
const MOST: usize = 2000;

/// What a tree is to be brought to.
pub(crate) struct Refill<'a> {
    pub(crate) repo: &'a Repo,
    pub(crate) slot: &'a Slot,
    /// The files its index tells of.
    pub(crate) had: &'a GitId,
    pub(crate) files: &'a GitId,
}

/// A tree as it was found.
struct Found {
    index: Index,
    seen: Seen,
}

/// What is to lie at a path: nothing, or this with its content.
type Target = (Vec<u8>, Option<(Leaf, Arc<[u8]>)>);

impl Refill<'_> {
    /// Makes files and index those that are wanted; what is ignored stays. `None` where git has to do it, whatever was
    /// done until then; else how it looks then. The tree is looked at as far as nothing is known of it. `before` and
    /// `after` are done with it, where it is done.
    pub(crate) async fn run(
        &self,
        known: Option<Known>,
        before: impl FnOnce() -> io::Result<()> + Send + 'static,
        after: impl FnOnce(&Seen) -> io::Result<()> + Send + 'static,
    ) -> Result<Option<Seen>, GitError> {
        let (root, index) = (self.slot.root(), self.slot.git_folder().join("index"));
        let is_there = fs::symlink_metadata(&root).is_ok_and(|m| m.is_dir());
        if !self.repo.is_plain() || !is_there {
            return Ok(None);
        }
        let looked = self.slot.work(move || {
            before()?;
            look(&root, &index, known)
        });
        let Ok(Some(found)) = looked.await else {
            return Ok(None);
        };
        let Some(targets) = self.targets(&found).await? else {
            return Ok(None);
        };
        let unknown = &found.seen.differences.unknown;
        let mut paths = targets.iter().map(|(path, _)| path).chain(unknown);
        if !unknown.is_empty() && paths.any(|path| says_what_is_ignored(path)) {
            // What is ignored is judged by the files that are wanted, once they are there.
            return Ok(None);
        }
        let Some(extra) = self.extra(unknown).await? else {
            return Ok(None);
        };
        let (root, path) = (self.slot.root(), self.slot.git_folder().join("index"));
        let done = self.slot.work(move || {
            let (index, seen) = put(&root, found, (&extra, targets))?;
            index.write(&path)?;
            after(&seen).map(|()| seen)
        });
        Ok(done.await.ok())
    }

    /// The unknown files that have to go: all that are not ignored.
    async fn extra(&self, unknown: &[Vec<u8>]) -> Result<Option<Vec<Vec<u8>>>, GitError> {
        if unknown.len() > MOST {
            return Ok(None);
        }
        if unknown.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let ignored = ignored(self.slot.git(self.repo)?, unknown).await?;
        let mut extra = unknown.to_vec();
        extra.retain(|path| !ignored.contains(path));
        Ok(Some(extra))
    }

    /// What has to be written or taken away.
    async fn targets(&self, found: &Found) -> Result<Option<Vec<Target>>, GitError> {
        let Some(ids) = Oid::of(self.had).zip(Oid::of(self.files)) else {
            return Ok(None);
        };
        let Differences { changed, gone, .. } = &found.seen.differences;
        let lost = changed.iter().map(|(path, _)| path).chain(gone);
        let of = |path: &Vec<u8>| found.index.get(path).map(|entry| entry.leaf);
        let mut wanted: BTreeMap<Vec<u8>, Option<Leaf>> =
            lost.map(|path| (path.clone(), of(path))).collect();
        for Step { path, new, .. } in self.repo.steps(Some(ids.0), Some(ids.1)).await? {
            wanted.insert(path, new);
        }
        let is_fit = |(path, leaf): (&Vec<u8>, &Option<Leaf>)| {
            leaf.is_none_or(|leaf| leaf.is_plain() && is_safe(path))
        };
        if wanted.len() > MOST || !wanted.iter().all(is_fit) {
            return Ok(None);
        }
        let mut targets = Vec::new();
        for (path, leaf) in wanted {
            let content = match leaf {
                Some(leaf) => Some((leaf, self.repo.file(leaf.id).await?)),
                None => None,
            };
            targets.push((path, content));
        }
        Ok(Some(targets))
    }
}

fn look(root: &Path, index: &Path, known: Option<Known>) -> io::Result<Option<Found>> {
    let Some(index) = Index::read(index) else {
        return Ok(None);
    };
    let mut hash = |content: &[u8]| Ok(hashed(Sort::Blob, content));
    let seen = match known {
        Some(known) => known.now(root, &index, &mut hash)?,
        None => None,
    };
    let seen = match seen {
        None => Seen::look(root, &index, u64::MAX, &mut hash)?,
        known => known,
    };
    Ok(seen.map(|seen| Found { index, seen }))
}

/// Does it; gives the index of what then lies there, and how that looks.
fn put(
    root: &Path,
    found: Found,
    (extra, targets): (&[Vec<u8>], Vec<Target>),
) -> io::Result<(Index, Seen)> {
    let Found { mut index, seen } = found;
    let mut emptied = seen.folders;
    let mut unknown = seen.differences.unknown;
    let gone = targets.iter().filter(|(_, content)| content.is_none());
    for path in extra.iter().chain(gone.map(|(path, _)| path)) {
        // What lies behind a link is not the tree's.
        if reaches(root, path) {
            absent(fs::remove_file(at(root, path)))?;
            emptied.extend(above(path).map(<[u8]>::to_vec));
        }
    }
    for (path, content) in targets {
        let entry = match content {
            Some((leaf, content)) => Some(place(root, path.clone(), (leaf, content))?),
            None => None,
        };
        index.set(&path, entry);
    }
    // What was ignored may lie where a file was put now.
    unknown.retain(|path| !extra.contains(path) && index.get(path).is_none());
    let needed: BTreeSet<&[u8]> = index.entries.iter().flat_map(|e| above(&e.path)).collect();
    let mut folders = BTreeSet::new();
    for folder in emptied.into_iter().rev() {
        // One that holds something ignored stays.
        if !needed.contains(folder.as_slice()) && fs::remove_dir(at(root, &folder)).is_err() {
            folders.insert(folder);
        }
    }
    let differences = Differences {
        unknown,
        ..Differences::default()
    };
    drop(needed);
    Ok((
        index,
        Seen {
            differences,
            folders,
        },
    ))
}

fn says_what_is_ignored(path: &[u8]) -> bool {
    path.rsplit(|byte| *byte == b'/').next() == Some(b".gitignore")
}

/// Whether all folders above a path are folders and no links.
fn reaches(root: &Path, path: &[u8]) -> bool {
    above(path).all(|folder| fs::symlink_metadata(at(root, folder)).is_ok_and(|m| m.is_dir()))
}

/// Writes one file or link anew.
fn place(root: &Path, path: Vec<u8>, (leaf, content): (Leaf, Arc<[u8]>)) -> io::Result<Entry> {
    for folder in above(&path) {
        let folder = at(root, folder);
        match fs::symlink_metadata(&folder) {
            Ok(meta) if meta.is_dir() => {}
            Ok(_) => return Err(io::ErrorKind::NotADirectory.into()),
            Err(_) => fs::create_dir(&folder)?,
        }
    }
    let to = at(root, &path);
    match leaf.mode {
        LINK => {
            absent(fs::remove_file(&to))?;
            symlink(OsStr::from_bytes(&content), &to)?;
        }
        mode => write(&to, mode, &content)?,
    }
    let looks = Looks::of(&fs::symlink_metadata(&to)?);
    Ok(Entry { path, leaf, looks })
}

/// Writes a file, over the old one where that is nothing but a file of this tree and mode: new ones cost more.
fn write(to: &Path, mode: u32, content: &[u8]) -> io::Result<()> {
    let is_own = |meta: &fs::Metadata| {
        meta.is_file() && meta.nlink() == 1 && index::mode(meta) == Some(mode)
    };
    if let Some(meta) = fs::symlink_metadata(to).ok().filter(is_own) {
        return write_over(to, meta.len(), content);
    }
    absent(fs::remove_file(to))?;
    let bits = if mode == PROGRAM { 0o777 } else { 0o666 };
    let mut options = OpenOptions::new();
    let options = options.write(true).create_new(true).mode(bits);
    options.open(to)?.write_all(content)
}

/// Whether a path surely lies in the tree and not in a git folder, whatever a disk thinks of its spelling, and says
/// nothing about other files.
fn is_safe(path: &[u8]) -> bool {
    let is_plain = |part: &[u8]| {
        let is_git = part.len() >= 4 && part[..4].eq_ignore_ascii_case(b"git~");
        let is_dots = matches!(part, b"" | b"." | b"..") || part.eq_ignore_ascii_case(b".git");
        !is_dots && !is_git && !part.contains(&b'\\') && !part.contains(&b':')
    };
    path.is_ascii() && !is_rules(path) && path.split(|byte| *byte == b'/').all(is_plain)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use protocol::TreeStart;

    use super::*;

    fn git(root: &Path, args: &[&str]) -> String {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=a", "-c", "user.email=a@example.org"]);
        let output = command.args(args).current_dir(root).output().unwrap();
        assert!(output.status.success(), "{args:?}");
        String::from_utf8(output.stdout)
            .unwrap()
            .trim_end()
            .to_owned()
    }

    fn commit(root: &Path, files: &[(&str, &str)]) -> GitId {
        for (path, text) in files {
            fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            fs::write(root.join(path), text).unwrap();
        }
        git(root, &["add", "-A"]);
        git(root, &["commit", "-qm", "x", "--allow-empty"]);
        git(root, &["rev-parse", "HEAD"]).parse().unwrap()
    }

    /// A repository with two commits, and a tree of the first that an agent has worked in.
    async fn worked(harm: impl Fn(&Path)) -> (tempfile::TempDir, Repo, Slot, [GitId; 2]) {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("user");
        fs::create_dir(&root).unwrap();
        git(&root, &["init", "-q"]);
        let files = [
            ("a/one", "1\n"),
            ("a/two", "2\n"),
            ("b/three", "3\n"),
            (".gitignore", "*.log\n"),
        ];
        let first = commit(&root, &files);
        fs::remove_file(root.join("b/three")).unwrap();
        let second = commit(&root, &[("a/one", "one\n"), ("c/new", "new\n")]);
        let repo = Repo::open(&root).await.unwrap();
        let trees = repo.trees(dir.path().join("pool"));
        let start = TreeStart::Commit(first.clone());
        let tree = trees.take("x", &start, None).await.unwrap();
        harm(tree.root());
        let ids = [
            repo.tree_of(&first).await.unwrap(),
            repo.tree_of(&second).await.unwrap(),
        ];
        (dir, repo, tree.slot, ids)
    }

    async fn refilled(harm: impl Fn(&Path)) -> (tempfile::TempDir, bool, Slot) {
        let (dir, repo, slot, [had, files]) = worked(harm).await;
        let refill = Refill {
            repo: &repo,
            slot: &slot,
            had: &had,
            files: &files,
        };
        let is_done = refill
            .run(None, || Ok(()), |_| Ok(()))
            .await
            .unwrap()
            .is_some();
        (dir, is_done, slot)
    }

    #[tokio::test]
    async fn only_what_differs_is_written_and_what_is_ignored_stays() {
        let (dir, is_done, slot) = refilled(|root| {
            fs::write(root.join("a/two"), "changed\n").unwrap();
            fs::write(root.join("a/stray"), "stray\n").unwrap();
            fs::create_dir_all(root.join("deep/er")).unwrap();
            fs::write(root.join("x.log"), "log\n").unwrap();
        })
        .await;
        assert!(is_done, "without git");
        let root = slot.root();
        let text = |path: &str| fs::read_to_string(root.join(path)).ok();
        assert_eq!(text("a/one").as_deref(), Some("one\n"));
        assert_eq!(text("a/two").as_deref(), Some("2\n"));
        assert_eq!(text("c/new").as_deref(), Some("new\n"));
        assert_eq!(text("x.log").as_deref(), Some("log\n"));
        for gone in ["a/stray", "b", "deep"] {
            assert!(!root.join(gone).exists(), "{gone}");
        }
        let own = dir.path().join("pool/t1/git");
        let own = own.to_str().unwrap();
        let status = ["--git-dir", own, "--work-tree", ".", "diff-files"];
        assert_eq!(git(&root, &status), "", "the index tells of these files");
    }

    #[tokio::test]
    async fn nothing_is_written_through_a_link() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("one"), "theirs\n").unwrap();
        let (_dir, is_done, slot) = refilled(|root| {
            fs::remove_dir_all(root.join("a")).unwrap();
            symlink(outside.path(), root.join("a")).unwrap();
            fs::remove_file(root.join("b/three")).unwrap();
            fs::hard_link(outside.path().join("one"), root.join("b/three")).unwrap();
        })
        .await;
        assert!(is_done && slot.root().join("a/one").is_file());
        let text = fs::read_to_string(outside.path().join("one"));
        assert_eq!(text.unwrap(), "theirs\n");
    }

    #[tokio::test]
    async fn what_needs_judgement_is_left_to_git() {
        type Harm = fn(&Path);
        let harms: [Harm; 3] = [
            |root| fs::write(root.join("a/.gitattributes"), "* text\n").unwrap(),
            |root| fs::write(root.join(".gitignore"), "*\n").unwrap(),
            |root| fs::create_dir_all(root.join("nested/.git")).unwrap(),
        ];
        for harm in harms {
            let (_dir, is_done, _slot) = refilled(|root| {
                fs::write(root.join("stray"), "stray\n").unwrap();
                harm(root);
            })
            .await;
            assert!(!is_done);
        }
    }
}
