//! What is known of a tree: what a look at it saw, and what formic's own tools have changed since.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use super::index::{self, Index};
use super::listing::LINK;
use super::loose::Oid;
use super::scan::{self, Differences, Scan, above, at, is_rules};

/// More files that the index does not know than this are not kept in mind: git deals with them.
const MOST: usize = 2000;

/// How a tree differs from its index.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) differences: Differences,
    /// Folders that no file of the index lies in.
    pub(crate) folders: BTreeSet<Vec<u8>>,
}

/// What need not be looked for again in a tree.
#[derive(Debug, Clone)]
pub(crate) enum Known {
    /// How a look found it; nobody has worked here since.
    Whole(Seen),
    /// How it was laid out, and the files that were written since, each by a tool of formic's that says so. No program
    /// was run here.
    Written {
        laid: Seen,
        files: BTreeSet<Vec<u8>>,
    },
}

impl Known {
    /// A tree as it was just laid out.
    pub(crate) const fn laid(seen: Seen) -> Self {
        let files = BTreeSet::new();
        Self::Written { laid: seen, files }
    }

    /// Whether no program was run here since it was laid out.
    pub(crate) const fn is_written(&self) -> bool {
        matches!(self, Self::Written { .. })
    }

    /// What is known once a tool has written a file.
    pub(crate) fn after(self, file: Vec<u8>) -> Option<Self> {
        match self {
            Self::Whole(_) => None,
            Self::Written { laid, mut files } => {
                files.insert(file);
                Some(Self::Written { laid, files })
            }
        }
    }

    /// Whether it is little enough to be kept.
    pub(crate) fn is_small(&self) -> bool {
        let (Self::Whole(seen) | Self::Written { laid: seen, .. }) = self;
        let Differences {
            changed,
            gone,
            unknown,
        } = &seen.differences;
        let files = changed.len() + gone.len() + unknown.len();
        files + seen.folders.len() <= MOST
    }

    /// How the tree at `root` is now. No more of it is looked at than may have changed; `None` where all of it has to be.
    pub(crate) fn now(
        &self,
        root: &Path,
        index: &Index,
        keep: &mut dyn FnMut(&[u8]) -> io::Result<Oid>,
    ) -> io::Result<Option<Seen>> {
        let (laid, files) = match self {
            Self::Whole(seen) => return Ok(Some(seen.clone())),
            Self::Written { laid, files } => (laid, files),
        };
        let mut seen = laid.clone();
        for path in files {
            // A new file, or one that is gone, is for a look at everything: its name may be another's on some disks.
            let Some(entry) = index.get(path).filter(|_| !is_rules(path)) else {
                return Ok(None);
            };
            let meta = fs::symlink_metadata(at(root, path));
            let is_file = |meta: &fs::Metadata| !matches!(index::mode(meta), None | Some(LINK));
            let Some(meta) = meta.ok().filter(is_file) else {
                return Ok(None);
            };
            let Some(now) = scan::now((root, index), (entry, &meta), keep)? else {
                return Ok(None);
            };
            if now != entry.leaf {
                seen.differences.changed.push((path.clone(), now));
            }
        }
        Ok(Some(seen))
    }
}

impl Seen {
    /// Looks at the tree at `root`; `None` where git has to, or if more than `most` bytes may have to be read. `keep` is
    /// given each content that is not as the index says.
    pub(crate) fn look(
        root: &Path,
        index: &Index,
        most: u64,
        keep: &mut dyn FnMut(&[u8]) -> io::Result<Oid>,
    ) -> io::Result<Option<Self>> {
        // git refuses names that are no text, and then nothing may have been kept.
        let is_text = |path: &Vec<u8>| std::str::from_utf8(path).is_ok();
        let is_fit = |scan: &Scan| scan.suspects(index) <= most && scan.files.keys().all(is_text);
        let Some(scan) = Scan::of(root)?.filter(is_fit) else {
            return Ok(None);
        };
        let differences = scan.against(root, index, keep)?;
        let mut folders = scan.folders;
        for folder in index.entries.iter().flat_map(|entry| above(&entry.path)) {
            folders.remove(folder);
        }
        Ok(differences.map(|differences| Self {
            differences,
            folders,
        }))
    }
}
