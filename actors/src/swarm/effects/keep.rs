//! Keeps work that is on no branch yet: refs beside the user's own, so that tidying up the repository in the middle of a
//! run, or after one that left something undone, takes nothing of it.

use protocol::{AgentId, Conflict, GitId, Merged, Node, NodeEnd, SessionId};
use scheduler::run::{Proposal, Run};
use workspace::{CommitDraft, GitError, Kept, Repo};

use crate::law::clear_temp;
use crate::swarm::site::Site;

/// After a node's own ref: what its work became when it was merged. No name of a node has a `=`.
const MERGED: &str = "=merged";

/// Below the run's refs: the commit it began with.
const BASE: &str = "=base";

/// Whether a ref keeps the commit a run began with.
pub(crate) fn is_base(name: &str) -> bool {
    name.ends_with(BASE)
}

/// Where a node's commit comes from.
pub(super) fn trailers(
    run: SessionId,
    node: &Node,
    attempt: u32,
    agent: Option<AgentId>,
) -> Vec<(&'static str, String)> {
    let agent = agent.filter(|_| node.kind.has_agent());
    let mut trailers = vec![
        ("Formic-Run", run.to_string()),
        ("Formic-Node", format!("{} {}", node.name, node.id)),
        ("Formic-Attempt", attempt.to_string()),
    ];
    trailers.extend(agent.map(|agent| ("Formic-Agent", agent.to_string())));
    trailers
}

/// Now, as commits tell it.
pub(super) fn seconds(site: &Site) -> i64 {
    i64::try_from(site.options.source.now().0 / 1000).unwrap_or_default()
}

/// Keeps the commit the run began with: the user may rewrite the branch while it runs.
pub(crate) async fn base(site: &Site, repo: &Repo) -> Result<(), GitError> {
    let Some(base) = &site.ground.base else {
        return Ok(());
    };
    let kept = Kept {
        name: site.id.kept_refs() + BASE,
        commit: base.clone(),
    };
    repo.keep(&[kept]).await
}

/// Keeps what an attempt at a node left, in the place of what an earlier one did.
pub(super) async fn proposal(
    site: &Site,
    (node, attempt): (&Node, u32),
    proposal: &Proposal,
) -> Result<(), GitError> {
    let Some(git) = &site.git else {
        return Ok(());
    };
    let draft = CommitDraft {
        tree: &proposal.tree,
        parent: &proposal.base,
        message: &node.title,
        trailers: &trailers(site.id, node, attempt, None),
        seconds: seconds(site),
    };
    let kept = Kept {
        name: node.name.kept_ref(site.id),
        commit: git.repo.commit(&draft).await?,
    };
    git.repo.keep(&[kept]).await
}

/// A merge, and the nodes it is of.
pub(super) struct Merge<'a> {
    pub nodes: &'a [&'a Node],
    pub commits: &'a [Merged],
    pub conflicts: &'a [Conflict],
}

/// Keeps what a batch became: the next step, or the next attempt, starts from it.
pub(super) async fn merged(site: &Site, repo: &Repo, merge: Merge<'_>) -> Result<(), GitError> {
    let mut all = Vec::new();
    for node in merge.nodes {
        let commit = merge.commits.iter().find(|one| one.node == node.id);
        let conflict = merge.conflicts.iter().find(|one| one.node == node.id);
        let commit = match (commit, conflict) {
            // The last one keeps those it stands on.
            (Some(merged), _) if merge.commits.last() != Some(merged) => continue,
            (Some(merged), _) => merged.commit.clone(),
            (None, Some(conflict)) => in_conflict(site, repo, conflict).await?,
            (None, None) => continue,
        };
        let name = node.name.kept_ref(site.id) + MERGED;
        all.push(Kept { name, commit });
    }
    repo.keep(&all).await
}

async fn in_conflict(site: &Site, repo: &Repo, conflict: &Conflict) -> Result<GitId, GitError> {
    let draft = CommitDraft {
        tree: &conflict.tree,
        parent: &conflict.onto,
        message: "In conflict",
        trailers: &[("Formic-Run", site.id.to_string())],
        seconds: seconds(site),
    };
    repo.commit(&draft).await
}

/// The refs of a node.
fn of_node(run: SessionId, node: &Node) -> [String; 2] {
    let name = node.name.kept_ref(run);
    [format!("{name}{MERGED}"), name]
}

/// The refs of the batch that is about to be on the run's branch.
pub(super) fn of_batch(run: &Run) -> Vec<String> {
    let commits = run.batch().map(|batch| batch.commits.clone());
    let nodes = commits.into_iter().flatten();
    nodes
        .filter_map(|merged| run.planned(merged.node))
        .flat_map(|node| of_node(run.id(), node))
        .collect()
}

/// The refs of what is done.
pub(crate) fn of_done(run: &Run) -> Vec<String> {
    let done = run
        .nodes()
        .filter(|(node, _)| run.end(node.id) == Some(NodeEnd::Done));
    done.flat_map(|(node, _)| of_node(run.id(), node)).collect()
}

/// Lets go of what a run that is over has finished; if nothing else is left of it, of all. What cannot be taken away
/// costs nothing but its name.
pub(crate) async fn tidy(site: &Site, done: Vec<String>) {
    let Some(git) = &site.git else {
        return;
    };
    let below = site.id.kept_refs();
    let base = below.clone() + BASE;
    // What is taken away beside this makes all of it fail, once.
    for _ in 0..2 {
        let Ok(kept) = git.repo.kept(&below).await else {
            return;
        };
        let gone = needless(kept, (&base, &done));
        if git.repo.let_go(&gone).await.is_ok() {
            return;
        }
    }
}

/// The refs of a run that nobody needs any more.
fn needless(kept: Vec<Kept>, (base, done): (&str, &[String])) -> Vec<String> {
    let is_left = |kept: &Kept| kept.name != base && !done.contains(&kept.name);
    let is_all = !kept.iter().any(is_left);
    // Only what is there: of a large run most nodes have nothing kept, and each name would be asked for alone.
    let names = kept.into_iter().map(|kept| kept.name);
    names
        .filter(|name| done.contains(name) || (is_all && *name == base))
        .collect()
}

/// Takes away the temporary files of those who only read, once nobody reads any more.
pub(crate) async fn sweep(site: &Site) {
    let Some(git) = &site.git else {
        return;
    };
    for house in git.readers.lock().await.values() {
        clear_temp(&site.options.data, &house.root).await;
    }
}
