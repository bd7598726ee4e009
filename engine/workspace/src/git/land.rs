//! Landing: the user's branch goes forward to the result only where nothing of the user's can be lost; otherwise the
//! result stays on a branch of its own, with the command that merges it.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use protocol::{GitId, Landing};

use super::error::GitError;
use super::refs::RefMove;
use super::repo::{Places, Repo};
use super::run::Git;
use super::standing::{status, under_way};

/// The files that name the branch which a half-done operation will move when it is finished.
const CLAIMS: [&str; 3] = [
    "rebase-merge/head-name",
    "rebase-apply/head-name",
    "BISECT_START",
];

/// A working tree of the repository.
struct Checkout {
    root: PathBuf,
    branch: Option<String>,
}

impl Repo {
    /// Brings `commit` to the branch `target` (without `refs/heads/`) if that still stands at `base`, or between it and `commit`: by compare-and-set
    /// where it is checked out nowhere, by a fast-forward where it is checked out and clean. Otherwise, and without a
    /// target, the branch `fallback` holds it. Doing it again after it was done changes nothing.
    pub async fn land(
        &self,
        target: Option<&str>,
        base: &GitId,
        commit: &GitId,
        fallback: &str,
    ) -> Result<Landing, GitError> {
        let kept = match target {
            None => Some(Kept::plain("HEAD was on no branch")),
            Some(target) => self.forward(target, base, commit).await?,
        };
        match (kept, target) {
            (None, Some(target)) => Ok(Landing {
                branch: target.to_owned(),
                commit: commit.clone(),
                is_fast_forward: true,
                remark: None,
            }),
            (kept, target) => {
                let kept = kept.unwrap_or(Kept::plain("there is no target"));
                self.leave(commit, fallback, &kept, target).await
            }
        }
    }

    /// Takes away a branch that stands at `commit` and is not needed any more. One that was moved, or that somebody has
    /// checked out or comes back to, stays: gives why.
    pub async fn take_away(
        &self,
        branch: &str,
        commit: &GitId,
    ) -> Result<Option<String>, GitError> {
        let name = format!("refs/heads/{branch}");
        let checkouts = self.checkouts().await?;
        let mut holders = checkouts.iter();
        if let Some(one) = holders.find(|one| one.branch.as_deref() == Some(&name)) {
            return Ok(Some(format!("it is checked out at {}", one.root.display())));
        }
        if let Some(place) = self.claimed(branch) {
            return Ok(Some(format!(
                "it is being worked on in {}",
                place.display()
            )));
        }
        Ok(match self.delete_ref(&name, commit).await? {
            RefMove::Done => None,
            RefMove::Found(_) => Some("someone else has moved it".to_owned()),
        })
    }

    /// Moves the target; gives why it was left, if it was.
    async fn forward(
        &self,
        target: &str,
        base: &GitId,
        commit: &GitId,
    ) -> Result<Option<Kept>, GitError> {
        let name = format!("refs/heads/{target}");
        let now = self.get_ref(&name).await?;
        if now.as_ref() == Some(commit) {
            return Ok(None);
        }
        let Some(from) = &now else {
            // Renamed, say: which branch takes its place nobody here knows.
            return Ok(Some(Kept {
                why: format!("{target} is gone; go to the branch that takes its place"),
                at: Some(self.places.root.clone()),
            }));
        };
        // Neither answer hangs on the other.
        let (stands_for, is_ahead) = tokio::join!(
            Box::pin(self.stands_for(&name)),
            Box::pin(self.is_ancestor(from, commit)),
        );
        if let Some(other) = stands_for? {
            let why = format!("{target} only stands for {other}");
            return Ok(Some(Kept::plain(&why)));
        }
        let is_ahead = is_ahead?;
        // A run that landed before and went on: what it landed is on the way to this commit.
        let is_ours = from == base || (is_ahead && self.is_ancestor(base, from).await?);
        if !is_ours {
            let why = format!("{target} has moved to {} since the run began", from.short());
            return Ok(Some(Kept::plain(&why)));
        }
        if !is_ahead {
            return Ok(Some(Kept::plain("the result does not contain its base")));
        }
        if let Some(place) = self.claimed(target) {
            let why = format!("{target} is being worked on in {}", place.display());
            return Ok(Some(Kept::plain(&why)));
        }
        // Asked last: whoever goes to the target now must not have it moved below them.
        let checkouts = self.checkouts().await?;
        let mut holders = checkouts
            .iter()
            .filter(|c| c.branch.as_deref() == Some(&name));
        match (holders.next(), holders.next()) {
            (None, _) => self.set_branch(&name, from, commit).await,
            (Some(one), None) => self.pull_up(one, from, commit).await,
            (Some(_), Some(_)) => Ok(Some(Kept::plain("it is checked out in several places"))),
        }
    }

