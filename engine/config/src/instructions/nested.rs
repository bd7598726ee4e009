//! Instructions that are read once something near them is touched.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::collect::{Collector, resolved};
use super::{IN_FOLDER, InstructionOrigin, Instructions, folders};
use crate::sources::Sources;

/// The instruction files of a project's folders.
#[derive(Debug, Clone)]
pub struct Nested {
    sources: Sources,
    /// The project root, symlinks resolved. It is resolved once: every read of every agent asks.
    root: PathBuf,
}

impl Nested {
    /// Of the project that these sources name.
    pub fn of(sources: Sources) -> Self {
        let root = resolved(&sources.project_root);
        Self { sources, root }
    }

    /// The instructions of the folders between the project root and a touched file that were not given yet.
    ///
    /// The file's way has its symlinks resolved; it need not exist, and one outside the project has none. `already` holds the
    /// `seen` paths of every reading before.
    pub fn near(&self, touched: &Path, already: &[&BTreeSet<PathBuf>]) -> Instructions {
        let folder = touched
            .parent()
            .filter(|folder| folder.starts_with(&self.root));
        let Some(folder) = folder.filter(|_| self.sources.enabled.project) else {
            return Instructions::default();
        };
        // Most folders have none: one look costs less than a reading that comes to nothing.
        let is_new = |file: &PathBuf| !already.iter().any(|seen| seen.contains(file));
        let has_new = |folder: &PathBuf| {
            let mut files = IN_FOLDER.iter().map(|name| folder.join(name));
            files.any(|file| is_new(&file) && fs::symlink_metadata(&file).is_ok())
        };
        let folders = folders(&self.root, folder);
        if !folders.iter().any(has_new) {
            return Instructions::default();
        }
        let seen = already.iter().copied().flatten().cloned().collect();
        let mut collector = Collector::new(&self.sources, self.root.clone(), seen);
        for folder in folders {
            collector.folder(&folder, &InstructionOrigin::Nested);
        }
        collector.finish()
    }
}
