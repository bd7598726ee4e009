//! Checks that a shell cannot run: the plan's fault, unless the command is a file of the node's own.

use protocol::{CheckRun, Isolation, NodeEnd, OnFail};
use scheduler::run::NodePhase;

use super::given_run::*;
use crate::given::node;

/// A writer of `d1/**` whose check ends like this when its agent has done all it should.
fn checked(cmd: &str, exit: i32, log: &str) -> Sim {
    let mut plan = of(vec![writer(1, &[])]);
    plan.nodes[0].accept = Some(check(cmd));
    plan.nodes[0].weight.on_fail = OnFail::Retry;
    let mut sim = Sim::of(plan, Isolation::Worktree);
    sim.work(1);
    let planned = sim.run.planned(node(1)).unwrap().clone();
    let run = CheckRun {
        log: log.into(),
        ..check_run(&check(cmd), exit)
    };
    let found = protocol::Inspection {
        check: Some(run),
        ..sound(&planned, 9)
    };
    sim.found(1, found);
    sim
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
        (
            "./check.sh",
            126,
            "bash: line 1: ./check.sh: Permission denied\n",
        ),
        (
            "sh gone.sh",
            127,
            "sh: gone.sh: No such file or directory\n",
        ),
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
