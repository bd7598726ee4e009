//! The import graph, condensed: an order of the files in which what is imported stands before what imports it.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use super::{Material, Role};

/// The files as groups that import one another in circles, imported groups first.
#[derive(Debug)]
pub(super) struct Order {
    /// The groups; each sorted by path. Most hold one file.
    pub groups: Vec<Vec<usize>>,
    /// For each file the files it imports.
    pub imports: Vec<Vec<usize>>,
}

/// By what groups that could stand next are compared, when nothing else says which comes first.
type Key<'a> = (Role, usize, &'a str, &'a str, &'a str, usize);

impl Order {
    pub fn of(material: &Material) -> Self {
        let imports = imports(material);
        let mut graph = DiGraph::<usize, ()>::with_capacity(imports.len(), imports.len() * 4);
        let nodes: Vec<NodeIndex> = (0..imports.len())
            .map(|file| graph.add_node(file))
            .collect();
        for (file, needed) in imports.iter().enumerate() {
            for &other in needed {
                graph.add_edge(nodes[file], nodes[other], ());
            }
        }
        let owned = |file: &usize| {
            let role = material.files[*file].role;
            !matches!(role, Role::Manifest | Role::Shared)
        };
        let groups = kosaraju_scc(&graph).into_iter().map(|circle| {
            let files = circle.into_iter().map(|node| graph[node]);
            let mut files: Vec<usize> = files.filter(owned).collect();
            files.sort_unstable();
            files
        });
        let groups: Vec<Vec<usize>> = groups.filter(|files| !files.is_empty()).collect();
        let groups = near(material, &imports, groups);
        Self { groups, imports }
    }
}

/// For each file the files it imports, each once, sorted, never itself.
fn imports(material: &Material) -> Vec<Vec<usize>> {
    let of_file = |(place, file): (usize, &super::FileFact)| {
        let needed = file.imports.iter().filter_map(|path| material.place(path));
        let needed: BTreeSet<usize> = needed.filter(|other| *other != place).collect();
        needed.into_iter().collect()
    };
    material.files.iter().enumerate().map(of_file).collect()
}

/// Puts the groups into an order that keeps packages and folders together wherever the imports allow it.
fn near(material: &Material, imports: &[Vec<usize>], groups: Vec<Vec<usize>>) -> Vec<Vec<usize>> {
    let mut group_of = vec![usize::MAX; imports.len()];
    for (group, files) in groups.iter().enumerate() {
        files.iter().for_each(|&file| group_of[file] = group);
    }
    let (mut waiting, mut needed_by) = needs(&groups, imports, &group_of);
    let ranks = ranks(material, imports);
    let key = |group: usize| -> Key<'_> {
        let file = &material.files[groups[group][0]];
        let rank = ranks.get(file.package.as_str()).copied().unwrap_or(0);
        (
            file.role,
            rank,
            &file.package,
            file.folder(),
            &file.path,
            group,
        )
    };
    let free = (0..groups.len()).filter(|&group| waiting[group] == 0);
    let mut free: BTreeSet<Key<'_>> = free.map(key).collect();
    let mut order = Vec::with_capacity(groups.len());
    let mut last: Option<Key<'_>> = None;
    while let Some(next) = nearest(&free, last) {
        free.remove(&next);
        order.push(next.5);
        last = Some(next);
        for dependent in std::mem::take(&mut needed_by[next.5]) {
            waiting[dependent] -= 1;
            if waiting[dependent] == 0 {
                free.insert(key(dependent));
            }
        }
    }
    let mut groups: Vec<Option<Vec<usize>>> = groups.into_iter().map(Some).collect();
    order
        .into_iter()
        .filter_map(|group| groups[group].take())
        .collect()
}

/// For each group how many others it waits for, and which wait for it.
fn needs(
    groups: &[Vec<usize>],
    imports: &[Vec<usize>],
    group_of: &[usize],
) -> (Vec<usize>, Vec<Vec<usize>>) {
    let mut waiting = vec![0; groups.len()];
    let mut needed_by = vec![Vec::new(); groups.len()];
    for (group, files) in groups.iter().enumerate() {
        let needed = files.iter().flat_map(|&file| &imports[file]);
        let needed: BTreeSet<usize> = needed.map(|&other| group_of[other]).collect();
        let needed = needed
            .into_iter()
            .filter(|&g| g != group && g != usize::MAX);
        for other in needed {
            waiting[group] += 1;
            needed_by[other].push(group);
        }
    }
    (waiting, needed_by)
}

/// For each package a number such that it is larger than those of the packages it imports from, circles aside: a
/// package is begun when what it needs is there, and so is not torn apart.
fn ranks<'a>(material: &'a Material, imports: &[Vec<usize>]) -> BTreeMap<&'a str, usize> {
    let mut graph = DiGraph::<&str, ()>::new();
    let names: BTreeSet<&str> = material.files.iter().map(|f| f.package.as_str()).collect();
    let nodes: BTreeMap<&str, NodeIndex> = names
        .into_iter()
        .map(|name| (name, graph.add_node(name)))
        .collect();
    // What only tests import makes circles that mean nothing.
    let sources = material
        .files
        .iter()
        .zip(imports)
        .filter(|(file, _)| file.role == Role::Source);
    for (file, needed) in sources {
        let others = needed
            .iter()
            .map(|&other| material.files[other].package.as_str());
        for other in others.filter(|other| *other != file.package) {
            graph.update_edge(nodes[file.package.as_str()], nodes[other], ());
        }
    }
    let mut ranks = BTreeMap::new();
    for circle in kosaraju_scc(&graph) {
        let members: BTreeSet<&str> = circle.iter().map(|node| graph[*node]).collect();
        let needed = circle
            .iter()
            .flat_map(|node| graph.neighbors(*node))
            .map(|node| graph[node]);
        let above = needed
            .filter_map(|name| ranks.get(name))
            .max()
            .map_or(0, |rank| rank + 1);
        ranks.extend(members.into_iter().map(|name| (name, above)));
    }
    ranks
}

/// The free group in the same folder as the last, else in the same package, else the first. Code comes before tests and
/// those before text, so that a test which imports nothing still stands with the code of its package.
fn nearest<'a>(free: &BTreeSet<Key<'a>>, last: Option<Key<'a>>) -> Option<Key<'a>> {
    let first = || free.first().copied();
    let Some((role, rank, package, folder, _, _)) = last else {
        return first();
    };
    let from = |start: Key<'a>| free.range(start..).next().copied();
    let roles = if role == Role::Plain {
        [role, role]
    } else {
        [Role::Source, Role::Test]
    };
    let beside = |role| {
        let found = from((role, rank, package, folder, "", 0));
        found.filter(|k| (k.0, k.2, k.3) == (role, package, folder))
    };
    let kin = |role| {
        let found = from((role, rank, package, "", "", 0));
        found.filter(|k| (k.0, k.2) == (role, package))
    };
    let near = roles.into_iter().find_map(beside);
    near.or_else(|| roles.into_iter().find_map(kin))
        .or_else(first)
}
