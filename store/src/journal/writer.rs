//! Appends lines to the last segment and rolls to a new one when it is full.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use protocol::Seq;

use super::{Position, segment};
use crate::disk;
use crate::error::{About, Result};

/// The end of a journal, open for appending. Whoever has one holds the session's lock, or works in a folder
/// nobody else knows.
#[derive(Debug)]
pub(crate) struct SegmentWriter {
    folder: PathBuf,
    number: u32,
    file: File,
    bytes: u64,
    /// How much of it the disk has.
    synced: u64,
}

impl SegmentWriter {
    /// Opens the last segment of `folder`, the first if there is none; what is in it is durable when this returns.
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        let number = segment::numbers(folder)?.pop().unwrap_or(1);
        let file = append_to(folder, number)?;
        let bytes = segment::length(folder, number)?;
        if bytes > 0 {
            // A process that was killed may have left more than the disk has.
            let path = segment::path(folder, number);
            file.sync_data().about("sync", &path)?;
        }
        Ok(Self {
            folder: folder.to_owned(),
            number,
            file,
            bytes,
            synced: bytes,
        })
    }

    /// Its end, where `next` comes.
    pub(crate) const fn at(&self, next: Seq) -> Position {
        Position {
            segment: self.number,
            byte: self.bytes,
            next,
        }
    }

    /// Writes whole lines in one go. From then on they outlive this process, but the machine only once they are synced.
    pub(crate) fn write(&mut self, lines: &[u8]) -> Result<()> {
        if self.bytes >= segment::ROLL_BYTES {
            // No segment is begun behind one that may still lose its end.
            self.sync()?;
            self.file = append_to(&self.folder, self.number + 1)?;
            self.number += 1;
            (self.bytes, self.synced) = (0, 0);
        }
        let path = segment::path(&self.folder, self.number);
        self.file.write_all(lines).about("append to", &path)?;
        self.bytes += lines.len() as u64;
        Ok(())
    }

    /// Waits until the disk has all that was written.
    pub(crate) fn sync(&mut self) -> Result<()> {
        if self.synced < self.bytes {
            let path = segment::path(&self.folder, self.number);
            self.file.sync_data().about("sync", &path)?;
            self.synced = self.bytes;
        }
        Ok(())
    }

    /// Takes away what was written and not synced, as a machine that stops does.
    pub(crate) fn lose(&self) -> Result<()> {
        let path = segment::path(&self.folder, self.number);
        self.file.set_len(self.synced).about("cut", &path)
    }
}

fn append_to(folder: &Path, number: u32) -> Result<File> {
    let path = segment::path(folder, number);
    let file = disk::private()
        .append(true)
        .open(&path)
        .about("open", &path)?;
    disk::sync_folder(folder).about("sync the folder", folder)?;
    Ok(file)
}
