//! Git folders of our own making: one that formic's commands use, outside the tree, and one inside the tree for
//! whoever works there. Both borrow the user's objects; neither knows the user's refs, hooks, remotes or stash.

use std::fs;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use protocol::GitId;

pub(crate) use super::modes::erase;
use super::repo::Repo;

/// The branch that work in a tree is on.
const BRANCH: &str = "refs/heads/work";

/// The patterns of a tree that leaves nothing out.
pub(crate) const WHOLE: &str = "/*\n";

/// Settings of both.
const FIXED: [(&str, &str); 9] = [
    ("core.bare", "false"),
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.splitIndex", "false"),
    ("core.logAllRefUpdates", "true"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("commit.gpgSign", "false"),
    ("tag.gpgSign", "false"),
];

/// The folders of a git folder inside a tree.
const FOLDERS: [&str; 5] = ["info", "objects", "objects/info", "refs", "refs/heads"];

/// Its files.
const FILES: [&str; 8] = [
    "HEAD",
    "config",
    "index",
    "info/attributes",
    "info/exclude",
    "objects/info/alternates",
    BRANCH,
    "shallow",
];

/// Files below `info/` that say what is ignored and how contents are converted.
const INFO: [&str; 2] = ["exclude", "attributes"];

/// What a git folder is made from.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) repo: Repo,
    pub(crate) head: GitId,
    /// The patterns of a sparse tree.
    pub(crate) cone: Option<String>,
}

impl Layout {
    /// The folder for formic's own commands; its index stays.
    pub(crate) fn own(&self, dir: &Path) -> io::Result<()> {
        fs::create_dir_all(dir.join("objects"))?;
        fs::create_dir_all(dir.join("refs"))?;
        for lock in ["index.lock", "snapshot.lock", "HEAD.lock", "config.lock"] {
            absent(fs::remove_file(dir.join(lock)))?;
        }
        put(&dir.join("HEAD"), format!("{}\n", self.head).as_bytes())?;
        // Even a whole tree has patterns here: without them git would leave out what was left out before.
        self.common_part(dir, Some(self.cone.as_deref().unwrap_or(WHOLE)))
    }

    /// The folder inside the tree as new: nothing of what was done there before is left.
    pub(crate) fn inside(&self, dir: &Path, index: &Path) -> io::Result<()> {
        let stripped = strip(dir, self.cone.is_some());
        if stripped.and_then(|()| self.fill(dir, index)).is_ok() {
            return Ok(());
        }
        erase(dir)?;
        self.fill(dir, index)
    }

    /// Both folders for another commit, where nobody has changed anything in them since they were made.
    pub(crate) fn renew(&self, own: &Path, inside: &Path) -> io::Result<()> {
        let head = format!("{}\n", self.head);
        put(&own.join("HEAD"), head.as_bytes())?;
        put(&inside.join(BRANCH), head.as_bytes())?;
        let index = inside.join("index");
        let before = fs::symlink_metadata(&index)?.len();
        write_over(&index, before, &fs::read(own.join("index"))?)
    }

    fn fill(&self, dir: &Path, index: &Path) -> io::Result<()> {
        fs::create_dir_all(dir.join("objects/info"))?;
        fs::create_dir_all(dir.join("refs/heads"))?;
        let objects = self.repo.places.objects();
        let alternates = alternate(objects.as_os_str().as_bytes());
        put(&dir.join("objects/info/alternates"), &alternates)?;
        put(&dir.join(BRANCH), format!("{}\n", self.head).as_bytes())?;
        self.common_part(dir, self.cone.as_deref())?;
        put(&dir.join("index"), &fs::read(index)?)?;
        put(&dir.join("HEAD"), format!("ref: {BRANCH}\n").as_bytes())
    }

    fn common_part(&self, dir: &Path, cone: Option<&str>) -> io::Result<()> {
        let info = dir.join("info");
        fs::create_dir_all(&info)?;
        let shared = &self.repo.places.shared;
        for name in INFO {
            copy_if_there(&shared.join("info").join(name), &info.join(name))?;
        }
        copy_if_there(&shared.join("shallow"), &dir.join("shallow"))?;
        let patterns = info.join("sparse-checkout");
        match cone {
            Some(cone) => put(&patterns, cone.as_bytes())?,
            None => absent(fs::remove_file(&patterns))?,
        }
        put(&dir.join("config"), self.config(cone.is_some()).as_bytes())
    }