    async fn set_branch(
        &self,
        name: &str,
        now: &GitId,
        commit: &GitId,
    ) -> Result<Option<Kept>, GitError> {
        Ok(match self.update_ref(name, commit, now).await? {
            RefMove::Done => None,
            RefMove::Found(_) => Some(Kept::plain("it has just been moved by someone else")),
        })
    }

    /// Fast-forwards the checkout that holds the target. git itself refuses before it changes anything if a file of the
    /// user's would be overwritten.
    async fn pull_up(
        &self,
        checkout: &Checkout,
        base: &GitId,
        commit: &GitId,
    ) -> Result<Option<Kept>, GitError> {
        let root = &checkout.root;
        let kept = |why: String| {
            Ok(Some(Kept {
                why,
                at: Some(root.clone()),
            }))
        };
        if !root.is_dir() {
            return kept(format!("its checkout at {} is not there", root.display()));
        }
        let (places, status) =
            tokio::join!(Box::pin(super::repo::find(root)), Box::pin(status(root)),);
        if let Some(operation) = under_way(&places?.own) {
            return kept(format!("{operation} is under way in {}", root.display()));
        }
        let status = status?;
        let branch = status
            .head
            .branch()
            .map(|name| format!("refs/heads/{name}"));
        if status.head.commit() != Some(base) || branch != checkout.branch {
            return kept("it has just been moved by someone else".to_owned());
        }
        if let Some(first) = status.dirty.first() {
            let count = status.dirty.len();
            return kept(format!(
                "the checkout at {} has uncommitted changes ({count}, first {first}): commit or stash them first",
                root.display()
            ));
        }
        let (name, address) = &self.author;
        let merged = Git::at(root)
            .unhurried()
            .option("-c")
            .option("merge.autoStash=false")
            .args([
                "merge",
                "--ff-only",
                "--no-stat",
                "--quiet",
                "--no-overwrite-ignore",
            ])
            .arg(commit.as_str())
            .env("GIT_REFLOG_ACTION", "formic")
            .env("GIT_COMMITTER_NAME", name)
            .env("GIT_COMMITTER_EMAIL", address);
        match merged.bytes().await {
            Ok(_) => Ok(None),
            Err(error) => kept(format!("git would not move it: could not {error}")),
        }
    }

    /// Leaves the result on a branch of its own.
    async fn leave(
        &self,
        commit: &GitId,
        fallback: &str,
        kept: &Kept,
        target: Option<&str>,
    ) -> Result<Landing, GitError> {
        let branch = self.branch_for(commit, fallback).await?;
        let merge = format!("git merge {}", quoted(branch.as_bytes()));
        let command = match (&kept.at, target) {
            (Some(at), _) if *at != self.places.root => {
                format!(
                    "git -C {} {}",
                    quoted(at.as_os_str().as_bytes()),
                    &merge[4..]
                )
            }
            (Some(_), _) | (None, None) => merge,
            (None, Some(target)) => format!("git switch {} && {merge}", quoted(target.as_bytes())),
        };
        Ok(Landing {
            remark: Some(format!("{}; merge it with: {command}", kept.why)),
            branch,
            commit: commit.clone(),
            is_fast_forward: false,
        })
    }

