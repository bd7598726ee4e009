//! Recovery: whether a write that was under way when the process died took place.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use protocol::{BlobHasher, BlobId, Intent};

/// How the world looks to a write in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// As before: it did not happen.
    Before,
    /// As intended: it happened.
    After,
    /// Neither, or it cannot be told (commands never can).
    Other,
}

/// Compares the world with what was intended. Reads the whole file: run it where blocking is allowed.
pub fn settle(intent: &Intent) -> Settled {
    let Intent::File {
        path,
        before,
        after,
        ..
    } = intent
    else {
        return Settled::Other;
    };
    match content_id(path) {
        Ok(now) if now == Some(*after) => Settled::After,
        Ok(now) if now == *before => Settled::Before,
        Ok(_) | Err(_) => Settled::Other,
    }
}

/// The content id of a regular file, streamed; `None` if nothing is there.
pub(crate) fn content_id(path: &Path) -> io::Result<Option<BlobId>> {
    match std::fs::metadata(path) {
        Ok(meta) if meta.is_file() => {}
        Ok(_) => return Err(io::Error::other("is not a regular file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    }
    let mut file = File::open(path)?;
    let mut hasher = BlobHasher::default();
    let mut piece = vec![0; 64 * 1024];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(Some(hasher.finish())),
            n => hasher.update(&piece[..n]),
        }
    }
}
