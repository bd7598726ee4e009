//! Locks that let one process at a time at a session or the index, and name it to the others.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use protocol::SessionId;
use rustix::process::{Pid, test_kill_process};

use crate::disk;
use crate::error::{About, Result, StoreError};

/// How often, and how long after each other, a lock is tried that no living process has signed. A program that was just
/// being started holds every file its starter had open until it runs, and outlives a starter that dies meanwhile.
const TRIES: u32 = 500;
const PAUSE: Duration = Duration::from_millis(10);

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
    /// Takes the lock at `path` if nobody has it, and signs it with this process's id. One whose signer is gone is waited
    /// for, up to 5 s: whoever has it still will let it go by itself.
    pub(crate) fn attempt(path: &Path) -> Result<Attempt> {
        Self::attempt_with(path, || thread::sleep(PAUSE))
    }

    fn attempt_with(path: &Path, mut pause: impl FnMut()) -> Result<Attempt> {
        let mut file = disk::private()
            .read(true)
            .write(true)
            .truncate(false)
            .open(path)
            .about("open the lock", path)?;
        for left in (0..TRIES).rev() {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(error).about("lock", path),
            }
            let pid = pid_in(&mut file);
            if left == 0 || pid.is_some_and(is_alive) {
                return Ok(Attempt::Held(pid));
            }
            pause();
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
    file.rewind()?;
    file.write_all(std::process::id().to_string().as_bytes())
}

fn pid_in(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

/// A process that may not be signalled is alive too.
fn is_alive(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    pid.is_some_and(|pid| !matches!(test_kill_process(pid), Err(rustix::io::Errno::SRCH)))
}

#[cfg(test)]
mod tests {
    use std::fs::{read_to_string, write};
    use std::process::{Command, id};

    use super::*;

    /// A lock file that is held, signed like this.
    fn held(signature: u32) -> (tempfile::TempDir, PathBuf, File) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        write(&path, signature.to_string()).unwrap();
        let holder = File::open(&path).unwrap();
        holder.lock().unwrap();
        (folder, path, holder)
    }

    /// The id of a process that is gone.
    fn gone() -> u32 {
        let mut child = Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        child.id()
    }

    #[test]
    fn what_a_dead_process_was_just_starting_is_waited_for() {
        let (_folder, path, holder) = held(gone());
        let attempt = FileLock::attempt_with(&path, || holder.unlock().unwrap()).unwrap();
        assert!(matches!(attempt, Attempt::Taken(_)));
        assert_eq!(read_to_string(&path).unwrap(), id().to_string());
    }

    #[test]
    fn what_never_lets_go_is_not_waited_for_without_end() {
        let dead = gone();
        let (_folder, path, _holder) = held(dead);
        let attempt = FileLock::attempt_with(&path, || {}).unwrap();
        assert!(matches!(attempt, Attempt::Held(Some(pid)) if pid == dead));
    }

    #[test]
    fn a_living_holder_is_told_of_at_once() {
        let (_folder, path, _holder) = held(id());
        let attempt = FileLock::attempt_with(&path, || panic!("nothing to wait for")).unwrap();
        assert!(matches!(attempt, Attempt::Held(Some(pid)) if pid == id()));
    }
}
