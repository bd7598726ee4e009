//! Which checks a batch must pass, and whether it has.

use std::collections::BTreeSet;

use protocol::{Check, Kind, Node, NodeId, NodeName, PlanPatch};

use super::Run;
use super::lane::Batch;
use super::paths::Touch;

impl Run {
    /// The checks that have to run on the batch's head: those of its own nodes, those of landed nodes whose files it
    /// changes, and the plan's gate last; none twice, and none that is known to hold on that very commit.
    pub fn checks(&self, batch: &Batch) -> Vec<Check> {
        let Some(head) = batch.head() else {
            return Vec::new();
        };
        let known = |check: &Check| self.lane.passed.contains(&(head.clone(), check.clone()));
        let checks = batch.checks.iter();
        checks.filter(|check| !known(check)).cloned().collect()
    }
}

/// Whether nothing is left to run.
pub(super) fn is_green(run: &Run, batch: &Batch) -> bool {
    run.checks(batch).is_empty()
}

/// What must hold on the head of a batch that was just merged.
pub(super) fn wanted(run: &Run, batch: &Batch) -> Vec<Check> {
    let own: Vec<NodeId> = batch.commits.iter().map(|merged| merged.node).collect();
    let changed: Vec<&str> = own
        .iter()
        .filter_map(|node| run.nodes.get(node)?.found.as_ref())
        .flat_map(|found| found.changed.iter().map(|change| change.path.as_str()))
        .collect();
    let touched = |node: &&Node| {
        let scope = Touch::of(&node.scope);
        run.lane.landed.contains_key(&node.id) && changed.iter().any(|path| scope.has(path))
    };
    let own = own.iter().filter_map(|node| run.planned(*node));
    let landed = run.plan.nodes.iter().filter(touched);
    let accepts = own.chain(landed).filter_map(|node| node.accept.as_ref());
    let mut seen = BTreeSet::new();
    accepts
        .chain(&run.plan.gate)
        .filter(|check| seen.insert(check.cmd.as_str()))
        .cloned()
        .collect()
}

/// The node that checks the plan's gate in a shared tree; `None` if there is no gate, or that node is there.
pub(super) fn shared(run: &Run) -> Option<PlanPatch> {
    let gate = run.plan.gate.as_ref()?;
    let run_id = run.id.uuid();
    let id = NodeId::derived(&[run_id.as_bytes(), b"gate", b"shared"]);
    if run.planned(id).is_some() {
        return None;
    }
    let taken = |name: &NodeName| run.plan.nodes.iter().any(|node| node.name == *name);
    let mut names = (1..).map(|n| NodeName::from(format!("gate-{n}").as_str()));
    let node = Node {
        name: names.find(|name| !taken(name)).unwrap_or_default(),
        accept: Some(gate.clone()),
        ..Node::new(id, Kind::Verify, "the gate on the whole tree")
    };
    Some(PlanPatch {
        add: vec![node],
        ..PlanPatch::default()
    })
}