    fn config(&self, is_sparse: bool) -> String {
        let mut text = match self.repo.format.as_str() {
            "sha1" => setting("core.repositoryformatversion", "0"),
            format => {
                let version = setting("core.repositoryformatversion", "1");
                version + &setting("extensions.objectFormat", format)
            }
        };
        for (key, value) in &self.repo.kept {
            text.push_str(&setting(key, value));
        }
        let (name, address) = &self.repo.author;
        text.push_str(&setting("user.name", name));
        text.push_str(&setting("user.email", address));
        let lfs = self.repo.places.shared.join("lfs");
        if let (true, Some(lfs)) = (lfs.is_dir(), lfs.to_str()) {
            text.push_str(&setting("lfs.storage", lfs));
        }
        for (key, value) in FIXED {
            text.push_str(&setting(key, value));
        }
        let sparse = if is_sparse { "true" } else { "false" };
        text.push_str(&setting("core.sparseCheckout", sparse));
        text.push_str(&setting("core.sparseCheckoutCone", sparse));
        text
    }
}

/// One setting as git reads it: `[section "sub"]` and the quoted value below.
fn setting(key: &str, value: &str) -> String {
    let (section, name) = key.rsplit_once('.').unwrap_or(("formic", key));
    let head = match section.split_once('.') {
        Some((section, sub)) => format!("[{section} \"{}\"]", escaped(sub)),
        None => format!("[{section}]"),
    };
    let value = escaped(value).replace('\n', "\\n").replace('\t', "\\t");
    format!("{head}\n\t{name} = \"{value}\"\n")
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// A line of `alternates`; a path with a line break is quoted as git quotes it.
fn alternate(path: &[u8]) -> Vec<u8> {
    let mut line = Vec::new();
    match path.contains(&b'\n') {
        false => line.extend_from_slice(path),
        true => {
            line.push(b'"');
            for byte in path {
                match byte {
                    b'\n' => line.extend_from_slice(b"\\n"),
                    b'"' | b'\\' => line.extend_from_slice(&[b'\\', *byte]),
                    _ => line.push(*byte),
                }
            }
            line.push(b'"');
        }
    }
    line.push(b'\n');
    line
}

fn copy_if_there(from: &Path, to: &Path) -> io::Result<()> {
    match fs::read(from) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => absent(fs::remove_file(to)),
        read => put(to, &read?),
    }
}

/// Has a file hold this, and writes it only if it does not: most do, and writing costs far more than looking.
pub(crate) fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let meta = match fs::symlink_metadata(path) {
        Ok(meta) => meta,
        Err(error) => return absent(Err(error)).and_then(|()| fs::write(path, bytes)),
    };
    // An agent can make it as long as it likes.
    let is_as_long = u64::try_from(bytes.len()).is_ok_and(|bytes| bytes == meta.len());
    match meta.is_file() && meta.nlink() == 1 {
        true if is_as_long && fs::read(path)? == bytes => Ok(()),
        true => write_over(path, meta.len(), bytes),
        // Never through what leads elsewhere.
        false => erase(path).and_then(|()| fs::write(path, bytes)),
    }
}

/// Writes a file over what it held, `before` bytes of it. It is never emptied in between: what was emptied and written
/// again, some disks bring to the platter at once, and whoever closes it waits for that.
pub(crate) fn write_over(path: &Path, before: u64, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).open(path)?;
    file.write_all(bytes)?;
    let now = u64::try_from(bytes.len()).map_err(io::Error::other)?;
    match now < before {
        true => file.set_len(now),
        false => Ok(()),
    }
}

/// Takes away what a git folder inside a tree does not need.
fn strip(dir: &Path, is_sparse: bool) -> io::Result<()> {
    if !fs::symlink_metadata(dir)?.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    let mut left = vec![String::new()];
    while let Some(folder) = left.pop() {
        for entry in fs::read_dir(dir.join(&folder))? {
            let entry = entry?;
            let name = entry.file_name().into_string();
            let path = name.map(|name| match folder.is_empty() {
                true => name,
                false => format!("{folder}/{name}"),
            });
            let kind = entry.file_type()?;
            let is_patterns = |path: &str| is_sparse && path == "info/sparse-checkout";
            let is_file = |path: &str| FILES.contains(&path) || is_patterns(path);
            match path {
                Ok(path) if kind.is_dir() && FOLDERS.contains(&path.as_str()) => left.push(path),
                Ok(path) if kind.is_file() && is_file(&path) => {}
                Ok(_) | Err(_) => erase(&entry.path())?,
            }
        }
    }
    Ok(())
}

/// A thing that is not there need not be removed.
pub(crate) fn absent(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_holds_is_not_read_where_its_length_tells() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config");
        // Whoever reads it needs more memory than there is.
        fs::File::create(&path).unwrap().set_len(1 << 42).unwrap();
        put(&path, b"own").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"own");
    }
}
