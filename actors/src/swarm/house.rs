//! Houses: the folder each node works in, taken from the pool or taken up again after a crash.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use protocol::{
    Attempt, Change, Event, GitId, Node, NodeId, Record, Scope, TreeStart, WorkspaceEvent,
};
use scheduler::scope::Globs;
use tokio::sync::RwLock;
use workspace::{GitError, Snapshot, Tree};

use super::effects::keep;
use super::footprint::{Extent, Footprint};
use super::site::Site;
use crate::journal::JournalDown;
use crate::law::clear_temp;

/// Where a node works: the same folder in all its attempts.
#[derive(Debug)]
pub(crate) struct House {
    pub root: PathBuf,
    kind: HouseKind,
    // Whoever looks at the tree waits while it is laid out anew. An owner task would have to await each look at it,
    // and every look is a git command of its own.
    rooms: RwLock<Rooms>,
}

/// Whose a house is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HouseKind {
    /// The user's own folder.
    User,
    /// A tree of the pool, for one node.
    Node,
    /// A tree of the pool, for everybody who only reads.
    Readers,
}

/// A house as one attempt has it.
#[derive(Debug)]
struct Rooms {
    attempt: u32,
    /// `None` where there is no tree of its own, and between two attempts.
    tree: Option<Tree>,
    /// How the node's files looked when it came, where there is no tree of its own.
    before: Option<Footprint>,
}

/// Why a node has no house.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoHouse {
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Journal(#[from] JournalDown),
    #[error("make a tree: this run has no git repository")]
    NoGit,
}

impl House {
    /// The user's own folder.
    async fn shared(site: &Site, node: &Node, attempt: u32) -> Self {
        let root = site.ground.root.clone();
        let scope = Globs::parse(&node.scope.writes).unwrap_or_default();
        let before = Footprint::take(&root, Extent::Within(scope)).await;
        Self {
            root,
            kind: HouseKind::User,
            rooms: RwLock::new(Rooms {
                attempt,
                tree: None,
                before: Some(before),
            }),
        }
    }

    fn of(tree: Tree, kind: HouseKind, attempt: u32) -> Self {
        Self {
            root: tree.root().to_owned(),
            kind,
            rooms: RwLock::new(Rooms {
                attempt,
                tree: Some(tree),
                before: None,
            }),
        }
    }

    /// Whether it is a tree of the pool.
    pub(crate) fn is_private(&self) -> bool {
        self.kind != HouseKind::User
    }

    /// Whether everybody who only reads works in it: nothing in it changes as long as the run lasts.
    pub(crate) fn is_common(&self) -> bool {
        self.kind == HouseKind::Readers
    }

    /// What differs from the base, or, where there is no tree, from what the node's files were when it came.
    pub(crate) async fn changed(&self) -> Result<Vec<Change>, GitError> {
        let rooms = self.rooms.read().await;
        match (&rooms.tree, &rooms.before) {
            (Some(tree), _) => tree.changed().await,
            (None, Some(before)) => Ok(before.changed().await),
            (None, None) => Ok(Vec::new()),
        }
    }

    /// Its files as they are; `None` where there is no tree of its own.
    pub(crate) async fn snapshot(&self) -> Result<Option<Snapshot>, GitError> {
        match &self.rooms.read().await.tree {
            Some(tree) => tree.snapshot().await.map(Some),
            None => Ok(None),
        }
    }

    /// Says that a program is about to run that may change any of its files.
    pub(crate) async fn stir(&self) {
        if let Some(tree) = &self.rooms.read().await.tree {
            tree.stir();
        }
    }

    /// Says that a tool is about to write one of its files.
    pub(crate) async fn touch(&self, file: &Path) {
        if let Some(tree) = &self.rooms.read().await.tree {
            tree.touch(file);
        }
    }

    /// What lay there ignored before the node, and is no change of its as it is, though nothing ignores it any more.
    pub(crate) async fn passed_over(&self) -> Vec<String> {
        let rooms = self.rooms.read().await;
        rooms
            .tree
            .as_ref()
            .map(Tree::passed_over)
            .unwrap_or_default()
    }

