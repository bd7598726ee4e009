//! Scopes: globs over the paths of a repository, and whether two of them can name the same path.

mod glob;
mod meet;
mod parse;

pub use glob::{Glob, Globs};
pub use parse::GlobError;

/// Whether some path could be named by both globs. It never denies a real overlap: letters are compared without
/// case, because a file system may do so too, and a plain path may be a folder, which holds all below it.
pub fn intersects(a: &Glob, b: &Glob) -> bool {
    meet::meet(a, b)
}
