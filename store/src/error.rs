//! What can go wrong when remembering, as fragments that read after "could not ...".

use std::io;
use std::path::{Path, PathBuf};

use protocol::{Seq, SessionId};

/// The result of a store operation.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk said no.
    #[error("{doing} {}: {source}", path.display())]
    Disk {
        /// What was tried, for example `write`.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the operating system answered.
        source: io::Error,
    },
    /// A new session was to take a folder that is there already.
    #[error("create session {session}: it exists already")]
    Exists {
        /// Which.
        session: SessionId,
    },
    /// There is no such session.
    #[error("find session {session}: there is none of that id in this data folder")]
    Missing {
        /// Which.
        session: SessionId,
    },
    /// Another process (or another journal of this one) appends to the session.
    #[error("take session {session}: {} holds it", holder(*pid))]
    Locked {
        /// Which.
        session: SessionId,
        /// Who, if the lock file tells.
        pid: Option<u32>,
    },
    /// A record has a form this build does not know.
    #[error(
        "read record {seq} of session {session}: its form is version {found} and this formic reads up to version {known}; \
         update formic to read it"
    )]
    Newer {
        /// Which session.
        session: SessionId,
        /// Which record.
        seq: Seq,
        /// The version found.
        found: u32,
        /// The newest version this build reads.
        known: u32,
    },
    /// A record came whole from the disk but says something this build does not understand.
    #[error(
        "read record {seq} of session {session}: it is whole but this formic does not understand it (form version {v}: \
         {detail}); a newer formic probably wrote it: update formic"
    )]
    Foreign {
        /// Which session.
        session: SessionId,
        /// Which record.
        seq: Seq,
        /// The version of its form; 0 if even that could not be read.
        v: u32,
        /// What was not understood.
        detail: String,
    },
    /// A batch does not continue the journal; nothing of it was written.
    #[error("append record {seq} to session {session}: {detail}")]
    Illegal {
        /// Which session.
        session: SessionId,
        /// The first record of the batch that does not fit.
        seq: Seq,
        /// Why not.
        detail: String,
    },
    /// An earlier append failed; what is on disk is not known until the journal is opened again.
    #[error(
        "append to session {session}: an earlier append failed ({because}); open the session again"
    )]
    Poisoned {
        /// Which session.
        session: SessionId,
        /// The earlier failure.
        because: String,
    },
    /// A fork was to branch off at a record that is not there.
    #[error("fork session {session} at record {seq}: it has whole records only up to {last}")]
    BeyondEnd {
        /// Which session.
        session: SessionId,
        /// The wished branching point.
        seq: Seq,
        /// The last whole record.
        last: Seq,
    },
    /// Another process uses the index.
    #[error("rebuild the index: {} uses it", holder(*pid))]
    IndexHeld {
        /// Who, if the lock file tells.
        pid: Option<u32>,
    },
    /// The board of a run could not be opened or read.
    #[error("use the board of the run: {detail}")]
    Board {
        /// What the database said.
        detail: String,
    },
    /// The index could not be built anew.
    #[error("rebuild the index: {detail}")]
    Index {
        /// What the database said.
        detail: String,
    },
}

fn holder(pid: Option<u32>) -> String {
    match pid {
        Some(pid) => format!("process {pid}"),
        None => "another process".to_owned(),
    }
}

/// Gives an IO error its subject.
pub(crate) trait About<T> {
    /// Names what was tried and on which path.
    fn about(self, doing: &'static str, path: &Path) -> Result<T>;
}

impl<T> About<T> for io::Result<T> {
    fn about(self, doing: &'static str, path: &Path) -> Result<T> {
        self.map_err(|source| StoreError::Disk {
            doing,
            path: path.to_owned(),
            source,
        })
    }
}
