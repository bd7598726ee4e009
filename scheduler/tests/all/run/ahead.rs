//! Trees that are worth having spare: for those that begin when those at work are done, and no more.

use protocol::{Isolation, Kind, TurnEnd};
use scheduler::run::Ahead;

use super::given_run::*;

fn ahead(sim: &Sim) -> Option<usize> {
    sim.run.ahead().map(|ahead: Ahead| ahead.trees)
}

#[test]
fn those_whose_dependencies_are_at_work_want_trees_and_those_behind_them_not_yet() {
    let nodes = vec![
        writer(1, &[]),
        writer(2, &[1]),
        writer(3, &[1]),
        reader(4, &[1]),
        writer(5, &[2]),
    ];
    let mut sim = Sim::of(of(nodes), Isolation::Worktree);
    sim.settle();
    assert_eq!(
        ahead(&sim),
        Some(2),
        "2 and 3; a reader has no tree of its own"
    );
    sim.begin(1);
    sim.end(1, TurnEnd::Completed);
    assert_eq!(ahead(&sim), Some(2), "it is looked at");
    let tip = sim.run.tip().cloned();
    assert_eq!(sim.run.ahead().map(|ahead| ahead.commit), tip);
}

#[test]
fn no_more_than_may_be_at_work_at_once_are_wanted() {
    let nodes = (1..=9).map(|n| writer(n, &[])).collect();
    let mut plan = of(nodes);
    plan.caps.max_parallel = 3;
    let mut sim = Sim::of(plan, Isolation::Worktree);
    sim.settle();
    assert_eq!(ahead(&sim), Some(3), "six wait, three may be at work");
}

#[test]
fn nobody_wants_a_tree_in_a_shared_folder_or_behind_a_node_that_reads_for_ever() {
    let mut shared = Sim::of(of(vec![writer(1, &[]), writer(2, &[1])]), Isolation::Shared);
    shared.settle();
    assert_eq!(ahead(&shared), None);
    let mut readers = Sim::of(
        of(vec![writer(1, &[]), reader(2, &[1])]),
        Isolation::Worktree,
    );
    readers.settle();
    assert_eq!(ahead(&readers), None);
    let mut command = writer(2, &[1]);
    command.kind = Kind::Codemod;
    let mut sim = Sim::of(of(vec![reader(1, &[]), command]), Isolation::Worktree);
    sim.settle();
    assert_eq!(ahead(&sim), Some(1), "a command has a tree of its own");
}
