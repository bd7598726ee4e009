//! Drafts a plan from the facts of a repository: code cuts the clusters and draws the edges, a model only chooses.
//!
//! 1. [`Material`] says what there is: files, what they import, commands.
//! 2. [`Draft::new`] condenses the import graph and cuts it into clusters, what is imported first.
//! 3. A planner reads [`Draft::facts`] and answers in the form of [`Draft::schema`]; [`Choices::read`] takes the answer,
//!    [`Draft::assemble`] makes the plan or says everything that is wrong with it, [`repair`] puts that to the planner.
//! 4. Without a planner, or after too many repairs, [`Draft::fallback`] is the plan. Where
//!    [`better_alone`](crate::plan::better_alone) says so of the plan, [`Draft::single`] is the plan for one agent.

mod assemble;
mod checked;
mod choices;
mod cluster;
mod facts;
mod fallback;
mod graph;
mod material;
mod names;
mod relevance;
mod schema;
mod writes;

pub use choices::{Choices, Piece, Size, repair};
pub use cluster::{Cluster, ClusterId, CommandId};
pub use material::{CommandFact, FileFact, Limits, Material, Purpose, Role};

use relevance::Relevance;

/// A repository cut into clusters, ranked by how close they are to a goal.
#[derive(Debug, Clone)]
pub struct Draft {
    goal: String,
    material: Material,
    limits: Limits,
    clusters: Vec<Cluster>,
    relevance: Relevance,
    /// The clusters a planner is shown and may choose from, in the order of the ids.
    shown: Vec<ClusterId>,
    /// The commands a planner is shown and may choose from, as places in the material.
    offered: Vec<CommandId>,
}

impl Draft {
    /// Cuts the clusters of `material` and ranks them by `goal`. The same input always gives the same draft.
    pub fn new(mut material: Material, goal: &str, limits: Limits) -> Self {
        material.settle();
        let order = graph::Order::of(&material);
        let clusters = cluster::cut(&material, &order, limits);
        let relevance = Relevance::of(&material, &clusters, goal);
        let shown = relevance.closest(&clusters, limits.shown);
        let offered = facts::offered(&material, &clusters, &shown, limits.offered);
        Self {
            goal: goal.to_owned(),
            material,
            limits,
            clusters,
            relevance,
            shown,
            offered,
        }
    }

    /// All clusters; one that imports from another stands behind it.
    pub fn clusters(&self) -> &[Cluster] {
        &self.clusters
    }

    /// The clusters a planner may choose from.
    pub fn shown(&self) -> &[ClusterId] {
        &self.shown
    }

    /// The paths of a cluster's files; empty if there is no such cluster.
    pub fn files(&self, cluster: ClusterId) -> impl Iterator<Item = &str> {
        let files = self.cluster(cluster).map(|c| c.files.as_slice());
        let files = files.unwrap_or_default().iter();
        files.map(|&file| self.material.files[file].path.as_str())
    }

    fn cluster(&self, id: ClusterId) -> Option<&Cluster> {
        self.clusters.get(id.place())
    }

    fn command(&self, id: CommandId) -> Option<&CommandFact> {
        self.material.commands.get(id.place())
    }
}
