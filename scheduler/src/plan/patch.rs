//! Patches: the unfinished part of a plan changed, under the rules of a new one.

use protocol::{Node, NodeId, PermissionMode, Plan, PlanPatch};

use super::check::{self, Checked};
use super::derive::derive;
use super::normal::with_edges;
use super::problem::{DocumentCode, GraphCode, Problem};

/// The plan after a patch, with the edges its scopes demand. Nodes the patch does not name get no new edges: they may
/// have started. Whether those it names have is for the caller to know.
///
/// # Errors
/// Every [`Problem`] there is.
pub fn revalidate(plan: &Plan, patch: &PlanPatch) -> Result<Plan, Vec<Problem>> {
    let mut problems = strangers(plan, patch);
    let touched =
        |id: &NodeId| patch.remove.contains(id) || patch.modify.iter().any(|node| node.id == *id);
    let kept: Vec<&Node> = plan
        .nodes
        .iter()
        .filter(|node| !touched(&node.id))
        .collect();
    let settled = kept.len();
    let nodes = kept.into_iter().chain(&patch.modify).chain(&patch.add);
    let patched = Plan {
        nodes: nodes.cloned().collect(),
        ..plan.clone()
    };
    problems.extend(lost(&patched, plan));
    // What the session may do was checked when the plan was proposed; a patch gives no node a new kind of right.
    let Checked {
        scopes,
        edges,
        problems: found,
    } = check::check(&patched, PermissionMode::Default);
    problems.extend(found);
    match scopes.filter(|_| problems.is_empty()) {
        Some(scopes) => {
            let derived = derive(&patched.nodes, &scopes, &edges, settled);
            Ok(with_edges(patched, &derived))
        }
        None => Err(problems),
    }
}

/// Nodes the patch speaks of that are not there, or that it adds though they are.
fn strangers(plan: &Plan, patch: &PlanPatch) -> Vec<Problem> {
    let is_known = |id: &NodeId| plan.nodes.iter().any(|node| node.id == *id);
    let mut problems = Vec::new();
    for id in patch.remove.iter().filter(|id| !is_known(id)) {
        let text = format!("the patch removes node {id}, which is not in the plan");
        problems.push(Problem::new(GraphCode::UnknownNode, None, text));
    }
    for node in patch.modify.iter().filter(|node| !is_known(&node.id)) {
        let text = "the patch changes it, yet it is not in the plan".to_owned();
        problems.push(Problem::new(GraphCode::UnknownNode, Some(&node.name), text));
    }
    for node in patch.add.iter().filter(|node| is_known(&node.id)) {
        let text = "the patch adds it, yet it is in the plan already".to_owned();
        problems.push(Problem::new(
            DocumentCode::Duplicate,
            Some(&node.name),
            text,
        ));
    }
    for node in &patch.add {
        if node.resolves.is_some_and(|id| !is_known(&id)) {
            let text = "it resolves a node that is not in the plan".to_owned();
            problems.push(Problem::new(GraphCode::UnknownNode, Some(&node.name), text));
        }
    }
    problems
}

/// Dependencies on nodes that are not, or no longer, in the plan.
fn lost(patched: &Plan, before: &Plan) -> Vec<Problem> {
    let mut problems = Vec::new();
    for node in &patched.nodes {
        let is_there = |dep: &&NodeId| patched.nodes.iter().any(|other| other.id == **dep);
        for dep in node.deps.iter().filter(|dep| !is_there(dep)) {
            let removed = before.nodes.iter().find(|other| other.id == *dep);
            let text = match removed {
                Some(removed) => format!("it depends on {}, which the patch removes", removed.name),
                None => format!("it depends on {dep}, which is not in the plan"),
            };
            problems.push(Problem::new(GraphCode::UnknownDep, Some(&node.name), text));
        }
    }
    problems
}
