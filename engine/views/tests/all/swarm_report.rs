//! The report of a run: its status, its times, the object that is printed.

use protocol::{
    BUDGET_USED_UP, Event, Failure, FailureClass, Kind, Landing, Node, NodeEnd, OWN_BUDGET_USED_UP,
    OWN_TIME_USED_UP, PlanEvent, PlanPatch, SessionId, TIME_USED_UP, Timestamp, WorkspaceEvent,
};
use serde_json::json;
use uuid::Uuid;
use views::{Lack, NodeState, Phase, RunStatus, Swarm, View};

use crate::given::*;
use crate::given_swarm::*;

/// Both nodes of a plan end, and the run with them.
fn both(first: NodeEnd, second: NodeEnd) -> Vec<Event> {
    vec![
        over(1, first),
        over(2, second),
        Event::Plan(PlanEvent::Closed),
    ]
}

/// The same after an attempt each.
fn tried(first: NodeEnd, second: NodeEnd) -> Vec<Event> {
    let mut events = vec![begun(1, 1), begun(2, 1)];
    events.extend(both(first, second));
    events
}

/// Node 1 is given up because the time of the run is over.
fn late() -> Event {
    Event::Plan(PlanEvent::NodeEnded {
        node: node(1),
        end: NodeEnd::Failed,
        why: Some(TIME_USED_UP.into()),
    })
}

#[test]
fn a_run_knows_whether_its_time_its_budget_or_that_of_a_node_was_too_small() {
    let short = || returned(1, 1, FailureClass::Budget);
    let failed = || over(1, NodeEnd::Failed);
    let table = [
        (vec![failed()], Some(500_000), Some(Lack::Budget)),
        (
            vec![begun(1, 1), short(), failed()],
            Some(500_000),
            Some(Lack::Own),
        ),
        (vec![begun(1, 1), short(), failed()], None, Some(Lack::Own)),
        (
            vec![begun(1, 1), short(), failed()],
            Some(0),
            Some(Lack::Budget),
        ),
        (vec![begun(1, 1), late()], Some(0), Some(Lack::Time)),
        (vec![late()], Some(500_000), Some(Lack::Time)),
        (
            vec![begun(1, 1), returned(1, 1, FailureClass::Check), failed()],
            Some(0),
            None,
        ),
    ];
    for (events, tokens, lack) in table {
        let mut plan = plan(&[(1, &[])]);
        plan.budget.tokens = tokens;
        let mut all = vec![Event::Plan(PlanEvent::Accepted { plan })];
        all.extend(events);
        let swarm = run(all.clone());
        assert_eq!(swarm.lack(), lack, "{all:?}");
        assert!(
            !swarm.has_used_up_its_own(&swarm.nodes[0]),
            "it has no limit"
        );
        if let Event::Plan(PlanEvent::Accepted { plan }) = &mut all[0] {
            plan.nodes[0].budget.tool_calls = Some(9);
        }
        let swarm = run(all.clone());
        let is_own = swarm.has_used_up_its_own(&swarm.nodes[0]);
        assert_eq!(is_own, lack == Some(Lack::Own), "{all:?}");
    }
}

