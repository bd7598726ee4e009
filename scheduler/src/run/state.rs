//! The state of a run: everything its journal says about plan, nodes and integration, and nothing else.

use std::collections::BTreeMap;
use std::fmt;

use protocol::{
    AgentId, GitId, Ground, Isolation, Kind, Landing, MemoryId, Node, NodeEnd, NodeId, PauseCause,
    Plan, Record, SessionId, Text, Tier, Timestamp,
};

use super::commons::{self, Commons};
use super::footing::Footing;
use super::lane::{Batch, Lane};
use super::lineage::Lineage;
use super::node_run::{NodePhase, NodeRun, Proposal, Spent};
use crate::board::Board;
use crate::ledger::Ledger;
use crate::order::Order;

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RunPhase {
    /// It has no plan yet.
    New,
    /// A planner is at work, or has been and its plan is being assembled.
    Planning,
    /// A plan waits to be approved or turned down.
    Proposed,
    /// Nodes start as they may.
    Running,
    /// Nothing new starts.
    Paused,
    /// It is given up; what runs is being ended.
    Ending,
    /// It is over.
    Closed,
}

impl fmt::Display for RunPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::New => "without a plan",
            Self::Planning => "being planned",
            Self::Proposed => "waiting for its plan to be approved",
            Self::Running => "under way",
            Self::Paused => "paused",
            Self::Ending => "being ended",
            Self::Closed => "over",
        })
    }
}

/// A run's state. Folding its journal gives the same state as having lived through it.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    pub(super) id: SessionId,
    pub(super) plan: Plan,
    pub(super) places: BTreeMap<NodeId, usize>,
    pub(super) nodes: BTreeMap<NodeId, NodeRun>,
    pub(super) stage: Stage,
    pub(super) ground: Option<Ground>,
    pub(super) lane: Lane,
    pub(super) clock: Clock,
    pub(super) spent: Spent,
    /// The order of the accepted plan.
    pub(super) order: Option<Order>,
    pub(super) ledger: Ledger,
    pub(super) commons: Commons,
}

/// What was said about the run as a whole.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Stage {
    pub proposed: Option<Plan>,
    pub is_accepted: bool,
    /// Why it is paused, if it is.
    pub pause: Option<PauseCause>,
    /// That there is no model to ask, as was found out since this process has the run or it goes on.
    pub lack: Option<PauseCause>,
    pub rejected: Option<String>,
    pub cancelled: Option<String>,
    /// Whether nobody wanted that, but the run could not succeed.
    pub has_failed: bool,
    /// Whether the result was being brought to the user's branch when the run was given up: only the world knows
    /// whether it is there already.
    pub is_landing: bool,
    pub is_closed: bool,
    pub footing: Footing,
    pub lineage: Lineage,
}

/// Times as the records tell them.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Clock {
    /// When the work began; moved on by the time no process had the run.
    pub begun: Option<Timestamp>,
    /// The newest record.
    pub now: Timestamp,
    /// Attempts started so far: the measure of how long something has waited, as deciding looks at no clock.
    pub starts: u64,
    /// Replies of models so far, and beginnings of one.
    pub heard: u64,
}

impl Run {
    /// A run of which nothing is known.
    pub fn new(run: SessionId) -> Self {
        Self {
            id: run,
            plan: Plan::default(),
            places: BTreeMap::new(),
            nodes: BTreeMap::new(),
            stage: Stage::default(),
            ground: None,
            lane: Lane::default(),
            clock: Clock::default(),
            spent: Spent::default(),
            order: None,
            ledger: Ledger::default(),
            commons: Commons::default(),
        }
    }

    /// The state after one more record.
    pub fn apply(&mut self, record: &Record) {
        super::apply::apply(self, record);
    }

