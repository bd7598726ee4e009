//! Merges a batch in memory: one commit a node, each on top of the one before.

use protocol::{Conflict, GitId, Merged, NodeId};
use scheduler::run::{Proposal, Run, RunOutcome};
use workspace::{CommitDraft, GitError, MergeResult, Repo};

use super::Answer;
use crate::swarm::site::Site;

/// A batch to be merged.
pub(super) struct Order {
    batch: u32,
    tip: GitId,
    parts: Vec<Part>,
}

/// One node's part of it.
struct Part {
    node: NodeId,
    proposal: Proposal,
    message: String,
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
    fn new(run: &Run, node: NodeId) -> Option<Self> {
        let (planned, state) = (run.planned(node)?, run.node(node)?);
        let mut trailers = vec![
            ("Formic-Run", run.id().to_string()),
            ("Formic-Node", format!("{} {}", planned.name, planned.id)),
            ("Formic-Attempt", state.number().to_string()),
        ];
        let agent = state.agent.filter(|_| planned.kind.has_agent());
        trailers.extend(agent.map(|agent| ("Formic-Agent", agent.to_string())));
        Some(Self {
            node,
            proposal: run.proposal(node)?,
            message: planned.title.clone(),
            trailers,
        })
    }
}

pub(super) async fn merge(site: &Site, order: &Order) -> Answer {
    let git = site.git.as_ref();
    let repo = &git.ok_or("merge: this run has no git repository")?.repo;
    let seconds = i64::try_from(site.options.source.now().0 / 1000).unwrap_or_default();
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
                let node = part.node;
                commits.push(Merged { node, commit });
            }
            Err(conflict) => conflicts.push(conflict),
        }
    }
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
                    message: &self.message,
                    trailers: &self.trailers,
                    seconds,
                };
                repo.commit(&draft).await.map(Ok)
            }
            MergeResult::Conflict { tree, paths } => Ok(Err(Conflict {
                node: self.node,
                paths,
                onto: tip.clone(),
                tree,
            })),
        }
    }
}
