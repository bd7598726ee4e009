//! Where everything lies below the data folder: the one place that spells its paths.

use std::path::{Path, PathBuf};

use protocol::SessionId;

use crate::blobs::Blobs;

/// A data folder. Naming one touches no disk; folders appear, private to the user, when first written.
///
/// ```text
/// <data>/sessions/<session>/journal-00001.jsonl   the truth, one record a line
/// <data>/sessions/<session>/lock                  the process that appends, while it does
/// <data>/sessions/<session>/board/                what the agents of a run know together, rebuildable
/// <data>/blobs/ab/cdef...                         bulky texts by content id
/// <data>/index/                                   caches, rebuildable; index.lock while in use
/// <data>/trash/                                   sessions on their way out
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataFolder {
    root: PathBuf,
}

impl DataFolder {
    /// The data folder at `root`.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where all sessions lie.
    pub fn sessions(&self) -> PathBuf {
        self.root.join("sessions")
    }

    /// Where one session lies.
    pub fn session(&self, session: SessionId) -> PathBuf {
        self.sessions().join(session.to_string())
    }

    /// The bulky texts, shared by all sessions.
    pub fn blobs(&self) -> Blobs {
        Blobs::at(self.root.join("blobs"))
    }

    /// Where the rebuildable caches lie.
    pub(crate) fn index(&self) -> PathBuf {
        self.root.join("index")
    }

    /// The board of a run, a projection of its journal.
    pub(crate) fn board(&self, session: SessionId) -> PathBuf {
        self.session(session).join("board")
    }

    /// Where sessions go that are to be removed.
    pub(crate) fn trash(&self) -> PathBuf {
        self.root.join("trash")
    }
}
