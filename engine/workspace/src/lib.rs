//! The workspace holds working trees: where a path leads, where a project begins, how its repository stands.
//!
//! May: look at paths and at the files of a repository.
//! Never: know what an agent or a model is, judge whether something may be read or written.

mod branch;
mod path;
mod root;

pub use branch::branch;
pub use path::{PathError, Resolved, resolve};
pub use root::project_root;
