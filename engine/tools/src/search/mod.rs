//! Looking through trees: which files count, and what their lines hold.

pub(crate) mod lines;
pub(crate) mod walk;
