//! A run as plain lines, one for each thing that happened to a node or to the run as a whole.

use std::collections::BTreeSet;

use protocol::{
    CheckRun, Event, FailureClass, NodeEnd, NodeId, PlanEvent, PlanPatch, Planner, Record,
    ToolEvent, ToolStatus, WorkspaceEvent,
};
use views::{NodeState, Phase, Swarm};

use super::report::short;
use super::words;

/// The line a record makes; most make none. `swarm` has already taken the record in.
pub fn line(record: &Record, swarm: &Swarm) -> Option<String> {
    match &record.event {
        Event::Plan(event) => plan(event, swarm),
        Event::Workspace(event) => workspace(event, swarm),
        Event::Tool(event) if is_doubt(event) => in_doubt(swarm, record.node?),
        Event::Session(_)
        | Event::Turn(_)
        | Event::Model(_)
        | Event::Tool(_)
        | Event::Permission(_)
        | Event::Memory(_)
        | Event::Fault(_) => None,
    }
}

/// Whether a record's line is worth staying above the block of a terminal: what landed, what was given
/// up, what others took the place of, and what a person may have to look after.
pub const fn stays(record: &Record) -> bool {
    match &record.event {
        Event::Workspace(event) => matches!(event, WorkspaceEvent::Advanced { .. }),
        Event::Plan(PlanEvent::Patched { patch, .. }) => {
            !patch.remove.is_empty() || patch.budget.is_some()
        }
        Event::Plan(event) => matches!(
            event,
            PlanEvent::NodeEnded {
                end: NodeEnd::Failed,
                ..
            }
        ),
        Event::Tool(event) => is_doubt(event),
        Event::Session(_)
        | Event::Turn(_)
        | Event::Model(_)
        | Event::Permission(_)
        | Event::Memory(_)
        | Event::Fault(_) => false,
    }
}

/// Whether a command was running when a process ended.
const fn is_doubt(event: &ToolEvent) -> bool {
    matches!(event, ToolEvent::Finished { result, .. } if matches!(result.status, ToolStatus::InDoubt))
}

fn in_doubt(swarm: &Swarm, id: NodeId) -> Option<String> {
    let command = swarm.node(id)?.in_doubt().last()?;
    let command = words::brief(command, 200);
    Some(format!(
        "{}: in doubt, as it was running when formic ended, and not run again: {command}",
        name(swarm, id)
    ))
}

fn name(swarm: &Swarm, id: NodeId) -> String {
    swarm
        .node(id)
        .map_or_else(|| id.to_string(), |node| node.name().to_owned())
}

fn names(swarm: &Swarm, ids: impl Iterator<Item = NodeId>) -> String {
    ids.map(|id| name(swarm, id))
        .collect::<Vec<String>>()
        .join(", ")
}

fn plan(event: &PlanEvent, swarm: &Swarm) -> Option<String> {
    let nodes = || words::count(swarm.nodes.len(), "node");
    if swarm.phase == Phase::Planning
        && matches!(
            event,
            PlanEvent::Proposed { .. } | PlanEvent::Accepted { .. }
        )
    {
        return None;
    }
    Some(match event {
        PlanEvent::Proposed { by, .. } => format!(
            "plan: {} {}",
            nodes(),
            match by {
                Planner::User => "as given",
                Planner::Model => "chosen by the model, put together by code",
                Planner::Fallback => "by code alone: the model gave nothing usable",
            }
        ),
        PlanEvent::Accepted { .. } => format!("plan: approved, {}", nodes()),
        PlanEvent::Rejected { why } => format!("plan: rejected: {}", words::brief(why, 200)),
        PlanEvent::Patched { patch, why } => patched((patch, why), swarm),
        PlanEvent::Checked { runs } => stood(runs),
        PlanEvent::NodeStarted { node, attempt, .. } => {
            let number = attempt.as_ref().map_or(1, |attempt| attempt.number);
            let again = if number > 1 {
                format!(" (attempt {number})")
            } else {
                String::new()
            };
            format!("{}: started{again}", name(swarm, *node))
        }
        PlanEvent::NodeReturned { node, failure, .. } => format!(
            "{}: came back, {}: {}",
            name(swarm, *node),
            failure.class.said(),
            words::brief(&failure.evidence.as_str(), 200)
        ),
        PlanEvent::NodeEnded { node, end, .. } => ended(swarm, *node, *end),
        PlanEvent::Paused { .. } => paused(swarm),
        PlanEvent::Unpaused => "goes on".to_owned(),
        PlanEvent::Cancelled { why, .. } => given_up(swarm, why),
        PlanEvent::Closed => return None,
    })
}

/// How checks went on what the work starts from.
fn stood(runs: &[CheckRun]) -> String {
    // A command that is declared twice is told twice, and ran once.
    let commands: BTreeSet<&str> = runs.iter().map(|run| run.check.cmd.as_str()).collect();
    let odd = runs.iter().filter(|run| !run.is_as_declared()).count();
    let odd = match odd {
        0 => String::new(),
        odd => format!(", {odd} not as declared"),
    };
    format!(
        "before any of the work: {} run{odd}",
        words::count(commands.len(), "check")
    )
}

