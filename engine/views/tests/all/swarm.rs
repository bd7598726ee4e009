//! A swarm run: the states of its nodes, what they do and wait for, and its report.

use protocol::{
    AgentId, Event, FailureClass, Landing, ModelEvent, NodeEnd, NodeId, PlanEvent, PlanPatch,
    SessionId, Timestamp, TurnEnd, WorkspaceEvent,
};
use serde_json::json;
use uuid::Uuid;
use views::{Doing, NodeState, Phase, RunStatus, Swarm, View};

use crate::given::*;
use crate::given_swarm::*;

fn states(swarm: &Swarm) -> Vec<(NodeId, NodeState)> {
    let nodes = swarm.nodes.iter();
    nodes.map(|node| (node.id(), node.state)).collect()
}

#[test]
fn each_event_moves_its_node_one_state_on() {
    use NodeState::{Done, Failed, InBatch, Inspecting, Queued, Ready, Waiting, Working};
    let turn_ended = ended(TurnEnd::Completed);
    let steps: Vec<(Option<u8>, Event, [NodeState; 3])> = vec![
        (
            None,
            accepted(&[(1, &[]), (2, &[1]), (3, &[])]),
            [Ready, Waiting, Ready],
        ),
        (None, begun(1, 1), [Working, Waiting, Ready]),
        (Some(1), turn_ended.clone(), [Inspecting, Waiting, Ready]),
        (None, inspected(1, &[], 0), [Inspecting, Waiting, Ready]),
        (
            None,
            returned(1, 1, FailureClass::NoChange),
            [Ready, Waiting, Ready],
        ),
        (None, begun(1, 2), [Working, Waiting, Ready]),
        (Some(1), turn_ended, [Inspecting, Waiting, Ready]),
        (None, inspected(1, &["a"], 1), [Inspecting, Waiting, Ready]),
        (None, inspected(1, &["a"], 0), [Queued, Waiting, Ready]),
        (None, begun(3, 1), [Queued, Waiting, Working]),
        (None, inspected(3, &["c"], 0), [Queued, Waiting, Queued]),
        (None, taken(1, &[1, 3]), [InBatch, Waiting, InBatch]),
        (None, taken(2, &[1]), [InBatch, Waiting, Queued]),
        (None, advanced(2, &[1]), [Done, Ready, Queued]),
        (None, taken(3, &[3]), [Done, Ready, InBatch]),
        (
            None,
            returned(3, 1, FailureClass::Gate),
            [Done, Ready, Ready],
        ),
        (None, over(3, NodeEnd::Failed), [Done, Ready, Failed]),
        (None, begun(2, 1), [Done, Working, Failed]),
    ];
    let (events, then): (Vec<_>, Vec<_>) = steps
        .into_iter()
        .map(|(who, event, then)| ((who, event), then))
        .unzip();
    let mut swarm = Swarm::default();
    for (record, then) in journal(events).iter().zip(then) {
        swarm.apply(record);
        let now: Vec<NodeState> = swarm.nodes.iter().map(|node| node.state).collect();
        assert_eq!(now, then, "after {:?}", record.event);
    }
    assert_eq!(swarm.nodes[0].commit, Some(git(1)));
    assert_eq!(swarm.nodes[2].returns.len(), 1);
}

