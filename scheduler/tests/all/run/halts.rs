//! Runs without a model to ask: a refused key or a dead server ends what is begun, not the nodes' attempts.

use protocol::{
    Event, FailureClass, FaultKind, InterruptCause, Isolation, ModelFault, NodeEnd, PauseCause,
    RetryHint, TreeStart, TurnEnd,
};
use scheduler::run::{NodePhase, RunCommand, RunInput, RunPhase, Wish, decide};

use super::given_calls::*;
use super::given_run::*;
use super::world::resumed;
use crate::given::node;

/// Three nodes of which two are at work at once.
fn two_of_three() -> Sim {
    let mut plan = of(vec![writer(1, &[]), writer(2, &[]), writer(3, &[])]);
    plan.caps.max_parallel = 2;
    let mut sim = Sim::of(plan, Isolation::Worktree);
    sim.begin(1);
    sim.begin(2);
    sim
}

/// What a server says of one prompt that it will not take, whoever asks.
fn forbidden() -> TurnEnd {
    TurnEnd::Failed(ModelFault {
        kind: FaultKind::Authentication,
        status: Some(403),
        message: "input flagged by moderation".into(),
        retry: RetryHint::Never,
        billed: false,
        heard: None,
    })
}

fn has_work(sim: &Sim) -> bool {
    let wishes = sim.wishes();
    let mut wishes = wishes.iter();
    wishes.any(|wish| matches!(wish, Wish::Work { .. } | Wish::Deadline { .. }))
}

fn burnt(sim: &Sim, n: usize) -> u32 {
    sim.run.node(node(n)).unwrap().burnt()
}

#[test]
fn without_a_model_to_ask_the_run_pauses_and_no_node_is_charged() {
    for kind in [FaultKind::Authentication, FaultKind::Unreachable] {
        let mut sim = two_of_three();
        sim.end(1, fault(kind));
        assert_eq!(sim.run.phase(), RunPhase::Paused, "{kind:?}");
        let said = fault(kind).no_model().map(|fault| lack(1, fault.clone()));
        assert_eq!(paused(&sim), said.as_ref(), "{kind:?}");
        assert!(!has_work(&sim), "who is at work is ended: {kind:?}");
        sim.end(2, TurnEnd::Interrupted(InterruptCause::User));
        let setbacks = &sim.run.node(node(1)).unwrap().setbacks;
        assert_eq!(setbacks[0].failure.class, FailureClass::Model);
        assert_eq!((burnt(&sim, 1), burnt(&sim, 2)), (0, 0), "{kind:?}");
        assert_eq!(sim.phase(1), NodePhase::Returned);
        assert_eq!(sim.phase(3), NodePhase::Waiting, "nothing new started");
        assert!(sim.wishes().is_empty(), "{:?}", sim.wishes());
    }
}

#[test]
fn once_there_is_a_model_again_the_run_goes_on_where_it_was() {
    let mut sim = two_of_three();
    sim.end(1, fault(FaultKind::Authentication));
    sim.end(2, TurnEnd::Interrupted(InterruptCause::User));
    sim.say(resumed());
    sim.settle();
    assert_eq!(sim.run.phase(), RunPhase::Paused);
    unpause(&mut sim);
    for n in [1, 2] {
        assert_eq!(sim.phase(n), NodePhase::Working);
        sim.submit(n);
    }
    assert_eq!(sim.run.phase(), RunPhase::Running);
}

/// Somebody saw to it.
fn unpause(sim: &mut Sim) {
    let unpause = RunInput::Command(RunCommand::Unpause);
    for event in decide(&sim.run, unpause).unwrap() {
        sim.say(event);
    }
    sim.settle();
}

