//! Which accesses conflict: the law that lets calls run beside each other.

use proptest::prelude::*;
use protocol::claim::conflict;
use protocol::{Access, Reach};

#[test]
fn what_conflicts_with_a_change_of_one_file() {
    let change = Access::changes("/w/d/f");
    for (other, conflicts) in [
        (Access::reads("/w/d/f"), true),
        (Access::changes("/w/d/f"), true),
        (Access::reads("/w/d/F"), true),
        (Access::reads("/w/d/ff"), false),
        (Access::reads("/w/d"), false),
        (Access::searches("/w/d"), true),
        (Access::searches("/w/D"), true),
        (Access::searches("/"), true),
        (Access::searches("/w/d/f"), true),
        (Access::searches("/w/d/f/g"), false),
        (Access::searches("/w/dd"), false),
        (Access::anything(), true),
    ] {
        assert_eq!(change.conflicts(&other), conflicts, "{other:?}");
    }
}

#[test]
fn lists_conflict_when_any_two_of_them_do() {
    let reads = [Access::reads("/w/a"), Access::reads("/w/b")];
    assert!(conflict(
        &reads,
        &[Access::changes("/w/c"), Access::changes("/w/b")]
    ));
    assert!(!conflict(&reads, &[Access::changes("/w/c")]));
    assert!(!conflict(&reads, &[]) && !conflict(&[], &[Access::anything()]));
}

fn path() -> impl Strategy<Value = String> {
    proptest::collection::vec("[abAé]{1,2}", 1..4).prop_map(|parts| format!("/{}", parts.join("/")))
}

fn access() -> impl Strategy<Value = Access> {
    let reach = prop_oneof![
        path().prop_map(|path| Reach::File(path.into())),
        path().prop_map(|path| Reach::Tree(path.into())),
        Just(Reach::Everything),
    ];
    (any::<bool>(), reach).prop_map(|(writes, reach)| Access { writes, reach })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn conflict_goes_both_ways_and_never_between_reads(a in access(), b in access()) {
        prop_assert_eq!(a.conflicts(&b), b.conflicts(&a));
        if !a.writes && !b.writes {
            prop_assert!(!a.conflicts(&b));
        }
        prop_assert_eq!(a.conflicts(&a), a.writes);
    }

    #[test]
    fn a_wider_reach_conflicts_with_no_less(file in path(), b in access(), writes in any::<bool>()) {
        let reaching = |reach| Access { writes, reach };
        let one = reaching(Reach::File(file.clone().into()));
        let tree = reaching(Reach::Tree(file.into()));
        let above = reaching(Reach::Tree("/".into()));
        let all = reaching(Reach::Everything);
        for (narrow, wide) in [(&one, &tree), (&tree, &above), (&above, &all)] {
            prop_assert!(!narrow.conflicts(&b) || wide.conflicts(&b), "{narrow:?} {wide:?} {b:?}");
        }
    }

    #[test]
    fn a_change_conflicts_with_every_folder_it_lies_in(folder in path(), below in path()) {
        let change = Access::changes(format!("{folder}{below}"));
        prop_assert!(change.conflicts(&Access::searches(folder.to_uppercase())));
        prop_assert!(change.conflicts(&Access::searches(folder)));
    }
}
