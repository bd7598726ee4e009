//! What lies in a pool, whichever repositories its trees are of: for taking away what nobody will come back to.

use std::path::{Path, PathBuf};

use super::error::GitError;
use super::slot::Slot;
use super::trees::{MARKER, off_thread};

/// A tree of a pool that nobody uses at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// Its place in the pool.
    pub folder: PathBuf,
    /// The name it waits under; empty if it waits for nobody.
    pub name: String,
    /// Whether the repository that its objects come from is gone: it is of no use to anybody.
    pub is_orphan: bool,
}

/// The trees of the pool at `home` that nobody uses. Only what carries our mark is looked at; a folder that is no pool
/// has none.
pub async fn leftovers(home: &Path) -> Result<Vec<Leftover>, GitError> {
    if !home.join(MARKER).is_file() {
        return Ok(Vec::new());
    }
    let place = home.to_owned();
    off_thread(home, move || {
        let mut found = Vec::new();
        for (folder, objects) in Slot::marked(&place)? {
            // Held while it is looked at: whoever takes it now writes its name first.
            let Some(_slot) = Slot::lock(&folder)? else {
                continue;
            };
            found.push(Leftover {
                name: Slot::note(&folder).name,
                is_orphan: !objects.is_dir(),
                folder,
            });
        }
        Ok(found)
    })
    .await
}

/// Takes a tree away, if it is still as it was found; `beside` are folders that are of no use without it, and go first.
/// Whether it went.
pub async fn take_away(leftover: &Leftover, beside: &[PathBuf]) -> Result<bool, GitError> {
    let (wanted, beside) = (leftover.clone(), beside.to_vec());
    off_thread(&leftover.folder, move || {
        let Some(slot) = Slot::lock(&wanted.folder)? else {
            return Ok(false);
        };
        if Slot::note(&wanted.folder).name != wanted.name {
            return Ok(false);
        }
        beside
            .iter()
            .try_for_each(|folder| super::modes::erase(folder))?;
        slot.remove()?;
        Ok(true)
    })
    .await
}