#[test]
fn a_run_that_somebody_paused_before_says_too_that_there_is_no_model_to_ask() {
    let mut sim = two_of_three();
    for event in decide(&sim.run, RunInput::Command(RunCommand::Pause)).unwrap() {
        sim.say(event);
    }
    sim.settle();
    assert_eq!(paused(&sim), Some(&PauseCause::User));
    let refused = fault(FaultKind::Authentication);
    sim.end(1, refused.clone());
    let said = refused.no_model().map(|fault| lack(1, fault.clone()));
    assert_eq!(paused(&sim), said.as_ref());
    assert!(!has_work(&sim), "who is at work is ended");
    // Another that finds it out too changes nothing of it.
    let before = sim.journal.len();
    sim.end(2, fault(FaultKind::Unreachable));
    assert_eq!(paused(&sim), said.as_ref());
    let told = sim.journal[before..].iter().filter(|record| {
        matches!(
            record.event,
            Event::Plan(protocol::PlanEvent::Paused { .. })
        )
    });
    assert_eq!(told.count(), 0);
    unpause(&mut sim);
    assert_eq!(sim.phase(1), NodePhase::Working);
}

#[test]
fn however_often_there_was_none_a_node_keeps_its_attempts() {
    let plan = of(vec![writer(1, &[]), writer(2, &[])]);
    let mut sim = Sim::of(plan, Isolation::Worktree);
    for _ in 0..60 {
        sim.begin(1);
        sim.begin(2);
        sim.end(1, fault(FaultKind::Unreachable));
        sim.end(2, TurnEnd::Interrupted(InterruptCause::User));
        unpause(&mut sim);
    }
    for n in [1, 2] {
        assert_eq!((sim.phase(n), burnt(&sim, n)), (NodePhase::Working, 0));
    }
}

#[test]
fn a_provider_that_only_is_too_busy_is_asked_so_often_and_no_more() {
    let mut sim = two_of_three();
    for _ in 0..20 {
        assert_eq!(sim.phase(1), NodePhase::Working);
        sim.begin(1);
        sim.end(1, fault(FaultKind::RateLimited));
    }
    assert_eq!(sim.phase(1), NodePhase::Ended(NodeEnd::Failed));
}

#[test]
fn a_prompt_that_is_forbidden_is_charged_to_its_node_and_the_others_go_on() {
    let mut sim = two_of_three();
    sim.end(1, forbidden());
    assert_eq!(sim.run.phase(), RunPhase::Running);
    assert_eq!((burnt(&sim, 1), burnt(&sim, 2)), (1, 0));
    sim.submit(2);
    while sim.phase(1) == NodePhase::Working {
        sim.begin(1);
        sim.end(1, forbidden());
    }
    assert_eq!(sim.phase(1), NodePhase::Ended(NodeEnd::Failed));
    assert_eq!(sim.run.phase(), RunPhase::Running);
}

#[test]
fn what_others_proposed_is_looked_at_and_integrated_all_the_same() {
    let mut sim = two_of_three();
    sim.work(2);
    sim.end(1, fault(FaultKind::Authentication));
    let inspects = |wish: &Wish| matches!(wish, Wish::Inspect { .. });
    assert!(sim.wishes().iter().any(inspects));
    let planned = sim.run.planned(node(2)).unwrap().clone();
    sim.found(2, sound(&planned, 1002));
    sim.integrate(2, 50);
    assert_eq!(sim.phase(2), NodePhase::Ended(NodeEnd::Done));
    assert_eq!(sim.run.phase(), RunPhase::Paused);
}

#[test]
fn who_only_reads_goes_on_at_the_commit_it_read_and_not_in_a_tree_that_nobody_kept() {
    let mut sim = Sim::of(of(vec![reader(1, &[])]), Isolation::Worktree);
    sim.say(made(1));
    sim.begin(1);
    sim.end(1, fault(FaultKind::RateLimited));
    let attempt = sim.run.node(node(1)).unwrap().attempt.clone().unwrap();
    assert_eq!((attempt.number, attempt.is_fresh), (2, false));
    assert_eq!(attempt.start, TreeStart::Commit(git(0)));
}
