//! A place for one tree in the pool: marked as ours, locked by whoever uses it, with a note of what it holds.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use protocol::GitId;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::error::GitError;
use super::gitdir::erase;
use super::repo::Repo;
use super::run::Git;
use super::trees::off_thread;

const MARKER: &str = "formic-tree";

/// What a note says of who lays out again what was his.
const AGAIN: &str = "again";

const MAGIC: &[u8] = b"a tree of formic's, version 1; borrows from\n";

/// Settings for an index of our own; with one of the user's they would undo what the user has chosen for it.
const OWN_INDEX: [&str; 4] = [
    "core.splitIndex=false",
    "core.untrackedCache=false",
    "core.safecrlf=false",
    "index.sparse=false",
];

/// How often, and how long after each other, a lock is tried: a program that is just being started by another thread
/// holds every open file for a moment.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(2);

/// How many places one pool may have.
const MOST: u32 = 4096;

/// A locked place. The lock goes with it, and with every git command and every thread that still writes there.
#[derive(Debug)]
pub(crate) struct Slot {
    folder: PathBuf,
    lock: Arc<File>,
}

/// What a place holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Note {
    /// Who has it; empty if nobody.
    pub(crate) name: String,
    /// The commit that changes are counted from, and its files; `None` until the tree is whole.
    pub(crate) base: Option<(GitId, GitId)>,
    /// Whether what is ignored in a tree that is not whole is that of who has it: it was, before it was to be laid out
    /// again.
    pub(crate) is_again: bool,
}

impl Note {
    /// Writes the note of a place that the caller holds, whole or not at all: in one go, over the old one and as long as
    /// that.
    pub(crate) fn write(&self, folder: &Path) -> io::Result<()> {
        let mut text = format!("{}\n", self.name);
        if let Some((commit, tree)) = &self.base {
            text.push_str(&format!("{commit}\n{tree}\n"));
        } else if self.is_again {
            text.push_str(&format!("{AGAIN}\n"));
        }
        let mut options = OpenOptions::new();
        let options = options.create(true).truncate(false).write(true);
        let mut file = options.open(folder.join("note"))?;
        let before = usize::try_from(file.metadata()?.len()).unwrap_or_default();
        let mut bytes = text.into_bytes();
        bytes.resize(bytes.len().max(before), b'\n');
        file.write_all(&bytes)
    }
}

