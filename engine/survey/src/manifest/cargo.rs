//! Cargo: packages, workspaces and their members, targets in unusual places.

use std::collections::{BTreeMap, BTreeSet};

use super::toml::{Document, strings};
use super::{Manifests, command, is_word};
use crate::facts::{below, join, normal};
use crate::{Command, Purpose};

/// What a `Cargo.toml` says.
#[derive(Debug, Default)]
pub(crate) struct Manifest {
    /// The package's name; empty for a workspace without one.
    pub name: String,
    /// The library's name in code.
    pub lib: String,
    /// Where targets stand, if the manifest says so: paths below its folder. The library's is the first.
    pub lib_path: String,
    /// Paths of the other targets.
    pub targets: Vec<String>,
    /// Whether it is the root of a workspace.
    is_workspace: bool,
    /// Globs of members, and of folders that are none.
    members: Vec<String>,
    exclude: Vec<String>,
    /// Folders of dependencies, relative to this one.
    paths: Vec<String>,
}

impl Manifest {
    pub fn read(text: &str) -> Self {
        let document = Document::read(text);
        let name = document
            .string("package", "name")
            .unwrap_or_default()
            .to_owned();
        let lib = document
            .string("lib", "name")
            .unwrap_or(&name)
            .replace('-', "_");
        let owned = |all: Vec<&str>| all.into_iter().map(str::to_owned).collect();
        let mut targets = Vec::new();
        let mut paths = Vec::new();
        for (table, values) in document.tables() {
            let path = values.get("path").and_then(|value| strings(value).next());
            if matches!(table, "bin" | "test" | "bench" | "example") {
                targets.extend(path.map(str::to_owned));
            }
            if table.contains("dependencies") {
                let inline = values
                    .values()
                    .filter_map(|value| value.split_once("path").map(|(_, rest)| rest));
                paths.extend(
                    inline
                        .filter_map(|rest| strings(rest).next())
                        .chain(path)
                        .map(str::to_owned),
                );
            }
        }
        Self {
            lib,
            lib_path: document
                .string("lib", "path")
                .unwrap_or("src/lib.rs")
                .to_owned(),
            targets,
            is_workspace: document.has("workspace"),
            members: owned(document.strings("workspace", "members")),
            exclude: owned(document.strings("workspace", "exclude")),
            paths,
            name,
        }
    }
}

/// The folders of each workspace's members, by the folder of the workspace; a package alone is its own workspace.
fn workspaces(cargo: &BTreeMap<String, Manifest>) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut found = BTreeMap::new();
    let mut taken: BTreeSet<&str> = BTreeSet::new();
    for (root, manifest) in cargo.iter().filter(|(_, m)| m.is_workspace) {
        let members = members(cargo, root, manifest);
        taken.extend(&members);
        found.insert(root.as_str(), members);
    }
    let inside = |folder: &str| found.keys().any(|root| below(folder, root));
    // A package below a workspace that does not name it cannot be built where it stands.
    let alone = cargo
        .iter()
        .filter(|(at, m)| !m.name.is_empty() && !taken.contains(at.as_str()) && !inside(at));
    let alone: Vec<&str> = alone.map(|(at, _)| at.as_str()).collect();
    found.extend(alone.into_iter().map(|at| (at, BTreeSet::from([at]))));
    found
}

fn members<'a>(
    cargo: &'a BTreeMap<String, Manifest>,
    root: &str,
    manifest: &Manifest,
) -> BTreeSet<&'a str> {
    let local = |at: &'a str| {
        if root.is_empty() {
            Some(at)
        } else {
            at.strip_prefix(root)?.strip_prefix('/')
        }
    };
    let mut members: BTreeSet<&str> = BTreeSet::new();
    let mut ahead: Vec<&str> = Vec::new();
    let excluded = |at: &str| {
        manifest
            .exclude
            .iter()
            .any(|glob| normal(root, glob).is_some_and(|out| below(at, &out)))
    };
    for (at, other) in cargo
        .iter()
        .filter(|(at, m)| !m.name.is_empty() && !excluded(at))
    {
        let named =
            local(at).is_some_and(|local| manifest.members.iter().any(|glob| fits(glob, local)));
        if at == root || (named && !other.is_workspace) {
            ahead.push(at);
        }
    }
    // What members depend on by path, below the workspace, is a member too.
    while let Some(at) = ahead.pop() {
        if !members.insert(at) {
            continue;
        }
        let paths = cargo
            .get(at)
            .map(|m| m.paths.as_slice())
            .unwrap_or_default();
        let near = paths
            .iter()
            .filter_map(|path| normal(at, path))
            .filter(|path| below(path, root) && !excluded(path));
        let known = near.filter_map(|path| cargo.get_key_value(&path));
        ahead.extend(
            known
                .filter(|(_, m)| !m.is_workspace && !m.name.is_empty())
                .map(|(at, _)| at.as_str()),
        );
    }
    let shared = manifest.paths.iter().filter_map(|path| normal(root, path));
    let shared = shared.filter_map(|path| cargo.get_key_value(&path).map(|(at, _)| at.as_str()));
    let shared: Vec<&str> = shared
        .filter(|at| below(at, root) && !excluded(at))
        .collect();
    members.extend(shared);
    members
}

/// Whether a glob of members, with `*` for any part of one name, fits a folder.
fn fits(glob: &str, folder: &str) -> bool {
    let glob = glob.trim_start_matches("./").trim_end_matches('/');
    let (mut names, mut parts) = (folder.split('/'), glob.split('/'));
    loop {
        match (parts.next(), names.next()) {
            (None, None) => return true,
            (Some("**"), _) => return true,
            (Some(part), Some(name)) => {
                let fit = match part.split_once('*') {
                    Some((start, end)) => {
                        name.len() >= start.len() + end.len()
                            && name.starts_with(start)
                            && name.ends_with(end)
                    }
                    None => part == name,
                };
                if !fit {
                    return false;
                }
            }
            _ => return false,
        }
    }
}

pub(super) fn commands(manifests: &Manifests) -> Vec<Command> {
    let mut commands = Vec::new();
    for (root, members) in workspaces(&manifests.cargo) {
        let from = join(root, "Cargo.toml");
        if members.len() > 1 || manifests.cargo.get(root).is_some_and(|m| m.is_workspace) {
            let names = members
                .iter()
                .filter_map(|at| Some((*at, &manifests.cargo.get(*at)?.name)));
            for (at, name) in names.filter(|(_, name)| is_word(name)) {
                let from = join(at, "Cargo.toml");
                let test = format!("cargo test -p {name}");
                let check = format!("cargo check -p {name} --all-targets");
                commands.extend(command(root, &test, Purpose::Test, at, &from));
                commands.extend(command(root, &check, Purpose::Check, at, &from));
            }
            commands.extend(command(
                root,
                "cargo test --workspace",
                Purpose::Test,
                root,
                &from,
            ));
            commands.extend(command(
                root,
                "cargo check --workspace --all-targets",
                Purpose::Check,
                root,
                &from,
            ));
        } else {
            commands.extend(command(root, "cargo test", Purpose::Test, root, &from));
            commands.extend(command(
                root,
                "cargo check --all-targets",
                Purpose::Check,
                root,
                &from,
            ));
        }
    }
    commands
}
