//! Servers that are there and say nothing, and gateways without a server behind them: they halt the run like a dead
//! server, unless others are answered.

use protocol::{Heard, InterruptCause, Isolation, Limit, ModelFault, NodeEnd, TurnEnd, Usage};
use scheduler::run::{NodePhase, RunCommand, RunOutcome, RunPhase};

use super::given_calls::*;
use super::given_run::*;
use super::life::command;
use crate::given::node;

/// Two nodes at work at once.
fn two_at_work() -> Sim {
    let mut sim = Sim::of(
        of(vec![writer(1, &[]), writer(2, &[])]),
        Isolation::Worktree,
    );
    sim.begin(1);
    sim.begin(2);
    sim
}

fn says(sim: &mut Sim, n: usize, event: protocol::Event) {
    sim.agent_says(sim.speaker(n), event);
}

/// A node asks its model, in vain.
fn in_vain(sim: &mut Sim, n: usize, fault: &ModelFault) {
    says(sim, n, requested());
    says(sim, n, made_again(fault));
    says(sim, n, call_failed(fault));
    sim.end(n, TurnEnd::Failed(fault.clone()));
}

fn burnt(sim: &Sim, n: usize) -> u32 {
    sim.run.node(node(n)).unwrap().burnt()
}

#[test]
fn where_nothing_is_heard_of_any_model_the_run_pauses_and_no_node_is_charged() {
    for fault in [answered(502), answered(503), answered(504), broken()] {
        let mut sim = two_at_work();
        in_vain(&mut sim, 1, &fault);
        assert_eq!(sim.run.phase(), RunPhase::Paused, "{fault:?}");
        assert_eq!(paused(&sim), Some(&lack(1, fault.clone())));
        sim.end(2, TurnEnd::Interrupted(InterruptCause::User));
        assert_eq!((burnt(&sim, 1), burnt(&sim, 2)), (0, 0), "{fault:?}");
        command(&mut sim, RunCommand::Unpause).unwrap();
        assert_eq!(sim.phase(1), NodePhase::Working, "{fault:?}");
    }
}

#[test]
fn what_the_server_itself_says_of_a_call_is_charged_to_its_node() {
    let begun = ModelFault {
        heard: Some(Heard {
            usage: Some(Usage::default()),
            uncounted: 9,
        }),
        ..broken()
    };
    for fault in [answered(500), answered(501), begun] {
        let mut sim = two_at_work();
        in_vain(&mut sim, 1, &fault);
        assert_eq!(sim.run.phase(), RunPhase::Running, "{fault:?}");
        assert_eq!(burnt(&sim, 1), 1, "{fault:?}");
    }
}

#[test]
fn where_others_are_answered_while_it_is_tried_the_prompt_may_be_why() {
    let again = || made_again(&answered(502));
    let other = || replied("so far", 1);
    for (events, is_own) in [
        (vec![(2, other())], true),
        (vec![(1, again()), (2, other())], true),
        (vec![(1, again()), (2, other()), (1, again())], true),
        (vec![(2, other()), (1, again())], false),
        (vec![(2, other()), (1, again()), (1, again())], false),
    ] {
        let mut sim = two_at_work();
        says(&mut sim, 1, requested());
        for (n, event) in events.clone() {
            says(&mut sim, n, event);
        }
        says(&mut sim, 1, call_failed(&answered(502)));
        sim.end(1, TurnEnd::Failed(answered(502)));
        let goes_on = sim.run.phase() == RunPhase::Running;
        let own = (goes_on, burnt(&sim, 1));
        assert_eq!(own, (is_own, u32::from(is_own)), "{events:?}");
    }
}

#[test]
fn a_prompt_that_nobody_answers_halts_the_run_three_times_and_is_then_its_nodes_own() {
    let mut plan = of(vec![writer(1, &[]), writer(2, &[])]);
    plan.caps.max_parallel = 1;
    let mut sim = Sim::of(plan, Isolation::Worktree);
    for halts in 0..6 {
        sim.begin(1);
        in_vain(&mut sim, 1, &answered(502));
        let halted = sim.run.phase() == RunPhase::Paused;
        assert_eq!(halted, halts < 3, "{halts}");
        if halted {
            command(&mut sim, RunCommand::Unpause).unwrap();
        }
    }
    assert_eq!(sim.phase(1), NodePhase::Ended(NodeEnd::Failed));
    assert_eq!(sim.phase(2), NodePhase::Working, "the others go on");
}

#[test]
fn an_attempt_whose_time_ends_while_nothing_is_heard_is_not_charged_either() {
    let overdue = RunOutcome::Overdue {
        node: node(1),
        attempt: 1,
    };
    for (fault, time, phase) in [
        (Some(broken()), None, RunPhase::Paused),
        (None, None, RunPhase::Running),
        (Some(broken()), Some(6), RunPhase::Running),
    ] {
        let mut plan = of(vec![writer(1, &[])]);
        plan.budget.wall_ms = time;
        let mut sim = Sim::of(plan, Isolation::Worktree);
        sim.begin(1);
        says(&mut sim, 1, requested());
        for fault in fault.iter().flat_map(|fault| [fault; 3]) {
            says(&mut sim, 1, made_again(fault));
        }
        sim.answer(overdue.clone());
        let is_halt = phase == RunPhase::Paused;
        assert_eq!((sim.run.phase(), burnt(&sim, 1) == 0), (phase, is_halt));
        let cause = fault.filter(|_| is_halt).map(|fault| lack(1, fault));
        assert_eq!(paused(&sim), cause.as_ref());
    }
    // So it is where its agent says so first.
    let mut sim = two_at_work();
    says(&mut sim, 1, requested());
    says(&mut sim, 1, made_again(&broken()));
    sim.end(1, TurnEnd::Limited(Limit::Time));
    assert_eq!((sim.run.phase(), burnt(&sim, 1)), (RunPhase::Paused, 0));
}
