//! What a listing tells of runs of a swarm: what is done, where it is, why it is not more.

use std::path::PathBuf;

use protocol::{
    Attempt, BUDGET_USED_UP, Budget, Check, CheckRun, Event, Expect, Failure, FailureClass, Ground,
    Isolation, Kind, Landing, Merged, Node, NodeEnd, NodeId, OWN_BUDGET_USED_UP, OWN_TIME_USED_UP,
    Plan, PlanEvent, PlanPatch, SessionId, TIME_USED_UP, TreeStart, WorkspaceEvent,
};
use store::{RunStage, RunTally, forget_lock, forgotten_locks, list};

use crate::given::{Disk, record, session, small};
use crate::lock::{child, wait_for};

fn node(n: u8) -> NodeId {
    NodeId::derived(&[&[n]])
}

fn planned(n: u8) -> Node {
    Node::new(node(n), Kind::Edit, format!("node {n}"))
}

fn plan(nodes: Vec<Node>) -> Plan {
    Plan {
        goal: "go".to_owned(),
        nodes,
        ..Plan::default()
    }
}

fn begun() -> Event {
    Event::Workspace(WorkspaceEvent::Begun(Ground {
        root: PathBuf::from("/w"),
        isolation: Isolation::Worktree,
        base: None,
        target: Some("main".to_owned()),
        integration: Some("refs/heads/formic/000000000011".to_owned()),
    }))
}

fn started(n: u8) -> Event {
    Event::Plan(PlanEvent::NodeStarted {
        node: node(n),
        agent: protocol::AgentId::derived(&[&[n]]),
        attempt: Some(Attempt {
            number: 1,
            is_fresh: true,
            allotted: Budget::default(),
            start: TreeStart::Shared,
        }),
    })
}

fn returned(n: u8, class: FailureClass) -> Event {
    Event::Plan(PlanEvent::NodeReturned {
        node: node(n),
        attempt: 1,
        failure: Failure {
            class,
            evidence: "no".into(),
        },
    })
}

fn ended(n: u8, end: NodeEnd) -> Event {
    Event::Plan(PlanEvent::NodeEnded {
        node: node(n),
        end,
        why: None,
    })
}

fn advanced(n: u8) -> Event {
    let commit = || "1".repeat(40).parse().unwrap();
    Event::Workspace(WorkspaceEvent::Advanced {
        batch: 1,
        to: commit(),
        nodes: vec![Merged {
            node: node(n),
            commit: commit(),
        }],
    })
}

fn landed(branch: &str, is_fast_forward: bool) -> Event {
    Event::Workspace(WorkspaceEvent::Landed(Landing {
        branch: branch.to_owned(),
        commit: "1".repeat(40).parse().unwrap(),
        is_fast_forward,
        remark: None,
    }))
}

/// What is told of a run with these events after its plan of two nodes was accepted.
fn told(more: Vec<Event>) -> (RunStage, RunTally) {
    let nodes = plan(vec![planned(1), planned(2)]);
    let mut events = vec![begun(), Event::Plan(PlanEvent::Accepted { plan: nodes })];
    events.extend(more);
    let numbered = (1..).zip(events);
    let records: Vec<_> = numbered.map(|(seq, event)| record(seq, event)).collect();
    let disk = Disk::holding(&records);
    let facts = list(&disk.data).unwrap().remove(0).facts;
    assert_eq!(list(&disk.data).unwrap()[0].facts, facts, "from the index");
    (facts.run.unwrap(), facts.tally.unwrap())
}

/// What is told of a run of two nodes of which nothing is known.
fn none() -> RunTally {
    RunTally {
        nodes: 2,
        ..RunTally::default()
    }
}

/// One is done, on the run's own branch.
fn one() -> RunTally {
    RunTally {
        done: 1,
        branch: Some("formic/000000000011".to_owned()),
        ..none()
    }
}

