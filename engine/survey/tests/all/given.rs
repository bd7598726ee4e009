//! Repositories in few words: paths and texts, written into a folder of their own.

use std::fs;

use survey::{Facts, Limits, Link, survey};
use tempfile::TempDir;

pub(crate) fn tree(files: &[(&str, &str)]) -> TempDir {
    let root = TempDir::new().unwrap();
    for (path, text) in files {
        let whole = root.path().join(path);
        fs::create_dir_all(whole.parent().unwrap()).unwrap();
        fs::write(whole, text).unwrap();
    }
    root
}

pub(crate) fn facts(files: &[(&str, &str)]) -> Facts {
    let root = tree(files);
    let paths: Vec<String> = files.iter().map(|(path, _)| (*path).to_owned()).collect();
    survey(root.path(), &paths, Limits::default())
}

/// The edges as lines: `a -> b`, a test's as `a tests b`, a declaration's as `a has b`.
pub(crate) fn edges(facts: &Facts) -> Vec<String> {
    let path = |place: u32| facts.files[place as usize].path.as_str();
    let line = facts.edges.iter().map(|edge| {
        let verb = match edge.link {
            Link::Uses => "->",
            Link::Covers => "tests",
            Link::Declares => "has",
        };
        format!("{} {verb} {}", path(edge.from), path(edge.to))
    });
    line.collect()
}

/// The edges that are no declarations.
pub(crate) fn uses(files: &[(&str, &str)]) -> Vec<String> {
    let edges = edges(&facts(files));
    edges
        .into_iter()
        .filter(|line| !line.contains(" has "))
        .collect()
}

pub(crate) fn symbols(path: &str, text: &str) -> String {
    facts(&[(path, text)]).files[0].symbols.join(" ")
}

/// The commands as lines: `command [what it covers]`.
pub(crate) fn commands(files: &[(&str, &str)]) -> Vec<String> {
    let facts = facts(files);
    let lines = facts
        .commands
        .iter()
        .map(|c| format!("{} [{}]", c.cmd, c.covers));
    lines.collect()
}
