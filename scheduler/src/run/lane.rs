//! The integration lane of a run: the queue of proposals, the batch under way, and how large batches may be.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use protocol::{Check, CheckRun, Conflict, GitId, Landing, Merged, NodeId};

use super::wishes::FAULTS;
use super::{Run, Wish};

/// How long the first repetition of a step that could not be carried out waits, in milliseconds, and by how much longer
/// each further one does.
const PAUSE_MS: u64 = 500;
const PAUSE_GROWS: u64 = 4;

/// How many proposals the first batch takes at most.
const FIRST_WIDTH: usize = 4;

/// The most a batch ever takes.
const WIDEST: usize = 64;

/// Where proposals become commits on the integration branch, one batch after the other.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Lane {
    pub tip: Option<GitId>,
    pub queue: VecDeque<NodeId>,
    /// Halves of red batches: each is a batch of its own, before anything else.
    pub suspects: VecDeque<Vec<NodeId>>,
    pub batch: Option<Batch>,
    pub width: usize,
    /// The newest batch's number.
    pub taken: u32,
    pub trouble: Trouble,
    pub landing: Option<Landing>,
    /// Where the user's branch was brought last.
    pub arrived: Option<GitId>,
    /// Nodes whose work is on the integration branch, with their commits.
    pub landed: BTreeMap<NodeId, GitId>,
    /// Checks that passed, by commit.
    pub passed: BTreeSet<(GitId, Check)>,
}

impl Default for Lane {
    fn default() -> Self {
        Self {
            tip: None,
            queue: VecDeque::new(),
            suspects: VecDeque::new(),
            batch: None,
            width: FIRST_WIDTH,
            taken: 0,
            trouble: Trouble::default(),
            landing: None,
            arrived: None,
            landed: BTreeMap::new(),
            passed: BTreeSet::new(),
        }
    }
}

impl Run {
    /// How long to wait before this is begun, in milliseconds: nothing, unless it is a step of the integration or a look
    /// at a tree that was tried already and could not be carried out.
    pub fn pause_ms(&self, wish: &Wish) -> u64 {
        let faults = match wish {
            Wish::Check
            | Wish::Merge { .. }
            | Wish::Gate { .. }
            | Wish::Advance { .. }
            | Wish::Land { .. } => self.lane.trouble.faults,
            Wish::Inspect { node, .. } => self.node(*node).map_or(0, |it| it.rungs.blind),
            Wish::Work { .. } | Wish::Deadline { .. } | Wish::Inform { .. } => 0,
        };
        match faults {
            0 => 0,
            more => PAUSE_MS * PAUSE_GROWS.saturating_pow(more.min(FAULTS) - 1),
        }
    }
}

/// Steps that could not be carried out.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Trouble {
    /// How often in a row it was one and the same step.
    pub faults: u32,
    /// Nodes given up since the branch moved last because a step could not be carried out with them.
    pub lost: u32,
    /// What was said last.
    pub text: String,
}

impl Trouble {
    /// What a new process, or another try, begins with: what failed before may have been the machine.
    pub fn forget(&mut self) {
        (self.faults, self.lost) = (0, 0);
    }

    /// Whether nothing of the run can be integrated any more.
    pub const fn is_lasting(&self) -> bool {
        self.faults >= FAULTS || self.lost >= FAULTS
    }
}

/// Some proposals on their way together.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// Counted from 1.
    pub number: u32,
    /// What they are merged onto.
    pub tip: GitId,
    /// The nodes, in the order of merging.
    pub nodes: Vec<NodeId>,
    /// How far it is.
    pub stage: BatchStage,
    /// What merged, in order; empty before the merge.
    pub commits: Vec<Merged>,
    /// What did not.
    pub conflicts: Vec<Conflict>,
    /// What must hold on its head.
    pub checks: Vec<Check>,
    /// Gate runs so far.
    pub rounds: u32,
    /// Whether it is half of a red batch.
    pub is_suspect: bool,
}

/// How far a batch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BatchStage {
    /// It is being merged.
    Taken,
    /// It is merged; its checks run.
    Merged,
    /// The integration branch is being moved to it.
    Advancing,
}

impl Batch {
    /// The commit that holds all of it; `None` before the merge and if nothing merged.
    pub fn head(&self) -> Option<&GitId> {
        self.commits.last().map(|merged| &merged.commit)
    }
}

impl Lane {
    /// The nodes of the next batch; empty if nothing waits.
    pub fn next(&self) -> Vec<NodeId> {
        match self.suspects.front() {
            Some(half) => half.clone(),
            None => self.queue.iter().take(self.width).copied().collect(),
        }
    }

    /// Forgets nodes that are in a batch now, or gone.
    pub fn withdraw(&mut self, nodes: &[NodeId]) {
        self.queue.retain(|node| !nodes.contains(node));
        for half in &mut self.suspects {
            half.retain(|node| !nodes.contains(node));
        }
        self.suspects.retain(|half| !half.is_empty());
    }

    /// A green batch: the next may be twice as large.
    pub fn widen(&mut self) {
        self.width = (self.width * 2).min(WIDEST);
    }

    /// A red batch of several: each half on its own, before all others.
    pub fn halve(&mut self, nodes: &[NodeId]) {
        self.width = (nodes.len() / 2).max(1);
        let (first, second) = nodes.split_at(nodes.len().div_ceil(2));
        self.suspects.push_front(second.to_vec());
        self.suspects.push_front(first.to_vec());
    }

    /// Remembers which checks hold on a commit: they need not run on it again.
    pub fn remember(&mut self, commit: &GitId, runs: &[CheckRun]) {
        let passed = runs.iter().filter(|run| run.passed());
        self.passed
            .extend(passed.map(|run| (commit.clone(), run.check.clone())));
    }
}
