//! A look at every file of a tree from outside, against what its index says lies there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::index::{self, Entry, Index};
use super::listing::{LINK, Leaf};
use super::loose::{Oid, Sort, hashed};
use super::modes::is_open;

/// A file that is larger is read by git, in bytes.
const LARGEST: u64 = 32 * 1024 * 1024;

/// The name of files that say how others are converted.
const RULES: &[u8] = b".gitattributes";

/// What lies in a tree, without its own git folder.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// Files and links, by path.
    pub(crate) files: BTreeMap<Vec<u8>, Metadata>,
    /// Folders, by path, without `/` at the end.
    pub(crate) folders: BTreeSet<Vec<u8>>,
}

/// How a tree differs from its index.
#[derive(Debug, Default, Clone)]
pub(crate) struct Differences {
    /// Files of the index whose content or mode is another: what they are now.
    pub(crate) changed: Vec<(Vec<u8>, Leaf)>,
    /// Files of the index that are not there.
    pub(crate) gone: Vec<Vec<u8>>,
    /// What the index does not know.
    pub(crate) unknown: Vec<Vec<u8>>,
}

impl Scan {
    /// Looks at the tree at `root`; `None` if there is anything that git has to judge, or to be brought back with: what is
    /// neither file, folder nor link, a repository inside, names that git refuses, files that say how others are converted,
    /// folders that may not be written to.
    pub(crate) fn of(root: &Path) -> io::Result<Option<Self>> {
        let mut scan = Self::default();
        let mut left: Vec<Vec<u8>> = vec![Vec::new()];
        while let Some(folder) = left.pop() {
            if !is_open(&fs::symlink_metadata(at(root, &folder))?) {
                return Ok(None);
            }
            for entry in fs::read_dir(at(root, &folder))? {
                let entry = entry?;
                let name = entry.file_name().into_vec();
                if folder.is_empty() && name == b".git" {
                    continue;
                }
                let kind = entry.file_type()?;
                if is_refused(&name, kind.is_symlink()) {
                    return Ok(None);
                }
                let path = match folder.is_empty() {
                    true => name,
                    false => [&folder, &b"/"[..], &name].concat(),
                };
                if kind.is_dir() {
                    left.push(path.clone());
                    scan.folders.insert(path);
                    continue;
                }
                let is_odd = !kind.is_file() && !kind.is_symlink();
                if is_odd || is_rules(&path) {
                    return Ok(None);
                }
                scan.files.insert(path, entry.metadata()?);
            }
        }
        Ok(Some(scan))
    }

    /// The bytes of all files that may have to be read to compare it with the index.
    pub(crate) fn suspects(&self, index: &Index) -> u64 {
        let is_suspect = |(path, meta): &(&Vec<u8>, &Metadata)| {
            let known = index.get(path);
            !known.is_some_and(|entry| index.vouches_for(entry, meta))
        };
        let suspects = self.files.iter().filter(is_suspect);
        suspects.map(|(_, meta)| meta.len()).sum()
    }

    /// Compares it with the index; `None` where git has to: also where the index knows of files that say how others are
    /// converted, though they are gone. `keep` is given each content that is not as the index says.
    pub(crate) fn against(
        &self,
        root: &Path,
        index: &Index,
        keep: &mut dyn FnMut(&[u8]) -> io::Result<Oid>,
    ) -> io::Result<Option<Differences>> {
        if index.entries.iter().any(|entry| is_rules(&entry.path)) {
            return Ok(None);
        }
        let mut found = Differences::default();
        for entry in &index.entries {
            let Some(meta) = self.files.get(&entry.path) else {
                found.gone.push(entry.path.clone());
                continue;
            };
            let Some(now) = now((root, index), (entry, meta), keep)? else {
                return Ok(None);
            };
            if now != entry.leaf {
                found.changed.push((entry.path.clone(), now));
            }
        }
        let is_unknown = |path: &&Vec<u8>| index.get(path).is_none();
        found.unknown = self.files.keys().filter(is_unknown).cloned().collect();
        Ok(Some(found))
    }
}