    /// The wanted branch if it is free, holds the commit, or goes forward to it; else one with a number.
    async fn branch_for(&self, commit: &GitId, wanted: &str) -> Result<String, GitError> {
        for number in 1..100 {
            let name = match number {
                1 => wanted.to_owned(),
                _ => format!("{wanted}-{number}"),
            };
            let full = format!("refs/heads/{name}");
            let moved = match self.get_ref(&full).await? {
                None => self.create_ref(&full, commit).await?,
                Some(now) if now == *commit => RefMove::Done,
                Some(now) if self.is_ancestor(&now, commit).await? => {
                    self.update_ref(&full, commit, &now).await?
                }
                Some(now) => RefMove::Found(Some(now)),
            };
            if moved == RefMove::Done {
                return Ok(name);
            }
        }
        Err(GitError::Odd {
            command: format!("branch {wanted}"),
        })
    }

    /// The working trees of the repository, the user's and every linked one.
    async fn checkouts(&self) -> Result<Vec<Checkout>, GitError> {
        if let Some(only) = self.only_checkout() {
            return Ok(vec![only]);
        }
        let args = ["worktree", "list", "--porcelain", "-z"];
        let bytes = self.git().args(args).bytes().await?;
        let mut found: Vec<Checkout> = Vec::new();
        for line in bytes.split(|byte| *byte == 0) {
            if let Some(root) = line.strip_prefix(b"worktree ") {
                found.push(Checkout {
                    root: PathBuf::from(std::ffi::OsStr::from_bytes(root)),
                    branch: None,
                });
            }
            let branch = line.strip_prefix(b"branch ");
            if let (Some(branch), Some(last)) = (branch, found.last_mut()) {
                last.branch = Some(String::from_utf8_lossy(branch).into_owned());
            }
        }
        Ok(found)
    }

    /// The user's working tree, where no other was ever linked and its HEAD can be read without git.
    fn only_checkout(&self) -> Option<Checkout> {
        let Places { root, own, shared } = &self.places;
        let linked = fs::symlink_metadata(shared.join("worktrees"));
        let is_alone = linked.is_err_and(|error| error.kind() == ErrorKind::NotFound);
        let head = fs::read_to_string(own.join("HEAD")).ok()?;
        let branch = head.trim_end().strip_prefix("ref: refs/heads/")?;
        // A repository that keeps its refs otherwise has this in the place of a branch.
        let is_told = own == shared && branch != ".invalid";
        (is_alone && is_told).then(|| Checkout {
            root: root.clone(),
            branch: Some(format!("refs/heads/{branch}")),
        })
    }

    /// The git folder of a working tree where a rebase or a bisection will come back to this branch.
    fn claimed(&self, target: &str) -> Option<PathBuf> {
        let linked = fs::read_dir(self.places.shared.join("worktrees"));
        let linked = linked.into_iter().flatten().flatten().map(|e| e.path());
        let mut places = std::iter::once(self.places.shared.clone()).chain(linked);
        places.find(|place| CLAIMS.iter().any(|claim| names(&place.join(claim), target)))
    }
}

/// Why the target was left, and the checkout where the user would merge.
struct Kept {
    why: String,
    at: Option<PathBuf>,
}

impl Kept {
    fn plain(why: &str) -> Self {
        Self {
            why: why.to_owned(),
            at: None,
        }
    }
}

fn names(file: &Path, target: &str) -> bool {
    let text = fs::read_to_string(file).unwrap_or_default();
    let text = text.trim();
    text.strip_prefix("refs/heads/").unwrap_or(text) == target
}

/// A word as a shell reads it.
fn quoted(word: &[u8]) -> String {
    let text = String::from_utf8_lossy(word);
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@:,".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => text.into_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}
