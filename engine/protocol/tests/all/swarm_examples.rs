//! One event of every variant that only a swarm has, with every field filled.

use protocol::{
    AgentId, Attempt, BlobId, BoardEntry, Budget, CallId, Caps, Change, ChangeKind, Check,
    CheckRun, Conflict, Cost, EntryKind, Event, Evidence, Expect, Fact, Failure, FailureClass,
    GaveUp, GitId, Ground, Inspection, Isolation, Kind, Landing, MemoryEvent, MemoryId, Merged,
    ModelFault, Node, NodeEnd, NodeId, Note, OnFail, PauseCause, Plan, PlanEvent, PlanPatch,
    Planner, Provenance, Risk, Scope, Text, Tier, Timestamp, ToolEvent, ToolResult, TreeStart,
    TurnEvent, Weight, WorkspaceEvent,
};

use crate::examples::uuid;

fn node() -> NodeId {
    NodeId::new(uuid(5))
}

fn agent() -> AgentId {
    AgentId::new(uuid(6))
}

fn git(digit: char) -> GitId {
    digit.to_string().repeat(40).parse().unwrap()
}

fn check() -> Check {
    Check {
        cmd: "cargo test".into(),
        timeout_ms: 60_000,
        expect: Expect::Fail,
    }
}

pub(crate) fn run(text: &Text) -> CheckRun {
    CheckRun {
        check: check(),
        exit: Some(101),
        log: text.clone(),
        ms: 3,
        denied: None,
    }
}

fn budget() -> Budget {
    Budget {
        tokens: Some(1),
        cost: Some(Cost(2)),
        wall_ms: Some(3),
        tool_calls: Some(4),
        attempts: Some(5),
    }
}

fn planned(text: &Text) -> Node {
    Node {
        name: "a".into(),
        brief: Some(text.clone()),
        deps: vec![NodeId::new(uuid(7))],
        scope: Scope {
            reads: vec!["**".into()],
            writes: vec!["a.txt".into()],
            noop: true,
            weakens_tests: false,
            sparse: false,
        },
        accept: Some(check()),
        budget: budget(),
        tier: Tier::Frontier,
        weight: Weight {
            est_ms: 9,
            risk: Risk::High,
            on_fail: OnFail::Abort,
        },
        resolves: Some(NodeId::new(uuid(8))),
        ..Node::new(node(), Kind::Merge, "merge a")
    }
}

fn plan(text: &Text) -> Plan {
    Plan {
        version: 1,
        goal: "go".into(),
        base: Some(git('a')),
        nodes: vec![planned(text)],
        contracts: vec!["keep names".into()],
        gate: Some(check()),
        budget: budget(),
        caps: Caps {
            max_nodes: 1,
            max_depth: 2,
            max_parallel: 3,
            max_replans: 0,
        },
    }
}

/// Every variant in the order of its family.
pub(crate) fn swarm_events(text: &Text) -> Vec<Event> {
    let plans = of_plan(text).into_iter().map(Event::Plan);
    let trees = of_trees(text).into_iter().map(Event::Workspace);
    let lane = of_the_lane(text).into_iter().map(Event::Workspace);
    let memory = of_memory(text).into_iter().map(Event::Memory);
    let informed = Event::Turn(TurnEvent::Informed { text: text.clone() });
    plans
        .chain(trees)
        .chain(lane)
        .chain(memory)
        .chain([informed, noted(text)])
        .collect()
}

/// What came when plans could be changed after failures, and when a run could be given other limits.
pub(crate) fn of_a_replan(text: &Text) -> [PlanEvent; 4] {
    let mut plan = plan(text);
    plan.caps.max_replans = 2;
    let failure = Failure {
        class: FailureClass::GaveUp(GaveUp::TooLarge),
        evidence: text.clone(),
    };
    [
        PlanEvent::Accepted { plan },
        PlanEvent::NodeReturned {
            node: node(),
            attempt: 1,
            failure,
        },
        PlanEvent::Patched {
            patch: PlanPatch {
                budget: Some(budget()),
                ..PlanPatch::default()
            },
            why: "more".into(),
        },
        PlanEvent::Cancelled {
            why: "enough".into(),
            is_failure: true,
        },
    ]
}

/// What came when a pause could have a cause.
pub(crate) fn paused(fault: ModelFault) -> PlanEvent {
    let cause = PauseCause::NoModel {
        node: node(),
        fault,
    };
    PlanEvent::Paused { cause }
}