    /// Folds a journal's records in order.
    pub fn fold<'a>(run: SessionId, records: impl IntoIterator<Item = &'a Record>) -> Self {
        let mut state = Self::new(run);
        records.into_iter().for_each(|record| state.apply(record));
        state
    }

    /// How far the run is.
    pub fn phase(&self) -> RunPhase {
        let stage = &self.stage;
        if stage.is_closed {
            RunPhase::Closed
        } else if stage.cancelled.is_some() || stage.rejected.is_some() {
            RunPhase::Ending
        } else if stage.proposed.is_some() {
            RunPhase::Proposed
        } else if !stage.is_accepted {
            RunPhase::New
        } else if stage.pause.is_some() {
            RunPhase::Paused
        } else if self.is_planning() {
            RunPhase::Planning
        } else {
            RunPhase::Running
        }
    }

    /// Whether the accepted plan only makes a plan.
    pub(super) fn is_planning(&self) -> bool {
        let mut nodes = self.plan.nodes.iter();
        self.stage.is_accepted && nodes.all(|node| node.kind == Kind::Plan)
    }

    /// The session that is this run.
    pub const fn id(&self) -> SessionId {
        self.id
    }

    /// The accepted plan with its patches; without nodes before there is one.
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The plan that waits for approval.
    pub const fn proposed(&self) -> Option<&Plan> {
        self.stage.proposed.as_ref()
    }

    /// Why the run was given up or turned down, if it was.
    pub fn given_up(&self) -> Option<&str> {
        let stage = &self.stage;
        stage.cancelled.as_deref().or(stage.rejected.as_deref())
    }

    /// A node as planned.
    pub fn planned(&self, node: NodeId) -> Option<&Node> {
        self.plan.nodes.get(*self.places.get(&node)?)
    }

    /// How far a node is; a former plan's nodes are still known.
    pub fn node(&self, node: NodeId) -> Option<&NodeRun> {
        self.nodes.get(&node)
    }

    /// The nodes of the plan in its order, each with how far it is.
    pub fn nodes(&self) -> impl Iterator<Item = (&Node, &NodeRun)> {
        let states = &self.nodes;
        let with_state = |node| Some((node, states.get(&(node as &Node).id)?));
        self.plan.nodes.iter().filter_map(with_state)
    }

    /// How a node ended; `None` while it has not.
    pub fn end(&self, node: NodeId) -> Option<NodeEnd> {
        match self.nodes.get(&node)?.phase {
            NodePhase::Ended(end) => Some(end),
            _ => None,
        }
    }

    /// Where the run's work goes; `None` before that was found out.
    pub const fn ground(&self) -> Option<&Ground> {
        self.ground.as_ref()
    }

    /// The newest integrated commit, at first the base; `None` without git.
    pub fn tip(&self) -> Option<&GitId> {
        self.lane.tip.as_ref().or_else(|| self.base())
    }

    pub(super) fn base(&self) -> Option<&GitId> {
        let ground = self.ground.as_ref();
        ground
            .and_then(|ground| ground.base.as_ref())
            .or(self.plan.base.as_ref())
    }

    pub(super) fn isolation(&self) -> Option<Isolation> {
        self.ground.as_ref().map(|ground| ground.isolation)
    }

    /// The batch being integrated.
    pub const fn batch(&self) -> Option<&Batch> {
        self.lane.batch.as_ref()
    }

    /// Where the result came to rest.
    pub const fn landing(&self) -> Option<&Landing> {
        self.lane.landing.as_ref()
    }

    /// Where the user's branch stands if nobody else has moved it: at the base, or where a former landing brought it.
    /// `None` without git.
    pub fn stands(&self) -> Option<&GitId> {
        self.lane.arrived.as_ref().or_else(|| self.base())
    }

    /// The commit that carries a node's work on the integration branch.
    pub fn landed(&self, node: NodeId) -> Option<&GitId> {
        self.lane.landed.get(&node)
    }

    /// What a node wants integrated: files, and the commit they are a change of.
    pub fn proposal(&self, node: NodeId) -> Option<Proposal> {
        let state = self.nodes.get(&node)?;
        let tree = state.found.as_ref()?.tree.clone()?;
        let base = state.base.clone()?;
        Some(Proposal { base, tree })
    }

    /// How strong a model a node's present attempt wants: higher than planned after failures.
    pub fn tier(&self, node: NodeId) -> Tier {
        let planned = self.planned(node).map(|node| node.tier).unwrap_or_default();
        let raised = self.nodes.get(&node).map_or(0, |state| state.rungs.raised);
        (0..raised).fold(planned, |tier, _| match tier {
            Tier::Local => Tier::Small,
            Tier::Small => Tier::Mid,
            Tier::Mid | Tier::Frontier => Tier::Frontier,
        })
    }

    /// The last text a node's agent said: what a node that only reads leaves to those after it.
    pub fn hand_off(&self, node: NodeId) -> Option<&Text> {
        self.nodes.get(&node)?.said.as_ref()
    }

    /// What the agents of the run know together.
    pub const fn board(&self) -> &Board {
        &self.commons.board
    }

    /// The entries of the board worth telling a node's agent before it begins.
    pub fn worth_telling(&self, node: NodeId, agent: AgentId) -> Vec<MemoryId> {
        self.planned(node)
            .map(|node| commons::worth(self, node, agent))
            .unwrap_or_default()
    }

    /// The budgets: what is set aside and what is used.
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// What the whole run has used.
    pub const fn spent(&self) -> Spent {
        self.spent
    }
}
