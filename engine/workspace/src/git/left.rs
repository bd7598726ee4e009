//! What a tree's holder found there though nobody laid it out: ignored files, such as build outputs, that earlier holders
//! left. They are none of its work, also once it says that they are ignored no more; what it makes of them is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::error::GitError;
use super::gitdir::{absent, put};
use super::repo::Repo;
use super::run::{Git, parts};
use super::scan::at;
use super::slot::Slot;
use super::tree::Tree;

/// Where it is noted in the git folder of formic's own commands, which nobody who works in the tree can write to.
const NOTE: &str = "left";

/// How a file looked: when it was last changed in any way, in seconds and nanoseconds, its place on the disk, its size.
/// Not the disk it is on: that may be called otherwise when the machine has started anew.
type Looks = [u64; 4];

/// Files by path, as they looked.
type Left = BTreeMap<Vec<u8>, Looks>;

/// What says what is ignored.
const RULES: &[u8] = b".gitignore";

/// Removes what the index of a place does not know, but for what the repository ignores, which is given: what a former
/// holder, or a tool of his, had ignored would hide what the next one makes there.
pub(crate) async fn cleaned(repo: &Repo, slot: &Slot) -> Result<Vec<Vec<u8>>, GitError> {
    let git = |args: &[&str]| Ok::<_, GitError>(slot.git(repo)?.args(args));
    let listed = async |args: &[&str]| {
        let bytes = git(args)?.bytes().await?;
        Ok::<_, GitError>(parts(&bytes).map(<[u8]>::to_vec).collect::<Vec<_>>())
    };
    let (clean, others) = (["clean", "-ffdq"], ["ls-files", "--others", "-z"]);
    git(&clean)?.bytes().await?;
    let left = listed(&others).await?;
    let mut rules = left.clone();
    rules.retain(|path| split(path).1 == RULES);
    if rules.is_empty() {
        return Ok(left);
    }
    let known: BTreeSet<Vec<u8>> = listed(&["ls-files", "-z"]).await?.into_iter().collect();
    // Those that are ignored by what is the repository's, or its owner's, lie in what it ignores anyway.
    for (source, path) in sources(git(&[])?, &rules).await? {
        let is_rules = split(&source).1 == RULES;
        if !is_rules || known.contains(&source) {
            rules.retain(|rules| *rules != path);
        }
    }
    if rules.is_empty() {
        return Ok(left);
    }
    let root = slot.root();
    slot.work(move || {
        let mut rules = rules.iter();
        rules.try_for_each(|path| absent(fs::remove_file(at(&root, path))))
    })
    .await?;
    git(&clean)?.bytes().await?;
    listed(&others).await
}

/// What has each of these paths ignored, as far as they are: the file that says so, below the root if it lies there.
async fn sources(git: Git, paths: &[Vec<u8>]) -> Result<Vec<(Vec<u8>, Vec<u8>)>, GitError> {
    let asked = paths
        .iter()
        .flat_map(|path| [&b"./"[..], path, b"\0"].concat());
    let git = git.args(["check-ignore", "--verbose", "-z", "--stdin"]);
    let (output, named) = git.input(asked.collect::<Vec<u8>>()).output().await?;
    if !matches!(output.status.code(), Some(0 | 1)) {
        return Err(GitError::failed(&named, &output.stderr));
    }
    let fields: Vec<&[u8]> = output.stdout.split(|byte| *byte == 0).collect();
    let bare = |path: &[u8]| path.strip_prefix(b"./").unwrap_or(path).to_vec();
    // The file, its line, the pattern, the path.
    let each = fields.chunks_exact(4);
    Ok(each.map(|one| (bare(one[0]), bare(one[3]))).collect())
}

/// The folder of a path, and its name there.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(end) => (&path[..end], &path[end + 1..]),
        None => (b"", path),
    }
}

/// Notes how these files look that lie in the tree at `root`; a folder stands for all below it. What cannot be looked at is
/// not noted.
pub(crate) fn note(root: &Path, own: &Path, paths: &[Vec<u8>]) -> io::Result<()> {
    let found = paths.iter().filter_map(|path| files(root, path).ok());
    let left: Left = found
        .flatten()
        .map(|(path, meta)| (path, looks(&meta)))
        .collect();
    let at = own.join(NOTE);
    match left.is_empty() {
        true => absent(fs::remove_file(at)),
        false => put(&at, &written(&left)),
    }
}

impl Tree {
    /// Which of these new files, or folders, are all as they were when the tree was laid out.
    pub(crate) async fn left(&self, new: Vec<Vec<u8>>) -> Result<BTreeSet<Vec<u8>>, GitError> {
        let (root, own) = (self.root().to_owned(), self.slot.git_folder());
        let left = match new.is_empty() {
            true => BTreeSet::new(),
            false => self.slot.work(move || still(&root, &own, new)).await?,
        };
        self.left_out(&left);
        Ok(left)
    }
}

fn still(root: &Path, own: &Path, mut paths: Vec<Vec<u8>>) -> io::Result<BTreeSet<Vec<u8>>> {
    let left = match fs::read(own.join(NOTE)) {
        Ok(bytes) => read(&bytes).ok_or(io::ErrorKind::InvalidData)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Left::new(),
        Err(error) => return Err(error),
    };
    let is_noted = |(path, meta): &(Vec<u8>, Metadata)| left.get(path) == Some(&looks(meta));
    paths.retain(|path| {
        let found = files(root, path);
        found.is_ok_and(|found| !found.is_empty() && found.iter().all(is_noted))
    });
    Ok(paths.into_iter().collect())
}

/// What lies at a path, or below it if that is a folder.
fn files(root: &Path, path: &[u8]) -> io::Result<Vec<(Vec<u8>, Metadata)>> {
    // git ends the name of a folder so.
    let path = path.strip_suffix(b"/").unwrap_or(path);
    let (mut found, mut left) = (Vec::new(), vec![path.to_vec()]);
    while let Some(path) = left.pop() {
        let place = at(root, &path);
        let meta = fs::symlink_metadata(&place)?;
        if !meta.is_dir() {
            found.push((path, meta));
            continue;
        }
        for entry in fs::read_dir(place)? {
            let name = entry?.file_name().into_vec();
            left.push([&path, &b"/"[..], &name].concat());
        }
    }
    Ok(found)
}

fn looks(meta: &Metadata) -> Looks {
    let changed = [meta.ctime(), meta.ctime_nsec()].map(i64::cast_unsigned);
    [changed[0], changed[1], meta.ino(), meta.size()]
}

/// Each file as its numbers, the length of its path, its path.
fn written(left: &Left) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (path, looks) in left {
        let numbers = looks.iter().copied().chain([path.len() as u64]);
        bytes.extend(numbers.flat_map(u64::to_be_bytes));
        bytes.extend_from_slice(path);
    }
    bytes
}

/// What was written, if it is whole.
fn read(mut bytes: &[u8]) -> Option<Left> {
    let mut left = Left::new();
    while !bytes.is_empty() {
        let mut numbers = [0; 5];
        for number in &mut numbers {
            let (head, rest) = bytes.split_first_chunk()?;
            *number = u64::from_be_bytes(*head);
            bytes = rest;
        }
        let [a, b, c, d, length] = numbers;
        let (path, rest) = bytes.split_at_checked(usize::try_from(length).ok()?)?;
        left.insert(path.to_vec(), [a, b, c, d]);
        bytes = rest;
    }
    Some(left)
}
