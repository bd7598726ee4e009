//! The lock that lets one process at a time append to a session, and names it to the others.

use std::fs::{File, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use protocol::SessionId;

use crate::disk;
use crate::error::{About, Result, StoreError};

/// An advisory lock on a session folder. The kernel drops it when the process dies.
#[derive(Debug)]
pub(crate) struct SessionLock {
    file: File,
}

impl SessionLock {
    /// Takes the lock of the session that lies in `folder`, or says who has it.
    pub(crate) fn take(folder: &Path, session: SessionId) -> Result<Self> {
        let path = lock_path(folder);
        let mut file = disk::private()
            .read(true)
            .write(true)
            .truncate(false)
            .open(&path)
            .about("open the lock", &path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let pid = pid_in(&mut file);
                return Err(StoreError::Locked { session, pid });
            }
            Err(TryLockError::Error(error)) => return Err(error).about("lock", &path),
        }
        file.set_len(0)
            .and_then(|()| file.write_all(std::process::id().to_string().as_bytes()))
            .about("sign the lock", &path)?;
        Ok(Self { file })
    }
}

impl Drop for SessionLock {
    /// An empty lock file tells listings, without their touching the lock, that nobody holds it.
    fn drop(&mut self) {
        let _unsigned = self.file.set_len(0);
        // Closing alone would not do: a child just being started elsewhere in this process may share the file.
        let _unlocked = self.file.unlock();
    }
}

fn lock_path(folder: &Path) -> PathBuf {
    folder.join("lock")
}

fn pid_in(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
