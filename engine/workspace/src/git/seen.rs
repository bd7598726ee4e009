//! What a look at a tree saw: kept as long as nobody works in it, it spares the next look.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use super::index::Index;
use super::loose::Oid;
use super::scan::{Differences, Scan, above};

/// More files that the index does not know than this are not kept in mind: git deals with them.
const MOST: usize = 2000;

/// How a tree differs from its index.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) differences: Differences,
    /// Folders that no file of the index lies in.
    pub(crate) folders: BTreeSet<Vec<u8>>,
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

    /// Whether it is little enough to be kept.
    pub(crate) fn is_small(&self) -> bool {
        let Differences {
            changed,
            gone,
            unknown,
        } = &self.differences;
        let files = changed.len() + gone.len() + unknown.len();
        files + self.folders.len() <= MOST
    }
}
