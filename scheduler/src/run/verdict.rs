//! What an attempt came to: the end of its turn, what lies in its tree, and the failure either amounts to.

use protocol::{
    Change, ChangeKind, Check, CheckRun, Event, Failure, FailureClass, GaveUp, Inspection,
    InterruptCause, Isolation, Kind, Limit, Node, NodeId, Text, TurnEnd,
};

use super::paths::{is_test, spared_tests};
use super::{Run, follow, unrunnable};

/// What an agent writes first to say that its node cannot be done.
const IMPOSSIBLE: &str = "IMPOSSIBLE:";

/// What an agent writes first to say that its node is more than one agent can do.
const TOO_LARGE: &str = "TOO LARGE:";

/// What the agent of a merge node writes first to say that nothing of the change is to be kept.
pub(super) const TIP_IS_RIGHT: &str = "TIP IS RIGHT:";

pub(super) fn failure(class: FailureClass, evidence: impl Into<Text>) -> Failure {
    Failure {
        class,
        evidence: evidence.into(),
    }
}

/// Why the node cannot be done, or not by one agent, if the last text says so in its first line.
pub(super) fn given_up(said: Option<&Text>) -> Option<Failure> {
    let said = said?;
    let mut words = [
        (IMPOSSIBLE, GaveUp::Impossible),
        (TOO_LARGE, GaveUp::TooLarge),
    ]
    .into_iter();
    let (_, gave_up) = words.find(|(word, _)| begins_with(said, word))?;
    Some(failure(FailureClass::GaveUp(gave_up), said.clone()))
}

fn begins_with(said: &Text, word: &str) -> bool {
    said.as_str().trim_start().starts_with(word)
}

/// Whether no change is what was wanted: the plan says so, or the agent of a merge node does.
fn may_be_empty(planned: &Node, said: Option<&Text>) -> bool {
    let is_merge = planned.kind == Kind::Merge && planned.resolves.is_some();
    planned.scope.noop || (is_merge && said.is_some_and(|said| begins_with(said, TIP_IS_RIGHT)))
}

/// What the end of a turn says; `None` if the agent is through with its work.
pub(super) fn of_turn(end: &TurnEnd, said: Option<&Text>) -> Option<Failure> {
    let (class, evidence) = match end {
        TurnEnd::Completed | TurnEnd::Cut => return given_up(said),
        TurnEnd::Refused => (
            FailureClass::GaveUp(GaveUp::Impossible),
            "the model refused".to_owned(),
        ),
        TurnEnd::Looping => (
            FailureClass::Stall,
            "the same calls with the same results came over and over".to_owned(),
        ),
        TurnEnd::Limited(limit) => return Some(of_limit(*limit)),
        TurnEnd::Interrupted(InterruptCause::Timeout) => {
            (FailureClass::Deadline, "its time was over".to_owned())
        }
        TurnEnd::Interrupted(InterruptCause::User | InterruptCause::Terminate) => (
            FailureClass::Stopped,
            "it was stopped from outside".to_owned(),
        ),
        TurnEnd::Failed(fault) => (FailureClass::Model, fault.message.clone()),
    };
    Some(failure(class, evidence))
}

fn of_limit(limit: Limit) -> Failure {
    let (class, evidence) = match limit {
        Limit::Steps => (FailureClass::Budget, "its model calls were used up"),
        Limit::Cost => (
            FailureClass::Budget,
            "too little of its money is left for another call",
        ),
        Limit::Tokens => (
            FailureClass::Budget,
            "too few of its tokens are left for another call",
        ),
        Limit::Time => (FailureClass::Deadline, "its time was over"),
        Limit::SchemaMisses => (FailureClass::Model, "no answer fitted the wanted schema"),
    };
    failure(class, evidence)
}

/// What is wrong with what lies in a node's tree; `None` if nothing is. Never what a model says decides this. Whoever
/// tries next is told what was denied: the same wall would stop it again.
pub(super) fn of_inspection(run: &Run, node: NodeId) -> Option<Failure> {
    let denied = &run.nodes.get(&node)?.turn.denied;
    let failure = found_wrong(run, node)?;
    if denied.count == 0 {
        return Some(failure);
    }
    let found = failure.evidence.as_str();
    let found = found.trim_end();
    // On one line with what is one line itself: it is read as one sentence there.
    let gap = if found.contains('\n') { "\n" } else { "; " };
    let calls = match denied.count {
        1 => "1 call was denied: ".to_owned(),
        many => format!("{many} calls were denied, the last because: "),
    };
    let evidence = format!("{found}{gap}{calls}{}", denied.last);
    Some(self::failure(failure.class, evidence))
}

fn found_wrong(run: &Run, node: NodeId) -> Option<Failure> {
    let planned = run.planned(node)?;
    let state = run.nodes.get(&node)?;
    let Some(found) = &state.found else {
        return Some(failure(FailureClass::Machine, "its tree was not looked at"));
    };
    if let Some(fault) = &found.fault {
        return Some(failure(FailureClass::Machine, fault.clone()));
    }
    let of_change = if planned.kind.writes() {
        let is_separate = run.isolation() == Some(Isolation::Worktree);
        // Without git nothing tells what changed, except the agent's own tools; a command is taken at its exit code.
        let has_written = state.rungs.has_written || !planned.kind.has_agent();
        let has_changed = !is_separate && found.tree.is_none() && has_written;
        let is_enough = has_changed || may_be_empty(planned, state.said.as_ref());
        of_change(planned, found, is_enough).or_else(|| {
            let has_no_tree = is_separate && found.tree.is_none() && !found.changed.is_empty();
            has_no_tree.then(|| failure(FailureClass::Machine, "no tree of its files was made"))
        })
    } else {
        None
    };
    of_change.or_else(|| of_check(planned, found))
}

