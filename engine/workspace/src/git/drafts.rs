//! Files made ahead, empty, beside what they will be moved to: making a file takes some disks far longer than writing one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

/// How many of a sort are kept ready: about what eight nodes that end together take.
const READY: usize = 32;

/// Drafts of objects, which nobody changes.
pub(crate) type Objects = Drafts<0o444>;

/// Drafts of refs.
pub(crate) type Refs = Drafts<0o666>;

/// Names of drafts are counted, so that no two of one process are the same.
static COUNT: AtomicU64 = AtomicU64::new(0);

/// Drafts of one mode that are ready to be taken.
#[derive(Debug, Default)]
pub(crate) struct Drafts<const MODE: u32> {
    // Held only while one is put in or taken out. An owner task would have to be asked for each.
    ready: Mutex<Vec<Draft>>,
}

impl<const MODE: u32> Drafts<MODE> {
    /// Makes as many in the object store `store` as are kept ready.
    pub(crate) fn make(&self, store: &Path) -> io::Result<()> {
        while self.ready().len() < READY {
            let draft = Draft::new(store, MODE)?;
            self.ready().push(draft);
        }
        Ok(())
    }

    /// One that was made, else a new one.
    pub(crate) fn take(&self, store: &Path) -> io::Result<Draft> {
        let ready = self.ready().pop();
        ready.map_or_else(|| Draft::new(store, MODE), Ok)
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
pub(crate) struct Draft {
    path: PathBuf,
    file: File,
    is_moved: bool,
}

impl Draft {
    /// git sweeps away files of this name that somebody who died has left.
    fn new(store: &Path, mode: u32) -> io::Result<Self> {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = store.join(format!("tmp_obj_formic{}_{number}", std::process::id()));
        let mut options = OpenOptions::new();
        let file = options
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&path)?;
        Ok(Self {
            path,
            file,
            is_moved: false,
        })
    }

    /// Writes it and moves it to where it belongs, into a folder that may not be there yet, over what lies there.
    pub(crate) fn becomes(mut self, to: &Path, content: &[u8]) -> io::Result<()> {
        self.file.write_all(content)?;
        let moved = within(to, || fs::rename(&self.path, to));
        self.is_moved = moved.is_ok();
        match (moved, to.parent()) {
            (Err(error), Some(folder)) if error.kind() == io::ErrorKind::CrossesDevices => {
                let mode = self.file.metadata()?.mode();
                Self::new(folder, mode)?.becomes(to, content)
            }
            (moved, _) => moved,
        }
    }

    /// The same where nothing may lie; [`io::ErrorKind::AlreadyExists`] where something does.
    pub(crate) fn becomes_new(mut self, to: &Path, content: &[u8]) -> io::Result<()> {
        self.file.write_all(content)?;
        let own = &self.path;
        let moved = within(to, || {
            match renameat_with(CWD, own, CWD, to, RenameFlags::NOREPLACE) {
                // Not every disk can do this in one step: then it gets a second name and loses the first.
                Err(Errno::INVAL | Errno::NOSYS) => fs::hard_link(own, to),
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
        (Err(error), Some(folder)) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(folder)?;
            does()
        }
        (done, _) => done,
    }
}
