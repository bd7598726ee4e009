//! Checks and codemods that cannot be run: a command that is not on the shell's path, or may not be run, or is denied by a
//! rule. Whoever wrote the plan or the rule can mend that, and no agent and no further attempt.

use std::borrow::Cow;

use protocol::shell::{is_refusal, missing};
use protocol::{BEGIN_ANEW, CheckRun, Failure, FailureClass, Kind, NOT_RUN, Node};

use super::node_run::NodeRun;

/// Why a command cannot be run, whoever tries.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bar<'a> {
    /// The shell looked for this command on its path in vain.
    Missing(&'a str),
    /// The shell could not run it, or part of it.
    Refused,
    /// Permission is denied.
    Denied,
}

/// Why a node's check cannot be run. The command of a check that the shell looked for on its path in vain is one reason.
/// Anything else that it could not run may be work that is yet to be done, where an agent is to do it: a file of the tree,
/// what a script within calls, and whatever the check itself makes the path or the commands be.
fn of_check<'a>(node: &Node, run: &'a CheckRun) -> Option<Bar<'a>> {
    if run.denied.is_some() {
        return Some(Bar::Denied);
    }
    if !run.exit.is_some_and(is_refusal) {
        return None;
    }
    let missing = missing(&run.check.cmd, &run.log.as_str()).map(Bar::Missing);
    missing.or((!node.kind.has_agent()).then_some(Bar::Refused))
}

/// What a command that failed came to, with its exit code if it has any: the evidence of a codemod's attempt.
pub fn exited(cmd: &str, code: Option<i32>, log: &str) -> String {
    let how = match code {
        Some(code) => format!("{}{code}", exit_of(cmd)),
        None => format!("`{cmd}` was ended"),
    };
    with_log(&how, log)
}

/// How a command ended, and the end of what it said.
pub(super) fn with_log(how: &str, log: &str) -> String {
    match log.trim().is_empty() {
        true => format!("{how} and said nothing"),
        false => format!("{how}:\n{log}"),
    }
}

/// What is told of a command that permission was denied for, and why: the evidence of a codemod's attempt.
pub fn barred(cmd: &str, why: &str) -> String {
    format!("{}{why}\n", denial_of(cmd))
}

fn exit_of(cmd: &str) -> String {
    format!("`{cmd}` exited with ")
}

fn denial_of(cmd: &str) -> String {
    format!("`{cmd}` was {NOT_RUN}")
}

/// Why a codemod's command could not be run, from what its attempt came to.
fn of_codemod<'a>(cmd: &'a str, evidence: &str) -> Option<Bar<'a>> {
    if evidence.starts_with(&denial_of(cmd)) {
        return Some(Bar::Denied);
    }
    let (_, said) = evidence.split_once(&exit_of(cmd))?;
    let (code, log) = said.split_at(said.find([':', ' '])?);
    let is_refused = code.parse().is_ok_and(is_refusal);
    is_refused.then(|| missing(cmd, log).map_or(Bar::Refused, Bar::Missing))
}

/// The command of a codemod, if this may be what it came to.
fn command_of<'a>(node: &'a Node, failure: &Failure) -> Option<Cow<'a, str>> {
    let is_it = node.kind == Kind::Codemod && failure.class == FailureClass::Check;
    Some(node.brief.as_ref().filter(|_| is_it)?.as_str())
}

/// What an attempt came to that ended by itself; where its command could not be run, with what is to be done.
pub(super) fn advised(node: &Node, failure: Failure) -> Failure {
    let cmd = command_of(node, &failure);
    let evidence = failure.evidence.as_str();
    let bar = cmd.as_ref().and_then(|cmd| of_codemod(cmd, &evidence));
    let Some(bar) = bar else {
        return failure;
    };
    let evidence = advised_of(node, ("command", bar), &evidence).into();
    let class = failure.class;
    Failure { class, evidence }
}

/// What is told of a check that did not pass; where it could not be run, with what is to be done.
pub(super) fn told(node: &Node, run: &CheckRun, red: String) -> String {
    match of_check(node, run) {
        Some(bar) => advised_of(node, ("check", bar), &red),
        None => red,
    }
}

/// Whether the node's last attempt came back for nothing but such a check, or such a command: the next one would too.
pub(super) fn is_in_vain(node: &Node, state: &NodeRun) -> bool {
    is_barred(node, state, |_| true)
}

/// Whether another plan would be of no use either: a command of its own files could be made by it.
pub(super) fn is_why(node: &Node, state: &NodeRun) -> bool {
    is_barred(node, state, |bar| bar != Bar::Refused)
}

fn is_barred(node: &Node, state: &NodeRun, is: fn(Bar<'_>) -> bool) -> bool {
    let Some(last) = state.setbacks.last().map(|last| &last.failure) else {
        return false;
    };
    if last.class != FailureClass::Check {
        return false;
    }
    let evidence = last.evidence.as_str();
    let cmd = command_of(node, last);
    if let Some(bar) = cmd.as_ref().and_then(|cmd| of_codemod(cmd, &evidence)) {
        return is(bar);
    }
    let found = state.found.as_ref();
    let found = found.filter(|found| found.markers.is_empty());
    let Some(run) = found.and_then(|found| found.check.as_ref()) else {
        return false;
    };
    let may_be_its_doing = run.denied.is_some() && node.kind.has_agent();
    if may_be_its_doing && !was_denied(state, &run.check.cmd) {
        return false;
    }
    of_check(node, run).is_some_and(is)
}

/// Whether the attempt before the last was told of the same denial. A rule may be about what an agent left in its tree, a link
/// out of it say: it hears of that once.
fn was_denied(state: &NodeRun, cmd: &str) -> bool {
    let before = state.setbacks.iter().rev().nth(1);
    before.is_some_and(|before| {
        before
            .failure
            .evidence
            .as_str()
            .starts_with(&denial_of(cmd))
    })
}

/// The evidence with what whoever wrote the plan is to do: `what` is of the node. A run's plan stays what it is.
fn advised_of(node: &Node, (what, bar): (&str, Bar<'_>), evidence: &str) -> String {
    let anew = format!("or mend the {what} of node {} {BEGIN_ANEW}", node.name);
    let why = match bar {
        Bar::Missing(word) => {
            format!("`{word}` is no command here, or may not be run: no agent can mend that")
        }
        Bar::Refused => {
            "the command was not found, or may not be run: no further attempt can mend that"
                .to_owned()
        }
        Bar::Denied => {
            // The rule is what is read of it first.
            let said = evidence.trim_end();
            let if_not = match what == "check" && node.kind.has_agent() {
                true => {
                    "If that is about what lies in the tree, change it. If not, the answer is the same again"
                }
                false => "The answer would be the same again",
            };
            return format!("{said}\n{if_not}: change the rule and try the node again, {anew}");
        }
    };
    format!("{why}. Make the command runnable and try the node again, {anew}\n{evidence}")
}
