//! Merge nodes whose right answer is what landed already: declared and checked, never guessed.

use protocol::{Failure, FailureClass, Inspection, Isolation, Node, NodeEnd, TurnEnd};
use scheduler::run::{NodePhase, RunOutcome};

use super::given_run::*;
use super::lane::{gated, to_conflict};
use crate::given::node;

/// A run whose second node is in conflict with what the first landed, and the node that is to resolve it.
fn in_conflict() -> (Sim, Node) {
    let mut plan = gated(2);
    plan.nodes[1].accept = Some(check("two"));
    let mut sim = Sim::of(plan, Isolation::Worktree);
    to_conflict(&mut sim);
    let merge = sim.run.plan().nodes.last().unwrap().clone();
    (sim, merge)
}

/// The agent of the merge node ends with these words, and its tree is what landed.
fn resolved(said: &str, exit: i32) -> (Sim, Node, Vec<Failure>) {
    let (mut sim, merge) = in_conflict();
    let state = sim.run.node(merge.id).unwrap();
    let speaker = (merge.id, state.agent.unwrap(), sim.speaker(1).2);
    sim.agent_says(speaker, submitted(speaker.2));
    sim.agent_says(speaker, replied(said, 5));
    sim.agent_says(speaker, turn_ended(TurnEnd::Completed));
    sim.settle();
    let found = Inspection {
        changed: Vec::new(),
        check: Some(check_run(&check("two"), exit)),
        ..sound(&merge, 50)
    };
    sim.answer(RunOutcome::Inspected {
        node: merge.id,
        attempt: 1,
        found,
    });
    let setbacks = sim.run.node(merge.id).unwrap().setbacks.iter();
    let failures = setbacks.map(|one| one.failure.clone()).collect();
    (sim, merge, failures)
}

#[test]
fn a_merge_node_that_says_so_and_whose_check_holds_is_done_with_what_landed() {
    let (sim, merge, failures) = resolved("TIP IS RIGHT: both renamed it the same way", 0);
    assert_eq!(failures, []);
    let done = NodePhase::Ended(NodeEnd::Done);
    assert_eq!(sim.run.end(merge.id), Some(NodeEnd::Done));
    assert_eq!((sim.phase(2), sim.run.landed(node(2))), (done, None));
}

#[test]
fn without_the_words_or_with_a_red_check_it_is_a_failure_that_says_what_to_do() {
    for (said, exit, class) in [
        ("both are the same", 0, FailureClass::NoChange),
        ("TIP IS RIGHT: it is", 1, FailureClass::Check),
    ] {
        let (sim, _, failures) = resolved(said, exit);
        assert_eq!(failures[0].class, class);
        let is_told = failures[0].evidence.as_str().contains("TIP IS RIGHT: ");
        assert_eq!(is_told, class == FailureClass::NoChange);
        assert_eq!(sim.phase(2), NodePhase::Resolving);
    }
}

#[test]
fn the_words_are_worth_nothing_at_a_node_that_resolves_nothing() {
    let mut sim = Sim::of(of(vec![writer(1, &[])]), Isolation::Worktree);
    sim.begin(1);
    sim.agent_says(sim.speaker(1), replied("TIP IS RIGHT: it is", 5));
    sim.end(1, TurnEnd::Completed);
    let empty = Inspection {
        changed: Vec::new(),
        ..sound(sim.run.planned(node(1)).unwrap(), 9)
    };
    sim.found(1, empty);
    let setbacks = &sim.run.node(node(1)).unwrap().setbacks;
    assert_eq!(setbacks[0].failure.class, FailureClass::NoChange);
}
