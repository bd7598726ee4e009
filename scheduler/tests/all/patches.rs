//! Patches of a plan: under the rules of a new one, and nothing that may have started gets a new edge.

use protocol::{Kind, NodeId, PlanPatch};
use scheduler::plan::revalidate;

use crate::problems::{names, normal, run, sound};

fn id(name: &str) -> NodeId {
    scheduler::plan::node_id(run(), &name.into())
}

#[test]
fn a_patch_keeps_the_rules_of_a_plan() {
    let plan = normal(&sound(), &[]).unwrap().plan;
    let node = |name: &str| {
        plan.nodes
            .iter()
            .find(|node| node.id == id(name))
            .unwrap()
            .clone()
    };
    let renamed = |from: &str, to: &str| protocol::Node {
        id: id(to),
        name: to.into(),
        ..node(from)
    };
    let patch = PlanPatch::default;
    let merge = protocol::Node {
        kind: Kind::Merge,
        resolves: Some(id("b")),
        ..renamed("b", "b-merge")
    };
    for (codes, patch) in [
        (
            &["unknown-dep", "unknown-dep"][..],
            PlanPatch {
                remove: vec![id("a")],
                ..patch()
            },
        ),
        (
            &["unknown-node"],
            PlanPatch {
                remove: vec![id("x")],
                ..patch()
            },
        ),
        (
            &["unknown-node"],
            PlanPatch {
                modify: vec![renamed("b", "x")],
                ..patch()
            },
        ),
        (
            &["duplicate-name", "duplicate-name"],
            PlanPatch {
                add: vec![node("b")],
                ..patch()
            },
        ),
        (
            &["kind"],
            PlanPatch {
                add: vec![protocol::Node {
                    resolves: None,
                    ..merge.clone()
                }],
                ..patch()
            },
        ),
        (
            &["unknown-node"],
            PlanPatch {
                add: vec![protocol::Node {
                    resolves: Some(id("x")),
                    ..merge.clone()
                }],
                ..patch()
            },
        ),
        (
            &["cycle"],
            PlanPatch {
                modify: vec![protocol::Node {
                    deps: vec![id("b")],
                    ..node("a")
                }],
                ..patch()
            },
        ),
        (
            &["scope-git"],
            PlanPatch {
                modify: vec![protocol::Node {
                    scope: protocol::Scope {
                        writes: vec![".git/x".into()],
                        ..Default::default()
                    },
                    ..node("b")
                }],
                ..patch()
            },
        ),
    ] {
        let problems = revalidate(&plan, &patch).unwrap_err();
        assert_eq!(names(&problems), codes, "{problems:?}");
    }
    // The merge node stands beside the node it resolves; another writer of the same path comes after what is there.
    let late = renamed("b", "late");
    let patched = revalidate(
        &plan,
        &PlanPatch {
            add: vec![merge, late],
            ..patch()
        },
    )
    .unwrap();
    let deps = |name: &str| {
        patched
            .nodes
            .iter()
            .find(|node| node.id == id(name))
            .unwrap()
            .deps
            .clone()
    };
    assert_eq!(deps("b-merge"), [id("a")]);
    assert_eq!(deps("late"), [id("a"), id("b-merge"), id("b")]);
    assert_eq!(deps("b"), [id("a")]);
}
