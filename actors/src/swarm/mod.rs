//! A swarm: many agents that change one repository, carried as the scheduler's machine of a run decides.

mod begin;
mod board;
mod chores;
mod chronicle;
mod crew;
mod effects;
mod fence;
mod footprint;
mod former;
mod handle;
mod house;
pub mod leftovers;
mod messages;
mod options;
mod outfit;
mod planner;
mod reject;
mod retire;
mod run_actor;
mod run_talk;
mod site;

pub(crate) use fence::Fence;
pub use handle::Swarm;
pub use options::{ModelChoice, Models, SwarmOptions};
pub use reject::RejectError;
