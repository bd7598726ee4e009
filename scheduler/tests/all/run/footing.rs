//! What a run stands on: no node starts before the plan's checks did on the base what the plan declares.

use protocol::{Check, Event, Expect, Isolation, Plan, PlanEvent, WorkspaceEvent};
use scheduler::run::{
    Blocked, NodePhase, RunCommand, RunInput, RunOutcome, RunPhase, Wish, decide,
};

use super::given_run::*;
use super::life::has_failed;
use crate::given::node;

fn declared(cmd: &str, expect: Expect) -> Check {
    Check {
        expect,
        ..check(cmd)
    }
}

fn gated(gate: Option<Check>, accept: Option<Check>) -> Plan {
    let mut plan = of(vec![writer(1, &[]), writer(2, &[])]);
    plan.gate = gate;
    plan.nodes[0].accept = accept;
    plan
}

/// A run of a plan whose checks have not been tried.
fn accepted(plan: Plan) -> Sim {
    let mut sim = Sim::new();
    sim.say(Event::Workspace(WorkspaceEvent::Begun(ground(
        Isolation::Worktree,
    ))));
    sim.say(Event::Plan(PlanEvent::Accepted { plan }));
    sim.settle();
    sim
}

fn why(sim: &Sim) -> String {
    sim.run.given_up().unwrap_or_default().to_owned()
}

#[test]
fn nothing_starts_before_the_gate_was_tried_on_the_base() {
    let mut sim = accepted(gated(Some(check("make test")), None));
    assert_eq!(sim.wishes(), [Wish::Check]);
    assert_eq!(sim.run.blocked_by(node(1)), Some(Blocked::Footing));
    let other = vec![check_run(&check("make lint"), 0)];
    assert_eq!(sim.answer(RunOutcome::Checked { runs: other }), 0);
    assert_eq!(sim.phase(1), NodePhase::Waiting, "that was another check");
    sim.stand();
    assert_eq!(sim.phase(1), NodePhase::Working);
    let runs = vec![check_run(&check("make test"), 1)];
    assert_eq!(sim.answer(RunOutcome::Checked { runs }), 0, "asked once");
}

#[test]
fn a_gate_that_is_red_before_any_of_the_work_stops_the_run_and_is_named() {
    let mut sim = accepted(gated(Some(check("make test")), None));
    let runs = vec![check_run(&check("make test"), 2)];
    sim.answer(RunOutcome::Checked { runs });
    assert_eq!(sim.run.phase(), RunPhase::Closed);
    for part in [
        "base-check",
        "`make test`",
        "exits with 2 ",
        "what it said",
        "expect = \"fail\"",
    ] {
        assert!(why(&sim).contains(part), "{part}: {}", why(&sim));
    }
    let started = |record: &protocol::Record| {
        matches!(record.event, Event::Plan(PlanEvent::NodeStarted { .. }))
    };
    assert!(!sim.journal.iter().any(started), "nothing was spent");
    assert_eq!(has_failed(&sim), Some(true));
}

#[test]
fn a_gate_that_is_no_command_is_to_be_mended_and_not_declared_to_fail() {
    for exit in [126, 127] {
        let mut sim = accepted(gated(Some(check("mkae test")), None));
        let runs = vec![check_run(&check("mkae test"), exit)];
        sim.answer(RunOutcome::Checked { runs });
        let why = why(&sim);
        assert!(
            why.contains("no such command") && why.contains("--gate"),
            "{why}"
        );
        assert!(!why.contains("expect ="), "{why}");
    }
}

#[test]
fn a_check_that_is_to_fail_fails_for_another_reason_than_that_there_is_no_such_command() {
    for (cmd, log, is_refused) in [
        ("mkae test", "sh: 1: mkae: not found", true),
        (
            "./made-by-the-work",
            "sh: 1: ./made-by-the-work: not found",
            false,
        ),
        ("make test", "make: *** [test] Error 127", false),
    ] {
        let mut sim = accepted(gated(Some(declared(cmd, Expect::Fail)), None));
        let mut run = check_run(&declared(cmd, Expect::Fail), 127);
        run.log = log.into();
        sim.answer(RunOutcome::Checked { runs: vec![run] });
        assert_eq!(sim.run.given_up().is_some(), is_refused, "{cmd}");
        if is_refused {
            assert!(why(&sim).contains("no such command"), "{}", why(&sim));
        }
    }
}

#[test]
fn a_gate_that_permission_is_denied_for_does_not_go_as_declared_whatever_that_is() {
    for expect in [Expect::Pass, Expect::Fail] {
        let mut sim = accepted(gated(Some(declared("git push", expect)), None));
        let mut run = check_run(&declared("git push", expect), 0);
        run.exit = None;
        run.denied = Some("git push is denied by Bash(git push:*)".into());
        sim.answer(RunOutcome::Checked { runs: vec![run] });
        assert_eq!(sim.run.phase(), RunPhase::Closed, "{expect:?}");
        let why = why(&sim);
        for part in ["permission is denied", "Bash(git push:*)", "--gate", "rule"] {
            assert!(why.contains(part), "{part}: {why}");
        }
        assert!(!why.contains("within"), "{why}");
    }
}

