//! What the files of a scope, or those outside of it, looked like: the only way to tell a change where there is no git.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use protocol::{Change, ChangeKind};
use scheduler::scope::Globs;

/// The most files of a folder that are looked at.
const MOST: usize = 200_000;

/// Which files are looked at.
#[derive(Debug, Clone)]
pub(crate) enum Extent {
    /// Those of a scope.
    Within(Globs),
    /// All others.
    Beyond(Globs),
}

impl Extent {
    fn is_empty(&self) -> bool {
        match self {
            Self::Within(scope) => scope.is_empty(),
            Self::Beyond(scope) => scope.iter().any(|glob| glob.as_str() == "**"),
        }
    }

    fn has(&self, path: &str) -> bool {
        match self {
            Self::Within(scope) => scope.matches(path),
            Self::Beyond(scope) => !scope.matches(path),
        }
    }
}

/// Some files of a folder, each by its size and the time of its last change.
#[derive(Debug)]
pub(crate) struct Footprint {
    root: PathBuf,
    extent: Extent,
    files: Files,
}

type Files = BTreeMap<String, (u64, Option<SystemTime>)>;

impl Footprint {
    /// As they look now.
    pub(crate) async fn take(root: &Path, extent: Extent) -> Self {
        Self {
            files: looked(root, &extent).await,
            root: root.to_owned(),
            extent,
        }
    }

    /// What looks otherwise now.
    pub(crate) async fn changed(&self) -> Vec<Change> {
        let now = looked(&self.root, &self.extent).await;
        let change = |path: &String, how| Change {
            path: path.clone(),
            how,
        };
        let there = now
            .iter()
            .filter_map(|(path, looks)| match self.files.get(path) {
                None => Some(change(path, ChangeKind::Added)),
                Some(before) if before != looks => Some(change(path, ChangeKind::Modified)),
                Some(_) => None,
            });
        let gone = self.files.keys().filter(|path| !now.contains_key(*path));
        let gone = gone.map(|path| change(path, ChangeKind::Deleted));
        let mut changed: Vec<Change> = there.chain(gone).collect();
        changed.sort_by(|a, b| a.path.cmp(&b.path));
        changed
    }
}

async fn looked(root: &Path, extent: &Extent) -> Files {
    if extent.is_empty() {
        return Files::new();
    }
    let (root, extent) = (root.to_owned(), extent.clone());
    let look = move || {
        let paths = survey::list(&root, MOST).into_iter();
        let own = paths.filter(|path| extent.has(path));
        own.filter_map(|path| {
            let looks = root.join(&path).symlink_metadata().ok()?;
            Some((path, of(&looks)))
        })
        .collect()
    };
    tokio::task::spawn_blocking(look).await.unwrap_or_default()
}

fn of(looks: &Metadata) -> (u64, Option<SystemTime>) {
    (looks.len(), looks.modified().ok())
}
