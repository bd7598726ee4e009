//! Actors carry commands, events and effects between the rooms; the only room that knows ractor.
//!
//! May: introduce the rooms to one another, run effects as tasks beside actors, supervise, broadcast.
//! Never: decide (it asks a crate below), print, read the environment, await the world inside a handler.

mod agent_actor;
mod answer;
pub mod archive;
mod base;
mod broker;
mod bus;
mod context;
mod coordinator;
mod effects;
mod error;
mod feed;
mod flight;
mod journal;
mod law;
pub mod models;
mod options;
mod permissions;
mod place;
pub mod plans;
mod pool;
mod redact;
mod session;
mod setup;
mod source;
mod swarm;
mod world;

pub use agent_actor::CommandError;
pub use bus::Subscription;
pub use error::{LimitError, OpenError, TargetError};
pub use options::{
    CommandOptions, CrashPoint, Options, PermissionOptions, PlaceOptions, PromptOptions, Secrets,
};
pub use permissions::Permissions;
pub use policy::{Explanation, RuleSpec};
pub use providers::{
    Auth, BadAddress, ConnectError, Endpoint, Quirks, Secret, TraitsOverride, Wire,
};
pub use scheduler::run::{Change, RunCommand, RunPhase};
pub use session::{Past, Session, Stopped};
pub use source::{Source, SystemSource};
pub use swarm::{ModelChoice, Models, RejectError, Swarm, SwarmOptions};
pub use tools::walls_hold;
pub use workspace::{GitError, Unfit};
