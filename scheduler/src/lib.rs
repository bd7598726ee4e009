//! The scheduler makes plans sound and orders their nodes: which may start now, and which moves are legal.
//!
//! May: compute on plans, scopes, budgets and the task DAG. Never: look at a clock, run anything, know a model or a tool.

pub mod board;
mod dag;
pub mod draft;
pub mod ledger;
pub mod order;
mod pace;
pub mod plan;
pub mod replan;
pub mod run;
pub mod scope;
pub mod subagents;

pub use dag::{Dag, IllegalMove, NodeState, PlanError};
pub use pace::{Pace, Round, Turn};