/// What a file of the index is now; `None` where git has to say.
pub(crate) fn now(
    (root, index): (&Path, &Index),
    (entry, meta): (&Entry, &Metadata),
    keep: &mut dyn FnMut(&[u8]) -> io::Result<Oid>,
) -> io::Result<Option<Leaf>> {
    if index.vouches_for(entry, meta) {
        return Ok(Some(entry.leaf));
    }
    let read = content(&at(root, &entry.path), meta)?;
    let Some((content, mode)) = read.zip(index::mode(meta)) else {
        return Ok(None);
    };
    let id = match hashed(Sort::Blob, &content) {
        same if same == entry.leaf.id => same,
        _ => keep(&content)?,
    };
    Ok(Some(Leaf { mode, id }))
}

/// Whether a file says how others are converted.
pub(crate) fn is_rules(path: &[u8]) -> bool {
    path.rsplit(|byte| *byte == b'/').next() == Some(RULES)
}

/// Whether git may refuse a name: one that some system would take for a git folder, or a link that would stand for a file
/// that git believes. What git makes of it is in `verify_path` of its `read-cache.c`; this refuses some more.
fn is_refused(name: &[u8], is_link: bool) -> bool {
    // HFS+ leaves some characters out, none of them ASCII; what is left of them tells enough.
    let seen: Vec<u8> = name
        .iter()
        .filter(|byte| byte.is_ascii())
        .copied()
        .collect();
    let seen = seen.to_ascii_lowercase();
    let rest = [&b".git"[..], b"git~1"]
        .into_iter()
        .find_map(|own| seen.strip_prefix(own));
    // NTFS leaves dots and spaces at the end out, and takes what follows a colon for something else.
    let is_folder = rest.is_some_and(|rest| {
        let end = rest.iter().position(|byte| !matches!(byte, b'.' | b' '));
        end.is_none_or(|at| matches!(rest[at], b':' | b'\\'))
    });
    let is_believed =
        seen.starts_with(b".git") || (seen.starts_with(b"gi") && seen.contains(&b'~'));
    is_folder || (is_link && is_believed)
}

/// The folders above a path, the outermost first.
pub(crate) fn above(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
    ends.map(|(at, _)| &path[..at])
}

/// A path of git's in a tree.
pub(crate) fn at(root: &Path, path: &[u8]) -> PathBuf {
    root.join(std::ffi::OsStr::from_bytes(path))
}

/// What git would keep of a file that looks like this; `None` if it is too large, or changes while it is read.
pub(crate) fn content(path: &Path, meta: &Metadata) -> io::Result<Option<Vec<u8>>> {
    if index::mode(meta) == Some(LINK) {
        let target = fs::read_link(path)?;
        return Ok(Some(target.into_os_string().into_vec()));
    }
    if meta.len() > LARGEST {
        return Ok(None);
    }
    // What has been put in its place meanwhile is not followed and not waited for.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let mut options = OpenOptions::new();
    let options = options.read(true).custom_flags(flags.bits().cast_signed());
    let mut content = Vec::new();
    // One byte more tells that it has grown.
    let mut file = options.open(path)?.take(meta.len() + 1);
    file.read_to_end(&mut content)?;
    let is_whole = u64::try_from(content.len()).is_ok_and(|bytes| bytes == meta.len());
    Ok(is_whole.then_some(content))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_has_grown_since_it_was_looked_at_no_more_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("x");
        fs::write(&file, "x").unwrap();
        let meta = fs::symlink_metadata(&file).unwrap();
        assert_eq!(content(&file, &meta).unwrap(), Some(b"x".to_vec()));
        // It has no end.
        assert_eq!(content(Path::new("/dev/zero"), &meta).unwrap(), None);
    }
}
