//! Plans anew what a node leaves undone: a model says which pieces take its place, code makes a patch of that.
//!
//! [`Replan::facts`] is what a planner reads, [`Replan::schema`] the form of its answer, [`Replan::objection`]
//! everything that is wrong with it; else it amounts to a patch of the plan. A patch must leave less to be done than there was:
//! what has failed counts for more than its estimate, what takes its place for what it is said to be.

mod answer;
mod facts;
mod patch;

use std::collections::{BTreeMap, BTreeSet};

use protocol::{Budget, Failure, Node, NodeId, NodeName, Plan, SessionId};

/// The most pieces that take the place of one node.
const MOST_PARTS: usize = 8;

/// What each of one part, of two, and so on may use.
type Shares = [Budget; MOST_PARTS];

/// What one node leaves undone, and what may be changed because of it.
#[derive(Debug, Clone)]
pub struct Replan {
    run: SessionId,
    plan: Plan,
    node: Node,
    is_split: bool,
    failures: Vec<Failure>,
    shares: Shares,
    standings: BTreeMap<NodeId, Standing>,
    /// Nodes that wait for the node, directly or not. Only they may be told something else, or left out: nobody else is
    /// sure not to begin before the answer is taken.
    waiting: BTreeSet<NodeId>,
    gone: BTreeSet<NodeName>,
}

/// How far another node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It has not begun.
    Open,
    /// It has begun and not come to its end.
    UnderWay,
    Done,
    /// It failed, was skipped or cancelled.
    GivenUp,
}

/// A run as a whole, as far as it matters here.
#[derive(Debug, Clone)]
pub(crate) struct Whole<'a> {
    pub run: SessionId,
    pub plan: &'a Plan,
    /// The node whose attempts are used up.
    pub node: NodeId,
    /// Whether its scope is to be divided, and nothing else changed.
    pub is_split: bool,
    /// What its attempts came to.
    pub failures: Vec<Failure>,
    /// What each of some parts may use.
    pub shares: Shares,
    /// How far each node is.
    pub standings: BTreeMap<NodeId, Standing>,
    /// Names that no new node may have.
    pub gone: &'a BTreeSet<NodeName>,
}

impl Replan {
    /// `None` if the node is not in the plan.
    pub(crate) fn new(whole: Whole<'_>) -> Option<Self> {
        let mut nodes = whole.plan.nodes.iter();
        let node = nodes.find(|node| node.id == whole.node)?.clone();
        let waiting = waiting(whole.plan, node.id);
        Some(Self {
            run: whole.run,
            plan: whole.plan.clone(),
            node,
            is_split: whole.is_split,
            failures: whole.failures,
            shares: whole.shares,
            standings: whole.standings,
            waiting,
            gone: whole.gone.clone(),
        })
    }

    fn standing(&self, node: &Node) -> Standing {
        let known = self.standings.get(&node.id).copied();
        known.unwrap_or(Standing::UnderWay)
    }

    fn is_open(&self, node: &Node) -> bool {
        self.standing(node) == Standing::Open
    }

    /// The node of this name, if something may be said of it. One that was given up meanwhile is known too: an answer is
    /// as good without it.
    fn named(&self, name: &str) -> Option<&Node> {
        let mut others = self.others();
        others.find(|node| node.name.as_str() == name)
    }

    /// The nodes of which something may be said, by place in the plan.
    fn others(&self) -> impl Iterator<Item = &Node> {
        let may_change = |node: &&Node| !self.is_split && self.waiting.contains(&node.id);
        self.plan.nodes.iter().filter(may_change)
    }
}

/// The nodes that wait for one, directly or not.
fn waiting(plan: &Plan, node: NodeId) -> BTreeSet<NodeId> {
    let mut waiting = BTreeSet::from([node]);
    // As often as the longest chain has nodes.
    loop {
        let waits = |one: &&Node| one.deps.iter().any(|dep| waiting.contains(dep));
        let more: Vec<NodeId> = plan.nodes.iter().filter(waits).map(|one| one.id).collect();
        let before = waiting.len();
        waiting.extend(more);
        if waiting.len() == before {
            break;
        }
    }
    waiting.remove(&node);
    waiting
}

/// Names made of another one, counted from 1, that no node of a plan has and none that is gone had.
pub(crate) fn free_names<'a>(
    (stem, between): (&'a NodeName, &'a str),
    plan: &'a Plan,
    gone: &'a BTreeSet<NodeName>,
) -> impl Iterator<Item = NodeName> + 'a {
    let names = (1..).map(move |number: u32| {
        let ending = format!("{between}{number}");
        let stem = stem.as_str();
        let room = NodeName::MAX_BYTES - ending.len();
        let stem = &stem[..stem.floor_char_boundary(room)];
        NodeName::from(format!("{stem}{ending}").as_str())
    });
    names.filter(|name| {
        let mut known = plan.nodes.iter().map(|node| &node.name);
        known.all(|known| known != name) && !gone.contains(name)
    })
}
