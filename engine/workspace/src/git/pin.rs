//! Refs that keep something, written as git keeps them one by one, without asking it: under its own lock of each, which
//! becomes the ref.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::keep::Kept;
use super::loose::{self, Oid};

/// What a locked ref is called after it.
const LOCK: &str = ".lock";

/// Points all of them at their commits, wherever they stood before, in the git folder `shared`. Where that does not work,
/// git has to do all of it again: it knows why, waits for whoever has a lock, and does what was done here once more.
pub(crate) fn pin(shared: &Path, refs: &[Kept]) -> bool {
    let mut locks = Vec::new();
    for kept in refs {
        match Lock::new(shared, kept) {
            Some(lock) => locks.push(lock),
            None => return false,
        }
    }
    locks.into_iter().all(|lock| lock.commit().is_ok())
}

/// A locked ref; whoever drops it unlocks it.
struct Lock {
    path: PathBuf,
    to: PathBuf,
    is_moved: bool,
}

impl Lock {
    /// Locks a ref and writes what it is to say.
    fn new(shared: &Path, kept: &Kept) -> Option<Self> {
        let id = Oid::of(&kept.commit)?;
        // git itself points no ref at what is not there.
        if !is_plain(&kept.name) || !loose::is_there(&shared.join("objects"), id) {
            return None;
        }
        let to = shared.join(&kept.name);
        let path = shared.join(format!("{}{LOCK}", kept.name));
        let mut options = OpenOptions::new();
        let options = options.write(true).create_new(true);
        let file = match (options.open(&path), path.parent()) {
            (Err(error), Some(folder)) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(folder).ok()?;
                options.open(&path).ok()?
            }
            (file, _) => file.ok()?,
        };
        let lock = Self {
            path,
            to,
            is_moved: false,
        };
        let line = format!("{}\n", kept.commit);
        { file }.write_all(line.as_bytes()).ok()?;
        Some(lock)
    }

    fn commit(mut self) -> io::Result<()> {
        fs::rename(&self.path, &self.to)?;
        self.is_moved = true;
        Ok(())
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if !self.is_moved {
            // One that stays is in the way of the next, who is told so by git.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Whether a name is one that every git and every disk takes for what it says.
fn is_plain(name: &str) -> bool {
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=+%.".contains(&byte);
    name.split('/').all(|part| {
        let is_odd = part.is_empty() || part.contains("..") || part.ends_with(LOCK);
        !is_odd && !part.starts_with('.') && !part.ends_with('.') && part.bytes().all(is_known)
    })
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::super::loose::Sort;
    use super::*;

    /// A repository with one object, and what git says of its refs.
    fn repository() -> (tempfile::TempDir, PathBuf, Oid) {
        let dir = tempfile::tempdir().unwrap();
        let mut init = Command::new("git");
        let init = init.args(["init", "-q", "--object-format=sha1"]);
        assert!(init.current_dir(&dir).status().unwrap().success());
        let shared = dir.path().join(".git");
        let id = loose::write(&shared.join("objects"), Sort::Blob, b"kept").unwrap();
        (dir, shared, id)
    }

    fn kept(name: &str, id: Oid) -> Kept {
        Kept {
            name: format!("refs/formic/0123456789ab/{name}"),
            commit: id.id().unwrap(),
        }
    }

    fn refs(shared: &Path) -> String {
        let mut asked = Command::new("git");
        let asked = asked.args(["for-each-ref", "--format=%(objectname) %(refname)"]);
        let said = asked.current_dir(shared).output().unwrap();
        String::from_utf8(said.stdout).unwrap()
    }

    fn files(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).into_iter().flatten();
        let mut found: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        found.sort();
        found
    }

    #[test]
    fn git_finds_them_where_they_were_pointed_last() {
        let (_dir, shared, first) = repository();
        let second = loose::write(&shared.join("objects"), Sort::Blob, b"another").unwrap();
        let both = ["one", "v1.2=merged"];
        assert!(pin(&shared, &both.map(|name| kept(name, first))));
        assert!(pin(&shared, &[kept("one", second)]));
        let told = [("one", second), ("v1.2=merged", first)]
            .map(|(name, id)| format!("{} refs/formic/0123456789ab/{name}\n", id.hex()));
        assert_eq!(refs(&shared), told.concat());
        assert_eq!(files(&shared.join("refs/formic/0123456789ab")).len(), 2);
    }

    #[test]
    fn what_git_would_not_do_or_wait_for_is_left_to_it_and_nothing_is_left_locked() {
        let (_dir, shared, id) = repository();
        let folder = shared.join("refs/formic/0123456789ab");
        fs::create_dir_all(folder.join("taken/below")).unwrap();
        fs::write(folder.join("held.lock"), "").unwrap();
        let before = files(&folder);
        let lost = Oid([1; loose::BYTES]);
        let names = ["a..b", "a.lock", ".a", "a.", "a/", "a b", "\u{e4}", "a\n"];
        let mut refused = vec![kept("held", id), kept("taken", id), kept("lost", lost)];
        refused.extend(names.map(|name| kept(name, id)));
        for one in refused {
            assert!(!pin(&shared, std::slice::from_ref(&one)), "{one:?}");
            let pair = [kept("good", id), one.clone()];
            assert!(!pin(&shared, &pair), "{one:?}");
            let _ = fs::remove_file(folder.join("good"));
            assert_eq!(files(&folder), before, "{one:?}");
        }
    }
}
