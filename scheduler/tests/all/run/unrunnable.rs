//! Checks and codemods that cannot be run: the plan's fault or the rules', unless the command is a file of the node's own.

use protocol::{CheckRun, Failure, FailureClass, Isolation, Kind, NOT_RUN, NodeEnd, OnFail};
use scheduler::run::{NodePhase, RunCommand, RunOutcome, RunPhase, barred, exited};

use super::given_replan::order;
use super::given_run::*;
use super::lane::{advance, gate, gated, merge};
use crate::given::node;

/// A writer of `d1/**` whose check ends like this when its agent has done all it should.
fn checked(cmd: &str, exit: i32, log: &str) -> Sim {
    replannable(0, cmd, exit, log)
}

/// The same, of a plan that may be changed so often.
fn replannable(max_replans: u32, cmd: &str, exit: i32, log: &str) -> Sim {
    let run = CheckRun {
        log: log.into(),
        ..check_run(&check(cmd), exit)
    };
    came_to(max_replans, run)
}

/// The same, of a check that permission is denied for, and why.
fn refused(cmd: &str, why: &str) -> CheckRun {
    CheckRun {
        exit: None,
        log: "".into(),
        denied: Some(why.into()),
        ..check_run(&check(cmd), 0)
    }
}

fn came_to(max_replans: u32, run: CheckRun) -> Sim {
    let mut plan = of(vec![writer(1, &[])]);
    plan.caps.max_replans = max_replans;
    plan.nodes[0].accept = Some(run.check.clone());
    plan.nodes[0].weight.on_fail = OnFail::Retry;
    let mut sim = Sim::of(plan, Isolation::Worktree);
    worked(&mut sim, run);
    sim
}

/// Node 1 works, and its check comes to this.
fn worked(sim: &mut Sim, run: CheckRun) {
    sim.work(1);
    let planned = sim.run.planned(node(1)).unwrap().clone();
    let found = protocol::Inspection {
        check: Some(run),
        ..sound(&planned, 9)
    };
    sim.found(1, found);
}

#[test]
fn a_check_that_is_no_command_ends_its_node_at_once_and_says_what_to_do() {
    for (cmd, exit, log) in [
        (
            "grpe -q done d1/file",
            127,
            "bash: line 1: grpe: command not found\n",
        ),
        ("true && grpe x", 127, "sh: 1: grpe: not found\n"),
        (
            "LC_ALL=C grpe x",
            127,
            "bash: line 1: grpe: command not found\n",
        ),
        ("grpe x 2>&1", 126, "sh: 1: grpe: Permission denied\n"),
    ] {
        let sim = checked(cmd, exit, log);
        assert_eq!(sim.phase(1), NodePhase::Ended(NodeEnd::Failed), "{cmd}");
        let state = sim.run.node(node(1)).unwrap();
        assert_eq!(state.number(), 1, "{cmd}");
        let why = state.setbacks[0].failure.evidence.as_str().into_owned();
        let first = why.lines().next().unwrap_or_default();
        for part in [
            "is no command here",
            "the check of node n1",
            "try the node again",
        ] {
            assert!(first.contains(part), "{part}: {why}");
        }
        assert!(why.contains(log.trim()), "{why}");
    }
}

#[test]
fn nobody_is_asked_to_plan_a_node_anew_whose_check_is_no_command() {
    let log = "bash: line 1: grpe: command not found\n";
    let sim = replannable(2, "grpe -q done d1/file", 127, log);
    assert_eq!(sim.phase(1), NodePhase::Ended(NodeEnd::Failed));
    assert_eq!(sim.run.plan().nodes.len(), 1, "no planner was asked");
}

#[test]
fn what_an_agent_can_mend_is_tried_again() {
    for (cmd, exit, log) in [
        (
            "./d1/check.sh",
            127,
            "bash: line 1: ./d1/check.sh: No such file or directory\n",
        ),
        (
            "d1/check.sh --all",
            126,
            "bash: line 1: d1/check.sh: Permission denied\n",
        ),
        (
            "sh d1/check.sh",
            127,
            "sh: d1/check.sh: No such file or directory\n",
        ),
        (
            "sh d1/check.sh",
            127,
            "d1/check.sh: line 3: jest: command not found\n",
        ),
        (
            "npm test",
            127,
            "> jest\n\nsh: 1: jest: not found\nnpm ERR! Test failed.\n",
        ),
        ("grpe x", 1, "bash: line 1: grpe: command not found\n"),
    ] {
        let sim = checked(cmd, exit, log);
        assert_eq!(sim.phase(1), NodePhase::Working, "{cmd}: {log}");
    }
}

