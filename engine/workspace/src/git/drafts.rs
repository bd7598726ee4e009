//! Files made ahead, empty, beside what they will be moved to: making a file takes some disks far longer than writing one.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

/// How many are kept ready: about what eight nodes that end together take.
const READY: usize = 64;

/// What nobody may do with an object: it never changes.
const NO_WRITING: u32 = 0o222;

/// Names of drafts are counted, so that no two of one process are the same.
static COUNT: AtomicU64 = AtomicU64::new(0);

/// How many names are tried: a process that died may have left drafts, and have had this one's number.
const NAMES: u32 = 1000;

/// Drafts that are kept ready.
#[derive(Debug, Default)]
pub(crate) struct Drafts {
    // Held only while one is put in or taken out. An owner task would have to be asked for each.
    ready: Mutex<Vec<Draft>>,
}

impl Drafts {
    /// Makes as many in the object store `store` as are kept ready.
    pub(crate) fn make(&self, store: &Path) -> io::Result<()> {
        while self.ready().len() < READY {
            let (draft, _) = Draft::new(store)?;
            self.ready().push(draft);
        }
        Ok(())
    }

    /// Puts an object where it belongs, whole or not at all, into a folder that may not be there yet, over what lies there.
    pub(crate) fn put(&self, store: &Path, to: &Path, content: &[u8]) -> io::Result<()> {
        let ready = self.take();
        if ready.is_some_and(|(draft, file)| draft.becomes(file, to, content).is_ok()) {
            return Ok(());
        }
        let put = |folder| {
            let (draft, file) = Draft::new(folder)?;
            draft.becomes(file, to, content)
        };
        match (put(store), to.parent()) {
            (Err(error), Some(folder)) if error.kind() == ErrorKind::CrossesDevices => put(folder),
            (put, _) => put,
        }
    }

    /// Puts a file where nothing may lie; [`ErrorKind::AlreadyExists`] where something does.
    pub(crate) fn put_new(&self, store: &Path, to: &Path, content: &[u8]) -> io::Result<()> {
        let ready = self.take();
        let (draft, file) = ready.map_or_else(|| Draft::new(store), Ok)?;
        draft.becomes_new(file, to, content)
    }

    /// One that is still there: whoever tidies up may have taken some away, or all.
    fn take(&self) -> Option<(Draft, File)> {
        loop {
            let draft = self.ready().pop()?;
            if let Ok(opened) = draft.opened() {
                return Some(opened);
            }
        }
    }

    /// Lets go of those that were not taken.
    pub(crate) fn clear(&self) {
        let rest = std::mem::take(&mut *self.ready());
        drop(rest);
    }

    fn ready(&self) -> MutexGuard<'_, Vec<Draft>> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A file in the object store that is nothing yet; it goes when it is dropped.
#[derive(Debug)]
struct Draft {
    path: PathBuf,
    is_moved: bool,
}

impl Draft {
    /// One that is open. git sweeps away files of this name that somebody who died has left.
    fn new(store: &Path) -> io::Result<(Self, File)> {
        let mut options = OpenOptions::new();
        let options = options.write(true).create_new(true);
        let mut taken = io::Error::from(ErrorKind::AlreadyExists);
        for _ in 0..NAMES {
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let path = store.join(format!("tmp_obj_formic{}_{number}", std::process::id()));
            let is_moved = false;
            match options.open(&path) {
                Ok(file) => return Ok((Self { path, is_moved }, file)),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => taken = error,
                Err(error) => return Err(error),
            }
        }
        Err(taken)
    }

    /// The same, open again, if it is still there.
    fn opened(self) -> io::Result<(Self, File)> {
        let file = OpenOptions::new().write(true).open(&self.path)?;
        Ok((self, file))
    }

    fn becomes(mut self, mut file: File, to: &Path, content: &[u8]) -> io::Result<()> {
        file.write_all(content)?;
        let mode = file.metadata()?.permissions().mode() & !NO_WRITING;
        file.set_permissions(Permissions::from_mode(mode))?;
        // On some disks others see what it holds only then.
        drop(file);
        let moved = within(to, || fs::rename(&self.path, to));
        self.is_moved = moved.is_ok();
        moved
    }

    fn becomes_new(mut self, mut file: File, to: &Path, content: &[u8]) -> io::Result<()> {
        file.write_all(content)?;
        drop(file);
        let own = &self.path;
        let moved = within(to, || {
            match renameat_with(CWD, own, CWD, to, RenameFlags::NOREPLACE) {
                // Not every disk can do this in one step: then it gets a second name and loses the first.
                Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => fs::hard_link(own, to),
                moved => Ok(moved?),
            }
        });
        // After the second way its first name goes with it.
        self.is_moved = moved.is_ok() && !own.exists();
        moved
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.is_moved {
            // One that stays is swept away by git.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Does it again once the folder of `to` is there, if that is what was missing.
fn within(to: &Path, mut does: impl FnMut() -> io::Result<()>) -> io::Result<()> {
    match (does(), to.parent()) {
        (Err(error), Some(folder)) if error.kind() == ErrorKind::NotFound => {
            fs::create_dir_all(folder)?;
            does()
        }
        (done, _) => done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_away_or_left_by_another_is_no_hindrance() {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path();
        let drafts = Drafts::default();
        drafts.make(store).unwrap();
        for entry in fs::read_dir(store).unwrap() {
            fs::remove_file(entry.unwrap().path()).unwrap();
        }
        // Those of a process of the same number, as many as may have been left.
        let next = COUNT.load(Ordering::Relaxed);
        for number in next..next + 40 {
            let name = format!("tmp_obj_formic{}_{number}", std::process::id());
            fs::write(store.join(name), "").unwrap();
        }
        let (one, two) = (store.join("a/one"), store.join("b/two"));
        drafts.put(store, &one, b"one").unwrap();
        assert!(drafts.ready().is_empty(), "none is kept that is not there");
        drafts.put(store, &one, b"other").unwrap();
        drafts.put_new(store, &two, b"two").unwrap();
        let again = drafts.put_new(store, &two, b"three").unwrap_err();
        assert_eq!(again.kind(), ErrorKind::AlreadyExists);
        let read = |path: &Path| fs::read_to_string(path).unwrap();
        assert_eq!((read(&one), read(&two)), ("other".into(), "two".into()));
        let may_write = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o200;
        assert_eq!((may_write(&one), may_write(&two)), (0, 0o200));
        drop(drafts);
        let left = fs::read_dir(store).unwrap().count();
        assert_eq!(left, 40 + 2, "and nothing of its own");
    }
}