    /// The commit that its changes are counted from; `None` where there is no tree of its own.
    pub(crate) async fn base(&self) -> Option<GitId> {
        let rooms = self.rooms.read().await;
        rooms.tree.as_ref().map(|tree| tree.base.clone())
    }

    /// Brings these paths back to what they are in the base.
    pub(crate) async fn revert(&self, paths: &[String]) -> Result<(), GitError> {
        match &self.rooms.read().await.tree {
            Some(tree) => tree.revert(paths).await,
            None => Ok(()),
        }
    }

    /// Has this process's next node have its tree, if it was one node's and nothing in it need be looked at or ended;
    /// whether something is left to be given back.
    pub(crate) fn hand_over(&self, site: &Site) -> bool {
        let (HouseKind::Node, Some(git)) = (self.kind, &site.git) else {
            return false;
        };
        // Whoever still looks at it keeps it; it is given back then.
        let Ok(mut rooms) = self.rooms.try_write() else {
            return true;
        };
        // What programs left is cleared away first.
        rooms.tree = rooms.tree.take().and_then(|tree| match tree.ran_nothing() {
            true => git.trees.hand_over(tree),
            false => Some(tree),
        });
        rooms.tree.is_some()
    }

    /// Puts its tree back into the pool, if it was one node's and was not handed over.
    pub(crate) async fn give_back(&self, site: &Site) {
        if self.kind != HouseKind::Node {
            return;
        }
        let tree = self.rooms.write().await.tree.take();
        if let (Some(tree), Some(git)) = (tree, &site.git) {
            clear_temp(&site.options.data, tree.root()).await;
            // One that cannot be given back waits for the next sweep.
            let _ = git.trees.give_back(tree).await;
        }
    }

    /// Makes it ready for another attempt.
    async fn lay_out(
        &self,
        site: &Site,
        name: &str,
        (node, attempt): (&Node, &Attempt),
    ) -> Result<(), NoHouse> {
        let mut rooms = self.rooms.write().await;
        if rooms.attempt == attempt.number {
            return Ok(());
        }
        if !matches!(attempt.start, TreeStart::Kept) {
            // Only a tree that nobody has can be laid out.
            rooms.tree = None;
        }
        if self.is_private() && rooms.tree.is_none() {
            let sparse = sparse(node);
            let sparse = sparse.as_deref();
            outlasting(site, attempt).await?;
            rooms.tree = Some(take(site, name, (&attempt.start, sparse)).await?);
        }
        rooms.attempt = attempt.number;
        Ok(())
    }
}

/// Whether its agent has no tool that could change a file.
const fn only_reads(node: &Node) -> bool {
    node.kind.has_agent() && !node.kind.writes()
}

/// The house of everybody who only reads this commit.
async fn reading_room(site: &Site, commit: &GitId) -> Result<Arc<House>, NoHouse> {
    let git = site.git.as_ref().ok_or(NoHouse::NoGit)?;
    let mut rooms = git.readers.lock().await;
    if let Some(house) = rooms.get(commit) {
        return Ok(house.clone());
    }
    let start = TreeStart::Commit(commit.clone());
    let name = format!("{} read {commit}", site.id);
    let house = Arc::new(House::of(
        take(site, &name, (&start, None)).await?,
        HouseKind::Readers,
        0,
    ));
    rooms.insert(commit.clone(), house.clone());
    Ok(house)
}

/// The paths whose folders are enough for a node; `None` if it has all.
fn sparse(node: &Node) -> Option<Vec<String>> {
    let Scope { reads, writes, .. } = &node.scope;
    node.scope
        .sparse
        .then(|| reads.iter().chain(writes).cloned().collect())
}

/// Waits until the attempt is durable, if a former one may have left its files in the tree that is to be laid out for it:
/// nobody could tell them from its own.
async fn outlasting(site: &Site, attempt: &Attempt) -> Result<(), JournalDown> {
    match attempt.number > 1 && !matches!(attempt.start, TreeStart::Kept) {
        true => site.base.sync().await,
        false => Ok(()),
    }
}

