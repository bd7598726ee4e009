//! Why git could not do it, named by the command and the last lines it said.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

use super::standing::Operation;

/// The oldest git that can merge without a checkout onto a base it is given.
pub(crate) const OLDEST: (u32, u32) = (2, 40);

/// How many of the last lines of git's complaint are kept.
const LINES: usize = 6;

/// How many bytes of one line are kept.
const LINE_BYTES: usize = 400;

/// Why something with git could not be done.
#[derive(Debug, Error)]
pub enum GitError {
    /// There is no git program on the search path.
    #[error("find the git program")]
    Missing,
    /// The git program is too old.
    #[error("use git {found}: merging without a checkout needs git {}.{} or later", OLDEST.0, OLDEST.1)]
    TooOld {
        /// What it calls itself.
        found: String,
    },
    /// The folder is not a repository that work can start from.
    #[error("work in {}: {why}", path.display())]
    Unfit {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        why: Unfit,
    },
    /// A command failed.
    #[error("run `git {command}`: {said}")]
    Failed {
        /// The command and its arguments, shortened, without secrets.
        command: String,
        /// The last lines of what it said, without secrets.
        said: String,
    },
    /// A command answered something that cannot be read.
    #[error("read what `git {command}` answered")]
    Odd {
        /// The command.
        command: String,
    },
    /// The disk is full, or a quota is used up.
    #[error("write at {subject}: no space is left on the device")]
    DiskFull {
        /// The path, or the git command, that ran out of space.
        subject: String,
    },
    /// A file or folder could not be used.
    #[error("use {}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A command took too long and was ended.
    #[error("run `git {command}`: it was not done after {} s and was ended", .after.as_secs())]
    Late {
        /// The command and its arguments, shortened, without secrets.
        command: String,
        /// How long it was waited for.
        after: Duration,
    },
    /// Something stands in the tree that a commit cannot hold.
    #[error("record {}: {what}", .paths.join(", "))]
    Unrecordable {
        /// Where, relative to the root.
        paths: Vec<String>,
        /// What it is.
        what: Unrecordable,
    },
    /// A changed file, or all of them together, are so large that they do not belong in a repository.
    #[error(
        "record {path}: {bytes} bytes are more than the {limit} a change may bring (have them ignored)"
    )]
    Huge {
        /// Relative to the root.
        path: String,
        /// Its size.
        bytes: u64,
        /// What is allowed.
        limit: u64,
    },
    /// A path cannot be named: it is not UTF-8, or it leads out of the tree.
    #[error("name {}: a path here is UTF-8, relative, and stays in the tree", .paths.join(", "))]
    Names {
        /// The paths, with what cannot be shown escaped.
        paths: Vec<String>,
    },
    /// The pool of trees cannot give what was asked for.
    #[error("use the tree {subject}: {why}")]
    Pool {
        /// The name or the path of the tree.
        subject: String,
        /// What is wrong.
        why: PoolFault,
    },
}

/// Why no work can start from a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unfit {
    /// It is in no repository.
    #[error("it is not in a git repository")]
    NotARepository,
    /// The repository has no working tree.
    #[error("the repository is bare, it has no working tree")]
    Bare,
    /// The repository has no commit yet.
    #[error("the repository has no commit yet")]
    NoCommits,
    /// Something is half done there.
    #[error("{0} is under way there")]
    UnderWay(Operation),
}

/// What a commit cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unrecordable {
    /// Another repository; git could only record a pointer to it.
    #[error("a git repository inside the tree (remove its .git, or have it ignored)")]
    Repository,
    /// A FIFO, a socket or a device, or a link to one where git would read it.
    #[error("not a file, a folder or a link (remove it, or have it ignored)")]
    Special,
    /// A folder that may not be looked into.
    #[error(
        "a folder that may not be looked into (`chmod u+rwx` it, remove it, or have it ignored)"
    )]
    Shut,
}

/// Why the pool cannot give a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PoolFault {
    /// The folder holds something that is not marked as ours.
    #[error("the folder is not marked as formic's own")]
    Foreign,
    /// Another process still uses it.
    #[error("another process is using it")]
    Busy,
    /// There is none of that name, or it was not finished.
    #[error("nothing of it is left")]
    Lost,
    /// A shared start has no tree of its own.
    #[error("work in the shared folder has no tree of its own")]
    Shared,
}

impl GitError {
    /// Whether more space on the disk would mend it.
    pub fn is_disk_full(&self) -> bool {
        matches!(self, Self::DiskFull { .. })
    }

