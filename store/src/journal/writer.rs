//! Appends lines to the last segment and rolls to a new one when it is full; the disk may be waited for beside that.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use protocol::Seq;

use super::{Position, segment};
use crate::disk;
use crate::error::{About, Result};

/// The end of a journal, open for appending. Whoever has one holds the session's lock, or works in a folder
/// nobody else knows. Its clones have the same end: one may have the disk keep it while another writes.
#[derive(Debug, Clone)]
pub(crate) struct SegmentWriter {
    folder: PathBuf,
    // Held while something is written, which waits for a disk only where a segment is begun; an owner task would be a turn
    // more for each record.
    last: Arc<Mutex<Segment>>,
    // Held while the disk is waited for: it tells of a failure once, and whoever waits next must be told too. An owner task
    // would be a thread more.
    syncing: Arc<Mutex<()>>,
}

/// The last segment.
#[derive(Debug)]
struct Segment {
    number: u32,
    file: Arc<File>,
    bytes: u64,
    /// How much of it the disk has.
    synced: u64,
    /// Why nothing can be kept any more.
    fault: Option<String>,
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
        let last = Segment {
            number,
            file: Arc::new(file),
            bytes,
            synced: bytes,
            fault: None,
        };
        Ok(Self {
            folder: folder.to_owned(),
            last: Arc::new(Mutex::new(last)),
            syncing: Arc::default(),
        })
    }

    /// Its end, where `next` comes.
    pub(crate) fn at(&self, next: Seq) -> Position {
        let last = self.last();
        Position {
            segment: last.number,
            byte: last.bytes,
            next,
        }
    }

    /// Writes whole lines in one go. From then on they outlive this process, but the machine only once they are synced.
    pub(crate) fn write(&self, lines: &[u8]) -> Result<()> {
        if self.last().bytes >= segment::ROLL_BYTES {
            // No segment is begun behind one that may still lose its end.
            self.sync()?;
            self.last().roll(&self.folder)?;
        }
        let mut last = self.last();
        let path = segment::path(&self.folder, last.number);
        last.sound(&path)?;
        last.file
            .as_ref()
            .write_all(lines)
            .about("append to", &path)?;
        last.bytes += lines.len() as u64;
        Ok(())
    }

    /// Waits until the disk has all that was written before this was called; what is written meanwhile waits for
    /// nothing. Once that has failed it always does.
    pub(crate) fn sync(&self) -> Result<()> {
        // Nothing is half done by who panics there.
        let _syncing = self.syncing.lock().unwrap_or_else(PoisonError::into_inner);
        let (file, number, bytes) = {
            let last = self.last();
            last.sound(&segment::path(&self.folder, last.number))?;
            if last.synced == last.bytes {
                return Ok(());
            }
            (last.file.clone(), last.number, last.bytes)
        };
        let synced = file.sync_data();
        let synced = synced.about("sync", &segment::path(&self.folder, number));
        let mut last = self.last();
        match &synced {
            Ok(()) => last.synced = last.synced.max(bytes),
            Err(error) => last.fail(error.to_string()),
        }
        synced
    }

    /// Whether the disk has everything up to there.
    pub(crate) fn has_synced(&self, to: Position) -> bool {
        let last = self.last();
        to.segment < last.number || to.byte <= last.synced
    }

    /// Takes away what was written and not synced, as a machine that stops does; nothing can be kept any more.
    pub(crate) fn lose(&self) -> Result<()> {
        let mut last = self.last();
        let path = segment::path(&self.folder, last.number);
        last.file.set_len(last.synced).about("cut", &path)?;
        last.fail("what the disk did not have was taken away".to_owned());
        Ok(())
    }

    /// Why nothing can be kept any more.
    pub(crate) fn fault(&self) -> Option<String> {
        self.last().fault.clone()
    }

    /// Says that nothing can be kept any more; the first reason stays.
    pub(crate) fn fail(&self, because: String) {
        self.last().fail(because);
    }

    fn last(&self) -> MutexGuard<'_, Segment> {
        // Whoever held it and panicked had nothing half done but the file, and that is cut where it is taken up.
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Segment {
    fn sound(&self, path: &Path) -> Result<()> {
        let fault = self.fault.clone().map(std::io::Error::other);
        fault.map_or(Ok(()), Err).about("keep", path)
    }

    fn fail(&mut self, because: String) {
        self.fault.get_or_insert(because);
    }

    /// Begins the next one.
    fn roll(&mut self, folder: &Path) -> Result<()> {
        let number = self.number + 1;
        self.file = Arc::new(append_to(folder, number)?);
        (self.number, self.bytes, self.synced) = (number, 0, 0);
        Ok(())
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
