//! Whether several agents are worth it: too few pieces, a pure chain or one scope for all are faster with one.

use std::collections::{BTreeMap, BTreeSet};

use protocol::{NodeDocument, PlanDocument};

/// Fewer nodes that write than these are one agent's work.
const LEAST_NODES: usize = 3;
/// Plans above this size are refused by their cap, not here.
const MOST_NODES: usize = 1_000;

/// Whether a plan is worth several agents.
///
/// # Errors
/// Why one agent is better, as a sentence for people.
pub fn worth(plan: &PlanDocument) -> Result<(), String> {
    let writers: Vec<&NodeDocument> = plan.nodes.iter().filter(|n| n.kind.writes()).collect();
    let many = writers.len();
    if many < LEAST_NODES {
        return Err(format!(
            "one agent is enough: {many} pieces of work, and several agents pay from {LEAST_NODES}"
        ));
    }
    if many > MOST_NODES {
        return Ok(());
    }
    if !side_by_side(plan, &writers) {
        return Err(format!(
            "one agent is enough: each of the {many} pieces waits for the one before"
        ));
    }
    let shared = sharing(&writers);
    if shared * 2 > many {
        return Err(format!(
            "one agent is enough: {shared} of {many} pieces change the same files"
        ));
    }
    Ok(())
}

/// Whether any two of the nodes could be under way at once.
fn side_by_side(plan: &PlanDocument, writers: &[&NodeDocument]) -> bool {
    let deps: BTreeMap<&str, Vec<&str>> = plan
        .nodes
        .iter()
        .map(|node| {
            let deps = node.deps.iter().map(|dep| dep.as_str()).collect();
            (node.name.as_str(), deps)
        })
        .collect();
    let before = |start: &str| {
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut ahead: Vec<&str> = deps.get(start).cloned().unwrap_or_default();
        while let Some(next) = ahead.pop() {
            if seen.insert(next) {
                ahead.extend(deps.get(next).into_iter().flatten());
            }
        }
        seen
    };
    let before: Vec<BTreeSet<&str>> = writers
        .iter()
        .map(|node| before(node.name.as_str()))
        .collect();
    let ordered = |a: usize, b: usize| {
        before[a].contains(writers[b].name.as_str()) || before[b].contains(writers[a].name.as_str())
    };
    (0..writers.len()).any(|a| (0..a).any(|b| !ordered(a, b)))
}

/// How many nodes may write something that another may write too.
fn sharing(writers: &[&NodeDocument]) -> usize {
    let mut holders: BTreeMap<&str, usize> = BTreeMap::new();
    for node in writers {
        let globs: BTreeSet<&str> = node.writes.iter().map(String::as_str).collect();
        globs
            .into_iter()
            .for_each(|glob| *holders.entry(glob).or_default() += 1);
    }
    let shares = |node: &&&NodeDocument| {
        let mut globs = node.writes.iter();
        globs.any(|glob| glob == "**" || holders.get(glob.as_str()).is_some_and(|many| *many > 1))
    };
    writers.iter().filter(shares).count()
}
