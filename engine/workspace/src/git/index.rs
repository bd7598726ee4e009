//! The index of a tree as git keeps it: which files lie there and how they looked from outside when they were put there.
//! Only the plain form is read here; everything else is left to git.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use sha1::{Digest, Sha1};

use super::gitdir::write_over;
use super::listing::{FILE, LINK, Leaf, PROGRAM};
use super::loose::{BYTES, Oid};

const MAGIC: &[u8] = b"DIRC";

/// The bytes of an entry before its id: ten numbers.
const NUMBERS: usize = 40;

/// The bytes of an entry before its path.
const HEAD: usize = NUMBERS + BYTES + 2;

/// A path's length is told up to here.
const LONGEST: usize = 0xfff;

/// How a file looks from outside, as an index tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Looks {
    /// Seconds and nanoseconds of the last change of the file's place, then of its content.
    changed: (u32, u32),
    pub(crate) modified: (u32, u32),
    device: u32,
    inode: u32,
    owner: (u32, u32),
    bytes: u32,
}

impl Looks {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index keeps the low 32 bits of each"
    )]
    pub(crate) fn of(meta: &Metadata) -> Self {
        Self {
            changed: (meta.ctime() as u32, meta.ctime_nsec() as u32),
            modified: (meta.mtime() as u32, meta.mtime_nsec() as u32),
            device: meta.dev() as u32,
            inode: meta.ino() as u32,
            owner: (meta.uid(), meta.gid()),
            bytes: meta.size() as u32,
        }
    }
}

/// The mode git gives a file; `None` for what is neither a file nor a link.
pub(crate) fn mode(meta: &Metadata) -> Option<u32> {
    let kind = meta.file_type();
    match (kind.is_symlink(), kind.is_file()) {
        (true, _) => Some(LINK),
        (_, true) if meta.mode() & 0o100 != 0 => Some(PROGRAM),
        (_, true) => Some(FILE),
        _ => None,
    }
}

/// One file of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) path: Vec<u8>,
    pub(crate) leaf: Leaf,
    pub(crate) looks: Looks,
}

/// The files of a tree, sorted by path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Index {
    pub(crate) entries: Vec<Entry>,
    /// When it was written: what changed later, or in that moment, may look as it did before.
    pub(crate) written: (u32, u32),
}

impl Index {
    /// Reads the index at `path`; `None` if there is none, or if anything in it is more than files that lie there.
    pub(crate) fn read(path: &Path) -> Option<Self> {
        let written = Looks::of(&fs::symlink_metadata(path).ok()?).modified;
        let bytes = fs::read(path).ok()?;
        let (body, sum) = bytes.split_at_checked(bytes.len().checked_sub(BYTES)?)?;
        if Sha1::digest(body).as_slice() != sum {
            return None;
        }
        let rest = body.strip_prefix(MAGIC)?;
        let (version, rest) = number(rest)?;
        let (count, mut rest) = number(rest)?;
        if !matches!(version, 2 | 3) {
            return None;
        }
        let mut entries = Vec::new();
        for _ in 0..count {
            let (entry, after) = parse(rest)?;
            entries.push(entry);
            rest = after;
        }
        extensions(rest)?;
        Some(Self { entries, written })
    }

    /// Writes it to `path`. If that is broken off, the index is not whole, which [`Self::read`] finds out: the tree is not
    /// used before all of it is laid out again.
    pub(crate) fn write(&self, path: &Path) -> io::Result<()> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&2_u32.to_be_bytes());
        let count = u32::try_from(self.entries.len()).map_err(io::Error::other)?;
        bytes.extend_from_slice(&count.to_be_bytes());
        for entry in &self.entries {
            let from = bytes.len();
            let Looks {
                changed,
                modified,
                device,
                inode,
                owner,
                bytes: size,
            } = entry.looks;
            let mode = entry.leaf.mode;
            for number in [
                changed.0, changed.1, modified.0, modified.1, device, inode, mode, owner.0,
                owner.1, size,
            ] {
                bytes.extend_from_slice(&number.to_be_bytes());
            }
            bytes.extend_from_slice(&entry.leaf.id.0);
            let told = u16::try_from(entry.path.len().min(LONGEST)).map_err(io::Error::other)?;
            bytes.extend_from_slice(&told.to_be_bytes());
            bytes.extend_from_slice(&entry.path);
            // At least one NUL, and as many as make the entry a multiple of eight.
            bytes.resize(from + ((bytes.len() - from) / 8 + 1) * 8, 0);
        }
        let sum = Sha1::digest(&bytes);
        bytes.extend_from_slice(&sum);
        let before = fs::symlink_metadata(path)?.len();
        write_over(path, before, &bytes)
    }

    /// The entry of a path.
    pub(crate) fn get(&self, path: &[u8]) -> Option<&Entry> {
        let at = self.place(path).ok()?;
        self.entries.get(at)
    }

    /// Puts an entry in, or takes a path out.
    pub(crate) fn set(&mut self, path: &[u8], entry: Option<Entry>) {
        match (self.place(path), entry) {
            (Ok(at), Some(entry)) => self.entries[at] = entry,
            (Ok(at), None) => drop(self.entries.remove(at)),
            (Err(at), Some(entry)) => self.entries.insert(at, entry),
            (Err(_), None) => {}
        }
    }

    fn place(&self, path: &[u8]) -> Result<usize, usize> {
        let by_path = |entry: &Entry| entry.path.as_slice().cmp(path);
        self.entries.binary_search_by(by_path)
    }

    /// Whether a file that looks like this is surely still what was put there: it looks as it did, and was not changed
    /// in the moment when the index was written.
    pub(crate) fn vouches_for(&self, entry: &Entry, meta: &Metadata) -> bool {
        let is_same = entry.looks == Looks::of(meta) && mode(meta) == Some(entry.leaf.mode);
        is_same && entry.looks.modified < self.written
    }
}

fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (head, rest) = bytes.split_first_chunk()?;
    Some((u32::from_be_bytes(*head), rest))
}

fn parse(bytes: &[u8]) -> Option<(Entry, &[u8])> {
    let (head, rest) = bytes.split_at_checked(HEAD)?;
    let mut numbers = [0; NUMBERS / 4];
    for (number, four) in numbers.iter_mut().zip(head.chunks(4)) {
        *number = u32::from_be_bytes(four.try_into().ok()?);
    }
    let [s, ns, ms, mns, device, inode, mode, user, group, size] = numbers;
    let id = Oid(head[NUMBERS..NUMBERS + BYTES].try_into().ok()?);
    let flags = u16::from_be_bytes(head[NUMBERS + BYTES..].try_into().ok()?);
    let leaf = Leaf { mode, id };
    // Anything but a length says that it is half merged, left out, or to be taken on trust.
    if usize::from(flags) > LONGEST || !leaf.is_plain() {
        return None;
    }
    let end = rest.iter().position(|byte| *byte == 0)?;
    let entry = Entry {
        path: rest[..end].to_vec(),
        leaf,
        looks: Looks {
            changed: (s, ns),
            modified: (ms, mns),
            device,
            inode,
            owner: (user, group),
            bytes: size,
        },
    };
    let whole = ((HEAD + end) / 8 + 1) * 8;
    Some((entry, bytes.get(whole..)?))
}

/// Extensions whose name begins with a small letter change what an index means.
fn extensions(mut bytes: &[u8]) -> Option<()> {
    while !bytes.is_empty() {
        let (name, rest) = bytes.split_at_checked(4)?;
        let (size, rest) = number(rest)?;
        if !name[0].is_ascii_uppercase() {
            return None;
        }
        bytes = rest.get(usize::try_from(size).ok()?..)?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn git(root: &Path, args: &[&str]) -> String {
        let output = Command::new("git").args(args).current_dir(root).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{args:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    #[test]
    fn what_git_wrote_is_read_and_what_is_written_git_reads() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        git(root, &["init", "-q"]);
        fs::create_dir_all(root.join("a")).unwrap();
        for (number, name) in ["a/b", "a.b", "a0", "a-b", "x12345", "x1234567"]
            .iter()
            .enumerate()
        {
            fs::write(root.join(name), "x".repeat(number)).unwrap();
        }
        std::os::unix::fs::symlink("a0", root.join("link")).unwrap();
        git(root, &["add", "-A"]);
        let (path, staged) = (root.join(".git/index"), ["ls-files", "-s", "--debug"]);
        let before = git(root, &staged);
        let mut index = Index::read(&path).unwrap();
        index.write(&path).unwrap();
        assert_eq!(git(root, &staged), before);
        assert_eq!(Index::read(&path).unwrap().entries, index.entries);
        index.set(b"a0", None);
        index.write(&path).unwrap();
        assert!(!git(root, &["ls-files"]).contains("a0"));
    }

    #[test]
    fn what_is_more_than_files_or_not_whole_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        git(root, &["init", "-q"]);
        fs::write(root.join("a"), "a").unwrap();
        git(root, &["add", "-A"]);
        let path = root.join(".git/index");
        assert!(Index::read(&path).is_some());
        git(root, &["update-index", "--skip-worktree", "a"]);
        assert_eq!(Index::read(&path), None);
        git(root, &["update-index", "--no-skip-worktree", "a"]);
        git(root, &["update-index", "--assume-unchanged", "a"]);
        assert_eq!(Index::read(&path), None);
        git(root, &["update-index", "--no-assume-unchanged", "a"]);
        let mut bytes = fs::read(&path).unwrap();
        bytes[20] ^= 1;
        fs::write(&path, bytes).unwrap();
        assert_eq!(Index::read(&path), None);
    }
}
