//! Sessions at rest: listed, branched off, checked, removed.

mod check;
mod facts;
mod fork;
mod glance;
mod removal;
mod run;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use protocol::SessionId;
use serde::Serialize;

pub use check::{Condition, check};
pub use facts::Facts;
pub use fork::fork;
pub use glance::{Glance, glance};
pub use removal::delete;
pub use run::{RunStage, RunTally};

use crate::error::{About, Result};
use crate::folder::DataFolder;
use crate::index::{Entries, Entry, Index, Stamp};
use crate::journal::segment;
use crate::lock;

/// One session in a listing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SessionInfo {
    /// Which.
    pub id: SessionId,
    /// Where it lies.
    pub path: PathBuf,
    /// Bytes of its journal.
    pub bytes: u64,
    /// When its journal was last changed, in milliseconds since the Unix epoch.
    pub modified_ms: u64,
    /// The process that has it open for appending, if one has.
    pub locked_by: Option<u32>,
    /// What its journal says.
    pub facts: Facts,
}

/// Every session of a data folder, the oldest first. Reads only the journals that changed since the last listing;
/// a damaged or unreadable one is listed with its problem.
///
/// # Errors
/// The folder of the sessions cannot be listed.
pub fn list(data: &DataFolder) -> Result<Vec<SessionInfo>> {
    let sessions = ids(data)?;
    if sessions.is_empty() {
        return Ok(Vec::new());
    }
    let index = Index::open(data);
    let nothing = Entries::new();
    let known = index.as_ref().map_or(&nothing, Index::entries);
    let entries = gather(data, &sessions, known);
    let listed = entries
        .iter()
        .map(|(id, entry)| info(data, *id, entry))
        .collect();
    if let Some(index) = index {
        // Failing costs nothing but time: the next listing reads the journals again.
        let _cached = index.save(&entries);
    }
    Ok(listed)
}

/// The sessions by the age of their journals, the one written last first. Reads no journal.
///
/// # Errors
/// The folder of the sessions cannot be listed.
pub fn newest_first(data: &DataFolder) -> Result<Vec<SessionId>> {
    let aged = |id| Some((stamp(&data.session(id)).ok()?.modified_ns, id));
    let mut sessions: Vec<_> = ids(data)?.into_iter().filter_map(aged).collect();
    sessions.sort_unstable_by(|a, b| b.cmp(a));
    Ok(sessions.into_iter().map(|(_, id)| id).collect())
}

/// The sessions whose lock is still signed by a process that is gone.
///
/// # Errors
/// The folder of the sessions cannot be listed.
pub fn forgotten_locks(data: &DataFolder) -> Result<Vec<SessionId>> {
    let mut sessions = ids(data)?;
    sessions.retain(|id| lock::is_forgotten(&data.session(*id)));
    Ok(sessions)
}

/// Takes such a signature off. Whether it was one.
///
/// # Errors
/// The disk's.
pub fn forget_lock(data: &DataFolder, session: SessionId) -> Result<bool> {
    lock::forget(&data.session(session))
}

/// Throws the index away, reads every journal, and gives how many sessions there are.
///
/// # Errors
/// [`crate::StoreError::IndexHeld`] while another process uses it; [`crate::StoreError::Index`]; the disk's.
pub fn rebuild_index(data: &DataFolder) -> Result<usize> {
    let index = Index::anew(data)?;
    let entries = gather(data, &ids(data)?, &Entries::new());
    let count = entries.len();
    index.save(&entries)?;
    Ok(count)
}

/// The sessions of the data folder, by their folders' names.
fn ids(data: &DataFolder) -> Result<Vec<SessionId>> {
    let folder = data.sessions();
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.about("list the folder", &folder)?,
    };
    let mut ids = Vec::new();
    for entry in entries {
        let name = entry.about("list the folder", &folder)?.file_name();
        let id = name.to_str().and_then(|name| name.parse().ok());
        // Only the exact spelling: a folder somebody copied beside a session is not that session.
        ids.extend(id.filter(|id: &SessionId| name == id.to_string().as_str()));
    }
    Ok(ids)
}

/// What is known of each session, read anew where the journal is not the one that `known` was read from.
/// A session that vanishes meanwhile is left out.
fn gather(data: &DataFolder, sessions: &[SessionId], known: &Entries) -> Entries {
    let mut entries = Entries::new();
    for id in sessions {
        let Ok(stamp) = stamp(&data.session(*id)) else {
            continue;
        };
        let fresh = known.get(id).filter(|entry| entry.stamp == stamp).cloned();
        let read = || {
            let facts = Facts::read(data, *id).ok()?;
            Some(Entry { stamp, facts })
        };
        entries.extend(fresh.or_else(read).map(|entry| (*id, entry)));
    }
    entries
}

fn info(data: &DataFolder, id: SessionId, entry: &Entry) -> SessionInfo {
    let path = data.session(id);
    SessionInfo {
        id,
        bytes: entry.stamp.bytes,
        modified_ms: entry.stamp.modified_ns / 1_000_000,
        locked_by: lock::holder_of_session(&path),
        path,
        facts: entry.facts.clone(),
    }
}

fn stamp(folder: &Path) -> Result<Stamp> {
    let mut stamp = Stamp::default();
    for number in segment::numbers(folder)? {
        let path = segment::path(folder, number);
        let metadata = fs::metadata(&path).about("look at", &path)?;
        let modified = metadata.modified().about("look at", &path)?;
        let age = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
        stamp.bytes += metadata.len();
        stamp.modified_ns = stamp.modified_ns.max(age.as_nanos() as u64);
    }
    Ok(stamp)
}