#[test]
fn what_may_be_work_that_is_yet_to_be_done_is_tried_again() {
    for (cmd, said) in [
        ("./check.sh", "bash: line 1: ./check.sh: Permission denied"),
        ("sh gone.sh", "sh: gone.sh: No such file or directory"),
        ("true && ./build/app", "sh: 1: ./build/app: not found"),
        ("cd sub && ./check.sh", "sh: 1: ./check.sh: not found"),
        ("cd sub && mytool", "sh: 1: mytool: not found"),
        ("PATH=$PWD/d1:$PATH mytool", "sh: 1: mytool: not found"),
        ("export PATH=d1:$PATH; mytool", "sh: 1: mytool: not found"),
        (". d1/env && mytool", "sh: 1: mytool: not found"),
        ("sh run.sh jest", "run.sh: line 1: jest: command not found"),
        ("npm run vitest", "sh: 1: vitest: not found"),
        ("npm test 2>&1", "sh: 1: jest: not found"),
        (
            "cargo test && sh run.sh",
            "error: cargo: no test\nrun.sh: 1: jest: not found",
        ),
    ] {
        let sim = checked(cmd, 127, &format!("{said}\n"));
        assert_eq!(sim.phase(1), NodePhase::Working, "{cmd}: {said}");
    }
}

#[test]
fn an_agent_that_did_nothing_is_told_so_whatever_its_check_says() {
    let mut plan = of(vec![writer(1, &[])]);
    plan.nodes[0].accept = Some(check("grpe x"));
    let mut sim = Sim::of(plan, Isolation::Worktree);
    sim.work(1);
    let planned = sim.run.planned(node(1)).unwrap().clone();
    let run = CheckRun {
        log: "sh: 1: grpe: not found\n".into(),
        ..check_run(&check("grpe x"), 127)
    };
    let found = protocol::Inspection {
        check: Some(run),
        changed: Vec::new(),
        ..sound(&planned, 9)
    };
    sim.found(1, found);
    assert_eq!(sim.phase(1), NodePhase::Working);
}

/// A codemod of this command, whose first attempt came to this.
fn codemod(cmd: &str, class: FailureClass, evidence: String) -> Sim {
    let mut plan = of(vec![writer(1, &[])]);
    plan.caps.max_replans = 2;
    plan.nodes[0].kind = Kind::Codemod;
    plan.nodes[0].brief = Some(cmd.into());
    let mut sim = Sim::of(plan, Isolation::Worktree);
    let failure = Failure {
        class,
        evidence: evidence.into(),
    };
    sim.answer(RunOutcome::Worked {
        node: node(1),
        attempt: 1,
        failure: Some(failure),
    });
    sim
}

#[test]
fn a_codemod_that_is_no_command_ends_its_node_at_once_and_says_what_to_do() {
    for (cmd, exit, log) in [
        (
            "sde -i s/a/b/ d1/file",
            127,
            "bash: line 1: sde: command not found\n",
        ),
        ("true && sde x", 126, "sh: 1: sde: Permission denied\n"),
    ] {
        let sim = codemod(cmd, FailureClass::Check, exited(cmd, Some(exit), log));
        assert_eq!(sim.phase(1), NodePhase::Ended(NodeEnd::Failed), "{cmd}");
        assert_eq!(sim.run.plan().nodes.len(), 1, "no planner was asked");
        let state = sim.run.node(node(1)).unwrap();
        let why = state.setbacks[0].failure.evidence.as_str().into_owned();
        for part in ["is no command here", "the command of node n1", log.trim()] {
            assert!(why.contains(part), "{part}: {why}");
        }
    }
}

#[test]
fn a_codemod_whose_command_may_be_one_once_others_have_worked_is_not_tried_again_but_may_be_planned_anew()
 {
    // Nothing is said where the command sends what is said to a file.
    for (cmd, exit, log) in [
        ("sde x > log 2>&1", 127, ""),
        ("sde x > log 2>&1", 126, ""),
        ("./d1/sde x", 127, "sh: 1: ./d1/sde: not found\n"),
    ] {
        let sim = codemod(cmd, FailureClass::Check, exited(cmd, Some(exit), log));
        let state = sim.run.node(node(1)).unwrap();
        assert_eq!(state.number(), 1, "{cmd}");
        let planners = sim.run.plan().nodes.iter();
        let planners = planners.filter(|node| node.kind == Kind::Plan);
        assert_eq!(planners.count(), 1, "{cmd}");
        let why = state.setbacks[0].failure.evidence.as_str().into_owned();
        let said = match log {
            "" => " and said nothing",
            log => &format!(":\n{log}"),
        };
        assert!(why.contains(&format!("{exit}{said}")), "{why}");
        for part in [
            "the command was not found",
            "the command of node n1",
            "try the node again",
            &format!("exited with {exit}"),
        ] {
            assert!(why.contains(part), "{part}: {why}");
        }
    }
}

