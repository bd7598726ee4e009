//! Landing: the result comes to rest once, also when the run is given up meanwhile.

use protocol::{Event, InterruptCause, Isolation, Landing, PlanEvent, TurnEnd};
use scheduler::run::{RunOutcome, RunPhase, Wish};

use super::given_run::*;
use super::lane::{advance, gate, gated, merge};

#[test]
fn the_result_lands_once_and_then_the_run_is_over() {
    let mut sim = Sim::of(gated(1), Isolation::Worktree);
    sim.submit(1);
    merge(&mut sim);
    gate(&mut sim, 0);
    advance(&mut sim);
    assert_eq!(
        (sim.wishes(), sim.run.phase()),
        (vec![Wish::Land { commit: git(1001) }], RunPhase::Running)
    );
    let landing = Landing {
        branch: "main".into(),
        commit: git(1001),
        is_fast_forward: true,
        remark: None,
    };
    assert_eq!(sim.answer(RunOutcome::Landed(landing.clone())), 1);
    assert_eq!((sim.wishes(), sim.run.phase()), (vec![], RunPhase::Closed));
    assert_eq!(sim.answer(RunOutcome::Landed(landing)), 0);
}

#[test]
fn a_run_that_is_given_up_while_its_result_lands_still_says_where_it_landed() {
    let mut sim = Sim::of(gated(1), Isolation::Worktree);
    sim.submit(1);
    merge(&mut sim);
    gate(&mut sim, 0);
    advance(&mut sim);
    let land = vec![Wish::Land { commit: git(1001) }];
    assert_eq!(sim.wishes(), land);
    sim.say(Event::Plan(PlanEvent::Cancelled {
        why: "no".into(),
        is_failure: false,
    }));
    sim.settle();
    assert_eq!(
        (sim.wishes(), sim.run.phase()),
        (land, RunPhase::Ending),
        "the branch may have been moved already"
    );
    assert_eq!(sim.run.stands(), Some(&git(0)));
    let landing = Landing {
        branch: "main".into(),
        commit: git(1001),
        is_fast_forward: true,
        remark: None,
    };
    assert_eq!(sim.answer(RunOutcome::Landed(landing)), 1);
    assert_eq!((sim.wishes(), sim.run.phase()), (vec![], RunPhase::Closed));
    assert_eq!(sim.run.stands(), Some(&git(1001)));
}

#[test]
fn a_run_that_is_given_up_before_its_result_lands_lands_nothing() {
    let mut sim = Sim::of(gated(2), Isolation::Worktree);
    sim.submit(1);
    merge(&mut sim);
    gate(&mut sim, 0);
    advance(&mut sim);
    sim.begin(2);
    sim.say(Event::Plan(PlanEvent::Cancelled {
        why: "no".into(),
        is_failure: false,
    }));
    sim.settle();
    sim.end(2, TurnEnd::Interrupted(InterruptCause::User));
    assert_eq!((sim.wishes(), sim.run.phase()), (vec![], RunPhase::Closed));
    assert_eq!(sim.run.landing(), None);
}
