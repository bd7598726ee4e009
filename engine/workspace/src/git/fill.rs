//! Bringing a place of the pool into the state that a node begins with.

use std::fs;
use std::io;
use std::path::PathBuf;

use protocol::GitId;

use super::error::GitError;
use super::gitdir::{Layout, erase};
use super::left;
use super::refill::Refill;
use super::seen::{Known, Seen};
use super::slot::{Note, Slot};
use super::special;
use super::trees::{Trees, Wanted};

/// What is written of a place beside its files.
#[derive(Clone)]
struct Papers {
    /// Its folder, and those of the tree and of formic's own commands in it.
    place: PathBuf,
    root: PathBuf,
    own: PathBuf,
    layout: Layout,
    /// What it says once all of it is there.
    note: Note,
    /// Whether it was this node's before.
    is_same: bool,
    /// Whether its git folders are as they were made for the node before.
    is_as_made: bool,
}

impl Papers {
    /// Says that nothing is certain of it.
    fn open(&self) -> io::Result<()> {
        let opened = Note {
            base: None,
            is_again: self.is_same,
            ..self.note.clone()
        };
        opened.write(&self.place)
    }

    /// Makes its git folders, and says that all of it is there; `left` is what lies in it that is ignored.
    fn close(&self, left: &[Vec<u8>]) -> io::Result<()> {
        if !self.is_same {
            left::note(&self.root, &self.own, left)?;
        }
        let inside = self.root.join(".git");
        let is_renewed = self.is_as_made && self.layout.renew(&self.own, &inside).is_ok();
        if !is_renewed {
            self.layout.inside(&inside, &self.own.join("index"))?;
        }
        self.note.write(&self.place)
    }
}

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
        let Note {
            name: former,
            base,
            is_again,
        } = Slot::note(path);
        // What a node had ignored in an attempt before is its own.
        let is_same = former == wanted.name && (base.is_some() || is_again);
        let papers = Papers {
            place: path.to_owned(),
            root: slot.root(),
            own: slot.git_folder(),
            layout: self.layout(wanted),
            note: Note {
                name: wanted.name.clone(),
                base: Some(wanted.base.clone()),
                is_again: false,
            },
            is_same,
            // Where no program ran, its git folders are as they were made.
            is_as_made: known.as_ref().is_some_and(Known::is_written),
        };
        // What the place held may be gone from the repository since; git minds that no more than whatever else is wrong.
        let had = base.as_ref().map(|(_, had)| (had, known));
        let refilled = self.refilled(slot, had, (wanted, &papers)).await;
        if let Ok(Some(seen)) = refilled {
            return Ok(Some(Known::laid(seen)));
        }
        let opened = papers.clone();
        slot.work(move || opened.open()).await?;
        let left = self.reset_or_anew(slot, wanted).await?;
        let anew = Papers {
            is_as_made: false,
            ..papers
        };
        slot.work(move || anew.close(&left)).await?;
        Ok(None)
    }

    /// Files and index as wanted, without git, and how they look then; `None` where only git can do that.
    async fn refilled(
        &self,
        slot: &Slot,
        had: Option<(&GitId, Option<Known>)>,
        (wanted, papers): (&Wanted, &Papers),
    ) -> Result<Option<Seen>, GitError> {
        let is_base = wanted.files == wanted.base.1 && wanted.cone.is_none();
        let Some((had, known)) = had.filter(|_| is_base) else {
            return Ok(None);
        };
        let refill = Refill {
            repo: &self.repo,
            slot,
            had,
            files: &wanted.files,
        };
        let (first, last) = (papers.clone(), papers.clone());
        let before = move || {
            first.open()?;
            match first.is_as_made {
                true => Ok(()),
                false => first.layout.own(&first.own),
            }
        };
        let after = move |seen: &Seen| last.close(&seen.differences.unknown);
        Box::pin(refill.run(known, before, after)).await
    }

    /// Files and index as wanted by git, in a place that is emptied first where that does not work otherwise; gives what
    /// else lies there.
    async fn reset_or_anew(&self, slot: &Slot, wanted: &Wanted) -> Result<Vec<Vec<u8>>, GitError> {
        let path = slot.folder();
        let error = match self.reset(slot, wanted).await {
            Ok(left) => return Ok(left),
            Err(error) => error.or_full(path),
        };
        let (root, own) = (slot.root(), slot.git_folder());
        slot.work(move || erase(&root).and_then(|()| erase(&own)))
            .await?;
        match error.is_disk_full() {
            true => Err(error),
            false => self
                .reset(slot, wanted)
                .await
                .map_err(|error| error.or_full(path)),
        }
    }

    /// Files and index as wanted; what is ignored stays, and is given.
    async fn reset(&self, slot: &Slot, wanted: &Wanted) -> Result<Vec<Vec<u8>>, GitError> {
        let (root, own, layout) = (slot.root(), slot.git_folder(), self.layout(wanted));
        let laid = slot.work(move || {
            let was_used = fs::symlink_metadata(&root).is_ok_and(|m| m.is_dir());
            if !was_used {
                erase(&root)?;
                erase(&own)?;
                fs::create_dir_all(&root)?;
            }
            // git would wait for ever to read some of them.
            special::clear(&root)?;
            layout.own(&own).map(|()| was_used)
        });
        let was_used = laid.await?;
        let git = || slot.git(&self.repo);
        git()?
            .args(["read-tree", "--reset", "-u", wanted.files.as_str()])
            .bytes()
            .await?;
        let mut left = Vec::new();
        if was_used {
            // Before the index is that of the base: what is laid on it is its holder's own.
            left = left::cleaned(&self.repo, slot).await?;
        }
        if wanted.files != wanted.base.1 {
            let only_index = ["read-tree", "--reset", wanted.base.1.as_str()];
            git()?.args(only_index).bytes().await?;
        }
        Ok(left)
    }

    fn layout(&self, wanted: &Wanted) -> Layout {
        Layout {
            repo: self.repo.clone(),
            head: wanted.base.0.clone(),
            cone: wanted.cone.clone(),
        }
    }
}
