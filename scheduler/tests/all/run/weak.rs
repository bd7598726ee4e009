//! Tests that check less than before: refused, unless the plan allows it.

use protocol::{FailureClass, Isolation};

use super::given_run::*;
use crate::given::node;

#[test]
fn tests_that_check_less_are_refused_unless_the_plan_allows_it() {
    for may in [false, true] {
        let mut one = writer(1, &[]);
        one.scope.weakens_tests = may;
        let mut sim = Sim::of(of(vec![one.clone()]), Isolation::Worktree);
        sim.work(1);
        let weakened = vec!["d1/a.rs: adds is skipped now".into()];
        let found = protocol::Inspection {
            weakened,
            ..sound(&one, 5)
        };
        sim.found(1, found);
        let failures = &sim.run.node(node(1)).unwrap().setbacks;
        let classes: Vec<FailureClass> = failures.iter().map(|one| one.failure.class).collect();
        assert_eq!(
            classes,
            if may {
                vec![]
            } else {
                vec![FailureClass::Scope]
            }
        );
        let told = failures.iter().all(|one| {
            one.failure
                .evidence
                .as_str()
                .contains("adds is skipped now")
        });
        assert!(told);
    }
}