#[test]
fn a_node_whose_time_is_used_up_wants_more_of_its_own_and_not_of_the_runs() {
    let over = |why: &str| {
        Event::Plan(PlanEvent::NodeEnded {
            node: node(1),
            end: NodeEnd::Failed,
            why: Some(why.into()),
        })
    };
    let deadline = || vec![begun(1, 1), returned(1, 1, FailureClass::Deadline)];
    let check = || vec![begun(1, 1), returned(1, 1, FailureClass::Check)];
    let after = format!("it said\nno\n{OWN_TIME_USED_UP}");
    let of_run = format!("it said\nno\n{BUDGET_USED_UP}");
    let of_own = format!("it said\nno\n{OWN_BUDGET_USED_UP}");
    for (before, why, lack, is_own) in [
        (vec![], OWN_TIME_USED_UP, Some(Lack::Own), true),
        (check(), &*after, Some(Lack::Own), true),
        (deadline(), &*after, Some(Lack::Own), true),
        (check(), &*of_run, Some(Lack::Budget), false),
        (check(), &*of_own, Some(Lack::Own), true),
        (vec![], OWN_BUDGET_USED_UP, Some(Lack::Own), true),
        (deadline(), "it said\nno", None, true),
        (check(), "it said\nno", None, false),
        (deadline(), TIME_USED_UP, Some(Lack::Time), false),
    ] {
        let mut plan = plan(&[(1, &[])]);
        plan.nodes[0].budget.wall_ms = Some(9_000);
        let mut events = vec![Event::Plan(PlanEvent::Accepted { plan })];
        events.extend(before);
        events.push(over(why));
        let swarm = run(events.clone());
        let found = (swarm.lack(), swarm.has_used_up_its_own(&swarm.nodes[0]));
        assert_eq!(found, (lack, is_own), "{events:?}");
    }
}

#[test]
fn what_a_log_says_of_a_limit_is_no_reason() {
    let said = |text: &str| -> Vec<Event> {
        let failure = Failure {
            class: FailureClass::Check,
            evidence: text.into(),
        };
        let (node, attempt) = (node(1), 1);
        vec![
            accepted(&[(1, &[])]),
            begun(1, 1),
            Event::Plan(PlanEvent::NodeReturned {
                node,
                attempt,
                failure,
            }),
            Event::Plan(PlanEvent::NodeEnded {
                node,
                end: NodeEnd::Failed,
                why: Some(text.into()),
            }),
        ]
    };
    for limit in [
        TIME_USED_UP,
        OWN_TIME_USED_UP,
        BUDGET_USED_UP,
        OWN_BUDGET_USED_UP,
    ] {
        let swarm = run(said(&format!("`make` exited with 1:\n{limit}")));
        assert_eq!(swarm.lack(), None, "{limit}");
        assert!(!swarm.has_used_up_its_own(&swarm.nodes[0]), "{limit}");
    }
}

#[test]
fn the_status_says_how_a_closed_run_ended() {
    let closed = Event::Plan(PlanEvent::Closed);
    let nodes: &[(u8, &[u8])] = &[(1, &[]), (2, &[])];
    let table: Vec<(Vec<Event>, RunStatus)> = vec![
        (vec![], RunStatus::Unfinished),
        (both(NodeEnd::Done, NodeEnd::Done), RunStatus::Success),
        (tried(NodeEnd::Done, NodeEnd::Failed), RunStatus::Partial),
        (
            both(NodeEnd::Done, NodeEnd::Failed),
            RunStatus::LimitReached,
        ),
        (tried(NodeEnd::Failed, NodeEnd::Failed), RunStatus::Failed),
        (
            vec![
                returned(1, 1, FailureClass::Budget),
                over(1, NodeEnd::Failed),
                over(2, NodeEnd::Done),
                closed.clone(),
            ],
            RunStatus::LimitReached,
        ),
        (
            vec![
                begun(1, 1),
                late(),
                over(2, NodeEnd::Skipped),
                closed.clone(),
            ],
            RunStatus::LimitReached,
        ),
        (
            vec![
                over(1, NodeEnd::Done),
                cancelled(),
                over(2, NodeEnd::Cancelled),
                closed,
            ],
            RunStatus::Cancelled,
        ),
        (vec![cancelled()], RunStatus::Cancelled),
        (vec![rejected()], RunStatus::Rejected),
        (
            vec![rejected(), Event::Plan(PlanEvent::Closed)],
            RunStatus::Rejected,
        ),
    ];
    for (events, then) in table {
        let mut all = vec![accepted(nodes)];
        all.extend(events);
        let swarm = run(all.clone());
        assert_eq!(swarm.status(), then, "{all:?}");
    }
}