#[test]
fn what_permission_is_denied_for_ends_its_node_and_names_the_rule() {
    let why = "git push x is denied by Bash(git push:*)";
    let cmd = "git push x";
    let ran = codemod(cmd, FailureClass::Check, barred(cmd, why));
    // What an agent left may be what the rule is about: it is told once.
    let mut checked = came_to(2, refused(cmd, why));
    assert_eq!(checked.phase(1), NodePhase::Working);
    worked(&mut checked, refused(cmd, why));
    for (sim, what, attempts) in [(ran, "command", 1), (checked, "check", 2)] {
        assert_eq!(sim.phase(1), NodePhase::Ended(NodeEnd::Failed), "{what}");
        assert_eq!(sim.run.plan().nodes.len(), 1, "no planner was asked");
        let state = sim.run.node(node(1)).unwrap();
        assert_eq!(state.number(), attempts, "{what}");
        let said = state.setbacks[0].failure.evidence.as_str().into_owned();
        let whose = format!("the {what} of node n1");
        let first = format!("`{cmd}` was not run: permission denied: {why}");
        let mend = "change the rule and try the node again";
        for part in [&first, &whose, mend, "begin a new run"] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert!(said.starts_with(&first), "{said}");
        assert!(!said.contains("within"), "it took no time: {said}");
    }
}

#[test]
fn a_check_that_says_so_itself_is_not_denied_however_it_ended() {
    let said = format!("{NOT_RUN}git push x is denied by Bash(git push:*)\n");
    for exit in [Some(1), None] {
        let run = CheckRun {
            exit,
            log: said.as_str().into(),
            ..check_run(&check("make test"), 0)
        };
        let sim = came_to(2, run);
        assert_eq!(sim.phase(1), NodePhase::Working, "{exit:?}");
        let state = sim.run.node(node(1)).unwrap();
        let evidence = state.setbacks[0].failure.evidence.as_str().into_owned();
        assert!(!evidence.contains("The answer would be"), "{evidence}");
    }
}

#[test]
fn nobody_works_where_no_agent_could_make_the_check_runnable() {
    let mut plan = of(vec![writer(1, &[])]);
    plan.nodes[0].kind = Kind::Codemod;
    plan.nodes[0].brief = Some("true".into());
    plan.nodes[0].accept = Some(check("sh d1/check.sh > log 2>&1"));
    let mut sim = Sim::of(plan, Isolation::Worktree);
    sim.answer(RunOutcome::Worked {
        node: node(1),
        attempt: 1,
        failure: None,
    });
    let planned = sim.run.planned(node(1)).unwrap().clone();
    let run = CheckRun {
        log: "".into(),
        ..check_run(planned.accept.as_ref().unwrap(), 127)
    };
    let found = protocol::Inspection {
        check: Some(run),
        ..sound(&planned, 9)
    };
    sim.found(1, found);
    assert_eq!(sim.phase(1), NodePhase::Ended(NodeEnd::Failed));
    assert_eq!(sim.run.node(node(1)).unwrap().number(), 1);
}

#[test]
fn a_codemod_that_failed_otherwise_is_tried_again() {
    let log = "sh: 1: sde: not found\n";
    let check = FailureClass::Check;
    for (cmd, class, evidence) in [
        ("sde x", check, exited("sde x", Some(1), log)),
        (
            "sde x",
            check,
            exited("sde x", Some(1), &barred("sde x", "no")),
        ),
        (
            "sde x",
            check,
            exited("sde x", Some(1), &exited("sde x", Some(127), log)),
        ),
        ("sde x", check, "something else".to_owned()),
        (
            "sde x",
            FailureClass::Machine,
            exited("sde x", Some(127), log),
        ),
    ] {
        let sim = codemod(cmd, class, evidence.clone());
        assert_eq!(sim.phase(1), NodePhase::Working, "{cmd}: {evidence}");
        let state = sim.run.node(node(1)).unwrap();
        let said = state.setbacks[0].failure.evidence.as_str().into_owned();
        assert_eq!(said, evidence, "nothing is added");
    }
}

#[test]
fn a_gate_that_permission_is_denied_for_costs_nobody_an_attempt_and_ends_the_run() {
    for count in [1, 3] {
        let mut sim = Sim::of(gated(count), Isolation::Worktree);
        sim.submit(1);
        merge(&mut sim);
        let batch = sim.run.batch().unwrap().clone();
        let run = CheckRun {
            check: check("gate"),
            ..refused("gate", "gate is denied by Bash(gate:*)")
        };
        sim.answer(RunOutcome::Gated {
            batch: batch.number,
            commit: batch.head().unwrap().clone(),
            runs: vec![run],
        });
        let why = sim.run.given_up().unwrap_or_default();
        let said =
            "the gate: `gate` was not run: permission denied: gate is denied by Bash(gate:*)";
        for part in [said, "change the rule and try the node again"] {
            assert!(why.contains(part), "{part}: {why}");
        }
        assert!(sim.run.node(node(1)).unwrap().setbacks.is_empty());
        assert_eq!(sim.phase(1), NodePhase::Ended(NodeEnd::Cancelled));
        assert_eq!(sim.run.phase(), RunPhase::Closed);
        order(&mut sim, RunCommand::Retry { node: node(1) }).unwrap();
        sim.submit(1);
        merge(&mut sim);
        gate(&mut sim, 0);
        advance(&mut sim);
        assert_eq!(sim.phase(1), NodePhase::Ended(NodeEnd::Done));
    }
}