/// A tree that begins like this, with all of it or only the folders of some paths.
async fn take(
    site: &Site,
    name: &str,
    (start, sparse): (&TreeStart, Option<&[String]>),
) -> Result<Tree, NoHouse> {
    let git = site.git.as_ref().ok_or(NoHouse::NoGit)?;
    let anchored = git.anchored.get_or_try_init(|| keep::base(site, &git.repo));
    let taken = git.trees.take(name, start, sparse);
    let (_, tree) = futures_util::try_join!(anchored, taken)?;
    Ok(tree)
}

/// The houses of a run.
#[derive(Default)]
pub(crate) struct Houses {
    /// The attempt each node's house was recorded for last.
    deeds: BTreeMap<NodeId, u32>,
    open: BTreeMap<NodeId, Arc<House>>,
}

impl Houses {
    /// Takes in what a record tells of them.
    pub(crate) fn apply(&mut self, record: &Record) {
        if let Event::Workspace(WorkspaceEvent::TreeMade { node, attempt, .. }) = &record.event {
            self.deeds.insert(*node, *attempt);
        }
    }

    /// The way to a node's house.
    pub(crate) fn key(&self, node: NodeId) -> Key {
        Key {
            deed: self.deeds.get(&node).copied(),
            open: self.open.get(&node).cloned(),
        }
    }

    pub(crate) fn enter(&mut self, node: NodeId, house: Arc<House>) {
        self.open.insert(node, house);
    }

    /// Takes out those whose node needs them no more.
    pub(crate) fn leave(&mut self, is_over: impl Fn(NodeId) -> bool) -> Vec<Arc<House>> {
        let over = self.open.extract_if(.., |node, _| is_over(*node));
        over.map(|(_, house)| house).collect()
    }
}

/// The way to a node's house.
#[derive(Clone)]
pub(crate) struct Key {
    deed: Option<u32>,
    open: Option<Arc<House>>,
}

impl Key {
    /// Whether somebody may have been at work there in this attempt already.
    pub(crate) fn is_used(&self, attempt: &Attempt) -> bool {
        self.deed == Some(attempt.number)
    }

    /// The way to the same house, to be laid out whoever was at work there in this attempt.
    pub(crate) fn anew(self) -> Self {
        Self { deed: None, ..self }
    }

    /// The node's house as this attempt is to find it. Recorded before anybody works in it; one that is recorded for
    /// this attempt is entered as it stands.
    pub(crate) async fn enter(
        self,
        site: &Site,
        node: &Node,
        attempt: &Attempt,
    ) -> Result<Arc<House>, NoHouse> {
        let name = site.tree_of(node.id);
        let is_made = self.is_used(attempt);
        let house = match (self.open, &attempt.start) {
            (Some(house), _) if !only_reads(node) => {
                house.lay_out(site, &name, (node, attempt)).await?;
                house
            }
            (None, TreeStart::Shared) => Arc::new(House::shared(site, node, attempt.number).await),
            (_, TreeStart::Commit(commit)) if only_reads(node) => {
                reading_room(site, commit).await?
            }
            (Some(house), _) => house,
            (None, start) => {
                // As a former process left it.
                let start = if is_made { &TreeStart::Kept } else { start };
                outlasting(site, attempt).await?;
                let tree = take(site, &name, (start, sparse(node).as_deref())).await?;
                Arc::new(House::of(tree, HouseKind::Node, attempt.number))
            }
        };
        if !is_made {
            house.record(site, node, attempt).await?;
        }
        Ok(house)
    }
}

impl House {
    async fn record(&self, site: &Site, node: &Node, attempt: &Attempt) -> Result<(), JournalDown> {
        let made = WorkspaceEvent::TreeMade {
            node: node.id,
            attempt: attempt.number,
            root: self.root.clone(),
            base: self.base().await,
        };
        site.note(Some(node.id), vec![Event::Workspace(made)])
            .await?;
        Ok(())
    }
}
