//! Where a journal stops being whole, and how what lies behind is set aside.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom};
use std::path::Path;

use protocol::{FaultEvent, Seq};

use super::{Position, segment};
use crate::disk;
use crate::error::{About, Result};

/// Where a journal stops being whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// The segment, counted from 1.
    pub segment: u32,
    /// The byte in that segment after which nothing is whole.
    pub at_byte: u64,
    /// Bytes behind it, those of later segments included.
    pub lost_bytes: u64,
    /// What is wrong there.
    pub reason: Damage,
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// It has no end: the write was interrupted, or is under way.
    Torn,
    /// Its checksum does not fit its bytes.
    Checksum,
    /// It is not the record that belongs here.
    Sequence {
        /// The record that belongs here.
        expected: Seq,
        /// The one that is here.
        found: Seq,
    },
    /// It is longer than any record may be.
    TooLong,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Torn => f.write_str("the last line has no end: its writing was interrupted"),
            Self::Checksum => f.write_str("a line's checksum does not fit its bytes"),
            Self::Sequence { expected, found } => {
                write!(f, "record {found} stands where record {expected} belongs")
            }
            Self::TooLong => f.write_str("a line is longer than any record may be"),
        }
    }
}

impl Cut {
    /// The fact to journal when the session is taken up.
    pub fn fault(&self) -> FaultEvent {
        FaultEvent::JournalCut {
            at_byte: self.at_byte,
            lost_bytes: self.lost_bytes,
            reason: self.reason.to_string(),
        }
    }

    /// The cut at `at`, with what lies behind it.
    pub(crate) fn measure(folder: &Path, at: Position, reason: Damage) -> Result<Self> {
        let mut lost_bytes = segment::length(folder, at.segment)?.saturating_sub(at.byte);
        for number in later_segments(folder, at.segment)? {
            lost_bytes += segment::length(folder, number)?;
        }
        Ok(Self {
            segment: at.segment,
            at_byte: at.byte,
            lost_bytes,
            reason,
        })
    }

    /// Sets aside all bytes behind the cut, deleting none. The caller holds the session's lock.
    ///
    /// The truncation comes last and what it cuts off is durable by then: a crash on the way leaves the same cut
    /// to be made again.
    pub(crate) fn mend(&self, folder: &Path) -> Result<()> {
        let path = segment::path(folder, self.segment);
        self.copy_tail(folder, &path)
            .about("set aside the end of", &path)?;
        for number in later_segments(folder, self.segment)? {
            let whole = segment::path(folder, number);
            fs::rename(&whole, segment::free_torn_path(folder, number))
                .about("set aside", &whole)?;
        }
        disk::sync_folder(folder).about("sync the folder", folder)?;
        let file = disk::private()
            .write(true)
            .truncate(false)
            .open(&path)
            .about("open", &path)?;
        file.set_len(self.at_byte)
            .and_then(|()| file.sync_all())
            .about("cut", &path)
    }

    fn copy_tail(&self, folder: &Path, path: &Path) -> io::Result<()> {
        let mut from = File::open(path)?;
        from.seek(SeekFrom::Start(self.at_byte))?;
        let mut to = disk::private()
            .write(true)
            .create_new(true)
            .open(segment::free_torn_path(folder, self.segment))?;
        io::copy(&mut from, &mut to)?;
        to.sync_all()
    }
}

fn later_segments(folder: &Path, number: u32) -> Result<Vec<u32>> {
    let mut all = segment::numbers(folder)?;
    all.retain(|other| *other > number);
    Ok(all)
}
