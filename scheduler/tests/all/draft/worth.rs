//! When several agents are worth it.

use protocol::{Kind, NodeDocument, PlanDocument};
use scheduler::draft::worth;

use super::given::{diamond, draft};

/// A node: its name, what it waits for, what it writes.
type Written<'a> = (&'a str, &'a [&'a str], &'a [&'a str]);

fn plan(nodes: &[Written<'_>]) -> PlanDocument {
    let mut plan = draft(diamond(), "go").single();
    let node = |(name, deps, writes): &Written<'_>| NodeDocument {
        name: (*name).into(),
        deps: deps.iter().map(|&dep| dep.into()).collect(),
        writes: writes.iter().map(|&glob| glob.into()).collect(),
        kind: if writes.is_empty() {
            Kind::Explore
        } else {
            Kind::Edit
        },
        ..NodeDocument::default()
    };
    plan.nodes = nodes.iter().map(node).collect();
    plan
}

#[test]
fn few_pieces_a_chain_and_one_scope_for_all_are_one_agents_work() {
    let table: [(&[Written<'_>], &str); 7] = [
        (
            &[("a", &[], &["a"]), ("b", &[], &["b"])],
            "2 pieces of work",
        ),
        (
            &[("a", &[], &["a"]), ("b", &[], &["b"]), ("r", &[], &[])],
            "2 pieces of work",
        ),
        (
            &[
                ("a", &[], &["a"]),
                ("b", &["a"], &["b"]),
                ("c", &["b"], &["c"]),
            ],
            "each of the 3 pieces waits",
        ),
        (
            &[
                ("a", &[], &["a"]),
                ("r", &["a"], &[]),
                ("b", &["r"], &["b"]),
                ("q", &["a"], &[]),
                ("c", &["b"], &["c"]),
            ],
            "each of the 3 pieces waits",
        ),
        (
            &[("a", &[], &["x"]), ("b", &[], &["x"]), ("c", &[], &["c"])],
            "2 of 3 pieces change the same",
        ),
        (
            &[
                ("a", &["c"], &["a"]),
                ("b", &["a"], &["b"]),
                ("c", &["b"], &["c"]),
            ],
            "each of the 3 pieces waits",
        ),
        (
            &[
                ("a", &["gone"], &["**"]),
                ("b", &[], &["**"]),
                ("c", &[], &["c"]),
            ],
            "2 of 3 pieces change the same",
        ),
    ];
    for (nodes, expected) in table {
        let why = worth(&plan(nodes)).unwrap_err();
        assert!(
            why.starts_with("one agent is enough: ") && why.contains(expected),
            "{why}"
        );
    }
    assert_eq!(worth(&draft(diamond(), "go").fallback()), Ok(()));
}