fn given_up(swarm: &Swarm, why: &str) -> String {
    let said = match swarm.has_failed() {
        true => "stopped",
        false => "cancelled",
    };
    // What follows on further lines is a log, which the report tells.
    let why = why.lines().next().unwrap_or_default();
    format!("{said}: {}", words::brief(why, 400))
}

fn paused(swarm: &Swarm) -> String {
    let why = swarm
        .no_model()
        .map_or("nothing new starts", |no_model| &no_model.text);
    format!("paused: {}", words::brief(why, 200))
}

fn patched((patch, why): (&PlanPatch, &str), swarm: &Swarm) -> String {
    if !patch.remove.is_empty() {
        let change = swarm.changes().last();
        return format!("plan: {}", change.map(words::change).unwrap_or_default());
    }
    if patch.budget.is_some() {
        return format!("budget: {}", words::brief(why, 200));
    }
    format!(
        "plan: changed ({} added, {} removed, {} rewritten): {}",
        patch.add.len(),
        patch.remove.len(),
        patch.modify.len(),
        words::brief(why, 200)
    )
}

fn ended(swarm: &Swarm, id: NodeId, end: NodeEnd) -> String {
    let node = swarm.node(id);
    let why = node.and_then(|node| swarm.reason(node));
    let why = why
        .map(|why| format!(": {}", words::brief(&why, 200)))
        .unwrap_or_default();
    let said = match end {
        NodeEnd::Done => "done",
        NodeEnd::Failed => "failed",
        NodeEnd::Skipped => "skipped",
        NodeEnd::Cancelled => NodeState::Cancelled.said(node.map_or(0, |node| node.attempt)),
    };
    format!("{}: {said}{why}", name(swarm, id))
}

fn workspace(event: &WorkspaceEvent, swarm: &Swarm) -> Option<String> {
    Some(match event {
        WorkspaceEvent::Reverted { node, paths } => format!(
            "{}: changed outside its scope, put back: {}",
            name(swarm, *node),
            words::brief(&paths.join(", "), 200)
        ),
        WorkspaceEvent::BatchTaken { batch, nodes, .. } => {
            format!("batch {batch}: {}", names(swarm, nodes.iter().copied()))
        }
        WorkspaceEvent::Merged {
            batch, conflicts, ..
        } if !conflicts.is_empty() => format!(
            "batch {batch}: {} with {}",
            FailureClass::Conflict.name(),
            names(swarm, conflicts.iter().map(|conflict| conflict.node))
        ),
        WorkspaceEvent::Gated { batch, runs, .. } => {
            let red = runs.iter().find(|run| !run.passed());
            match red {
                Some(run) => format!(
                    "batch {batch}: red: {} `{}`",
                    swarm.whose(&run.check),
                    words::brief(&run.check.cmd, 100)
                ),
                None => format!("batch {batch}: green"),
            }
        }
        WorkspaceEvent::Advanced { to, nodes, .. } => format!(
            "landed at {}: {}",
            short(&to.to_string()),
            names(swarm, nodes.iter().map(|merged| merged.node))
        ),
        WorkspaceEvent::Failed { batch, text } => {
            let what = batch.map_or("landing".to_owned(), |batch| format!("batch {batch}"));
            format!("{what}: could not {}", words::brief(&text.as_str(), 200))
        }
        WorkspaceEvent::Begun(_)
        | WorkspaceEvent::TreeMade { .. }
        | WorkspaceEvent::Worked { .. }
        | WorkspaceEvent::Inspected { .. }
        | WorkspaceEvent::Merged { .. }
        | WorkspaceEvent::Advancing { .. }
        | WorkspaceEvent::Landed(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use protocol::{Check, Expect};
    use views::View;

    use super::*;
    use crate::swarm::sample;

    #[test]
    fn what_happens_is_told_a_line_each() {
        let mut swarm = Swarm::default();
        let mut lines = Vec::new();
        for record in sample::over() {
            swarm.apply(&record);
            lines.extend(line(&record, &swarm));
        }
        insta::assert_snapshot!("told", lines.join("\n"));
    }

    #[test]
    fn a_command_that_is_declared_twice_is_told_as_run_once() {
        let run = |expect| CheckRun {
            check: Check {
                cmd: "make".to_owned(),
                timeout_ms: 1,
                expect,
            },
            exit: Some(1),
            ms: 1,
            log: "".into(),
            denied: None,
        };
        assert_eq!(
            stood(&[run(Expect::Fail)]),
            "before any of the work: 1 check run"
        );
        assert_eq!(
            stood(&[run(Expect::Fail), run(Expect::Pass)]),
            "before any of the work: 1 check run, 1 not as declared"
        );
    }
}
