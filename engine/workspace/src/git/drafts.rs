//! Files made ahead, empty, beside what they will be moved to: making a file takes some disks far longer than writing one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

/// Drafts of objects, which nobody changes; about what eight nodes that end together take.
pub(crate) type Objects = Drafts<0o444, 24>;

/// Drafts of refs, as many.
pub(crate) type Refs = Drafts<0o666, 12>;

/// Names of drafts are counted, so that no two of one process are the same.
static COUNT: AtomicU64 = AtomicU64::new(0);

/// How many names are tried: a process that died may have left drafts, and have had this one's number.
const NAMES: u32 = 1000;

/// Drafts of one mode, of which some are kept ready.
#[derive(Debug, Default)]
pub(crate) struct Drafts<const MODE: u32, const READY: usize> {
    // Held only while one is put in or taken out. An owner task would have to be asked for each.
    ready: Mutex<Vec<Draft>>,
}

impl<const MODE: u32, const READY: usize> Drafts<MODE, READY> {
    /// Makes as many in the object store `store` as are kept ready.
    pub(crate) fn make(&self, store: &Path) -> io::Result<()> {
        while self.ready().len() < READY {
            let draft = Draft::new(store, MODE)?;
            self.ready().push(draft);
        }
        Ok(())
    }

    /// Puts a file with this content where it belongs, whole or not at all, into a folder that may not be there yet, over
    /// what lies there.
    pub(crate) fn put(&self, store: &Path, to: &Path, content: &[u8]) -> io::Result<()> {
        let ready = self.ready().pop();
        // Whoever tidies up may have taken it away.
        if ready.is_some_and(|draft| draft.becomes(to, content).is_ok()) {
            return Ok(());
        }
        let put = Draft::new(store, MODE)?.becomes(to, content);
        match (put, to.parent()) {
            (Err(error), Some(folder)) if error.kind() == ErrorKind::CrossesDevices => {
                Draft::new(folder, MODE)?.becomes(to, content)
            }
            (put, _) => put,
        }
    }

    /// The same where nothing may lie; [`ErrorKind::AlreadyExists`] where something does.
    pub(crate) fn put_new(&self, store: &Path, to: &Path, content: &[u8]) -> io::Result<()> {
        let ready = self.ready().pop();
        match ready.map(|draft| draft.becomes_new(to, content)) {
            Some(Err(error)) if error.kind() == ErrorKind::NotFound => {}
            Some(put) => return put,
            None => {}
        }
        Draft::new(store, MODE)?.becomes_new(to, content)
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
    /// Open until it is written.
    file: Option<File>,
    is_moved: bool,
}

impl Draft {
    /// git sweeps away files of this name that somebody who died has left.
    fn new(store: &Path, mode: u32) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let options = options.write(true).create_new(true).mode(mode);
        let mut taken = io::Error::from(ErrorKind::AlreadyExists);
        for _ in 0..NAMES {
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let path = store.join(format!("tmp_obj_formic{}_{number}", std::process::id()));
            match options.open(&path) {
                Ok(file) => {
                    return Ok(Self {
                        path,
                        file: Some(file),
                        is_moved: false,
                    });
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => taken = error,
                Err(error) => return Err(error),
            }
        }
        Err(taken)
    }

    fn becomes(mut self, to: &Path, content: &[u8]) -> io::Result<()> {
        self.write(content)?;
        let moved = within(to, || fs::rename(&self.path, to));
        self.is_moved = moved.is_ok();
        moved
    }

    fn becomes_new(mut self, to: &Path, content: &[u8]) -> io::Result<()> {
        self.write(content)?;
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

    /// Writes all of it and closes it: on some disks others see it only then.
    fn write(&mut self, content: &[u8]) -> io::Result<()> {
        match self.file.take() {
            Some(mut file) => file.write_all(content),
            None => Ok(()),
        }
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
        let (objects, refs) = (Objects::default(), Refs::default());
        objects.make(store).unwrap();
        refs.make(store).unwrap();
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
        objects.put(store, &one, b"one").unwrap();
        objects.put(store, &one, b"other").unwrap();
        refs.put_new(store, &two, b"two").unwrap();
        let again = refs.put_new(store, &two, b"three").unwrap_err();
        assert_eq!(again.kind(), ErrorKind::AlreadyExists);
        let read = |path: &Path| fs::read_to_string(path).unwrap();
        assert_eq!((read(&one), read(&two)), ("other".into(), "two".into()));
        drop((objects, refs));
        let left = fs::read_dir(store).unwrap().count();
        assert_eq!(left, 40 + 2, "and nothing of its own");
    }
}
