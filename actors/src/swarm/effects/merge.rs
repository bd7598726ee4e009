//! Merges a batch in memory: one commit a node, each on top of the one before.

use protocol::{Conflict, GitId, Merged, Node};
use scheduler::run::{Proposal, Run, RunOutcome};
use workspace::{CommitDraft, GitError, MergeResult, Repo};

use super::{Answer, keep};
use crate::swarm::site::Site;

/// A batch to be merged.
pub(super) struct Order {
    batch: u32,
    tip: GitId,
    parts: Vec<Part>,
}

/// One node's part of it.
struct Part {
    node: Node,
    proposal: Proposal,
    trailers: Vec<(&'static str, String)>,
}

impl Order {
    pub(super) fn new(run: &Run, batch: u32) -> Option<Self> {
        let taken = run.batch().filter(|taken| taken.number == batch)?;
        let parts = taken.nodes.iter().map(|node| Part::new(run, *node));
        Some(Self {
            batch,
            tip: taken.tip.clone(),
            parts: parts.collect::<Option<Vec<_>>>()?,
        })
    }
}

impl Part {
    fn new(run: &Run, node: protocol::NodeId) -> Option<Self> {
        let (planned, state) = (run.planned(node)?, run.node(node)?);
        Some(Self {
            node: planned.clone(),
            proposal: run.proposal(node)?,
            trailers: keep::trailers(run.id(), planned, state.number(), state.agent),
        })
    }
}

pub(super) async fn merge(site: &Site, order: &Order) -> Answer {
    let git = site.git.as_ref();
    let repo = &git.ok_or("merge: this run has no git repository")?.repo;
    let seconds = keep::seconds(site);
    let mut tip = order.tip.clone();
    let (mut commits, mut conflicts) = (Vec::new(), Vec::new());
    for part in &order.parts {
        match part
            .merge(repo, &tip, seconds)
            .await
            .map_err(|error| error.to_string())?
        {
            Ok(commit) => {
                tip = commit.clone();
                let node = part.node.id;
                commits.push(Merged { node, commit });
            }
            Err(conflict) => conflicts.push(conflict),
        }
    }
    let nodes: Vec<&Node> = order.parts.iter().map(|part| &part.node).collect();
    let merge = keep::Merge {
        nodes: &nodes,
        commits: &commits,
        conflicts: &conflicts,
    };
    let kept = keep::merged(site, repo, merge).await;
    kept.map_err(|error| error.to_string())?;
    let outcome = RunOutcome::Merged {
        batch: order.batch,
        commits,
        conflicts,
    };
    Ok((Some(outcome), None))
}

impl Part {
    async fn merge(
        &self,
        repo: &Repo,
        tip: &GitId,
        seconds: i64,
    ) -> Result<Result<GitId, Conflict>, GitError> {
        let Proposal { base, tree } = &self.proposal;
        match repo.merge(tip, base, tree).await? {
            MergeResult::Clean { tree } => {
                let draft = CommitDraft {
                    tree: &tree,
                    parent: tip,
                    message: &self.node.title,
                    trailers: &self.trailers,
                    seconds,
                };
                repo.commit(&draft).await.map(Ok)
            }
            MergeResult::Conflict { tree, paths } => Ok(Err(Conflict {
                node: self.node.id,
                paths,
                onto: tip.clone(),
                tree,
            })),
        }
    }
}
