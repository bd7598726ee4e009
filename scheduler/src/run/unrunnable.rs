//! Checks that a shell cannot run: a command that is not on its path, or may not be run. Whoever wrote the plan can mend
//! that, and no agent.

use protocol::{CheckRun, FailureClass, Node};

use super::node_run::NodeRun;

/// What a shell exits with where a command may not be run, and where there is none (POSIX, Shell Command Language 2.8.2).
const NOT_ALLOWED: i32 = 126;
const NOT_FOUND: i32 = 127;

/// What shells say is wrong with a command; a shell that says it in other words is taken to mean something else.
const COMPLAINTS: [&str; 3] = ["not found", "command not found", "Permission denied"];

/// After these, commands are looked for elsewhere, and a file of the tree may be one.
const SETTINGS: [&str; 6] = [".", "source", "eval", "cd", "pushd", "alias"];

/// Whether the shell says that it could not run the check, or part of it.
pub(super) const fn is_refused(run: &CheckRun) -> bool {
    matches!(run.exit, Some(NOT_ALLOWED | NOT_FOUND))
}

/// The command of a check that the shell looked for on its path in vain. Anything else may be work that is yet to be done:
/// a file of the tree, what a script within calls, and whatever the check itself makes the path or the commands be.
pub(super) fn word(run: &CheckRun) -> Option<&str> {
    let cmd = &run.check.cmd;
    if !is_refused(run) || cmd.contains("PATH") {
        return None;
    }
    let log = run.log.as_str();
    // Every shell names in its complaint what it could not run, between colons, and says last what is wrong with it.
    let is_complaint = |word: &str| {
        let mut said = COMPLAINTS.iter();
        said.any(|said| log.contains(&format!(": {word}: {said}")))
    };
    let mut words = cmd
        .split(['&', '|', ';', '(', ')', '\n'])
        .filter_map(command);
    if words.clone().any(|word| SETTINGS.contains(&word)) {
        return None;
    }
    words.find(|word| !word.contains('/') && is_complaint(word))
}

/// The word of a simple command that the shell runs.
fn command(command: &str) -> Option<&str> {
    let words = command.split_whitespace();
    let mut words = words.map(|word| word.trim_matches(['\'', '"', '`', '{', '}']));
    words.find(|word| !word.is_empty() && *word != "!" && !word.contains('='))
}

/// Whether the node's last attempt came back for nothing but such a check: the next one would too.
pub(super) fn is_why(state: &NodeRun) -> bool {
    let last = state.setbacks.last().map(|last| last.failure.class);
    let found = state
        .found
        .as_ref()
        .filter(|found| found.markers.is_empty());
    let run = found.and_then(|found| found.check.as_ref());
    last == Some(FailureClass::Check) && run.is_some_and(|run| word(run).is_some())
}

/// What whoever wrote the plan is told.
pub(super) fn advice(node: &Node, word: &str) -> String {
    format!(
        "`{word}` is no command here, or may not be run: no agent can mend that. Mend the check of node {} in the plan, \
         or make the command runnable and try the node again",
        node.name
    )
}
