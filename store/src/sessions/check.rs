//! Checking a session: every line, every record, every blob it names.

use std::fs;
use std::path::PathBuf;

use protocol::SessionId;

use crate::blobs::LostBlob;
use crate::error::{About, Result};
use crate::folder::DataFolder;
use crate::journal::{Cut, Reader};

/// The condition of a session on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Whole records.
    pub records: u64,
    /// Where the journal stops being whole, if it does.
    pub cut: Option<Cut>,
    /// Blobs that records name and the disk cannot give.
    pub lost: Vec<LostBlob>,
    /// Pieces that were set aside when the session was taken up after damage.
    pub set_aside: Vec<PathBuf>,
}

impl Condition {
    /// Whether nothing is missing now. Pieces set aside earlier do not count.
    pub const fn is_whole(&self) -> bool {
        self.cut.is_none() && self.lost.is_empty()
    }
}

/// Reads all of a session and changes nothing.
///
/// # Errors
/// [`crate::StoreError::Missing`]; [`crate::StoreError::Newer`] and [`crate::StoreError::Foreign`]; the disk's.
pub fn check(data: &DataFolder, session: SessionId) -> Result<Condition> {
    let mut reader = Reader::open(data, session)?;
    let mut records = 0;
    while reader.next_record()?.is_some() {
        records += 1;
    }
    Ok(Condition {
        records,
        cut: reader.cut().cloned(),
        lost: reader.lost().to_vec(),
        set_aside: set_aside(data, session)?,
    })
}

fn set_aside(data: &DataFolder, session: SessionId) -> Result<Vec<PathBuf>> {
    let folder = data.session(session);
    let mut pieces = Vec::new();
    for entry in fs::read_dir(&folder).about("list the folder", &folder)? {
        let path = entry.about("list the folder", &folder)?.path();
        if path.to_string_lossy().contains(".torn-") {
            pieces.push(path);
        }
    }
    pieces.sort();
    Ok(pieces)
}
