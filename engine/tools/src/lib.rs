//! Tools act on files and processes; writes only under a permit.
//!
//! May: read files, run commands, change files that a permit covers, limit what a model is told of it.
//! Never: retry, judge a permission, talk to a model, the store or a terminal, spawn a task by itself.
//!
//! The way of one call, as the carrier walks it:
//!
//! 1. [`Registry::resolve`] matches the model's name and arguments to a [`Tool`], or says what to tell the model.
//! 2. [`Tool::claim`] says what the call would do; [`accesses`] what that touches.
//! 3. A [`ReadTool`] runs on a [`ReadContext`].
//! 4. A [`WriteTool`] prepares (the diff for people, the [`Intent`](protocol::Intent) for the journal). Once its claim
//!    is allowed, [`WriteLane::acquire`] and [`LaneGuard::permit`] give the [`WritePermit`]; when the start is durable,
//!    commit runs on the [`WriteContext`] that only the permit opens. Preparing again under the lane is allowed.
//! 5. After a crash [`settle`] tells whether a file was changed, and [`reap_orphans`] ends what still runs.

mod board;
mod bound;
mod builtin;
mod context;
mod delegate;
mod file;
mod lane;
mod place;
mod process;
mod registry;
mod search;
mod settle;
mod shells;
mod tool;
mod walls;

pub use board::Board;
pub use bound::{bound, bounded};
pub use context::{Live, ReadContext, WriteContext};
pub use delegate::{Delegate, Delegated, Errand};
pub use lane::{LaneGuard, WriteLane, WritePermit};
pub use place::{Place, Resolved};
pub use process::program::{Program, Ran};
pub use process::running::{Process, Reaped, reap_orphans};
pub use registry::{Bound, Entry, Registry};
pub use settle::{Settled, settle};
pub use shells::{ShellId, Shells, Spawner};
pub use tool::{Prepared, ReadTool, Tool, WriteTool, accesses};
pub use walls::{Bounds, Walls, walls_hold};

/// Runs `work` where blocking is allowed.
///
/// # Errors
/// A sentence for the model when the work broke off.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, String> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| format!("the tool broke off: {error}"))
}
