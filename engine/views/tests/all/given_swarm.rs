//! Records of a swarm run to fold.

use protocol::{
    Attempt, Budget, Change, ChangeKind, Check, CheckRun, Event, Expect, Failure, FailureClass,
    GitId, Inspection, Kind, Merged, Node, NodeEnd, Plan, PlanEvent, Record, TreeStart,
    WorkspaceEvent,
};
use views::{Swarm, View};

use crate::given::*;

/// A plan of edits: each node with what it depends on.
pub(crate) fn plan(nodes: &[(u8, &[u8])]) -> Plan {
    let nodes = nodes.iter().map(|(n, deps)| {
        let mut made = Node::new(node(*n), Kind::Edit, format!("node {n}"));
        made.name = format!("n{n}").as_str().into();
        made.deps = deps.iter().map(|dep| node(*dep)).collect();
        made
    });
    Plan {
        version: 1,
        goal: "g".into(),
        nodes: nodes.collect(),
        ..Plan::default()
    }
}

pub(crate) fn accepted(nodes: &[(u8, &[u8])]) -> Event {
    Event::Plan(PlanEvent::Accepted { plan: plan(nodes) })
}

pub(crate) fn begun(n: u8, number: u32) -> Event {
    Event::Plan(PlanEvent::NodeStarted {
        node: node(n),
        agent: agent(n),
        attempt: Some(Attempt {
            number,
            is_fresh: false,
            allotted: Budget::default(),
            start: TreeStart::Kept,
        }),
    })
}

pub(crate) fn returned(n: u8, attempt: u32, class: FailureClass) -> Event {
    Event::Plan(PlanEvent::NodeReturned {
        node: node(n),
        attempt,
        failure: Failure {
            class,
            evidence: "it said\nno".into(),
        },
    })
}

pub(crate) fn over(n: u8, end: NodeEnd) -> Event {
    Event::Plan(PlanEvent::NodeEnded {
        node: node(n),
        end,
        why: None,
    })
}

pub(crate) fn git(n: u8) -> GitId {
    format!("{n:040x}").parse().unwrap()
}

pub(crate) fn check_run(exit: i32) -> CheckRun {
    CheckRun {
        check: Check {
            cmd: "make".into(),
            timeout_ms: 1,
            expect: Expect::Any,
        },
        exit: Some(exit),
        log: "".into(),
        ms: 5,
        denied: None,
    }
}

pub(crate) fn inspected(n: u8, files: &[&str], exit: i32) -> Event {
    let changed = files.iter().map(|path| Change {
        path: (*path).to_owned(),
        how: ChangeKind::Modified,
    });
    Event::Workspace(WorkspaceEvent::Inspected {
        node: node(n),
        attempt: 1,
        found: Inspection {
            tree: Some(git(n)),
            changed: changed.collect(),
            strays: Vec::new(),
            markers: Vec::new(),
            weakened: Vec::new(),
            check: Some(check_run(exit)),
            fault: None,
            may_pass: false,
        },
    })
}

pub(crate) fn taken(batch: u32, nodes: &[u8]) -> Event {
    Event::Workspace(WorkspaceEvent::BatchTaken {
        batch,
        nodes: nodes.iter().map(|n| node(*n)).collect(),
        tip: git(0),
    })
}

pub(crate) fn advanced(batch: u32, nodes: &[u8]) -> Event {
    let nodes = nodes.iter().map(|n| Merged {
        node: node(*n),
        commit: git(*n),
    });
    Event::Workspace(WorkspaceEvent::Advanced {
        batch,
        to: git(9),
        nodes: nodes.collect(),
    })
}

/// Events of the run itself, those of agents with their number.
pub(crate) fn journal(events: Vec<(Option<u8>, Event)>) -> Vec<Record> {
    let numbered = (1..).zip(events);
    numbered
        .map(|(seq, (who, event))| {
            let mut record = by(who.unwrap_or(0), seq, event);
            if who.is_none() {
                (record.agent, record.node) = (None, None);
            }
            record
        })
        .collect()
}

pub(crate) fn cancelled() -> Event {
    given_up(false)
}

/// The run is given up: because it could not succeed, or somebody wanted it.
pub(crate) fn given_up(is_failure: bool) -> Event {
    Event::Plan(PlanEvent::Cancelled {
        why: "w".into(),
        is_failure,
    })
}

pub(crate) fn rejected() -> Event {
    Event::Plan(PlanEvent::Rejected { why: "w".into() })
}

pub(crate) fn run(events: Vec<Event>) -> Swarm {
    Swarm::fold(&journal(
        events.into_iter().map(|event| (None, event)).collect(),
    ))
}
