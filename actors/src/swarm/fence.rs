//! The fence around a node: after every command of its agent, what changed outside the node's scope is undone, or, in a
//! folder that all share, told.

use std::path::PathBuf;
use std::sync::Arc;

use protocol::{Action, Change, Draft, Event, NodeId, WorkspaceEvent};
use scheduler::scope::Globs;

use super::footprint::{Extent, Footprint};
use super::house::House;
use super::outfit::Post;
use super::site::Site;
use crate::error::OpenError;
use crate::journal::Journal;
use crate::law::resolve;

/// How many paths a remark names.
const NAMED: usize = 20;

/// How the files outside a node's scope looked before a command, where nothing else tells.
pub(crate) struct Before(Option<Footprint>);

/// What keeps a node's tree within its scope.
pub(crate) struct Fence {
    node: NodeId,
    scope: Globs,
    house: Arc<House>,
    /// Where claims say that the house is.
    root: PathBuf,
    journal: Journal,
}

impl Fence {
    /// The fence of a node.
    ///
    /// # Errors
    /// A scope that makes no sense: without a fence nobody would tell the tree what is written there.
    pub(crate) fn around(site: &Site, post: &Post<'_>) -> Result<Self, OpenError> {
        let scope = Globs::parse(&post.node.scope.writes);
        Ok(Self {
            node: post.node.id,
            scope: scope.map_err(|error| OpenError::Rules(error.to_string()))?,
            house: post.house.clone(),
            root: resolve(&post.house.root),
            journal: site.base.journal.clone(),
        })
    }

    /// Has the tree know what may change in it now.
    pub(crate) async fn announce(&self, action: &Action) {
        match action {
            Action::Write { path, .. } => match path.strip_prefix(&self.root) {
                Ok(file) => self.house.touch(file).await,
                Err(_) => self.house.stir().await,
            },
            Action::Run { .. } => self.house.stir().await,
            Action::Read { .. }
            | Action::Search { .. }
            | Action::Integrate { .. }
            | Action::Session => {}
        }
    }

    /// What has to be known before a command begins. In a folder that all share no other agent writes while it runs.
    pub(crate) async fn before(&self) -> Before {
        if self.house.is_private() {
            return Before(None);
        }
        let beyond = Extent::Beyond(self.scope.clone());
        Before(Some(Footprint::take(&self.house.root, beyond).await))
    }

    /// Undoes what a command did outside the scope; gives a remark for the model if there was anything. In a folder that
    /// all share it is only told: what lay there before is kept nowhere.
    pub(crate) async fn mend(&self, before: Before) -> Option<String> {
        if let Before(Some(before)) = before {
            return told(&before.changed().await);
        }
        let changed = match self.house.changed().await {
            Ok(changed) => changed,
            // The look at the tree when the turn has ended says it again, and decides on it.
            Err(error) => return Some(format!("(could not {error})")),
        };
        let passed_over = self.house.passed_over().await;
        let passed_over = (!passed_over.is_empty()).then(|| {
            format!(
                "(ignored no more, and no part of your work as they are, because they lay here before it: {}; have \
                 them made anew if they are to be)",
                named(&passed_over)
            )
        });
        let strays = strays(&changed, &self.scope);
        if strays.is_empty() {
            return passed_over;
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
        let _ = self.journal.append(vec![draft]).await;
        Some(
            passed_over
                .into_iter()
                .fold(remark, |all, more| all + "\n" + &more),
        )
    }
}

/// What is said of changes that cannot be undone.
fn told(changed: &[Change]) -> Option<String> {
    let paths: Vec<String> = changed.iter().map(|change| change.path.clone()).collect();
    (!paths.is_empty()).then(|| {
        format!(
            "(changed outside your scope, in a folder that others work in: {}; bring it back to what it was, if it was you)",
            named(&paths)
        )
    })
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
