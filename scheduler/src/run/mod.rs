//! The machine of a run: from a plan to a landed result, as a fold of records and three pure functions.
//!
//! [`Run::apply`] is the only place where its state changes. [`decide`] says what an input causes, [`follow`] what
//! follows from the state alone, [`wishes`] what should be under way. Whoever carries a run appends what the first two
//! return, applies it, and brings what is under way in line with the third. A journal that ends between any two
//! records goes on as it would have.

mod admission;
mod ahead;
mod apply;
mod blocked;
mod commons;
mod conflict;
mod decide;
mod follow;
mod footing;
mod gate;
mod halt;
mod input;
mod ladder;
mod lane;
mod lineage;
mod node_run;
mod paths;
mod purse;
mod raise;
mod replan;
mod retry;
mod single;
mod standstill;
mod state;
mod stir;
mod unrunnable;
mod verdict;
mod wishes;

pub use ahead::Ahead;
pub use blocked::Blocked;
pub use decide::decide;
pub use follow::follow;
pub use input::{Illegal, RunCommand, RunInput, RunOutcome, Wish};
pub use lane::{Batch, BatchStage};
pub use node_run::{NodePhase, NodeRun, Proposal, Setback, Spent};
pub use paths::spared_tests;
pub use replan::Change;
pub use state::{Run, RunPhase};
pub use unrunnable::{barred, exited};
pub use wishes::{DEFAULT_WALL_MS, wishes};
