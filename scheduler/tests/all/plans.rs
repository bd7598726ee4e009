//! Which plans can be ordered, and what is said of those that cannot.

use scheduler::PlanError;

use crate::given::*;

#[test]
fn plans_that_can_be_ordered() {
    for (plan, ready) in [
        (&[(1, &[][..])][..], &[1][..]),
        (&[(1, &[]), (2, &[1])], &[1]),
        // Named before it stands in the plan.
        (&[(2, &[1]), (1, &[])], &[1]),
        (&[(3, &[]), (1, &[]), (2, &[])], &[1, 2, 3]),
        // A diamond, and the same dependency named twice.
        (&[(1, &[]), (2, &[1]), (3, &[1]), (4, &[2, 3])], &[1]),
        (&[(1, &[]), (2, &[1, 1])], &[1]),
    ] {
        let dag = dag(plan).unwrap();
        assert_eq!(dag.ready(), nodes(ready), "{plan:?}");
        assert!(!dag.is_over());
    }
}

#[test]
fn plans_that_cannot_be_ordered() {
    let cycle = |n, dep| PlanError::Cycle {
        node: node(n),
        dep: node(dep),
    };
    for (plan, error) in [
        (&[][..], PlanError::Empty),
        (&[(1, &[][..]), (1, &[])], PlanError::Duplicate(node(1))),
        (
            &[(1, &[9])],
            PlanError::UnknownDep {
                node: node(1),
                dep: node(9),
            },
        ),
        (&[(1, &[1])], cycle(1, 1)),
        (&[(1, &[2]), (2, &[1])], cycle(2, 1)),
        (&[(1, &[]), (2, &[1, 4]), (3, &[2]), (4, &[3])], cycle(4, 3)),
    ] {
        assert_eq!(dag(plan).err(), Some(error), "{plan:?}");
    }
}

#[test]
fn an_error_names_its_subject() {
    let error = dag(&[(1, &[9])]).err().unwrap().to_string();
    assert!(
        error.contains(&node(1).to_string()) && error.contains(&node(9).to_string()),
        "{error}"
    );
}
