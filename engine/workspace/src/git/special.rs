//! What is neither a file nor a folder nor a link, and folders that may not be looked into: git passes them over, or waits for
//! ever to read them.

use std::collections::BTreeSet;
use std::fs::{self, FileType};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use super::error::{GitError, Unrecordable};
use super::modes::reopen;
use super::run::{Git, parts};
use super::standing::escaped;
use super::tree::Tree;

/// The files of a tree that git reads to know what to do with others.
const READ: [&str; 3] = [".gitignore", ".gitattributes", ".gitmodules"];

/// How a path begins that is told to be in the folder git is started in.
const HERE: &[u8] = b"./";

/// Special files in a tree.
#[derive(Debug, Default)]
pub(crate) struct Specials {
    /// Those that git would open, or links to such.
    pub(crate) read: Vec<PathBuf>,
    /// The others.
    pub(crate) other: Vec<PathBuf>,
    /// Folders that may not be looked into: git would pass over all that lies there.
    pub(crate) shut: Vec<PathBuf>,
}

/// Finds all of them below `root`, without following links and without opening anything; `enter` is told of each folder
/// before it is looked at.
fn specials(root: &Path, enter: impl Fn(&Path)) -> io::Result<Specials> {
    let mut found = Specials::default();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        enter(&folder);
        let entries = fs::read_dir(&folder);
        // A folder may be listed and yet not entered.
        let entered = entries.and_then(|entries| fs::metadata(folder.join(".")).map(|_| entries));
        let entries = match entered {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied && folder != root => {
                found.shut.push(folder);
                continue;
            }
            // What goes meanwhile is for git to judge.
            Err(_) if folder != root => continue,
            entries => entries?,
        };
        for entry in entries.flatten() {
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            let (name, path) = (entry.file_name(), entry.path());
            let is_read = READ.iter().any(|read| name == *read);
            if kind.is_dir() {
                if folder != root || name != ".git" {
                    folders.push(path);
                }
            } else if is_read && fs::metadata(&path).is_ok_and(|m| is_special(m.file_type())) {
                found.read.push(path);
            } else if is_special(kind) {
                found.other.push(path);
            }
        }
    }
    Ok(found)
}

fn is_special(kind: FileType) -> bool {
    kind.is_fifo() || kind.is_socket() || kind.is_char_device() || kind.is_block_device()
}

/// Removes all of them from a tree of ours: nothing of them can be part of a commit. All its folders may be written to then,
/// as far as they are this user's.
pub(crate) fn clear(root: &Path) -> io::Result<()> {
    let found = specials(root, |folder| {
        // One of another user stays as it is.
        let _ = reopen(folder);
    })?;
    for path in found.read.iter().chain(&found.other) {
        super::gitdir::absent(fs::remove_file(path))?;
    }
    Ok(())
}

/// Which of these paths of a tree the repository ignores.
pub(crate) async fn ignored(git: Git, paths: &[Vec<u8>]) -> Result<BTreeSet<Vec<u8>>, GitError> {
    let mut asked = Vec::new();
    for path in paths {
        // Begun so, none is taken for a pattern: `:!x` is one, and this command knows no other way to say a name.
        asked.extend_from_slice(HERE);
        asked.extend_from_slice(path);
        asked.push(0);
    }
    let git = git.args(["check-ignore", "-z", "--stdin"]).input(asked);
    let (output, named) = git.output().await?;
    match output.status.code() {
        Some(0 | 1) => {
            let said = parts(&output.stdout);
            let names = said.map(|path| path.strip_prefix(HERE).unwrap_or(path));
            Ok(names.map(<[u8]>::to_vec).collect())
        }
        _ => Err(GitError::failed(&named, &output.stderr)),
    }
}

impl Tree {
    /// Refuses special files that git would read, and what would be missing from a commit without a word: other special
    /// files, and all in folders that may not be looked into. Those that are ignored may stay.
    pub(crate) async fn no_specials(&self) -> Result<(), GitError> {
        let root = self.root().to_owned();
        let found = self.slot.work(move || specials(&root, |_| ())).await?;
        if !found.read.is_empty() {
            return Err(self.special(&found.read, Unrecordable::Special));
        }
        for (left, what) in [
            (found.other, Unrecordable::Special),
            (found.shut, Unrecordable::Shut),
        ] {
            let left = self.unignored(left).await?;
            if !left.is_empty() {
                return Err(self.special(&left, what));
            }
        }
        Ok(())
    }

    async fn unignored(&self, mut paths: Vec<PathBuf>) -> Result<Vec<PathBuf>, GitError> {
        if paths.is_empty() {
            return Ok(paths);
        }
        let name = |path: &PathBuf| self.inside(path).as_os_str().as_bytes().to_vec();
        let names: Vec<Vec<u8>> = paths.iter().map(name).collect();
        let ignored = ignored(self.slot.git(&self.repo)?, &names).await?;
        paths.retain(|path| !ignored.contains(&name(path)));
        Ok(paths)
    }

    fn inside<'a>(&self, path: &'a Path) -> &'a Path {
        path.strip_prefix(self.root()).unwrap_or(path)
    }

    fn special(&self, paths: &[PathBuf], what: Unrecordable) -> GitError {
        let name = |path: &PathBuf| escaped(self.inside(path).as_os_str().as_bytes());
        GitError::Unrecordable {
            paths: paths.iter().map(name).collect(),
            what,
        }
    }
}
