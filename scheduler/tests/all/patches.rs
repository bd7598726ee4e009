//! Patches of a plan: under the rules of a new one, and nothing that may have started gets a new edge.

use protocol::{Kind, Node, NodeId, Plan, PlanPatch, Scope};
use scheduler::plan::{node_id, revalidate};

use crate::problems::{names, normal, run, sound};

fn id(name: &str) -> NodeId {
    node_id(run(), &name.into())
}

fn plan() -> Plan {
    normal(&sound(), &[]).unwrap().plan
}

fn node(name: &str) -> Node {
    let nodes = plan().nodes;
    nodes.into_iter().find(|node| node.id == id(name)).unwrap()
}

/// A node like another, under a name of its own.
fn renamed(from: &str, to: &str) -> Node {
    Node {
        id: id(to),
        name: to.into(),
        ..node(from)
    }
}

fn merge(resolves: Option<NodeId>) -> Node {
    Node {
        kind: Kind::Merge,
        resolves,
        ..renamed("b", "b-merge")
    }
}

fn add(nodes: Vec<Node>) -> PlanPatch {
    PlanPatch {
        add: nodes,
        ..PlanPatch::default()
    }
}

fn modify(node: Node) -> PlanPatch {
    PlanPatch {
        modify: vec![node],
        ..PlanPatch::default()
    }
}

fn remove(name: &str) -> PlanPatch {
    PlanPatch {
        remove: vec![id(name)],
        ..PlanPatch::default()
    }
}

#[test]
fn a_patch_keeps_the_rules_of_a_plan() {
    let waits = Node {
        deps: vec![id("b")],
        ..node("a")
    };
    let bold = Node {
        scope: Scope {
            writes: vec![".git/x".into()],
            ..Scope::default()
        },
        ..node("b")
    };
    for (codes, patch) in [
        (&["unknown-dep", "unknown-dep"][..], remove("a")),
        (&["unknown-node"], remove("x")),
        (&["unknown-node"], modify(renamed("b", "x"))),
        (&["duplicate-name", "duplicate-name"], add(vec![node("b")])),
        (&["kind"], add(vec![merge(None)])),
        (&["unknown-node"], add(vec![merge(Some(id("x")))])),
        (&["cycle"], modify(waits)),
        (&["scope-git"], modify(bold)),
    ] {
        let problems = revalidate(&plan(), &patch).unwrap_err();
        assert_eq!(names(&problems), codes, "{problems:?}");
    }
}

#[test]
fn a_patch_orders_what_it_adds_behind_what_is_there() {
    let patch = add(vec![merge(Some(id("b"))), renamed("b", "late")]);
    let patched = revalidate(&plan(), &patch).unwrap();
    let deps = |name: &str| {
        let node = patched.nodes.iter().find(|node| node.id == id(name));
        node.unwrap().deps.clone()
    };
    // The merge node stands beside the node it resolves; another writer of the same path comes after both.
    assert_eq!(deps("b-merge"), [id("a")]);
    assert_eq!(deps("late"), [id("a"), id("b-merge"), id("b")]);
    assert_eq!(deps("b"), [id("a")]);
}

#[test]
fn a_node_that_is_gone_takes_its_problems_along() {
    let patched = revalidate(&plan(), &remove("c")).unwrap();
    assert_eq!(patched.nodes.len(), 2);
    let wider = Node {
        scope: Scope {
            writes: vec!["b.txt".into(), "c.txt".into()],
            ..Scope::default()
        },
        ..node("b")
    };
    let patched = revalidate(&plan(), &modify(wider)).unwrap();
    let b = patched
        .nodes
        .iter()
        .find(|node| node.id == id("b"))
        .unwrap();
    assert_eq!(
        b.deps,
        [id("a"), id("c")],
        "the one not named may have started"
    );
}