fn closed() -> Event {
    Event::Plan(PlanEvent::Closed)
}

#[test]
fn a_run_is_told_by_what_is_done_and_by_where_its_work_is() {
    let on = |branch: &str, is_landed| RunTally {
        done: 2,
        branch: Some(branch.to_owned()),
        is_landed,
        ..none()
    };
    let landed_on = |branch: &str, is_forward| {
        let done = [advanced(1), ended(2, NodeEnd::Done)];
        let mut events = done.to_vec();
        events.extend([landed(branch, is_forward), closed()]);
        events
    };
    for (events, stage, then) in [
        (vec![], RunStage::Running, none()),
        (vec![advanced(1)], RunStage::Running, one()),
        (landed_on("main", true), RunStage::Closed, on("main", true)),
        (
            landed_on("formic/x", false),
            RunStage::Closed,
            on("formic/x", false),
        ),
    ] {
        assert_eq!(told(events), (stage, then));
    }
}

#[test]
fn a_run_that_did_not_do_all_is_told_by_why() {
    let failing = |class| {
        vec![
            advanced(1),
            started(2),
            returned(2, class),
            ended(2, NodeEnd::Failed),
            closed(),
        ]
    };
    let limited = RunTally {
        is_limited: true,
        ..one()
    };
    let never_begun = vec![advanced(1), ended(2, NodeEnd::Failed), closed()];
    let late = |why: &str| {
        let late = Event::Plan(PlanEvent::NodeEnded {
            node: node(2),
            end: NodeEnd::Failed,
            why: Some(why.into()),
        });
        vec![advanced(1), started(2), late, closed()]
    };
    let out_of_time = late(TIME_USED_UP);
    for (events, then) in [
        (failing(FailureClass::Check), one()),
        (failing(FailureClass::Budget), limited.clone()),
        (late(OWN_TIME_USED_UP), limited.clone()),
        (late(BUDGET_USED_UP), limited.clone()),
        (late(OWN_BUDGET_USED_UP), limited.clone()),
        (out_of_time, limited.clone()),
        (never_begun, limited),
    ] {
        assert_eq!(told(events), (RunStage::Closed, then));
    }
}

#[test]
fn a_run_that_was_given_up_was_cancelled_or_has_failed() {
    let ending = |is_failure| {
        let why = "w".into();
        vec![
            Event::Plan(PlanEvent::Cancelled { why, is_failure }),
            ended(1, NodeEnd::Cancelled),
            ended(2, NodeEnd::Cancelled),
            closed(),
        ]
    };
    let (cancelled, hopeless) = (ending(false), ending(true));
    let checked = |exit| {
        let run = CheckRun {
            check: Check {
                cmd: "make".into(),
                timeout_ms: 1,
                expect: Expect::Pass,
            },
            exit: Some(exit),
            log: "".into(),
            ms: 1,
            denied: None,
        };
        let mut events = cancelled.clone();
        events.insert(0, Event::Plan(PlanEvent::Checked { runs: vec![run] }));
        events
    };
    let (founded, unfounded) = (checked(0), checked(1));
    let given_up = RunTally {
        is_cancelled: true,
        ..none()
    };
    let failed = RunTally {
        has_failed: true,
        ..none()
    };
    for (events, then) in [
        (cancelled, given_up.clone()),
        (founded, given_up),
        (unfounded, failed.clone()),
        (hopeless, failed),
    ] {
        assert_eq!(told(events), (RunStage::Closed, then));
    }
}

#[test]
fn who_is_asked_how_a_node_could_be_done_otherwise_is_not_counted() {
    let planner = Node::new(node(3), Kind::Plan, "plan anew");
    let patch = PlanPatch {
        add: vec![planner],
        ..PlanPatch::default()
    };
    let why = "x".to_owned();
    let asked = Event::Plan(PlanEvent::Patched { patch, why });
    let events = vec![asked, ended(3, NodeEnd::Done), closed()];
    assert_eq!(told(events), (RunStage::Closed, none()));
}

