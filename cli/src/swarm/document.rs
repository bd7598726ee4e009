//! A plan written down again as a document: what an editor shows, and what a plan file would say.

use std::collections::BTreeMap;

use actors::plans::has_title_of_brief;
use protocol::{
    BlobId, Budget, BudgetDocument, CapsDocument, Check, CheckDocument, Cost, Node, NodeDocument,
    NodeHints, NodeId, NodeName, PLAN_VERSION, Plan, PlanDocument,
};
use serde_json::Value;

/// The document of a plan. Dependencies that scopes demanded are written out like others.
pub fn of(plan: &Plan) -> PlanDocument {
    let names: BTreeMap<NodeId, NodeName> = plan
        .nodes
        .iter()
        .map(|node| (node.id, node.name.clone()))
        .collect();
    PlanDocument {
        version: PLAN_VERSION,
        goal: plan.goal.clone(),
        nodes: plan
            .nodes
            .iter()
            .map(|node| self::node(node, &names))
            .collect(),
        contracts: plan.contracts.clone(),
        gate: plan.gate.as_ref().map(check),
        budget: budget(&plan.budget),
        caps: CapsDocument {
            max_replans: Some(plan.caps.max_replans),
            max_nodes: Some(plan.caps.max_nodes),
            max_depth: Some(plan.caps.max_depth),
            max_parallel: Some(plan.caps.max_parallel),
        },
    }
}

/// The content id of a plan: the same for the same document, whatever it was read from and whichever run it is of.
pub fn hash(plan: &Plan) -> BlobId {
    BlobId::of(text(&of(plan)).as_bytes())
}

/// A document as JSON that people edit: nothing in it that says only what is usual anyway.
pub fn text(document: &PlanDocument) -> String {
    let mut value = serde_json::json!(document);
    prune(&mut value);
    format!("{value:#}\n")
}

/// Leaves out what is null or empty; a plan without nodes still says so.
fn prune(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(prune);
            members.retain(|key, value| key == "nodes" || !is_empty(value));
        }
        Value::Array(items) => items.iter_mut().for_each(prune),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn node(node: &Node, names: &BTreeMap<NodeId, NodeName>) -> NodeDocument {
    NodeDocument {
        name: node.name.clone(),
        kind: node.kind,
        title: (!has_title_of_brief(node)).then(|| node.title.clone()),
        brief: node.brief.as_ref().map(|brief| brief.as_str().into_owned()),
        deps: node
            .deps
            .iter()
            .filter_map(|dep| names.get(dep).cloned())
            .collect(),
        reads: node.scope.reads.clone(),
        writes: node.scope.writes.clone(),
        accept: node.accept.as_ref().map(check),
        tier: node.tier,
        budget: budget(&node.budget),
        hints: NodeHints {
            est_ms: node.weight.est_ms,
            risk: node.weight.risk,
            on_fail: node.weight.on_fail,
            noop: node.scope.noop,
            weakens_tests: node.scope.weakens_tests,
            sparse: node.scope.sparse,
        },
    }
}

fn check(check: &Check) -> CheckDocument {
    CheckDocument {
        cmd: check.cmd.clone(),
        timeout: Some(millis(check.timeout_ms)),
        expect: check.expect,
    }
}

fn budget(budget: &Budget) -> BudgetDocument {
    BudgetDocument {
        tokens: budget.tokens,
        usd: budget.cost.map(Cost::usd),
        wall: budget.wall_ms.map(millis),
        tool_calls: budget.tool_calls,
        attempts: budget.attempts,
    }
}

/// A duration as plan files write it, exact.
fn millis(ms: u64) -> String {
    match ms {
        _ if ms.is_multiple_of(60_000) => format!("{}m", ms / 60_000),
        _ if ms.is_multiple_of(1_000) => format!("{}s", ms / 1_000),
        _ => format!("{ms}ms"),
    }
}

#[cfg(test)]
mod tests {
    use actors::plans::{Defaults, Ground, normalise};
    use config::{PlanForm, parse_plan};
    use protocol::{PermissionMode, SessionId};

    use super::*;

    const PLAN: &str = r#"{"version": 1, "goal": "g", "nodes": [
        {"id": "a", "brief": "do a", "writes": ["a/**"], "accept": {"cmd": "true", "timeout": "90s"}, "tier": "small",
         "budget": {"usd": 0.5, "wall": "10m", "attempts": 2}, "hints": {"risk": "high", "noop": true, "weakens_tests": true, "sparse": true}},
        {"id": "b", "kind": "explore", "brief": "look", "deps": ["a"]},
        {"id": "c", "brief": "do c", "writes": ["a/x"], "accept": {"cmd": "true"}}],
        "contracts": ["keep names"], "gate": {"cmd": "make", "timeout": "1500ms"}, "caps": {"max_parallel": 3}}"#;

    #[test]
    fn a_plan_written_down_and_read_again_is_the_same_plan() {
        let defaults = Defaults::default();
        let ground = Ground {
            run: SessionId::derived(&[b"run"]),
            base: None,
            files: &[],
            session_mode: PermissionMode::AcceptEdits,
            defaults: &defaults,
        };
        let read = |text: &str| parse_plan(text, PlanForm::Json).unwrap();
        let plan = normalise(&read(PLAN), &ground).unwrap().plan;
        let again = normalise(&read(&text(&of(&plan))), &ground).unwrap();
        assert_eq!(again.plan, plan);
        assert_eq!(of(&plan).nodes[2].title, None, "it is its brief's");
        let edited = text(&of(&plan)).replace("do c", "leave c");
        let edited = normalise(&read(&edited), &ground).unwrap().plan;
        assert_eq!(edited.nodes[2].title, "leave c");
        assert_eq!(again.derived.len(), 0, "what was derived is written out");
    }
}
