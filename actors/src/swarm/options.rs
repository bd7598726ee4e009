//! What a run needs to know beyond what every session does.

use std::collections::BTreeMap;

use protocol::{Check, Isolation, ModelRef, PlanDocument, Tier};

use crate::Endpoint;
use crate::plans::Terrain;

/// What a run is to do, and how.
#[derive(Debug, Clone, Default)]
pub struct SwarmOptions {
    /// The goal in the user's words.
    pub goal: String,
    /// The plan, if there is one already; otherwise a model makes it.
    pub plan: Option<PlanDocument>,
    /// How nodes are kept apart; `None` for trees of their own in a git repository and one folder elsewhere.
    pub isolation: Option<Isolation>,
    /// What was just found where the run is to begin, its target included; `None` to have it looked at.
    pub terrain: Option<Terrain>,
    /// The branch the result is for, without `refs/heads/`; `None` for the one that is checked out.
    pub target: Option<String>,
    /// Agents at work at once; `None` for what the plan says.
    pub max_parallel: Option<u32>,
    /// What must hold on the merged tree; `None` for what the plan says.
    pub gate: Option<Check>,
    /// Whether the plan is done as soon as it is there, without anybody looking at it.
    pub approve: bool,
    /// The models.
    pub models: Models,
}

/// Which models a run uses. What is not said is the model of its [`Options`](crate::Options).
#[derive(Debug, Clone, Default)]
pub struct Models {
    /// Makes the plan.
    pub planner: Option<ModelChoice>,
    /// Does the work, by how strong a model a node wants.
    pub tiers: BTreeMap<Tier, ModelChoice>,
}

/// A model at a server.
#[derive(Debug, Clone)]
pub struct ModelChoice {
    /// The server.
    pub endpoint: Endpoint,
    /// The model there.
    pub model: ModelRef,
}
