//! Bulky bytes kept once each under their content id.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use protocol::{BlobId, Record};

use crate::disk;
use crate::error::{About, Result};

/// Tells apart the temporary files that threads of this process write at the same time.
static NEXT_TEMPORARY: AtomicU64 = AtomicU64::new(0);

/// The blob store: `blobs/ab/cdef...`, the file name being the content id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blobs {
    root: PathBuf,
}

/// A blob that a record names and the disk cannot give.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read blob {blob}: {why}")]
pub struct LostBlob {
    /// Which.
    pub blob: BlobId,
    /// Why it is lost.
    pub why: WhyLost,
}

/// Why a blob is lost.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WhyLost {
    /// There is no such file.
    #[error("it is not there")]
    Missing,
    /// The bytes are not the ones its name promises.
    #[error("its bytes changed on disk")]
    Damaged,
    /// The disk refused; the operating system's words.
    #[error("{0}")]
    Unreadable(String),
}

impl Blobs {
    /// The blobs below `root`; touches no disk.
    pub(crate) const fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// Puts the texts of a record back that lie here. Those that cannot be given stay stored, and are told.
    pub(crate) fn internalise(&self, record: &mut Record, lost: &mut Vec<LostBlob>) {
        for text in record.event.texts_mut() {
            text.internalise(&mut |blob| match self.get(blob) {
                Ok(bytes) => String::from_utf8(bytes).ok(),
                Err(why) => {
                    lost.push(why);
                    None
                }
            });
        }
    }

    /// Keeps `bytes` and gives their content id; durable when it returns. What is there whole is not written again.
    ///
    /// # Errors
    /// The disk's, naming the file.
    pub fn put(&self, bytes: &[u8]) -> Result<BlobId> {
        let blob = BlobId::of(bytes);
        self.put_as(blob, bytes)?;
        Ok(blob)
    }

    /// As [`Blobs::put`] for bytes whose content id is known.
    pub(crate) fn put_as(&self, blob: BlobId, bytes: &[u8]) -> Result<()> {
        let path = self.path(blob);
        let shelf = path.parent().unwrap_or(&self.root);
        disk::make_folders(shelf)?;
        if self.get(blob).is_err() {
            self.write(&path, bytes).about("write the blob", &path)?;
        }
        // Also for a blob that was there: another process may have renamed it a moment ago.
        disk::sync_folder(shelf).about("sync the folder", shelf)
    }

    /// The bytes of a blob, checked against its id.
    ///
    /// # Errors
    /// The blob is not there, not readable, or not what its id says.
    pub fn get(&self, blob: BlobId) -> Result<Vec<u8>, LostBlob> {
        let lost = |why| LostBlob { blob, why };
        match fs::read(self.path(blob)) {
            Ok(bytes) if BlobId::of(&bytes) == blob => Ok(bytes),
            Ok(_) => Err(lost(WhyLost::Damaged)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(lost(WhyLost::Missing)),
            Err(error) => Err(lost(WhyLost::Unreadable(error.to_string()))),
        }
    }

    /// Where a blob lies or would lie.
    pub fn path(&self, blob: BlobId) -> PathBuf {
        let name = blob.to_string();
        let (shelf, rest) = name.split_at(2);
        self.root.join(shelf).join(rest)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let nth = NEXT_TEMPORARY.fetch_add(1, Ordering::Relaxed);
        let temporary = self
            .root
            .join(format!("writing-{}-{nth}", std::process::id()));
        let mut file = disk::private()
            .write(true)
            .truncate(true)
            .open(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    }
}
