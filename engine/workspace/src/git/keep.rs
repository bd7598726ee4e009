//! Refs that keep work which is on no branch yet: whatever tidies up the user's repository leaves it alone. They lie
//! below `refs/formic/`, where no branch and no tag of the user's is.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use protocol::GitId;
use tokio::sync::oneshot::{self, error::TryRecvError};

use super::error::GitError;
use super::pin::pin;
use super::repo::Repo;
use super::trees::off_thread;

/// Where all of them lie.
const ALL: &str = "refs/formic/";

/// A ref that keeps something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its whole name.
    pub name: String,
    /// The commit that is kept.
    pub commit: GitId,
}

/// What is to be kept next. Nodes end together, and git takes as long for the refs of one as for those of all: whoever is
/// first has those kept that have come meanwhile.
#[derive(Debug, Default)]
pub(crate) struct Keeping {
    // Held only while something is put in or taken out. An owner task would have to be told and to answer for each.
    waiting: Mutex<Vec<Keep>>,
    // Held by whoever has git keep what waits, for as long as that takes; nothing below the actors may start an owner task.
    turn: tokio::sync::Mutex<()>,
}

/// Steps that somebody waits for.
#[derive(Debug)]
struct Keep {
    steps: Vec<String>,
    done: oneshot::Sender<()>,
}

impl Keeping {
    fn waiting(&self) -> MutexGuard<'_, Vec<Keep>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Repo {
    /// Points these refs, all below `refs/formic/`, at their commits, wherever they stood before; all of them or none.
    pub async fn keep(&self, refs: &[Kept]) -> Result<(), GitError> {
        let lines = refs
            .iter()
            .map(|kept| Some(format!("update {}\0{}\0\0", own(&kept.name)?, kept.commit)));
        let steps = named(lines.collect(), refs)?;
        if steps.is_empty() {
            return Ok(());
        }
        if let [one] = refs
            && self.pinned(one).await?
        {
            return Ok(());
        }
        let keeping = &self.desk.keeping;
        let (done, mut kept) = oneshot::channel();
        let own = steps.clone();
        keeping.waiting().push(Keep { steps, done });
        let _turn = keeping.turn.lock().await;
        match kept.try_recv() {
            Ok(()) => return Ok(()),
            // Those it was to be kept with could not be: whoever's fault that is, each is kept alone then. A git that was
            // given up with them may hold them for a moment.
            Err(TryRecvError::Closed) => {
                return match self.transact(&own).await {
                    Ok(()) => Ok(()),
                    Err(_) => self.transact(&own).await,
                };
            }
            Err(TryRecvError::Empty) => {}
        }
        let all = std::mem::take(&mut *keeping.waiting());
        let steps: Vec<String> = all.iter().flat_map(|keep| keep.steps.clone()).collect();
        let together = self.transact(&steps).await;
        if together.is_err() && all.len() > 1 {
            drop(all);
            return self.transact(&own).await;
        }
        if together.is_ok() {
            // Whoever has stopped waiting need not be told.
            for keep in all {
                let _ = keep.done.send(());
            }
        }
        together
    }

    /// Makes a ref without asking git, where that is as good; whether it did.
    async fn pinned(&self, kept: &Kept) -> Result<bool, GitError> {
        if !self.writes_objects() || !self.refs_as_usual {
            return Ok(false);
        }
        let shared = self.places.shared.clone();
        let (desk, kept) = (self.desk.clone(), kept.clone());
        let pin = move || Ok(pin(&desk.drafts, &shared, &kept));
        off_thread(&self.places.shared, pin).await
    }

    /// Takes away those of the refs that are there; all of them or none. What they kept goes when git next tidies up.
    pub async fn let_go(&self, names: &[String]) -> Result<(), GitError> {
        let mut there = Vec::new();
        let own_names = names.iter().filter(|name| own(name).is_some());
        for name in own_names.collect::<BTreeSet<_>>() {
            let kept = self.named(name).await?;
            there.extend(kept.map(|commit| Kept {
                name: name.clone(),
                commit,
            }));
        }
        let lines = there
            .iter()
            .map(|kept| Some(format!("delete {}\0{}\0", own(&kept.name)?, kept.commit)));
        match named(lines.collect(), &there)? {
            steps if steps.is_empty() => Ok(()),
            steps => self.transact(&steps).await,
        }
    }

    /// The refs below this folder (`refs/formic/..`, with `/` at the end), or of this pattern, and the commits they point at,
    /// sorted.
    pub async fn kept(&self, below: &str) -> Result<Vec<Kept>, GitError> {
        let format = "--format=%(objectname) %(refname)";
        let asked = self.git().args(["for-each-ref", format, "--"]).arg(below);
        let bytes = asked.bytes().await?;
        let said = String::from_utf8_lossy(&bytes);
        let one = |line: &str| {
            let (id, name) = line.split_once(' ')?;
            Some(Kept {
                name: name.to_owned(),
                commit: id.parse().ok()?,
            })
        };
        Ok(said.lines().filter_map(one).collect())
    }

    /// Those of the refs whose commit is on a branch that none of `but` names: without them, nothing of it is lost.
    pub async fn merged(&self, refs: &[Kept], but: &[String]) -> Result<Vec<Kept>, GitError> {
        let mut merged = Vec::new();
        for kept in refs {
            let contains = format!("--contains={}", kept.commit);
            let args = [
                "for-each-ref",
                "--format=%(refname)",
                &contains,
                "refs/heads/",
            ];
            let bytes = self.git().args(args).bytes().await?;
            let said = String::from_utf8_lossy(&bytes);
            let is_other = |branch: &str| branch != kept.name && !but.iter().any(|b| b == branch);
            if said.lines().any(is_other) {
                merged.push(kept.clone());
            }
        }
        Ok(merged)
    }
}

/// The steps, if every name in them is one of ours.
fn named(steps: Option<Vec<String>>, refs: &[Kept]) -> Result<Vec<String>, GitError> {
    steps.ok_or_else(|| {
        let paths = refs.iter().map(|kept| kept.name.escape_debug().to_string());
        let paths = paths.collect();
        GitError::Names { paths }
    })
}

/// A name that lies where these refs lie and cannot end the line it stands in.
fn own(name: &str) -> Option<&str> {
    (name.starts_with(ALL) && !name.contains('\0')).then_some(name)
}
