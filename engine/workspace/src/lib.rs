//! The workspace holds working trees: where a path leads, where a project begins, how its repository stands.
//!
//! May: look at paths, run `git`.
//! Never: know what an agent or a model is, judge whether something may be read or written.

mod git;
mod path;
mod root;

pub use git::{GitState, git_state};
pub use path::{PathError, Resolved, resolve};
pub use root::project_root;
