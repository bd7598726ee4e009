//! Tests that are gone: a node that deletes them is not done unless its scope says so or they only moved.

use protocol::{Change, ChangeKind, Isolation, Scope};
use scheduler::run::NodePhase;

use super::given_run::*;

#[test]
fn tests_that_only_move_are_not_deleted_and_a_namesake_is_no_move() {
    use ChangeKind::{Added, Deleted};
    let cases: [(&[(&str, ChangeKind)], bool); 4] = [
        (
            &[("d1/tests/a.rs", Deleted), ("d1/tests/x/a.rs", Added)],
            true,
        ),
        (&[("d1/tests/a.rs", Deleted), ("d1/src/a.rs", Added)], false),
        (
            &[("d1/tests/a.rs", Deleted), ("d1/tests/b.rs", Added)],
            false,
        ),
        (
            &[
                ("d1/tests/a/mod.rs", Deleted),
                ("d1/tests/b/mod.rs", Deleted),
                ("d1/tests/c/mod.rs", Added),
            ],
            false,
        ),
    ];
    for (changes, is_taken) in cases {
        let planned = writer(1, &[]);
        let mut sim = Sim::of(of(vec![planned.clone()]), Isolation::Worktree);
        sim.work(1);
        let change = |(path, how): &(&str, ChangeKind)| Change {
            path: (*path).to_owned(),
            how: *how,
        };
        let found = protocol::Inspection {
            changed: changes.iter().map(change).collect(),
            ..sound(&planned, 5)
        };
        sim.found(1, found);
        assert_eq!(sim.phase(1) == NodePhase::InBatch, is_taken, "{changes:?}");
    }
}

#[test]
fn a_scope_that_names_tests_may_delete_them() {
    let mut planned = writer(1, &[]);
    planned.scope = Scope {
        writes: vec!["d1/**".into(), "d1/tests/**".into()],
        ..Scope::default()
    };
    let mut sim = Sim::of(of(vec![planned.clone()]), Isolation::Worktree);
    sim.work(1);
    let gone = Change {
        path: "d1/tests/a.rs".into(),
        how: ChangeKind::Deleted,
    };
    sim.found(
        1,
        protocol::Inspection {
            changed: vec![gone],
            ..sound(&planned, 5)
        },
    );
    assert_eq!(sim.phase(1), NodePhase::InBatch);
}