impl Slot {
    /// A new place below `home`.
    pub(crate) fn make(home: &Path, repo: &Repo) -> io::Result<Self> {
        for number in 1..=MOST {
            let folder = home.join(format!("t{number}"));
            match fs::create_dir(&folder) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                other => other?,
            }
            let slot = Self {
                lock: Arc::new(open(&folder)?),
                folder,
            };
            flock(&slot.lock, FlockOperation::NonBlockingLockExclusive)?;
            Note::default().write(&slot.folder)?;
            fs::write(slot.folder.join(MARKER), mark(repo))?;
            return Ok(slot);
        }
        Err(io::Error::other("too many trees in one pool"))
    }

    /// The places below `home` that carry our mark and borrow from this repository.
    pub(crate) fn all(home: &Path, repo: &Repo) -> io::Result<Vec<PathBuf>> {
        let mut places = Self::numbered(home)?;
        for folder in std::mem::take(&mut places) {
            if Self::is_of(&folder, repo)? {
                places.push(folder);
            }
        }
        Ok(places)
    }

    /// The places below `home` that carry our mark, each with the objects it borrows, in the order of their numbers.
    pub(crate) fn marked(home: &Path) -> io::Result<Vec<(PathBuf, PathBuf)>> {
        let mut marked = Vec::new();
        for folder in Self::numbered(home)? {
            if let Some(objects) = borrowed(&folder)? {
                marked.push((folder, objects));
            }
        }
        Ok(marked)
    }

    /// The folders below `home` that are called as places are, in the order of their numbers.
    pub(crate) fn numbered(home: &Path) -> io::Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(home)? {
            let entry = entry?;
            let name = entry.file_name();
            let number = name
                .to_str()
                .and_then(|n| n.strip_prefix('t')?.parse().ok());
            let number = number.filter(|_| entry.file_type().is_ok_and(|t| t.is_dir()));
            found.extend(number.map(|number: u32| (number, entry.path())));
        }
        found.sort_unstable();
        Ok(found.into_iter().map(|(_, folder)| folder).collect())
    }

    /// Whether a folder carries our mark and borrows from this repository.
    pub(crate) fn is_of(folder: &Path, repo: &Repo) -> io::Result<bool> {
        let objects = borrowed(folder)?;
        Ok(objects.is_some_and(|objects| objects == repo.places.objects()))
    }

    /// Locks a place; `None` if someone else uses it.
    pub(crate) fn lock(folder: &Path) -> io::Result<Option<Self>> {
        Self::lock_within(folder, TRIES)
    }

    /// Locks a place that nobody holds at this moment, not even for a moment.
    pub(crate) fn lock_at_once(folder: &Path) -> io::Result<Option<Self>> {
        Self::lock_within(folder, 1)
    }

    fn lock_within(folder: &Path, tries: u32) -> io::Result<Option<Self>> {
        let lock = Arc::new(open(folder)?);
        for left in (0..tries).rev() {
            match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {
                    let folder = folder.to_owned();
                    return Ok(Some(Self { folder, lock }));
                }
                Err(Errno::WOULDBLOCK) if left > 0 => std::thread::sleep(PAUSE),
                Err(Errno::WOULDBLOCK) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(None)
    }

    /// Writes that nobody has the place, and lets the next one have it at once. No command may be running there.
    pub(crate) fn release(self) -> io::Result<()> {
        let base = Self::note(&self.folder).base;
        let free = Note {
            base,
            ..Note::default()
        };
        free.write(&self.folder)?;
        Ok(flock(&self.lock, FlockOperation::Unlock)?)
    }

    /// What a place holds, by its note; nothing if the note cannot be read.
    pub(crate) fn note(folder: &Path) -> Note {
        let text = fs::read_to_string(folder.join("note")).unwrap_or_default();
        let mut lines = text.lines();
        let name = lines.next().unwrap_or_default().to_owned();
        let first = lines.next().unwrap_or_default();
        let ids = (first.parse(), lines.next().unwrap_or_default().parse());
        Note {
            name,
            base: ids.0.ok().zip(ids.1.ok()),
            is_again: first == AGAIN,
        }
    }

    /// Removes the place; what is not ours in it stays, and the place with it.
    pub(crate) fn remove(self) -> io::Result<()> {
        for part in ["tree", "git", "note", "note.new", "lock", MARKER] {
            erase(&self.folder.join(part))?;
        }
        fs::remove_dir(&self.folder)
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Work on its files where it holds nobody up. The place stays locked until that is done, even if nobody waits for it
    /// any more.
    pub(crate) async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> Result<T, GitError> {
        let lock = Arc::clone(&self.lock);
        off_thread(&self.folder, move || {
            let done = work();
            drop(lock);
            done
        })
        .await
    }

    /// The tree itself.
    pub(crate) fn root(&self) -> PathBuf {
        self.folder.join("tree")
    }

    /// The git folder of formic's own commands.
    pub(crate) fn git_folder(&self) -> PathBuf {
        self.folder.join("git")
    }

    /// git on this tree with formic's own folder and index, writing objects to the user's store. The place stays locked
    /// until the command has ended, even if this process ends before.
    pub(crate) fn git(&self, repo: &Repo) -> Result<Git, GitError> {
        let root = self.root();
        let lock = self.lock.try_clone();
        let lock = lock.map_err(|error| GitError::io(&self.folder, error))?;
        let git = OWN_INDEX.iter().fold(Git::at(&root), |git, setting| {
            git.option("-c").option(setting)
        });
        Ok(git
            .env("GIT_DIR", self.git_folder())
            .env("GIT_WORK_TREE", &root)
            .env("GIT_OBJECT_DIRECTORY", repo.places.objects())
            .env("GIT_OPTIONAL_LOCKS", "1")
            .holding(lock)
            .within(repo.patience))
    }
}

/// The objects that a place borrows; `None` where there is no mark of ours.
fn borrowed(folder: &Path) -> io::Result<Option<PathBuf>> {
    let marker = folder.join(MARKER);
    if !fs::symlink_metadata(&marker).is_ok_and(|m| m.is_file()) {
        return Ok(None);
    }
    let text = fs::read(&marker)?;
    let objects = text.strip_prefix(MAGIC);
    Ok(objects.map(|objects| PathBuf::from(OsStr::from_bytes(objects))))
}

fn open(folder: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).read(true).write(true);
    options.open(folder.join("lock"))
}

fn mark(repo: &Repo) -> Vec<u8> {
    [MAGIC, repo.places.objects().as_os_str().as_bytes()].concat()
}