#[test]
fn the_time_without_a_process_is_not_counted() {
    let mut records = journal(vec![
        (None, accepted(&[(1, &[])])),
        (None, begun(1, 1)),
        (None, resumed()),
        (None, over(1, NodeEnd::Done)),
    ]);
    for (record, at) in records.iter_mut().zip([1_000, 2_000, 90_000, 91_500]) {
        record.at = Timestamp(at);
    }
    let swarm = Swarm::fold(&records);
    let report = swarm.report(SessionId::new(Uuid::from_u128(1)));
    assert_eq!(report.totals.used.wall_ms, 2_500);
    assert_eq!(report.nodes[0].used.wall_ms, 1_500);
    assert_eq!(swarm.active(Timestamp(91_500)), Timestamp(3_500));
}

#[test]
fn the_time_in_which_a_person_thinks_about_the_plan_is_not_the_runs() {
    let proposed = Event::Plan(PlanEvent::Proposed {
        plan: plan(&[(1, &[])]),
        by: protocol::Planner::User,
        remarks: Vec::new(),
    });
    let mut records = journal(
        [proposed, accepted(&[(1, &[])]), begun(1, 1)]
            .map(|event| (None, event))
            .to_vec(),
    );
    for (record, at) in records.iter_mut().zip([1_000, 60_000, 61_500]) {
        record.at = Timestamp(at);
    }
    let swarm = Swarm::fold(&records);
    assert_eq!(swarm.totals().used.wall_ms, 1_500);
    assert_eq!(swarm.active(Timestamp(62_000)), Timestamp(3_000));
}

#[test]
fn the_report_is_the_object_that_the_command_line_promises() {
    let landing = Landing {
        branch: "main".into(),
        commit: git(9),
        is_fast_forward: true,
        remark: None,
    };
    let calls = replied(1, reply(vec![use_block(2, "Edit", "{}")]));
    let swarm = Swarm::fold(&journal(vec![
        (None, accepted(&[(1, &[]), (2, &[1])])),
        (None, begun(1, 1)),
        (Some(1), calls),
        (Some(1), finished(2, (0, 1), ok(""))),
        (None, inspected(1, &["a.txt"], 0)),
        (None, taken(1, &[1])),
        (None, advanced(1, &[1])),
        (None, over(2, NodeEnd::Cancelled)),
        (None, Event::Workspace(WorkspaceEvent::Landed(landing))),
        (None, Event::Plan(PlanEvent::Closed)),
    ]));
    assert_eq!(swarm.phase, Phase::Closed);
    let usage = json!({"input_tokens": 10, "output_tokens": 5, "cache_creation_input_tokens": 1, "cache_read_input_tokens": 2});
    let nothing = json!({"input_tokens": 0, "output_tokens": 0, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0});
    let then = json!({
        "type": "swarm_result",
        "run_id": "ses_00000000000000000000000000000001",
        "status": "partial",
        "goal": "g",
        "nodes": [
            {"id": "n1", "title": "node 1", "kind": "edit", "state": "done", "attempts": 1, "commit": git(1),
             "files": [{"path": "a.txt", "how": "modified"}],
             "checks": [{"cmd": "make", "passed": true, "exit": 0, "ms": 5}],
             "usage": usage, "cost_usd": 7e-12, "wall_ms": 5000, "overrun_tokens": 0, "model_calls": 1, "tool_calls": 1},
            {"id": "n2", "title": "node 2", "kind": "edit", "state": "cancelled", "attempts": 0, "commit": null,
             "reason": "the run ended before it", "files": [], "checks": [], "usage": nothing, "cost_usd": 0.0, "wall_ms": 0, "overrun_tokens": 0, "model_calls": 0, "tool_calls": 0},
        ],
        "totals": {"nodes": 2, "done": 1, "failed": 0, "not_done": 1, "attempts": 1, "agents": 1,
            "usage": usage, "cost_usd": 7e-12, "wall_ms": 9000, "overrun_tokens": 0, "model_calls": 1, "tool_calls": 1, "retries": 0,
            "batches": 1, "landed_batches": 1,
            "budget": {"tokens": null, "usd": null, "wall_ms": null, "tool_calls": null,
                "used_tokens": 18, "used_usd": 7e-12}},
        "target": {"branch": "main", "commit": git(9), "fast_forwarded": true},
    });
    let run = SessionId::new(Uuid::from_u128(1));
    assert_eq!(json!(swarm.report(run)), then);
}

