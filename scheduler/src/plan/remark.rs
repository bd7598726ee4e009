//! Remarks: what is sound and yet worth knowing before a plan is approved.

use std::collections::BTreeSet;

use protocol::{Expect, Kind, Node, Plan};

use super::normal::DerivedEdge;
use crate::order;
use crate::scope::{Glob, Globs};

/// Names of files that many changes touch, so that whoever writes them stands in everyone's way.
const HOT: [&str; 16] = [
    "Cargo.toml",
    "Cargo.lock",
    "mod.rs",
    "lib.rs",
    "main.rs",
    "package.json",
    "package-lock.json",
    "pnpm-lock.yaml",
    "yarn.lock",
    "index.ts",
    "index.js",
    "__init__.py",
    "pyproject.toml",
    "go.mod",
    "go.sum",
    "Makefile",
];

/// How many hot files, and how many globs without a file, are named one by one.
const NAMED: usize = 8;

/// All there is to say about a plan.
pub(super) fn remarks(plan: &Plan, derived: &[DerivedEdge], files: &[String]) -> Vec<String> {
    let mut remarks: Vec<String> = better_alone(plan).into_iter().collect();
    remarks.extend(unchecked(plan));
    remarks.extend(red_at_first(plan));
    remarks.extend(hot(plan, files));
    if !derived.is_empty() {
        let count = derived.len();
        let edges = if count == 1 {
            "1 edge was"
        } else {
            &format!("{count} edges were")
        };
        remarks.push(format!("{edges} added because scopes overlap"));
    }
    remarks.extend(no_files(plan, files));
    remarks
}

/// Why one agent would do better than a swarm, if it would: too few nodes, nothing that could go side by side, or
/// most files written by several nodes.
pub fn better_alone(plan: &Plan) -> Option<String> {
    let count = plan.nodes.len();
    if count < 3 {
        let nodes = if count == 1 {
            "1 node"
        } else {
            &format!("{count} nodes")
        };
        return Some(format!("{nodes}: one agent would do as well"));
    }
    if is_chain(plan) {
        return Some(
            "its nodes wait for one another in a chain: one agent would do as well".to_owned(),
        );
    }
    let writers: Vec<&Node> = plan
        .nodes
        .iter()
        .filter(|node| node.kind.writes())
        .collect();
    let shared = shared(&writers);
    (writers.len() > 1 && shared * 2 > writers.len()).then(|| {
        let all = writers.len();
        format!("{shared} of {all} writing nodes share what they write: one agent would do as well")
    })
}

/// A gate that fails at first is red for every batch until one makes it pass, and what is red does not land.
fn red_at_first(plan: &Plan) -> Option<String> {
    let is_red = plan
        .gate
        .as_ref()
        .is_some_and(|gate| gate.expect == Expect::Fail);
    let writers = || plan.nodes.iter().filter(|node| node.kind.writes());
    let waits = |node: &Node| writers().any(|before| node.deps.contains(&before.id));
    let first = writers().filter(|node| !waits(node)).count();
    (is_red && first > 1).then(|| {
        format!(
            "its gate fails at first, and must pass with the first work that lands: let one node make it pass and the \
             others wait for it; here {first} begin at once"
        )
    })
}

/// Whether the longest way through the plan passes every node, so that never two could be at work.
fn is_chain(plan: &Plan) -> bool {
    order::longest(plan) == plan.nodes.len()
}

/// How many writers have a scope that overlaps another's.
fn shared(writers: &[&Node]) -> usize {
    let scopes: Vec<Globs> = writers
        .iter()
        .map(|node| Globs::parse(&node.scope.writes).unwrap_or_default())
        .collect();
    let overlaps = |at: usize| {
        let mut others = (0..scopes.len()).filter(|other| *other != at);
        others.any(|other| scopes[at].intersects(&scopes[other]))
    };
    (0..scopes.len()).filter(|at| overlaps(*at)).count()
}

fn unchecked(plan: &Plan) -> Option<String> {
    let is_bare = |node: &&Node| node.kind == Kind::Edit && node.accept.is_none();
    let bare: Vec<&str> = plan
        .nodes
        .iter()
        .filter(is_bare)
        .map(|node| node.name.as_str())
        .collect();
    (plan.gate.is_none() && !bare.is_empty()).then(|| {
        let names = some(&bare);
        format!(
            "nothing checks the work of {names}: there is neither an `accept` command nor a gate"
        )
    })
}

/// Files that several nodes write: these nodes can only go one after another.
fn hot(plan: &Plan, files: &[String]) -> Vec<String> {
    let writers: Vec<(&Node, Globs)> = plan
        .nodes
        .iter()
        .map(|node| (node, Globs::parse(&node.scope.writes).unwrap_or_default()))
        .collect();
    let named = writers
        .iter()
        .flat_map(|(_, globs)| globs.iter().filter_map(Glob::literal));
    let is_hot = |path: &&String| HOT.contains(&path.rsplit('/').next().unwrap_or_default());
    let paths: BTreeSet<String> = named.chain(files.iter().filter(is_hot).cloned()).collect();
    let mut found = Vec::new();
    for path in paths {
        let by: Vec<&str> = writers
            .iter()
            .filter(|(_, globs)| globs.matches(&path))
            .map(|(node, _)| node.name.as_str())
            .collect();
        if by.len() > 1 {
            found.push((
                by.len(),
                format!(
                    "{path} is written by {} nodes, which must go one after another: {}",
                    by.len(),
                    some(&by)
                ),
            ));
        }
    }
    found.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    found.truncate(NAMED);
    found.into_iter().map(|(_, text)| text).collect()
}

/// Globs that match no file there is: a slip, or a file yet to be made.
fn no_files(plan: &Plan, files: &[String]) -> Option<String> {
    if files.is_empty() {
        return None;
    }
    let mut missing = BTreeSet::new();
    for text in plan.nodes.iter().flat_map(|node| &node.scope.reads) {
        let glob = Glob::parse(text).ok();
        if glob.is_some_and(|glob| !files.iter().any(|path| glob.matches(path))) {
            missing.insert(text.as_str());
        }
    }
    let missing: Vec<&str> = missing.into_iter().collect();
    (!missing.is_empty()).then(|| format!("no file matches what is to be read: {}", some(&missing)))
}

/// The first few, and how many more.
fn some(names: &[&str]) -> String {
    let shown = names[..names.len().min(NAMED)].join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
