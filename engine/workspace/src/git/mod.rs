//! git as a program: the one place that runs it, always without prompts, hooks, signing, pagers and the caller's
//! `GIT_*` environment; what takes no judgement is done here without starting it. A run's trees are private clones that
//! borrow the user's objects; the user's refs and checkout move only where [`Repo::create_ref`], [`Repo::update_ref`],
//! [`Repo::delete_ref`], [`Repo::land`] and [`Repo::keep`] say so.

mod cone;
mod contents;
mod drafts;
mod error;
mod fill;
mod forest;
mod gitdir;
mod group;
mod idle;
mod index;
mod keep;
mod land;
mod left;
mod leftover;
mod listing;
mod loose;
mod modes;
mod objects;
mod pin;
mod plain;
mod reader;
mod refill;
mod refs;
mod repo;
mod run;
mod scan;
mod seen;
mod shown;
mod slot;
mod snapshot;
mod spare;
mod special;
mod standing;
mod talk;
mod tree;
mod trees;

pub use error::{GitError, PoolFault, Unfit, Unrecordable};
pub use keep::Kept;
pub use leftover::{Leftover, leftovers, take_away};
pub use modes::erase;
pub use objects::{CommitDraft, MergeResult};
pub use refs::RefMove;
pub use repo::Repo;
pub use snapshot::Snapshot;
pub use standing::{Head, Operation, Standing};
pub use tree::Tree;
pub use trees::Trees;
