//! Checks and codemods that a shell cannot run: a command that is not on its path, or may not be run. Whoever wrote the
//! plan can mend that, and no agent and no further attempt.

use protocol::{CheckRun, Failure, FailureClass, Kind, Node};

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
    let is_refused = is_refused(run);
    is_refused.then(|| missing(&run.check.cmd, &run.log.as_str()))?
}

/// The command of a shell's text that it complains of in the log.
fn missing<'a>(cmd: &'a str, log: &str) -> Option<&'a str> {
    if cmd.contains("PATH") {
        return None;
    }
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

/// What a codemod's command that failed came to: the evidence of its attempt.
pub fn exited(cmd: &str, code: i32, log: &str) -> String {
    format!("{}{code}:\n{log}", exit_of(cmd))
}

fn exit_of(cmd: &str) -> String {
    format!("`{cmd}` exited with ")
}

/// The command of a codemod that the shell looked for in vain, from what its attempt came to.
fn of_codemod(node: &Node, failure: &Failure) -> Option<String> {
    let is_it = node.kind == Kind::Codemod && failure.class == FailureClass::Check;
    let cmd = node.brief.as_ref().filter(|_| is_it)?.as_str();
    let evidence = failure.evidence.as_str();
    let (_, said) = evidence.split_once(&exit_of(&cmd))?;
    let (code, log) = said.split_once(":\n")?;
    let is_refused = matches!(code.parse(), Ok(NOT_ALLOWED | NOT_FOUND));
    is_refused.then(|| missing(&cmd, log).map(str::to_owned))?
}

/// What an attempt came to that ended by itself; where a shell could not run its command, with what is to be done.
pub(super) fn advised(node: &Node, failure: Failure) -> Failure {
    let Some(word) = of_codemod(node, &failure) else {
        return failure;
    };
    let advice = advice(node, ("command", &word));
    Failure {
        evidence: format!("{advice}\n{}", failure.evidence.as_str()).into(),
        ..failure
    }
}

/// Whether the node's last attempt came back for nothing but such a check, or such a command: the next one would too.
pub(super) fn is_why(node: &Node, state: &NodeRun) -> bool {
    let last = state.setbacks.last().map(|last| &last.failure);
    if last.is_some_and(|last| of_codemod(node, last).is_some()) {
        return true;
    }
    let last = last.map(|last| last.class);
    let found = state
        .found
        .as_ref()
        .filter(|found| found.markers.is_empty());
    let run = found.and_then(|found| found.check.as_ref());
    last == Some(FailureClass::Check) && run.is_some_and(|run| word(run).is_some())
}

/// What whoever wrote the plan is told: `what` is of the node, and has the word in it.
pub(super) fn advice(node: &Node, (what, word): (&str, &str)) -> String {
    format!(
        "`{word}` is no command here, or may not be run: no agent can mend that. Mend the {what} of node {} in the plan, \
         or make the command runnable and try the node again",
        node.name
    )
}
