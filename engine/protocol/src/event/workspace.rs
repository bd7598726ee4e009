//! Facts about trees, proposals, gates and the integration branch.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{Check, Expect, GitId, NodeId, Text, shell};

/// Facts about working trees and what comes out of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum WorkspaceEvent {
    /// Where the run's work goes.
    Begun(Ground),
    /// A node has a tree.
    TreeMade {
        /// The node.
        node: NodeId,
        /// The attempt it was made for.
        attempt: u32,
        /// Its root.
        root: PathBuf,
        /// The commit that changes are counted from; `None` without git.
        base: Option<GitId>,
    },
    /// Changes outside a node's scope were found after a command and undone.
    Reverted {
        /// The node.
        node: NodeId,
        /// The paths, relative to its root.
        paths: Vec<String>,
    },
    /// A node's command, which stands in for an agent, has done its work.
    Worked {
        /// The node.
        node: NodeId,
        /// The attempt.
        attempt: u32,
    },
    /// A node's tree was looked at after its agent had come to rest: what changed, and whether its check passes.
    Inspected {
        /// The node.
        node: NodeId,
        /// The attempt.
        attempt: u32,
        /// What was found.
        found: Inspection,
    },
    /// Some proposals were taken from the queue to be merged and gated together.
    BatchTaken {
        /// Counted from 1.
        batch: u32,
        /// In the order of merging.
        nodes: Vec<NodeId>,
        /// The integrated commit they are merged onto.
        tip: GitId,
    },
    /// A batch was merged in memory, one commit a node.
    Merged {
        /// Which batch.
        batch: u32,
        /// The nodes that merged, each with its commit on top of the one before.
        commits: Vec<Merged>,
        /// The nodes that did not, in order.
        conflicts: Vec<Conflict>,
    },
    /// A check ran on a merged commit.
    Gated {
        /// Which batch.
        batch: u32,
        /// The commit.
        commit: GitId,
        /// How it went, one entry a check that ran; the last one may have failed.
        runs: Vec<CheckRun>,
    },
    /// The integration branch is about to be moved.
    Advancing {
        /// Which batch.
        batch: u32,
        /// Where it is expected to stand.
        from: GitId,
        /// Where it goes.
        to: GitId,
    },
    /// The integration branch was moved; these nodes are done.
    Advanced {
        /// Which batch.
        batch: u32,
        /// Where it stands.
        to: GitId,
        /// The nodes and their commits.
        nodes: Vec<Merged>,
    },
    /// The run's result came to rest.
    Landed(Landing),
    /// Merging, gating, moving the branch or landing could not be carried out, for no fault of the work itself; it
    /// is tried again a few times.
    Failed {
        /// Which batch; `None` for the landing.
        batch: Option<u32>,
        /// What git, the disk or the machine said.
        text: Text,
    },
}

/// Where a run's work goes, found out once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ground {
    /// The user's checkout or folder.
    pub root: PathBuf,
    /// How nodes are kept apart.
    pub isolation: Isolation,
    /// The commit the run starts from.
    pub base: Option<GitId>,
    /// The branch the result is for, without `refs/heads/`; `None` with a detached `HEAD` or without git.
    pub target: Option<String>,
    /// The branch that collects the integrated work, as a whole ref name.
    pub integration: Option<String>,
}

/// How the nodes of a run are kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Isolation {
    /// Every writer has a tree of its own; the user's checkout is not touched before the end.
    Worktree,
    /// All work in the one folder, writes one at a time.
    Shared,
}

/// What a node left in its tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inspection {
    /// Its files as a git tree; `None` without git.
    pub tree: Option<GitId>,
    /// What changed against the base, relative to the root, sorted.
    pub changed: Vec<Change>,
    /// Changed paths outside its scope.
    pub strays: Vec<String>,
    /// Changed paths in which markers of a conflict it began with are left.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub markers: Vec<String>,
    /// Tests that check less than before, each as `path: test how`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weakened: Vec<String>,
    /// The node's check, if it has one and it was worth running.
    pub check: Option<CheckRun>,
    /// Why it could not be looked at, if it could not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Text>,
    /// Whether the machine is to blame for that rather than the work: another look may find it otherwise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub may_pass: bool,
}

/// One changed path.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Relative to the root.
    pub path: String,
    /// How.
    pub how: ChangeKind,
}

/// How a path changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// Its content or mode is another.
    Modified,
    /// It is gone.
    Deleted,
}

/// What is said of a command that permission is denied for, before the reason.
pub const NOT_RUN: &str = "not run: permission denied: ";

/// One run of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckRun {
    /// The check.
    pub check: Check,
    /// Its exit code; `None` if it was ended by a signal or by its time, or was not run.
    pub exit: Option<i32>,
    /// The end of what it said.
    pub log: Text,
    /// How long it took, in milliseconds.
    pub ms: u64,
    /// Why permission was denied for it, with the rule that says so; it was not run then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denied: Option<Text>,
}

impl CheckRun {
    /// Whether the check holds.
    pub fn passed(&self) -> bool {
        self.exit == Some(0)
    }

    /// What is said of it and may be long.
    pub(super) fn texts_mut(&mut self) -> impl Iterator<Item = &mut Text> {
        [&mut self.log].into_iter().chain(&mut self.denied)
    }

    /// Whether it went as the plan declares, where nothing of the work was done yet; nothing said is as much as that it
    /// passes. What was not run did not fail either, and what is no command is not what was to fail.
    pub fn is_as_declared(&self) -> bool {
        self.is_as(self.check.expect)
    }

    /// The same for something else that is declared of its command.
    pub fn is_as(&self, expect: Expect) -> bool {
        let is_run = self.denied.is_none() && !self.is_missing();
        is_run && self.passed() == (expect != Expect::Fail)
    }

    /// Whether the shell looked for its command on its path in vain: no work in a tree makes that one.
    fn is_missing(&self) -> bool {
        let is_refused = self.exit.is_some_and(shell::is_refusal);
        is_refused && shell::missing(&self.check.cmd, &self.log.as_str()).is_some()
    }
}

/// A node's change as a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Merged {
    /// The node.
    pub node: NodeId,
    /// Its commit.
    pub commit: GitId,
}

/// A node's change that does not merge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conflict {
    /// The node.
    pub node: NodeId,
    /// The paths in conflict.
    pub paths: Vec<String>,
    /// What it did not merge with.
    pub onto: GitId,
    /// The merged files, with conflict markers in those paths.
    pub tree: GitId,
}

/// Where the result of a run came to rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Landing {
    /// The branch that holds it, without `refs/heads/`.
    pub branch: String,
    /// The commit.
    pub commit: GitId,
    /// Whether the user's branch and checkout were moved to it.
    pub is_fast_forward: bool,
    /// If not, why, and what the user can do; if so, why the run's own branch is still there.
    pub remark: Option<String>,
}
