//! What the demo's user changes in the planner's plan before it is approved, as anybody could in an editor.

use actors::plans::{Defaults, Ground, normalise};
use anyhow::{Context, bail};
use protocol::{NodeDocument, NodeName, PermissionMode, Plan, PlanDocument, SessionId};
use serde::Deserialize;

/// The changes, as written down in `edit.json`.
#[derive(Deserialize)]
struct Edit {
    /// Nodes that the planner did not think of.
    nodes: Vec<NodeDocument>,
    /// Files that nodes must change besides their own.
    writes: Vec<Wider>,
}

#[derive(Deserialize)]
struct Wider {
    node: NodeName,
    glob: String,
}

/// The plan with the changes, made sound again.
///
/// # Errors
/// If the plan is not the one the changes were written for.
pub fn edited(plan: &Plan, run: SessionId) -> anyhow::Result<Plan> {
    let edit: Edit =
        serde_json::from_str(include_str!("edit.json")).context("read the demo's edit")?;
    let document = changed(crate::swarm::written(plan), edit)?;
    let ground = Ground {
        run,
        base: plan.base.as_ref(),
        files: &[],
        session_mode: PermissionMode::AcceptEdits,
        defaults: &Defaults::default(),
    };
    match normalise(&document, &ground) {
        Ok(normal) => Ok(normal.plan),
        Err(problems) => {
            let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
            bail!("edit the demo's plan: {}", said.join("; "))
        }
    }
}

fn changed(mut document: PlanDocument, edit: Edit) -> anyhow::Result<PlanDocument> {
    for Wider { node, glob } in edit.writes {
        let planned = document.nodes.iter_mut().find(|one| one.name == node);
        let planned = planned.with_context(|| format!("find node {node} in the planner's plan"))?;
        planned.writes.push(glob);
    }
    document.nodes.extend(edit.nodes);
    Ok(document)
}
