//! Checks that a shell cannot run: a command that is not there, or may not be run. Whoever wrote the plan can mend that,
//! and an agent only where the command is a file of its own node.

use protocol::{CheckRun, FailureClass, Node};

use super::node_run::NodeRun;
use crate::scope::Globs;

/// What a shell exits with where a command may not be run, and where there is none (POSIX, Shell Command Language 2.8.2).
const NOT_ALLOWED: i32 = 126;
const NOT_FOUND: i32 = 127;

/// Whether the shell says that it could not run the check, or part of it.
pub(super) const fn is_refused(run: &CheckRun) -> bool {
    matches!(run.exit, Some(NOT_ALLOWED | NOT_FOUND))
}

/// The word of a node's check that the shell could not run and that no file of the node can be.
pub(super) fn word<'a>(node: &Node, run: &'a CheckRun) -> Option<&'a str> {
    if !is_refused(run) {
        return None;
    }
    let log = run.log.as_str();
    let own = Globs::parse(&node.scope.writes).unwrap_or_default();
    let commands = run.check.cmd.split(['&', '|', ';', '(', ')', '\n']);
    let words = commands.flat_map(|command| {
        let words = command.split_whitespace();
        let words = words.map(|word| word.trim_matches(['\'', '"', '`', '{', '}']));
        let words = words.filter(|word| !word.is_empty() && *word != "!" && !word.contains('='));
        words.enumerate()
    });
    // Every shell names in its complaint what it could not run, between colons, and no other program is quoted so.
    let mut words =
        words.filter(|(_, word)| !word.is_empty() && log.contains(&format!(": {word}: ")));
    let (at, word) = words.next()?;
    // A command without a slash is looked for on the path and never in the tree.
    let is_file = at > 0 || word.contains('/');
    let path = word.strip_prefix("./").unwrap_or(word);
    (!is_file || !own.matches(path)).then_some(word)
}

/// Whether the node's last attempt came back for nothing but such a check: the next one would too.
pub(super) fn is_why(node: &Node, state: &NodeRun) -> bool {
    let last = state.setbacks.last().map(|last| last.failure.class);
    let found = state
        .found
        .as_ref()
        .filter(|found| found.markers.is_empty());
    let run = found.and_then(|found| found.check.as_ref());
    last == Some(FailureClass::Check) && run.is_some_and(|run| word(node, run).is_some())
}

/// What whoever wrote the plan is told.
pub(super) fn advice(node: &Node, word: &str) -> String {
    format!(
        "`{word}` is no command here, or may not be run: no agent can mend that. Mend the check of node {} in the plan, \
         or make the command runnable and try the node again",
        node.name
    )
}
