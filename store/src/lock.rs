//! Locks that let one process at a time at a session or the index, and name it to the others.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use protocol::SessionId;
use rustix::process::{Pid, test_kill_process};

use crate::disk;
use crate::error::{About, Result, StoreError};

/// An advisory lock on a file. The kernel drops it when the process dies.
#[derive(Debug)]
pub(crate) struct FileLock {
    file: File,
}

/// What came of trying to take a lock.
pub(crate) enum Attempt {
    /// It is ours.
    Taken(FileLock),
    /// Another has it: its process id, if the file tells.
    Held(Option<u32>),
}

impl FileLock {
    /// Takes the lock at `path` if nobody has it, and signs it with this process's id.
    pub(crate) fn attempt(path: &Path) -> Result<Attempt> {
        let mut file = disk::private()
            .read(true)
            .write(true)
            .truncate(false)
            .open(path)
            .about("open the lock", path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(Attempt::Held(pid_in(&mut file))),
            Err(TryLockError::Error(error)) => return Err(error).about("lock", path),
        }
        sign(&mut file).about("sign the lock", path)?;
        Ok(Attempt::Taken(Self { file }))
    }
}

impl Drop for FileLock {
    /// An empty lock file tells listings, without their touching the lock, that nobody holds it.
    fn drop(&mut self) {
        let _unsigned = self.file.set_len(0);
        // Closing alone would not do: a child just being started elsewhere in this process may share the file.
        let _unlocked = self.file.unlock();
    }
}

/// Takes the lock of the session that lies in `folder`, or says who has it.
pub(crate) fn of_session(folder: &Path, session: SessionId) -> Result<FileLock> {
    match FileLock::attempt(&session_lock(folder))? {
        Attempt::Taken(lock) => Ok(lock),
        Attempt::Held(pid) => Err(StoreError::Locked { session, pid }),
    }
}

/// The living process that holds the session in `folder`, found without getting in anybody's way: the lock is
/// tried only when a living process signed it, which after a crash may be another one of the same id.
pub(crate) fn holder_of_session(folder: &Path) -> Option<u32> {
    let mut file = File::open(session_lock(folder)).ok()?;
    let pid = pid_in(&mut file).filter(|pid| is_alive(*pid))?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Some(pid),
        Ok(()) => {
            let _unlocked = file.unlock();
            None
        }
        Err(TryLockError::Error(_)) => None,
    }
}

/// Whether the lock in `folder` is signed by a process that is gone: nobody holds it, but a look at it tells so only after
/// asking the system.
pub(crate) fn is_forgotten(folder: &Path) -> bool {
    let signed = File::open(session_lock(folder)).ok();
    let signed = signed.and_then(|mut file| pid_in(&mut file));
    signed.is_some() && holder_of_session(folder).is_none()
}

/// Takes the signature of a process that is gone off the lock in `folder`. Whether it was there and nobody has it.
pub(crate) fn forget(folder: &Path) -> Result<bool> {
    if !is_forgotten(folder) {
        return Ok(false);
    }
    match FileLock::attempt(&session_lock(folder))? {
        Attempt::Taken(lock) => {
            drop(lock);
            Ok(true)
        }
        Attempt::Held(_) => Ok(false),
    }
}

fn session_lock(folder: &Path) -> PathBuf {
    folder.join("lock")
}

fn sign(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.write_all(std::process::id().to_string().as_bytes())
}

fn pid_in(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

/// A process that may not be signalled is alive too.
fn is_alive(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    pid.is_some_and(|pid| !matches!(test_kill_process(pid), Err(rustix::io::Errno::SRCH)))
}