#[test]
fn a_node_shows_what_its_present_agent_does_and_not_what_an_earlier_one_did() {
    let requested = Event::Model(ModelEvent::Requested {
        step: 1,
        max_tokens: None,
        reserved: Default::default(),
    });
    let calls = replied(
        1,
        reply(vec![use_block(1, "Read", r#"{"path":"src/a.rs"}"#)]),
    );
    let mut swarm = run(vec![accepted(&[(1, &[])]), begun(1, 1)]);
    let mut seq = 10;
    let mut feed = |swarm: &mut Swarm, event: &Event, who: u8| {
        seq += 1;
        let mut record = by(1, seq, event.clone());
        record.agent = Some(agent(who));
        swarm.apply(&record);
    };
    assert_eq!(swarm.nodes[0].doing(), Doing::Nothing);
    feed(&mut swarm, &requested, 1);
    assert_eq!(swarm.nodes[0].doing(), Doing::Asking);
    feed(&mut swarm, &calls, 1);
    assert_eq!(swarm.nodes[0].doing(), Doing::Using("read", "src/a.rs"));
    feed(&mut swarm, &requested, 7);
    assert_eq!(swarm.nodes[0].doing(), Doing::Using("read", "src/a.rs"));
    feed(&mut swarm, &finished(1, (0, 1), ok("")), 1);
    assert_eq!(swarm.nodes[0].doing(), Doing::Nothing);
    assert_eq!(
        swarm.ledger.nodes[&node(1)].steps,
        1,
        "spent by whom it was spent"
    );
}

#[test]
fn a_patch_adds_removes_and_rewrites_nodes_and_the_rest_keeps_its_state() {
    let mut again = plan(&[(2, &[]), (4, &[1])]).nodes;
    let patch = PlanPatch {
        add: vec![again.remove(1)],
        remove: vec![node(3)],
        modify: again,
    };
    let swarm = run(vec![
        accepted(&[(1, &[]), (2, &[1]), (3, &[])]),
        begun(1, 1),
        Event::Plan(PlanEvent::Patched {
            patch,
            why: "w".into(),
        }),
    ]);
    let then = [
        (node(1), NodeState::Working),
        (node(2), NodeState::Ready),
        (node(4), NodeState::Waiting),
    ];
    assert_eq!(states(&swarm), then);
    assert_eq!(swarm.plan().nodes.len(), 3);
}

#[test]
fn who_waits_knows_for_whom_and_who_was_skipped_knows_whose_failure_it_was() {
    let nodes: &[(u8, &[u8])] = &[(1, &[]), (2, &[1]), (3, &[2]), (4, &[3])];
    let waiting = run(vec![accepted(nodes), begun(1, 1)]);
    assert_eq!(waiting.reason(&waiting.nodes[1]).unwrap(), "waits for n1");
    let path: Vec<&str> = waiting
        .critical_path()
        .iter()
        .map(|node| node.name())
        .collect();
    assert_eq!(path, ["n1", "n2", "n3", "n4"]);
    let skipped = run(vec![
        accepted(nodes),
        begun(1, 1),
        returned(1, 1, FailureClass::Check),
        over(1, NodeEnd::Failed),
        over(2, NodeEnd::Skipped),
        over(3, NodeEnd::Skipped),
        over(4, NodeEnd::Skipped),
    ]);
    assert_eq!(
        skipped.reason(&skipped.nodes[0]).unwrap(),
        "check: it said no"
    );
    assert_eq!(
        skipped.reason(&skipped.nodes[3]).unwrap(),
        "it needs n1, not done"
    );
    assert!(skipped.critical_path().is_empty());
}

#[test]
fn the_longest_chain_counts_estimates() {
    let mut plan = plan(&[(1, &[]), (2, &[]), (3, &[2]), (4, &[1, 3])]);
    plan.nodes[0].weight.est_ms = 9_000;
    plan.nodes[1].weight.est_ms = 100;
    plan.nodes[2].weight.est_ms = 100;
    let swarm = run(vec![Event::Plan(PlanEvent::Accepted { plan })]);
    let path: Vec<&str> = swarm
        .critical_path()
        .iter()
        .map(|node| node.name())
        .collect();
    assert_eq!(path, ["n1", "n4"]);
}

#[test]
fn the_status_says_how_a_closed_run_ended() {
    let closed = Event::Plan(PlanEvent::Closed);
    let nodes: &[(u8, &[u8])] = &[(1, &[]), (2, &[])];
    let table: Vec<(Vec<Event>, RunStatus)> = vec![
        (vec![], RunStatus::Unfinished),
        (
            vec![
                over(1, NodeEnd::Done),
                over(2, NodeEnd::Done),
                closed.clone(),
            ],
            RunStatus::Success,
        ),
        (
            vec![
                over(1, NodeEnd::Done),
                over(2, NodeEnd::Failed),
                closed.clone(),
            ],
            RunStatus::Partial,
        ),
        (
            vec![
                over(1, NodeEnd::Failed),
                over(2, NodeEnd::Failed),
                closed.clone(),
            ],
            RunStatus::Failed,
        ),
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
                over(1, NodeEnd::Done),
                cancelled(),
                over(2, NodeEnd::Cancelled),
                closed,
            ],
            RunStatus::Cancelled,
        ),
        (vec![cancelled()], RunStatus::Cancelled),
        (vec![rejected()], RunStatus::Rejected),
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
        "status": "cancelled",
        "goal": "g",
        "nodes": [
            {"id": "n1", "title": "node 1", "kind": "edit", "state": "done", "attempts": 1, "commit": git(1),
             "files": [{"path": "a.txt", "how": "modified"}],
             "checks": [{"cmd": "make", "passed": true, "exit": 0, "ms": 5}],
             "usage": usage, "cost_usd": 7e-12, "wall_ms": 5000, "model_calls": 1, "tool_calls": 1},
            {"id": "n2", "title": "node 2", "kind": "edit", "state": "cancelled", "attempts": 0, "commit": null,
             "files": [], "checks": [], "usage": nothing, "cost_usd": 0.0, "wall_ms": 0, "model_calls": 0, "tool_calls": 0},
        ],
        "totals": {"nodes": 2, "done": 1, "failed": 0, "not_done": 1, "attempts": 1, "agents": 1,
            "usage": usage, "cost_usd": 7e-12, "wall_ms": 9000, "model_calls": 1, "tool_calls": 1, "retries": 0,
            "batches": 1, "landed_batches": 1,
            "budget": {"tokens": null, "usd": null, "wall_ms": null, "tool_calls": null}},
        "target": {"branch": "main", "commit": git(9), "fast_forwarded": true},
    });
    let run = SessionId::new(Uuid::from_u128(1));
    assert_eq!(json!(swarm.report(run)), then);
}

#[test]
fn nobody_without_an_agent_takes_in_what_strangers_did() {
    let mut swarm = run(vec![accepted(&[(1, &[])])]);
    swarm.apply(&by(1, 2, ended(TurnEnd::Completed)));
    assert_eq!(swarm.nodes[0].state, NodeState::Ready);
    assert_eq!(swarm.nodes[0].agent, None::<AgentId>);
}
