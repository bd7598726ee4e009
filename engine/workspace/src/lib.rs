//! The workspace holds working trees: where a path leads, where a project begins, how its repository stands, the
//! private trees of a run, what changed in them, and how those changes are merged.
//!
//! May: look at paths and at the files of a repository; run git; add objects and move the refs it is told to move.
//! Never: know what an agent or a model is, judge whether something may be read or written, merge in a checkout, collect
//! garbage in the user's repository, run its hooks.

mod branch;
mod folder;
mod git;
mod path;
mod root;

pub use branch::branch;
pub use folder::{Fingerprint, Listing, files, fingerprint};
pub use git::{
    CommitDraft, GitError, Head, Kept, Leftover, MergeResult, Operation, PoolFault, RefMove, Repo,
    Snapshot, Standing, Tree, Trees, Unfit, Unrecordable, erase, leftovers, take_away,
};
pub use path::{PathError, Resolved, resolve};
pub use root::project_root;