    /// Whether it is about what lies in a tree, and trying again finds the same, rather than about the machine.
    pub const fn is_of_work(&self) -> bool {
        match self {
            Self::Unrecordable { .. } | Self::Huge { .. } | Self::Names { .. } => true,
            Self::Late { .. } => true,
            Self::Pool { why, .. } => matches!(why, PoolFault::Lost),
            Self::Missing
            | Self::TooOld { .. }
            | Self::Unfit { .. }
            | Self::Failed { .. }
            | Self::Odd { .. }
            | Self::DiskFull { .. }
            | Self::Io { .. } => false,
        }
    }

    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        match is_full(&source) {
            true => Self::DiskFull {
                subject: path.display().to_string(),
            },
            false => Self::Io {
                path: path.to_owned(),
                source,
            },
        }
    }

    /// The same failure, but as a full disk where the disk at `path` is full: git does not always say why a file could
    /// not be written.
    pub(crate) fn or_full(self, path: &Path) -> Self {
        let space = rustix::fs::statvfs(path);
        match self {
            // Some file systems count no files at all.
            Self::Failed { .. }
                if space.is_ok_and(|s| s.f_bavail == 0 || (s.f_files > 0 && s.f_favail == 0)) =>
            {
                Self::DiskFull {
                    subject: path.display().to_string(),
                }
            }
            other => other,
        }
    }

    pub(crate) fn unfit(path: &Path, why: Unfit) -> Self {
        Self::Unfit {
            path: path.to_owned(),
            why,
        }
    }

    pub(crate) fn pool(subject: impl Into<String>, why: PoolFault) -> Self {
        Self::Pool {
            subject: subject.into(),
            why,
        }
    }

    /// A command that ended with a failure, by what it said.
    pub(crate) fn failed(command: &str, stderr: &[u8]) -> Self {
        let said = String::from_utf8_lossy(stderr);
        let full = [
            "No space left on device",
            "Disk quota exceeded",
            "Out of diskspace",
        ];
        if full.iter().any(|words| said.contains(words)) {
            return Self::DiskFull {
                subject: format!("`git {command}`"),
            };
        }
        Self::Failed {
            command: command.to_owned(),
            said: last_lines(&said),
        }
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

/// The last lines that say something, each shortened, with the credentials in addresses taken out.
fn last_lines(said: &str) -> String {
    let spoken: Vec<&str> = said.lines().filter(|l| !l.trim().is_empty()).collect();
    let from = spoken.len().saturating_sub(LINES);
    let kept: Vec<String> = spoken[from..]
        .iter()
        .map(|line| redacted(shortened(line)))
        .collect();
    match kept.is_empty() {
        true => "it said nothing".to_owned(),
        false => kept.join("; "),
    }
}

/// At most so many bytes of a line, cut between two characters.
pub(crate) fn shortened(line: &str) -> &str {
    &line[..line.floor_char_boundary(LINE_BYTES)]
}

/// `scheme://user:secret@host` without what stands before the `@`.
pub(crate) fn redacted(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("://") {
        let end = after.find(|c: char| c.is_whitespace() || "/'\"".contains(c));
        let (authority, tail) = after.split_at(end.unwrap_or(after.len()));
        out.push_str(before);
        out.push_str("://");
        out.push_str(authority.rsplit('@').next().unwrap_or_default());
        rest = tail;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_known_by_what_git_and_the_system_say() {
        let said = b"error: unable to write file x\nfatal: write error: No space left on device\n";
        assert!(GitError::failed("add", said).is_disk_full());
        let system = io::Error::from(io::ErrorKind::StorageFull);
        assert!(GitError::io(Path::new("/x"), system).is_disk_full());
        assert!(!GitError::failed("add", b"fatal: no\n").is_disk_full());
    }

    #[test]
    fn an_error_keeps_the_last_lines_and_no_secret() {
        let said = "1\n2\n3\n\n4\n5\n6\nfatal: at 'https://me:token@host/x' and ssh://me@h y\n7\n";
        let text = GitError::failed("fetch", said.as_bytes()).to_string();
        let expected = "run `git fetch`: 3; 4; 5; 6; fatal: at 'https://host/x' and ssh://h y; 7";
        assert_eq!(text, expected);
        let long = "ü".repeat(10_000);
        assert!(GitError::failed("x", long.as_bytes()).to_string().len() < 500);
        assert!(
            GitError::failed("x", b"\n \n")
                .to_string()
                .ends_with("it said nothing")
        );
    }
}
