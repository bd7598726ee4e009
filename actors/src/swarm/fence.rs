//! The fence around a node: after every command of its agent, what changed outside the node's scope is undone.

use std::sync::Arc;

use protocol::{Change, Draft, Event, NodeId, WorkspaceEvent};
use ractor::ActorRef;
use scheduler::scope::Globs;

use super::house::House;
use super::outfit::Post;
use super::site::Site;
use crate::journal::{self, JournalMsg};

/// How many paths a remark names.
const NAMED: usize = 20;

/// What keeps a node's tree within its scope.
pub(crate) struct Fence {
    node: NodeId,
    scope: Globs,
    house: Arc<House>,
    journal: ActorRef<JournalMsg>,
}

impl Fence {
    /// The fence of a node with a tree of its own; in a folder that all share nobody can tell whose a change is.
    pub(crate) fn around(site: &Site, post: &Post<'_>) -> Option<Self> {
        let fence = Self {
            node: post.node.id,
            scope: Globs::parse(&post.node.scope.writes).ok()?,
            house: post.house.clone(),
            journal: site.base.journal.clone(),
        };
        post.house.is_private().then_some(fence)
    }

    /// Undoes what a command did outside the scope; gives a remark for the model if there was anything.
    pub(crate) async fn mend(&self) -> Option<String> {
        let changed = match self.house.changed().await {
            Ok(changed) => changed,
            // The look at the tree when the turn has ended says it again, and decides on it.
            Err(error) => return Some(format!("(could not {error})")),
        };
        let strays = strays(&changed, &self.scope);
        if strays.is_empty() {
            return None;
        }
        if let Err(error) = self.house.revert(&strays).await {
            return Some(format!(
                "(paths outside your scope changed: {}; could not {error})",
                named(&strays)
            ));
        }
        let remark = format!(
            "(changed outside your scope and undone: {}; what you may change is {})",
            named(&strays),
            named(
                &self
                    .scope
                    .iter()
                    .map(|glob| glob.as_str().to_owned())
                    .collect::<Vec<_>>()
            )
        );
        let draft = Draft {
            agent: None,
            node: Some(self.node),
            turn: None,
            cause: None,
            event: reverted(self.node, strays),
        };
        // A journal that is down stops the agent with its next record.
        let _ = journal::append(&self.journal, vec![draft]).await;
        Some(remark)
    }
}

/// The changed paths outside a scope.
pub(crate) fn strays(changed: &[Change], scope: &Globs) -> Vec<String> {
    let outside = changed.iter().filter(|change| !scope.matches(&change.path));
    outside.map(|change| change.path.clone()).collect()
}

/// What was undone.
pub(crate) fn reverted(node: NodeId, paths: Vec<String>) -> Event {
    Event::Workspace(WorkspaceEvent::Reverted { node, paths })
}

fn named(paths: &[String]) -> String {
    let mut list = paths
        .iter()
        .take(NAMED)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    if paths.is_empty() {
        list.push_str("nothing");
    }
    if paths.len() > NAMED {
        list.push_str(&format!(" and {} more", paths.len() - NAMED));
    }
    list
}
