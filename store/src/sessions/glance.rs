//! A glance at a session: what the beginning and the end of its journal say, however long it is.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use protocol::{Event, NodeEnd, PlanEvent, Record, SessionId};

use super::facts::Facts;
use crate::error::{About, Result};
use crate::folder::DataFolder;
use crate::journal::{Reader, line, segment};
use crate::lock;

/// A session says what it is in so many records.
const FIRST: usize = 4;

/// So many bytes of a segment's end are looked through, then more, then all of it.
const TAILS: [u64; 3] = [256 * 1024, 4 * 1024 * 1024, u64::MAX];

/// Where a line's event begins at the latest.
const HEAD: usize = 512;

/// What a glance at a session tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glance {
    /// The folder it works in.
    pub cwd: Option<PathBuf>,
    /// The beginning of what it is about, if that was said at once.
    pub title: Option<String>,
    /// Whether it is a run of a swarm.
    pub is_run: bool,
    /// Whether it is a run that can go on.
    pub is_open: bool,
    /// The process that has it open for appending, if one has.
    pub locked_by: Option<u32>,
}

/// Looks at the beginning and the end of a session's journal.
///
/// # Errors
/// [`crate::StoreError::Missing`]; a beginning this build cannot use; the disk's.
pub fn glance(data: &DataFolder, session: SessionId) -> Result<Glance> {
    let mut reader = Reader::open(data, session)?.without_bulk();
    let mut first = Vec::new();
    while first.len() < FIRST
        && let Some(record) = reader.next_record()?
    {
        first.push(record);
    }
    let facts = Facts::of(&first);
    let folder = data.session(session);
    let is_run = facts.run.is_some();
    Ok(Glance {
        cwd: facts.cwd,
        title: facts.title,
        is_run,
        is_open: is_run && goes_on(&folder)?,
        locked_by: lock::holder_of_session(&folder),
    })
}

/// Whether the last thing said of a run as a whole leaves it open.
fn goes_on(folder: &Path) -> Result<bool> {
    for number in segment::numbers(folder)?.into_iter().rev() {
        let path = segment::path(folder, number);
        for most in TAILS {
            let tail = tail(&path, most).about("read", &path)?;
            if let Some(goes_on) = tail.rsplit(|byte| *byte == b'\n').find_map(said) {
                return Ok(goes_on);
            }
        }
    }
    Ok(true)
}

/// At most so many bytes of a file's end.
fn tail(path: &Path, most: u64) -> std::io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(most)))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    Ok(tail)
}

/// Whether a line leaves its run open; `None` if it says nothing of that. Only events of the plan do, and of the many
/// lines of agents none is understood to find that out.
fn said(line: &[u8]) -> Option<bool> {
    const PLAN: &[u8] = br#""event":{"plan":"#;
    let head = &line[..line.len().min(HEAD)];
    head.windows(PLAN.len()).find(|part| *part == PLAN)?;
    let Record { event, .. } = line::decode(line::unframe(line)?).ok()?;
    let Event::Plan(event) = event else {
        return None;
    };
    match &event {
        PlanEvent::Rejected { .. } | PlanEvent::Closed => Some(false),
        PlanEvent::Proposed { .. }
        | PlanEvent::Accepted { .. }
        | PlanEvent::NodeStarted { .. }
        | PlanEvent::NodeReturned { .. }
        | PlanEvent::Paused { .. }
        | PlanEvent::Unpaused
        | PlanEvent::Cancelled { .. } => Some(true),
        // What it may use says nothing of whether it goes on.
        PlanEvent::Patched { patch, .. } => patch.has_nodes().then_some(true),
        // The nodes of a run that was turned down are cancelled; those of any other come to their ends before it does.
        PlanEvent::NodeEnded { end, .. } if *end != NodeEnd::Cancelled => Some(true),
        PlanEvent::NodeEnded { .. } | PlanEvent::Checked { .. } => None,
    }
}
