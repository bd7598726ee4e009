//! Where a path leads: `..` and symlinks resolved, whether or not something is there yet.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

/// More symlinks than this on one way are taken for a loop, as the system does.
const MOST_LINKS: usize = 40;

/// A path after resolving.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// Where it leads: absolute, UTF-8, without `.`, `..`, symlinks or a trailing slash.
    pub path: PathBuf,
    /// As asked, made absolute only: its `..` and symlinks stand.
    pub asked: PathBuf,
}

/// Why it cannot be said where a path leads. Each reads after "could not ...".
#[derive(Debug, thiserror::Error)]
pub enum PathError {
    /// Nothing was asked.
    #[error("resolve an empty path: name a file or a folder")]
    Empty,
    /// A NUL byte, which no path can hold.
    #[error("resolve {0:?}: a path holds no NUL byte")]
    Nul(String),
    /// A home folder, which only a shell knows.
    #[error("resolve {0:?}: `~` is not expanded here, write the whole path")]
    Home(String),
    /// The folder it starts from is not absolute.
    #[error("resolve a path from {}: that folder is not absolute", .0.display())]
    Start(PathBuf),
    /// Symlinks that lead in a circle, or too many of them.
    #[error("resolve {}: its symlinks do not come to an end", .0.display())]
    Loop(PathBuf),
    /// Something on the way cannot be looked at.
    #[error("resolve {}: {source}", .path.display())]
    Blocked {
        /// What cannot be looked at.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// It leads to a name that is not UTF-8.
    #[error("resolve {}: it leads to a name that is not UTF-8", .0.display())]
    NotUtf8(PathBuf),
}

/// Where `asked` leads for someone who stands in `cwd`, an absolute folder. What exists is resolved as the system
/// would; from the first missing name on the rest is kept as written, its `..` taken lexically; a dangling symlink
/// leads to where its target would be. Touches the disk, changes nothing.
///
/// # Errors
/// See [`PathError`].
pub fn resolve(cwd: &Path, asked: &str) -> Result<Resolved, PathError> {
    if asked.is_empty() {
        return Err(PathError::Empty);
    }
    if asked.contains('\0') {
        return Err(PathError::Nul(asked.to_owned()));
    }
    if asked == "~" || asked.starts_with("~/") {
        return Err(PathError::Home(asked.to_owned()));
    }
    if !cwd.is_absolute() {
        return Err(PathError::Start(cwd.to_owned()));
    }
    let asked: PathBuf = cwd.join(asked).components().collect();
    let path = match leads_straight(&asked) {
        true => asked.clone(),
        false => Way::new(&asked).walk(&asked)?,
    };
    if path.to_str().is_none() {
        return Err(PathError::NotUtf8(path));
    }
    Ok(Resolved { path, asked })
}

/// Whether no link lies on the way to a path as far as anything is there, asked of the system at once. `false` where only
/// walking it can tell.
#[cfg(target_os = "linux")]
fn leads_straight(path: &Path) -> bool {
    use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};
    use rustix::io::Errno;
    if path.components().any(|part| part == Component::ParentDir) {
        return false;
    }
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    // The way is gone from its beginning: a link before what is missing would have been met first.
    matches!(
        openat2(CWD, path, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS),
        Ok(_) | Err(Errno::NOENT | Errno::NOTDIR)
    )
}

#[cfg(not(target_os = "linux"))]
const fn leads_straight(_: &Path) -> bool {
    false
}

/// One step still to go.
enum Step {
    Root,
    Up,
    Down(OsString),
}

/// A path being walked: what is behind is resolved, what is ahead is not.
struct Way {
    behind: PathBuf,
    ahead: VecDeque<Step>,
    links: usize,
}

impl Way {
    fn new(path: &Path) -> Self {
        Self {
            behind: PathBuf::from("/"),
            ahead: steps(path).collect(),
            links: 0,
        }
    }

    fn walk(mut self, asked: &Path) -> Result<PathBuf, PathError> {
        while let Some(step) = self.ahead.pop_front() {
            match step {
                Step::Root => self.behind = PathBuf::from("/"),
                // At the root this changes nothing, as for the system.
                Step::Up => {
                    self.behind.pop();
                }
                Step::Down(name) => self.down(&name, asked)?,
            }
        }
        Ok(self.behind)
    }

    fn down(&mut self, name: &OsString, asked: &Path) -> Result<(), PathError> {
        let next = self.behind.join(name);
        match link(&next) {
            Ok(Some(target)) => {
                self.links += 1;
                if self.links > MOST_LINKS {
                    return Err(PathError::Loop(asked.to_owned()));
                }
                for step in steps(&target).collect::<Vec<_>>().into_iter().rev() {
                    self.ahead.push_front(step);
                }
            }
            Ok(None) => self.behind = next,
            Err(source) => return Err(PathError::Blocked { path: next, source }),
        }
        Ok(())
    }
}

fn steps(path: &Path) -> impl Iterator<Item = Step> + '_ {
    path.components().filter_map(|part| match part {
        Component::RootDir => Some(Step::Root),
        Component::ParentDir => Some(Step::Up),
        Component::Normal(name) => Some(Step::Down(name.to_owned())),
        Component::CurDir | Component::Prefix(_) => None,
    })
}

/// The target, if a symlink is there. What is missing, or would lie below a file, is no symlink.
fn link(path: &Path) -> io::Result<Option<PathBuf>> {
    match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_symlink() => fs::read_link(path).map(Some),
        Ok(_) => Ok(None),
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Ok(None),
            _ => Err(error),
        },
    }
}
