//! Which command fits which phase of a run.

use protocol::{Isolation, PlanPatch};
use scheduler::run::{RunCommand, RunInput, RunPhase, decide};

use super::given_run::*;
use super::life::{command, propose, two};
use crate::given::node;

/// Every command by its name.
fn each_command() -> [(&'static str, RunCommand); 8] {
    let why = || "why".to_owned();
    [
        ("propose", propose(two())),
        ("approve", RunCommand::Approve { plan: None }),
        ("reject", RunCommand::Reject { why: why() }),
        ("pause", RunCommand::Pause),
        ("unpause", RunCommand::Unpause),
        ("cancel", RunCommand::Cancel { why: why() }),
        (
            "end",
            RunCommand::End {
                node: node(1),
                why: why(),
            },
        ),
        (
            "patch",
            RunCommand::Patch {
                patch: PlanPatch::default(),
                why: why(),
            },
        ),
    ]
}

#[test]
fn each_command_fits_some_phases_and_is_refused_in_the_others() {
    let why = || "why".to_owned();
    let commands = each_command();
    let new = Sim::new();
    let mut proposed = Sim::new();
    command(&mut proposed, propose(two())).unwrap();
    let running = Sim::of(two(), Isolation::Worktree);
    let mut paused = running.clone();
    command(&mut paused, RunCommand::Pause).unwrap();
    let mut ending = running.clone();
    ending.begin(1);
    command(&mut ending, RunCommand::Cancel { why: why() }).unwrap();
    let mut closed = running.clone();
    command(&mut closed, RunCommand::Cancel { why: why() }).unwrap();
    for (sim, phase, fits) in [
        (new, RunPhase::New, &["propose", "cancel"][..]),
        (
            proposed,
            RunPhase::Proposed,
            &["propose", "approve", "reject", "cancel"],
        ),
        (
            running,
            RunPhase::Running,
            &["pause", "cancel", "end", "patch"],
        ),
        (
            paused,
            RunPhase::Paused,
            &["unpause", "cancel", "end", "patch"],
        ),
        (ending, RunPhase::Ending, &[]),
        (closed, RunPhase::Closed, &[]),
    ] {
        assert_eq!(sim.run.phase(), phase);
        for (name, command) in &commands {
            let answer = decide(&sim.run, RunInput::Command(command.clone()));
            assert_eq!(answer.is_ok(), fits.contains(name), "{name} while {phase}");
            if let Err(error) = answer {
                assert!(error.to_string().contains(&phase.to_string()), "{error}");
            }
        }
    }
}
