//! A folder without git: its files, and what changed in it between two looks.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use ignore::WalkBuilder;
use protocol::{Change, ChangeKind};

/// The files of a folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// Relative to the folder, sorted.
    pub paths: Vec<String>,
    /// Whether there are more than were asked for.
    pub is_cut: bool,
}

/// How the files of a folder look from outside: length, time of change, place on the disk, mode.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fingerprint {
    marks: BTreeMap<String, Mark>,
    /// Whether there are more files than were asked for: changes to those are not seen.
    pub is_cut: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    bytes: u64,
    modified: (i64, i64),
    inode: u64,
    mode: u32,
}

/// The files below `root`, at most `most`: links as themselves, nothing that ignore files exclude, nothing of git's own,
/// no name that is not UTF-8.
pub async fn files(root: &Path, most: usize) -> io::Result<Listing> {
    let found = fingerprint(root, most).await?;
    Ok(Listing {
        is_cut: found.is_cut,
        paths: found.marks.into_keys().collect(),
    })
}

/// Looks at the same files as [`files`], from outside.
pub async fn fingerprint(root: &Path, most: usize) -> io::Result<Fingerprint> {
    let root = root.to_owned();
    let looked = tokio::task::spawn_blocking(move || look(&root, most)).await;
    looked.map_err(io::Error::other).and_then(|result| result)
}

impl Fingerprint {
    /// What changed from this look to the later one, sorted.
    pub fn changes(&self, later: &Self) -> Vec<Change> {
        let change = |path: &String, how| Change {
            path: path.clone(),
            how,
        };
        let gone = self.marks.keys().filter(|p| !later.marks.contains_key(*p));
        let mut changes: Vec<Change> = gone.map(|p| change(p, ChangeKind::Deleted)).collect();
        for (path, mark) in &later.marks {
            match self.marks.get(path) {
                None => changes.push(change(path, ChangeKind::Added)),
                Some(before) if before != mark => changes.push(change(path, ChangeKind::Modified)),
                Some(_) => {}
            }
        }
        changes.sort_by(|a, b| a.path.cmp(&b.path));
        changes
    }
}

fn look(root: &Path, most: usize) -> io::Result<Fingerprint> {
    std::fs::read_dir(root)?;
    let mut walk = WalkBuilder::new(root);
    walk.hidden(false)
        .parents(false)
        .require_git(false)
        .git_global(false)
        .follow_links(false)
        .sort_by_file_name(|a, b| a.cmp(b))
        .filter_entry(|entry| entry.file_name() != ".git");
    let mut found = Fingerprint::default();
    // What vanishes or cannot be read between listing and looking is not there.
    for entry in walk.build().flatten() {
        let Ok(meta) = std::fs::symlink_metadata(entry.path()) else {
            continue;
        };
        let path = entry.path().strip_prefix(root).ok().and_then(Path::to_str);
        let Some(path) = path.filter(|_| meta.is_file() || meta.is_symlink()) else {
            continue;
        };
        if found.marks.len() >= most {
            found.is_cut = true;
            break;
        }
        found.marks.insert(path.to_owned(), Mark::of(&meta));
    }
    Ok(found)
}

impl Mark {
    fn of(meta: &Metadata) -> Self {
        Self {
            bytes: meta.len(),
            modified: (meta.mtime(), meta.mtime_nsec()),
            inode: meta.ino(),
            mode: meta.mode(),
        }
    }
}