#[test]
fn checks_must_do_on_the_base_what_the_plan_declares() {
    use Expect::{Any, Fail, Pass};
    let cases = [
        // gate, acceptance, exit on the base, whether the run goes on
        (Some(Fail), None, 1, true),
        (Some(Fail), None, 0, false),
        (Some(Pass), None, 0, true),
        (Some(Pass), None, 1, false),
        (Some(Any), None, 0, true),
        (Some(Any), None, 1, false),
        (None, Some(Fail), 1, true),
        (None, Some(Fail), 0, false),
        (None, Some(Pass), 1, false),
    ];
    for case in cases {
        let (gate, accept, exit, goes_on) = case;
        let of = |expect: Option<Expect>| expect.map(|expect| declared("t", expect));
        let mut sim = accepted(gated(of(gate), of(accept)));
        let runs = vec![check_run(&check("t"), exit)];
        sim.answer(RunOutcome::Checked { runs });
        let is_on = sim.run.phase() == RunPhase::Running;
        assert_eq!(is_on, goes_on, "{case:?}: {}", why(&sim));
    }
}

#[test]
fn an_acceptance_of_which_nothing_is_declared_is_not_tried_on_the_base() {
    let sim = accepted(gated(None, Some(check("t"))));
    assert_eq!(sim.phase(1), NodePhase::Working);
}

#[test]
fn one_command_is_tried_once_however_often_the_plan_names_it() {
    let gate = declared("t", Expect::Pass);
    let sim = accepted(gated(Some(gate.clone()), Some(declared("t", Expect::Fail))));
    assert_eq!(sim.run.due_checks(), [gate]);
}

#[test]
fn checks_of_one_command_that_contradict_each_other_are_both_in_the_record() {
    for (exit, is_contradicted) in [(0, true), (1, false)] {
        let gate = declared(
            "t",
            if exit == 0 {
                Expect::Pass
            } else {
                Expect::Fail
            },
        );
        let mut sim = accepted(gated(Some(gate), Some(declared("t", Expect::Fail))));
        let runs = vec![check_run(&sim.run.due_checks()[0].clone(), exit)];
        sim.answer(RunOutcome::Checked { runs });
        let mut events = sim.journal.iter().map(|record| &record.event);
        let runs = events.find_map(|event| match event {
            Event::Plan(PlanEvent::Checked { runs }) => Some(runs),
            _ => None,
        });
        let is_odd = runs.unwrap().iter().any(|run| !run.is_as_declared());
        assert_eq!(is_odd, is_contradicted, "{runs:?}");
        assert_eq!(sim.run.given_up().is_some(), is_contradicted);
    }
}

#[test]
fn a_run_that_could_not_begin_is_not_tried_again_and_one_that_said_nothing_is_told_in_words() {
    let mut sim = accepted(gated(Some(check("t")), None));
    let mut red = check_run(&check("t"), 1);
    red.log = "".into();
    sim.answer(RunOutcome::Checked { runs: vec![red] });
    assert!(!why(&sim).contains("It said"), "{}", why(&sim));
    assert!(why(&sim).contains("and says nothing"), "{}", why(&sim));
    let retry = RunCommand::Retry { node: node(1) };
    let refused = decide(&sim.run, RunInput::Command(retry)).unwrap_err();
    let refused = refused.to_string();
    assert!(refused.contains("before any of the work"), "{refused}");
}

#[test]
fn a_second_plan_tries_only_what_the_first_did_not() {
    let mut sim = accepted(gated(Some(check("t")), None));
    sim.stand();
    let again = gated(Some(check("t")), Some(declared("u", Expect::Fail)));
    sim.say(Event::Plan(PlanEvent::Accepted { plan: again }));
    assert_eq!(sim.run.due_checks(), [declared("u", Expect::Fail)]);
}

#[test]
fn checks_that_cannot_be_run_stop_the_run_with_the_reason() {
    let mut sim = accepted(gated(Some(check("t")), None));
    for _ in 0..3 {
        let text = "the disk is full".to_owned();
        let wish = Wish::Check;
        sim.answer(RunOutcome::Failed { wish, text });
    }
    assert_eq!(sim.run.phase(), RunPhase::Closed);
    assert!(why(&sim).contains("the disk is full"), "{}", why(&sim));
}

#[test]
fn a_run_that_is_given_up_while_its_checks_run_starts_nothing() {
    let mut sim = accepted(gated(Some(check("t")), None));
    sim.say(Event::Plan(PlanEvent::Cancelled {
        why: "no".into(),
        is_failure: false,
    }));
    sim.settle();
    let runs = vec![check_run(&check("t"), 0)];
    assert_eq!(sim.answer(RunOutcome::Checked { runs }), 0);
    assert_eq!(sim.run.phase(), RunPhase::Closed);
}
