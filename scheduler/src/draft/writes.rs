//! What a node may write: whole folders where nobody else has business, single files elsewhere.

use std::collections::BTreeMap;

use super::{Material, Role};
use crate::plan::{NO_SECRETS, SECRETS};
use crate::scope::Glob;

/// Who has business in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Business {
    /// One node only.
    Of(usize),
    /// Several nodes, or code that no node owns.
    Mixed,
}

/// The globs of every node, given which node owns which file.
pub(super) fn globs(
    material: &Material,
    owners: &[Option<usize>],
    nodes: usize,
) -> Vec<Vec<String>> {
    let folders = folders(material, owners);
    let mut globs = vec![Vec::new(); nodes];
    for (file, owner) in material.files.iter().zip(owners) {
        let Some(node) = *owner else { continue };
        let own = |folder: &&str| folders.get(&folder.to_lowercase()) == Some(&Business::Of(node));
        let glob = match above(&file.path).filter(own).last() {
            Some("") => "**".to_owned(),
            Some(folder) => format!("{}/**", plain(folder)),
            None => plain(&file.path),
        };
        globs[node].push(glob);
    }
    for list in &mut globs {
        list.sort();
        list.dedup();
    }
    globs
}

/// Folders in lower case: those that differ only in that are one on some disks.
fn folders(material: &Material, owners: &[Option<usize>]) -> BTreeMap<String, Business> {
    let mut folders = BTreeMap::new();
    for (file, owner) in material.files.iter().zip(owners) {
        let business = match owner {
            Some(node) => Business::Of(*node),
            // Text that no node owns may change along with the code beside it.
            None if file.role == Role::Plain => continue,
            None => Business::Mixed,
        };
        for folder in above(&file.path) {
            let known = folders.entry(folder.to_lowercase()).or_insert(business);
            if *known != business {
                *known = Business::Mixed;
            }
        }
    }
    folders
}

/// The folders above a path, the nearest first, the root last.
fn above(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| parent(path)).skip(1)
}

fn parent(path: &str) -> Option<&str> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    (!path.is_empty()).then_some(folder)
}

/// A path as a glob that matches it and nothing else.
pub(super) fn plain(path: &str) -> String {
    let mut glob = String::with_capacity(path.len());
    for c in path.chars() {
        if matches!(c, '*' | '?' | '[' | ']' | '{' | '}' | '\\' | '!' | ',') {
            glob.push('\\');
        }
        glob.push(c);
    }
    glob
}

/// Which paths a scope may name: those a glob can say and that hold no secrets.
pub(super) struct Nameable {
    secrets: Vec<Glob>,
    public: Vec<Glob>,
}

impl Nameable {
    pub fn new() -> Self {
        let globs = |texts: &[&str]| texts.iter().flat_map(|text| Glob::parse(text)).collect();
        Self {
            secrets: globs(&SECRETS),
            public: globs(&NO_SECRETS),
        }
    }

    pub fn holds(&self, path: &str) -> bool {
        let lower = path.to_ascii_lowercase();
        let any = |globs: &[Glob]| globs.iter().any(|glob| glob.matches(&lower));
        // A text the parser tidies, such as `.` or one that ends in a blank, would name something else.
        let said = Glob::parse(&plain(path))
            .ok()
            .and_then(|glob| glob.literal());
        said.as_deref() == Some(path) && (!any(&self.secrets) || any(&self.public))
    }
}
