//! What a reviewer is shown: the changes of the nodes it waits for, as they landed, in files that it may read.

use protocol::{GitId, Kind, NodeId, NodeName, Text};
use scheduler::run::Run;

use crate::swarm::crew::Member;
use crate::swarm::site::Site;

/// The most files of one node of which changes are shown.
const FILES: usize = 100;

/// What a node changed.
pub(super) struct Work {
    node: NodeName,
    commit: GitId,
    paths: Vec<String>,
}

/// The work that a node is to review; nothing where it is no reviewer, or nothing has landed.
pub(super) fn of(run: &Run, node: NodeId) -> Vec<Work> {
    let reviewer = run.planned(node).filter(|node| node.kind == Kind::Review);
    let before = reviewer.map(|reviewer| &reviewer.deps[..]);
    let work = |dep: &NodeId| {
        let found = run.node(*dep)?.found.as_ref()?;
        let changed = found.changed.iter().map(|change| change.path.clone());
        Some(Work {
            node: run.planned(*dep)?.name.clone(),
            commit: run.landed(*dep)?.clone(),
            paths: changed.collect(),
        })
    };
    before.unwrap_or_default().iter().filter_map(work).collect()
}

/// The work as a reviewer with so many tokens reads it; `None` if there is none.
pub(super) async fn shown(
    site: &Site,
    member: &Member,
    (work, tokens): (&[Work], Option<u64>),
) -> Option<Text> {
    let repo = &site.git.as_ref().filter(|_| !work.is_empty())?.repo;
    let law = &member.world.law;
    let mut changes = Vec::new();
    for Work {
        node,
        commit,
        paths,
    } in work
    {
        let may_read = |path: &&String| law.may_read(&law.root().join(path));
        let allowed = paths.iter().filter(may_read).take(FILES);
        let allowed: Vec<&str> = allowed.map(String::as_str).collect();
        let shown = repo.shown(commit, &allowed).await;
        let mut shown = shown.unwrap_or_else(|error| format!("(could not {error})"));
        let others = paths.len() - allowed.len();
        if others > 0 {
            shown.push_str(&format!(
                "(of {others} more changed files nothing is shown)\n"
            ));
        }
        changes.push((node, shown));
    }
    Some(agent::prompt::reviewed(&changes, tokens))
}