#[test]
fn the_report_names_the_ref_that_keeps_what_did_not_land() {
    let swarm = run(vec![
        accepted(&[(1, &[]), (2, &[]), (3, &[])]),
        begun(1, 1),
        inspected(1, &["a"], 1),
        begun(2, 1),
        inspected(2, &["b"], 0),
        begun(3, 1),
        inspected(3, &[], 1),
        over(1, NodeEnd::Failed),
        over(2, NodeEnd::Done),
        over(3, NodeEnd::Failed),
    ]);
    let run = SessionId::new(uuid::Uuid::from_u128(7));
    let report = swarm.report(run);
    let kept: Vec<Option<String>> = report.nodes.into_iter().map(|node| node.kept).collect();
    let name = swarm.nodes[0].node.name.kept_ref(run);
    assert_eq!(kept, [Some(name), None, None]);
}

pub(crate) fn report_of(events: Vec<Event>) -> views::SwarmReport {
    run(events).report(SessionId::new(Uuid::from_u128(1)))
}

#[test]
fn what_a_run_that_was_turned_down_or_given_up_never_started_says_so() {
    let proposed = || {
        Event::Plan(PlanEvent::Proposed {
            plan: plan(&[(1, &[]), (2, &[1])]),
            by: protocol::Planner::User,
            remarks: Vec::new(),
        })
    };
    let why = |n| {
        Event::Plan(PlanEvent::NodeEnded {
            node: node(n),
            end: NodeEnd::Cancelled,
            why: Some("w".into()),
        })
    };
    let closed = || Event::Plan(PlanEvent::Closed);
    for (events, is_retryable) in [
        (vec![proposed(), rejected()], false),
        (vec![proposed(), rejected(), closed()], false),
        (vec![proposed(), cancelled(), closed()], false),
        (
            vec![
                accepted(&[(1, &[]), (2, &[1])]),
                cancelled(),
                why(1),
                why(2),
                closed(),
            ],
            true,
        ),
    ] {
        assert_eq!(
            run(events.clone()).is_retryable(),
            is_retryable,
            "{events:?}"
        );
        let report = report_of(events);
        assert_eq!(report.why.as_deref(), Some("w"));
        for line in &report.nodes {
            assert_eq!(line.state, NodeState::Cancelled, "{report:?}");
            assert_eq!(line.reason.as_deref(), Some("the run ended before it"));
        }
        assert_eq!(report.totals.not_done, 2);
    }
}

#[test]
fn who_is_asked_how_a_node_could_be_done_otherwise_is_no_node_that_is_counted() {
    let mut planner = Node::new(node(3), Kind::Plan, "plan anew");
    planner.resolves = Some(node(1));
    let patch = PlanPatch {
        add: vec![planner],
        ..PlanPatch::default()
    };
    let why = "x".to_owned();
    let report = report_of(vec![
        accepted(&[(1, &[])]),
        begun(1, 1),
        Event::Plan(PlanEvent::Patched { patch, why }),
        over(3, NodeEnd::Done),
        over(1, NodeEnd::Failed),
        Event::Plan(PlanEvent::Closed),
    ]);
    let totals = &report.totals;
    let counts = (totals.nodes, totals.done, totals.failed, totals.not_done);
    assert_eq!((report.status, counts), (RunStatus::Failed, (1, 0, 1, 0)));
    assert_eq!(report.nodes.len(), 2, "it is told all the same");
}