fn of_change(planned: &Node, found: &Inspection, is_enough: bool) -> Option<Failure> {
    let within = |change: &&Change| !found.strays.contains(&change.path);
    let is_empty = !found.changed.iter().any(|change| within(&change));
    if is_empty && !found.strays.is_empty() {
        let evidence = format!(
            "it changed nothing in its scope, and outside of it, which was undone:\n{}",
            found.strays.join("\n")
        );
        return Some(failure(FailureClass::Scope, evidence));
    }
    if is_empty && !is_enough {
        return Some(failure(FailureClass::NoChange, nothing(planned)));
    }
    if !found.markers.is_empty() {
        let evidence = format!(
            "markers of the conflict are left in:\n{}",
            found.markers.join("\n")
        );
        return Some(failure(FailureClass::Check, evidence));
    }
    of_tests(planned, found)
}

/// Tests are taken away or weakened only where the plan says so.
fn of_tests(planned: &Node, found: &Inspection) -> Option<Failure> {
    if planned.scope.weakens_tests {
        return None;
    }
    let deleted = deleted_tests(planned, found);
    if !deleted.is_empty() {
        let evidence = format!("it deleted tests:\n{}", deleted.join("\n"));
        return Some(failure(FailureClass::Scope, evidence));
    }
    (!found.weakened.is_empty()).then(|| {
        let evidence = format!(
            "it weakened tests:\n{}\nHave them check what they checked before: fix the code, or say why it cannot be \
             done. Only a plan whose node has the hint \"weakens_tests\" lets tests check less.",
            found.weakened.join("\n")
        );
        failure(FailureClass::Scope, evidence)
    })
}

fn nothing(planned: &Node) -> String {
    let nothing = "it changed nothing".to_owned();
    match planned.kind {
        Kind::Merge => format!(
            "{nothing}: if what landed does all that the change wanted, end with a text whose first line is \
             `{TIP_IS_RIGHT} ` and why"
        ),
        _ => nothing,
    }
}

/// Tests that are gone, unless the scope names them or they only moved: to another place for tests, each to its own.
fn deleted_tests<'a>(planned: &Node, found: &'a Inspection) -> Vec<&'a str> {
    let named = spared_tests(&planned.scope);
    let of = |how: ChangeKind| {
        let changed = found.changed.iter().filter(move |change| change.how == how);
        changed
            .map(|change| change.path.as_str())
            .filter(|path| is_test(path))
    };
    let mut added: Vec<&str> = of(ChangeKind::Added).collect();
    let mut has_moved = |gone: &&str| {
        let place = added.iter().position(|new| file(new) == file(gone));
        place.map(|at| added.swap_remove(at)).is_some()
    };
    of(ChangeKind::Deleted)
        .filter(|path| !named.matches(path))
        .filter(|path| !has_moved(path))
        .collect()
}

fn file(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn of_check(planned: &Node, found: &Inspection) -> Option<Failure> {
    match (&planned.accept, &found.check) {
        (Some(_), None) => Some(failure(FailureClass::Machine, "its check was not run")),
        (Some(_), Some(run)) if !run.passed() => {
            let red = red(std::slice::from_ref(run));
            let evidence = unrunnable::told(planned, run, red);
            Some(failure(FailureClass::Check, evidence))
        }
        (Some(_) | None, _) => None,
    }
}

/// What is done about a check of a merged tree that permission is denied for: it is nobody's work that is to be done
/// again, and no other batch would pass.
pub(super) fn barred(run: &Run, runs: &[CheckRun]) -> Option<Event> {
    let denied = runs.iter().find(|run| run.denied.is_some())?;
    run.given_up().is_none().then(|| {
        let is_gate = run.plan.gate.as_ref().is_some_and(|gate| gate.cmd == denied.check.cmd);
        let whose = if is_gate { "the gate: " } else { "" };
        let said = red(std::slice::from_ref(denied));
        let what = "what was done is kept; change the rule and try the node again, or begin a new run with another check";
        follow::hopeless(format!("{whose}{}; {what}", said.trim_end()))
    })
}

/// The evidence of a red check of a merged tree: whose it is, and the rest. The plan's gate comes before a node's own,
/// and that before those of nodes that landed earlier.
pub(super) fn red_merged(run: &Run, node: NodeId, runs: &[CheckRun]) -> String {
    let evidence = red(runs);
    let Some(red) = runs.iter().find(|run| !run.passed()) else {
        return evidence;
    };
    let is_it = |check: &Option<Check>| check.as_ref().is_some_and(|it| it.cmd == red.check.cmd);
    if is_it(&run.plan.gate) {
        return format!("the gate: {evidence}");
    }
    let own = run.planned(node).into_iter();
    let mut nodes = own.chain(&run.plan.nodes);
    let whose = nodes.find(|node| is_it(&node.accept));
    whose.map_or(evidence.clone(), |node| {
        format!("the check of node {}: {evidence}", node.name)
    })
}

/// The evidence of red checks: each command, how it ended, the end of what it said.
pub(super) fn red(runs: &[CheckRun]) -> String {
    let failed: Vec<String> = runs
        .iter()
        .filter(|run| !run.passed())
        .map(|run| {
            let cmd = &run.check.cmd;
            if let Some(why) = &run.denied {
                return unrunnable::barred(cmd, &why.as_str());
            }
            let log = run.log.as_str();
            if run.exit.is_some() {
                return unrunnable::exited(cmd, run.exit, &log);
            }
            let time = run.check.timeout_ms;
            let late = format!("`{cmd}` did not end by itself within {time} ms");
            unrunnable::with_log(&late, &log)
        })
        .collect();
    if failed.is_empty() {
        return "not every check was run".to_owned();
    }
    failed.join("\n\n")
}
