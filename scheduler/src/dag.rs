//! The task DAG on petgraph: built from a valid plan, moved by node starts and ends.

use std::collections::BTreeMap;

use petgraph::Direction;
use petgraph::acyclic::Acyclic;
use petgraph::data::Build;
use petgraph::stable_graph::{NodeIndex, StableDiGraph};
use protocol::{NodeEnd, NodeId, Plan};

/// Why a plan cannot be ordered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Nothing to do.
    #[error("order the plan: it has no nodes")]
    Empty,
    /// The same id twice.
    #[error("order the plan: node {0} appears twice")]
    Duplicate(NodeId),
    /// A dependency that is not in the plan.
    #[error("order the plan: node {node} depends on {dep}, which is not in the plan")]
    UnknownDep {
        /// The node.
        node: NodeId,
        /// What it names.
        dep: NodeId,
    },
    /// A circle.
    #[error("order the plan: node {node} depends on itself through {dep}")]
    Cycle {
        /// The node.
        node: NodeId,
        /// The dependency that closes the circle.
        dep: NodeId,
    },
}

/// A move the state of a node does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{wanted} node {node}: it is {state:?}")]
pub struct IllegalMove {
    /// The node.
    pub node: NodeId,
    /// What was wanted, for example `start`.
    pub wanted: &'static str,
    /// Its state; `None` if it is not in the plan.
    pub state: Option<NodeState>,
}

/// How far a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeState {
    /// Something it depends on is not done.
    Blocked,
    /// It may start.
    Ready,
    /// An agent has it.
    Running,
    /// It ended.
    Ended(NodeEnd),
}

/// A plan's nodes in their order.
#[derive(Debug)]
pub struct Dag {
    graph: Acyclic<StableDiGraph<NodeId, ()>>,
    places: BTreeMap<NodeId, NodeIndex>,
    states: BTreeMap<NodeId, NodeState>,
}

impl Dag {
    /// Orders a plan.
    ///
    /// # Errors
    /// [`PlanError`], naming the node, if ids repeat, a dependency is missing, or there is a circle.
    pub fn new(plan: &Plan) -> Result<Self, PlanError> {
        if plan.nodes.is_empty() {
            return Err(PlanError::Empty);
        }
        let mut graph = Acyclic::<StableDiGraph<NodeId, ()>>::new();
        let mut places = BTreeMap::new();
        for node in &plan.nodes {
            if places.insert(node.id, graph.add_node(node.id)).is_some() {
                return Err(PlanError::Duplicate(node.id));
            }
        }
        for node in &plan.nodes {
            for &dep in &node.deps {
                let unknown = PlanError::UnknownDep { node: node.id, dep };
                let from = *places.get(&dep).ok_or(unknown)?;
                let cycle = |_| PlanError::Cycle { node: node.id, dep };
                graph
                    .try_add_edge(from, places[&node.id], ())
                    .map_err(cycle)?;
            }
        }
        let state = |deps: &[NodeId]| match deps {
            [] => NodeState::Ready,
            _ => NodeState::Blocked,
        };
        let states = plan
            .nodes
            .iter()
            .map(|node| (node.id, state(&node.deps)))
            .collect();
        Ok(Self {
            graph,
            places,
            states,
        })
    }

    /// The nodes that may start, by id.
    pub fn ready(&self) -> Vec<NodeId> {
        let ready = self
            .states
            .iter()
            .filter(|(_, state)| **state == NodeState::Ready);
        ready.map(|(id, _)| *id).collect()
    }

    /// How far a node is; `None` if it is not in the plan.
    pub fn state(&self, node: NodeId) -> Option<NodeState> {
        self.states.get(&node).copied()
    }

    /// Whether nothing runs and nothing can start any more: what is blocked then waits for a node that failed.
    pub fn is_over(&self) -> bool {
        self.states
            .values()
            .all(|state| matches!(state, NodeState::Ended(_) | NodeState::Blocked))
    }

    /// An agent takes a ready node.
    ///
    /// # Errors
    /// [`IllegalMove`] if it is not ready.
    pub fn start(&mut self, node: NodeId) -> Result<(), IllegalMove> {
        self.step(node, "start", NodeState::Ready, NodeState::Running)
    }

    /// A running node ends; nodes that waited only for it become ready if its work is done.
    ///
    /// # Errors
    /// [`IllegalMove`] if it is not running.
    pub fn end(&mut self, node: NodeId, end: NodeEnd) -> Result<(), IllegalMove> {
        self.step(node, "end", NodeState::Running, NodeState::Ended(end))?;
        let below: Vec<NodeId> = self
            .graph
            .neighbors_directed(self.places[&node], Direction::Outgoing)
            .map(|place| self.graph[place])
            .collect();
        for next in below {
            if self.state(next) == Some(NodeState::Blocked) && self.deps_done(next) {
                self.states.insert(next, NodeState::Ready);
            }
        }
        Ok(())
    }

    fn deps_done(&self, node: NodeId) -> bool {
        self.graph
            .neighbors_directed(self.places[&node], Direction::Incoming)
            .all(|place| self.state(self.graph[place]) == Some(NodeState::Ended(NodeEnd::Done)))
    }

    fn step(
        &mut self,
        node: NodeId,
        wanted: &'static str,
        from: NodeState,
        to: NodeState,
    ) -> Result<(), IllegalMove> {
        match self.states.get_mut(&node) {
            Some(state) if *state == from => {
                *state = to;
                Ok(())
            }
            other => Err(IllegalMove {
                node,
                wanted,
                state: other.copied(),
            }),
        }
    }
}