fn of_plan(text: &Text) -> Vec<PlanEvent> {
    let attempt = |start| Attempt {
        number: 2,
        is_fresh: true,
        allotted: budget(),
        start,
    };
    let started = |start| PlanEvent::NodeStarted {
        node: node(),
        agent: agent(),
        attempt: Some(attempt(start)),
    };
    let cause = PauseCause::User;
    let onto = TreeStart::Onto {
        base: git('a'),
        tree: git('b'),
    };
    vec![
        PlanEvent::Proposed {
            plan: plan(text),
            by: Planner::Fallback,
            remarks: vec!["one hot file".into()],
        },
        PlanEvent::Accepted { plan: plan(text) },
        PlanEvent::Rejected { why: "no".into() },
        PlanEvent::Patched {
            patch: PlanPatch {
                add: vec![planned(text)],
                remove: vec![node()],
                modify: vec![planned(text)],
                budget: None,
            },
            why: "a conflict".into(),
        },
        started(TreeStart::Shared),
        started(TreeStart::Commit(git('a'))),
        started(TreeStart::Kept),
        started(onto),
        PlanEvent::NodeReturned {
            node: node(),
            attempt: 1,
            failure: Failure {
                class: FailureClass::Check,
                evidence: text.clone(),
            },
        },
        PlanEvent::NodeEnded {
            node: node(),
            end: NodeEnd::Skipped,
            why: Some(text.clone()),
        },
        PlanEvent::Paused { cause },
        PlanEvent::Unpaused,
        PlanEvent::Cancelled {
            why: "enough".into(),
            is_failure: false,
        },
        PlanEvent::Closed,
    ]
}

fn of_trees(text: &Text) -> Vec<WorkspaceEvent> {
    let change = Change {
        path: "a.txt".into(),
        how: ChangeKind::Deleted,
    };
    vec![
        WorkspaceEvent::Begun(Ground {
            root: "/w".into(),
            isolation: Isolation::Worktree,
            base: Some(git('a')),
            target: Some("main".into()),
            integration: Some("refs/heads/formic/1".into()),
        }),
        WorkspaceEvent::TreeMade {
            node: node(),
            attempt: 1,
            root: "/t/1".into(),
            base: Some(git('a')),
        },
        WorkspaceEvent::Reverted {
            node: node(),
            paths: vec!["b.txt".into()],
        },
        WorkspaceEvent::Worked {
            node: node(),
            attempt: 1,
        },
        WorkspaceEvent::Inspected {
            node: node(),
            attempt: 1,
            found: Inspection {
                tree: Some(git('b')),
                changed: vec![change],
                strays: vec!["b.txt".into()],
                markers: vec!["a.txt".into()],
                weakened: Vec::new(),
                check: Some(run(text)),
                fault: Some(text.clone()),
                may_pass: false,
            },
        },
    ]
}

fn of_the_lane(text: &Text) -> Vec<WorkspaceEvent> {
    let merged = Merged {
        node: node(),
        commit: git('c'),
    };
    vec![
        WorkspaceEvent::BatchTaken {
            batch: 1,
            nodes: vec![node()],
            tip: git('a'),
        },
        WorkspaceEvent::Merged {
            batch: 1,
            commits: vec![merged.clone()],
            conflicts: vec![Conflict {
                node: node(),
                paths: vec!["a.txt".into()],
                onto: git('a'),
                tree: git('d'),
            }],
        },
        WorkspaceEvent::Gated {
            batch: 1,
            commit: git('c'),
            runs: vec![run(text)],
        },
        WorkspaceEvent::Advancing {
            batch: 1,
            from: git('a'),
            to: git('c'),
        },
        WorkspaceEvent::Advanced {
            batch: 1,
            to: git('c'),
            nodes: vec![merged],
        },
        WorkspaceEvent::Failed {
            batch: Some(1),
            text: text.clone(),
        },
        WorkspaceEvent::Landed(Landing {
            branch: "main".into(),
            commit: git('c'),
            is_fast_forward: true,
            remark: Some("moved".into()),
        }),
    ]
}

fn noted(text: &Text) -> Event {
    let note = Note {
        kind: EntryKind::Fact,
        key: "api".into(),
        value: text.clone(),
        evidence: Vec::new(),
    };
    Event::Tool(ToolEvent::Finished {
        call: CallId::new(uuid(2)),
        result: Box::new(ToolResult::ok(text.clone()).knowing(Fact::Noted(Box::new(note)))),
        began: Timestamp(1),
        ended: Timestamp(2),
    })
}

fn of_memory(text: &Text) -> Vec<MemoryEvent> {
    let id = MemoryId::new(uuid(9));
    let entry = BoardEntry {
        id,
        kind: EntryKind::Finding,
        key: "api".into(),
        value: text.clone(),
        origin: Provenance {
            node: Some(node()),
            agent: Some(agent()),
            evidence: vec![Evidence {
                path: "a.txt".into(),
                content: BlobId::of(b"a"),
            }],
        },
        version: 1,
    };
    vec![
        MemoryEvent::Noted {
            entry: Box::new(entry),
        },
        MemoryEvent::Shown {
            agent: agent(),
            entries: vec![id],
        },
    ]
}
