//! Spare trees: laid out before anybody needs them, for one that the pool does not have yet takes far longer than one
//! that only has to be brought to another commit.

use protocol::GitId;
use tokio::sync::watch;

use super::error::GitError;
use super::slot::Slot;
use super::trees::{Trees, Wanted, off_thread};

/// How many trees a process is taking at this moment.
#[derive(Debug, Default)]
pub(crate) struct Traffic(watch::Sender<usize>);

/// A tree being taken.
pub(crate) struct Taking<'a>(&'a Traffic);

impl Drop for Taking<'_> {
    fn drop(&mut self) {
        self.0.0.send_modify(|count| *count -= 1);
    }
}

impl Traffic {
    /// Says that a tree is being taken, until what it gives is dropped.
    pub(crate) fn taking(&self) -> Taking<'_> {
        self.0.send_modify(|count| *count += 1);
        Taking(self)
    }

    /// Waits until none is.
    async fn rest(&self) {
        let mut taking = self.0.subscribe();
        // Its sender is this one's own.
        let _ = taking.wait_for(|count| *count == 0).await;
    }
}

impl Trees {
    /// Lays one more tree out with the files of `commit` and leaves it in the pool, unless `many` are there that nobody
    /// has; whether it did. Begins when this process is taking no tree: whoever does needs the machine more.
    pub async fn spare(&self, commit: &GitId, many: usize) -> Result<bool, GitError> {
        self.traffic.rest().await;
        self.prepare().await?;
        let (home, repo) = (self.home().to_owned(), self.repo.clone());
        let made = off_thread(self.home(), move || {
            let mut free = 0;
            for folder in Slot::numbered(&home)? {
                let is_free = Slot::note(&folder).name.is_empty();
                free += usize::from(is_free && Slot::is_of(&folder, &repo)?);
            }
            (free < many).then(|| Slot::make(&home, &repo)).transpose()
        });
        let Some(slot) = made.await? else {
            return Ok(false);
        };
        let files = self.repo.tree_of(commit).await?;
        let wanted = Wanted {
            name: String::new(),
            base: (commit.clone(), files.clone()),
            files,
            cone: None,
        };
        self.lay_out(&slot, &wanted, None).await?;
        Ok(true)
    }
}
