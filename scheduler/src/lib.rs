//! The scheduler orders the nodes of a plan: which may start now, and which moves are legal.
//!
//! May: compute on the task DAG. Never: look at a clock, run anything, know a model or a tool.

pub mod board;
mod dag;

pub use dag::{Dag, IllegalMove, NodeState, PlanError};
