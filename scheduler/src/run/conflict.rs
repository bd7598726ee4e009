//! Proposals that do not merge: the node that is added to resolve one, or the same node once more.

use protocol::{Conflict, Event, Kind, Node, NodeId, PlanEvent, PlanPatch, Scope, Text};

use super::verdict::TIP_IS_RIGHT;
use super::{Run, lineage, purse};

/// Merge nodes for one proposal; after that its own node begins again on the newer work.
const MERGE_NODES: usize = 2;

/// What is said of a conflict.
pub(super) fn evidence(conflict: &Conflict) -> String {
    format!(
        "its change does not merge with what landed meanwhile ({}), in:\n{}",
        conflict.onto.short(),
        conflict.paths.join("\n")
    )
}

/// Whether a conflict goes back to its own node instead of to a merge node.
pub(super) fn is_own_to_solve(run: &Run, node: NodeId) -> bool {
    let is_merge = run
        .planned(node)
        .is_some_and(|node| node.kind == Kind::Merge);
    let is_full = run.plan.nodes.len() >= run.plan.caps.max_nodes as usize;
    is_merge || is_full || resolvers(run, node).count() >= MERGE_NODES
}

/// The merge nodes made for a node's proposal.
pub(super) fn resolvers(run: &Run, node: NodeId) -> impl Iterator<Item = &Node> {
    let nodes = run.plan.nodes.iter();
    nodes.filter(move |other| other.kind == Kind::Merge && other.resolves == Some(node))
}

/// The event that adds a merge node.
pub(super) fn resolve(run: &Run, node: NodeId) -> Option<Event> {
    let patch = patch(run, node)?;
    let name = run.planned(node).map(|node| node.name.clone());
    let name = name.unwrap_or_default();
    let why = format!("the change of node {name} does not merge with what landed meanwhile");
    Some(Event::Plan(PlanEvent::Patched { patch, why }))
}

/// The patch that adds a merge node for a node's proposal.
fn patch(run: &Run, node: NodeId) -> Option<PlanPatch> {
    let planned = run.planned(node)?;
    let state = run.nodes.get(&node)?;
    let failure = &state.setbacks.last()?.failure;
    let name = lineage::name(run, planned, "-merge-");
    let run_id = run.id.uuid();
    let brief = format!(
        "The tree holds the change of node {} on top of newer work, with conflict markers where the two do not merge. \
         Keep what both want and leave no marker. If what landed does already all that the change wants, leave the \
         newer work as it is and end with a text whose first line is `{TIP_IS_RIGHT} ` and why.\n\n{}\n\nWhat the node \
         was to do:\n{}",
        planned.name,
        failure.evidence.as_str(),
        planned.brief.as_ref().map_or("".into(), Text::as_str),
    );
    let merge = Node {
        id: NodeId::derived(&[run_id.as_bytes(), name.as_str().as_bytes()]),
        name,
        kind: Kind::Merge,
        title: format!("merge: {}", planned.title),
        brief: Some(brief.into()),
        deps: Vec::new(),
        scope: scope(planned, &state.rungs.bounce.as_ref()?.paths),
        budget: purse::share(run, planned, 1),
        resolves: Some(node),
        ..planned.clone()
    };
    Some(PlanPatch {
        add: vec![merge],
        ..PlanPatch::default()
    })
}

/// The scope of the node and the paths in conflict, which may lie elsewhere if what landed has renamed a folder.
fn scope(planned: &Node, paths: &[String]) -> Scope {
    let mut scope = planned.scope.clone();
    // What a glob would read otherwise stands for any one character.
    let special = |c: char| matches!(c, '*' | '?' | '[' | ']' | '{' | '}' | '\\' | '!');
    let literal = |path: &String| path.replace(special, "?");
    for glob in paths.iter().map(literal) {
        if !scope.writes.contains(&glob) {
            scope.writes.push(glob);
        }
    }
    scope
}
