//! The survey reads what a repository is made of, without a model: files, symbols, imports, tests, packages, commands;
//! and of a change, which tests it weakens.
//!
//! May: read the files of a repository it is given, never through a link.
//! Never: run anything, write, ask a model, know what a plan is.
//!
//! The same tree always gives the same facts, in the order of the paths. Nothing in a file can make the survey fail: what
//! cannot be read or parsed is a [`Flaw`] of that file and the rest is surveyed as usual.

mod facts;
mod list;
mod look;
mod manifest;
mod resolve;
mod roles;
mod syntax;
mod weaken;

pub use facts::{
    Command, Edge, Facts, File, Flaw, Language, Limits, Link, Package, Purpose, Role, System,
};
pub use list::list;
pub use weaken::{How, Touched, Weakened, has_readable_tests, weakened};

use std::path::Path;

/// Surveys the files at `paths` below `root`, each relative to it and with `/` between names. Blocks for about a second
/// per several thousand files.
pub fn survey(root: &Path, paths: &[String], limits: Limits) -> Facts {
    let mut looked = look::all(root, paths, limits);
    let manifests = manifest::read(&looked);
    roles::assign(&mut looked, &manifests);
    let edges = resolve::edges(&looked, &manifests);
    let files: Vec<File> = looked.into_iter().map(|looked| looked.file).collect();
    let commands = manifest::commands(&files, &manifests);
    Facts {
        files,
        edges,
        packages: manifests.packages,
        commands,
    }
}