#[test]
fn a_node_tried_again_begins_anew_with_what_was_skipped_for_it() {
    let again = Event::Plan(PlanEvent::Patched {
        patch: PlanPatch {
            modify: vec![planned(1)],
            ..PlanPatch::default()
        },
        why: "again".to_owned(),
    });
    let before = vec![
        ended(1, NodeEnd::Failed),
        ended(2, NodeEnd::Skipped),
        closed(),
    ];
    let mut after = before.clone();
    after.extend([again, started(1)]);
    assert!(told(before).1.is_limited);
    let (stage, tally) = told(after);
    assert_eq!(
        (stage, tally.is_limited, tally.done),
        (RunStage::Running, false, 0)
    );
}

#[test]
fn what_a_run_may_use_says_nothing_of_whether_it_goes_on() {
    let more = Event::Plan(PlanEvent::Patched {
        patch: PlanPatch {
            budget: Some(protocol::Budget::default()),
            ..PlanPatch::default()
        },
        why: "more".to_owned(),
    });
    let events = vec![ended(1, NodeEnd::Failed), ended(2, NodeEnd::Skipped)];
    let (before, _) = told(events.clone());
    let (open, _) = told([events.clone(), vec![more.clone()]].concat());
    let (over, _) = told([events, vec![closed(), more]].concat());
    assert_eq!(
        (before, open, over),
        (RunStage::Running, RunStage::Running, RunStage::Closed)
    );
}

#[test]
fn what_was_given_up_stays_so_where_others_come_in_the_place_of_what_it_waited_for() {
    let otherwise = |remove| {
        let patch = PlanPatch {
            add: vec![planned(3)],
            remove,
            modify: vec![planned(2)],
            budget: None,
        };
        let why = "planned anew".to_owned();
        vec![
            ended(2, NodeEnd::Failed),
            Event::Plan(PlanEvent::Patched { patch, why }),
            ended(3, NodeEnd::Done),
            closed(),
        ]
    };
    assert!(told(otherwise(vec![node(1)])).1.is_limited);
    assert!(!told(otherwise(Vec::new())).1.is_limited, "tried again");
}

#[test]
fn the_node_that_makes_the_plan_is_none_of_it() {
    let planner = Node::new(node(9), Kind::Plan, "plan");
    let events = vec![
        begun(),
        Event::Plan(PlanEvent::Accepted {
            plan: plan(vec![planner]),
        }),
        started(9),
    ];
    let numbered = (1..).zip(events);
    let records: Vec<_> = numbered.map(|(seq, event)| record(seq, event)).collect();
    let disk = Disk::holding(&records);
    let facts = list(&disk.data).unwrap().remove(0).facts;
    assert_eq!(facts.tally, Some(RunTally::default()));
    let chat = Disk::holding(&small(2));
    assert_eq!(list(&chat.data).unwrap()[0].facts.tally, None);
}

#[test]
fn only_the_signature_of_a_dead_process_is_taken_off_a_lock() {
    let disk = Disk::holding(&small(1));
    let none: [SessionId; 0] = [];
    assert_eq!(forgotten_locks(&disk.data).unwrap(), none);
    let mut holder = child("lock::child_holds", &disk).spawn().unwrap();
    wait_for(&mut holder, "holding");
    assert_eq!(forgotten_locks(&disk.data).unwrap(), none);
    assert!(!forget_lock(&disk.data, session()).unwrap());
    holder.kill().unwrap();
    holder.wait().unwrap();
    assert_eq!(forgotten_locks(&disk.data).unwrap(), [session()]);
    assert!(forget_lock(&disk.data, session()).unwrap());
    assert_eq!(forgotten_locks(&disk.data).unwrap(), none);
    assert!(!forget_lock(&disk.data, session()).unwrap());
}
