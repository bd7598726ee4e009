//! Bringing a place of the pool into the state that a node begins with.

use std::fs;

use protocol::GitId;

use super::error::GitError;
use super::gitdir::{Layout, erase};
use super::refill::Refill;
use super::seen::{Known, Seen};
use super::slot::{Note, Slot};
use super::special;
use super::trees::{Trees, Wanted};

impl Trees {
    /// Brings a place into the state that is wanted, whatever it held, which is looked at as far as nothing is known of
    /// it. Its note says so only when all of it is there. Gives what is known of it then.
    pub(crate) async fn lay_out(
        &self,
        slot: &Slot,
        wanted: &Wanted,
        known: Option<Known>,
    ) -> Result<Option<Known>, GitError> {
        let path = slot.folder();
        let had = Slot::note(path).base;
        let note = |base| Note {
            name: wanted.name.clone(),
            base,
        };
        let wrote = slot.write(&note(None));
        wrote.map_err(|error| GitError::io(path, error))?;
        // Where no program ran, its git folders are as they were made.
        let is_as_made = known.as_ref().is_some_and(Known::is_written);
        // What the place held may be gone from the repository since; git minds that no more than whatever else is wrong.
        let had = had.as_ref().map(|(_, had)| (had, known));
        let seen = self.refilled(slot, had, wanted).await.unwrap_or(None);
        let done = match &seen {
            Some(_) => Ok(()),
            None => self.reset(slot, wanted).await,
        };
        if let Err(error) = done {
            let error = error.or_full(path);
            let (root, own) = (slot.root(), slot.git_folder());
            slot.work(move || erase(&root).and_then(|()| erase(&own)))
                .await?;
            if error.is_disk_full() {
                return Err(error);
            }
            self.reset(slot, wanted)
                .await
                .map_err(|e| e.or_full(path))?;
        }
        let layout = self.layout(wanted);
        let (inside, own) = (slot.root().join(".git"), slot.git_folder());
        let is_renewed = is_as_made && seen.is_some();
        slot.work(move || {
            if is_renewed && layout.renew(&own, &inside).is_ok() {
                return Ok(());
            }
            layout.inside(&inside, &own.join("index"))
        })
        .await?;
        let wrote = slot.write(&note(Some(wanted.base.clone())));
        wrote.map_err(|error| GitError::io(path, error))?;
        Ok(seen.map(Known::laid))
    }

    /// Files and index as wanted, without git, and how they look then; `None` where only git can do that.
    async fn refilled(
        &self,
        slot: &Slot,
        had: Option<(&GitId, Option<Known>)>,
        wanted: &Wanted,
    ) -> Result<Option<Seen>, GitError> {
        let is_base = wanted.files == wanted.base.1 && wanted.cone.is_none();
        let Some((had, known)) = had.filter(|_| is_base) else {
            return Ok(None);
        };
        if !known.as_ref().is_some_and(Known::is_written) {
            let (own, layout) = (slot.git_folder(), self.layout(wanted));
            let laid = slot.work(move || layout.own(&own)).await;
            if laid.is_err() {
                return Ok(None);
            }
        }
        let refill = Refill {
            repo: &self.repo,
            slot,
            had,
            files: &wanted.files,
        };
        refill.run(known).await
    }

    /// Files and index as wanted; what is ignored stays.
    async fn reset(&self, slot: &Slot, wanted: &Wanted) -> Result<(), GitError> {
        let (root, own, layout) = (slot.root(), slot.git_folder(), self.layout(wanted));
        slot.work(move || {
            if !fs::symlink_metadata(&root).is_ok_and(|m| m.is_dir()) {
                erase(&root)?;
                erase(&own)?;
                fs::create_dir_all(&root)?;
            }
            // git would wait for ever to read some of them.
            special::clear(&root)?;
            layout.own(&own)
        })
        .await?;
        let was_used = slot.git_folder().join("index").is_file();
        let git = || slot.git(&self.repo);
        git()?
            .args(["read-tree", "--reset", "-u", wanted.files.as_str()])
            .bytes()
            .await?;
        if was_used {
            git()?.args(["clean", "-ffdq"]).bytes().await?;
        }
        if wanted.files != wanted.base.1 {
            let only_index = ["read-tree", "--reset", wanted.base.1.as_str()];
            git()?.args(only_index).bytes().await?;
        }
        Ok(())
    }

    fn layout(&self, wanted: &Wanted) -> Layout {
        Layout {
            repo: self.repo.clone(),
            head: wanted.base.0.clone(),
            cone: wanted.cone.clone(),
        }
    }
}
