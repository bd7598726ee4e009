//! A swarm run: the states of its nodes, what they do and wait for, and its report.

use protocol::{
    AgentId, Event, FailureClass, Kind, ModelEvent, NodeEnd, NodeId, PlanEvent, PlanPatch, TurnEnd,
};
use views::{Doing, NodeState, Phase, RunStatus, Swarm, View};

use crate::given::*;
use crate::given_swarm::*;

fn states(swarm: &Swarm) -> Vec<(NodeId, NodeState)> {
    let nodes = swarm.nodes.iter();
    nodes.map(|node| (node.id(), node.state)).collect()
}

fn patched(patch: PlanPatch) -> Event {
    Event::Plan(PlanEvent::Patched {
        patch,
        why: "w".into(),
    })
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
fn the_reason_of_a_node_that_came_back_names_the_call_that_was_denied() {
    let denied = |n| {
        let no = protocol::ToolResult::with_status(protocol::ToolStatus::Denied, "no");
        finished(n, (1, 2), no)
    };
    let calls = vec![
        use_block(1, "Read", r#"{"path":"src/a.rs"}"#),
        use_block(2, "Bash", r#"{"command":"make check"}"#),
        use_block(3, "Bash", r#"{"command":"make all"}"#),
    ];
    let steps = vec![
        (None, accepted(&[(1, &[])])),
        (None, begun(1, 1)),
        (Some(1), replied(1, reply(calls))),
        (Some(1), finished(1, (1, 2), ok("text"))),
        (Some(1), denied(2)),
        (Some(1), denied(3)),
        (None, returned(1, 1, FailureClass::NoChange)),
    ];
    let swarm = Swarm::fold(&journal(steps));
    assert_eq!(
        swarm.nodes[0].denied(),
        ["bash make check", "bash make all"]
    );
    assert_eq!(
        swarm.reason(&swarm.nodes[0]).unwrap(),
        "no change: it said no; 2 calls denied, the last: bash make all"
    );
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
        budget: None,
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
fn other_limits_are_the_runs_from_then_on_and_open_nothing_by_themselves() {
    let budget = protocol::Budget {
        tokens: Some(9),
        ..protocol::Budget::default()
    };
    let more = |modify| {
        patched(PlanPatch {
            modify,
            budget: Some(budget),
            ..PlanPatch::default()
        })
    };
    let events = |more| {
        let over = [over(1, NodeEnd::Failed), over(2, NodeEnd::Skipped)];
        let closed = Event::Plan(PlanEvent::Closed);
        let accepted = accepted(&[(1, &[]), (2, &[1])]);
        [vec![accepted], over.into(), vec![closed, more]].concat()
    };
    let swarm = run(events(more(Vec::new())));
    assert_eq!((swarm.budget(), swarm.is_over()), (&budget, true));
    let again = plan(&[(1, &[])]).nodes;
    let swarm = run(events(more(again)));
    assert_eq!((swarm.budget(), swarm.is_over()), (&budget, false));
}

#[test]
fn what_was_given_up_stays_so_where_others_come_in_the_place_of_what_it_waited_for() {
    let mut modify = plan(&[(3, &[2, 4])]).nodes;
    modify[0].title = "otherwise".into();
    let patch = PlanPatch {
        add: plan(&[(4, &[])]).nodes,
        remove: vec![node(1)],
        modify,
        budget: None,
    };
    let swarm = run(vec![
        accepted(&[(1, &[]), (2, &[]), (3, &[1, 2])]),
        over(2, NodeEnd::Failed),
        over(3, NodeEnd::Skipped),
        Event::Plan(PlanEvent::Patched {
            patch,
            why: "w".into(),
        }),
    ]);
    let then = [
        (node(2), NodeState::Failed),
        (node(3), NodeState::Skipped),
        (node(4), NodeState::Ready),
    ];
    assert_eq!(states(&swarm), then);
    assert_eq!(swarm.nodes[1].node.title, "otherwise");
}

#[test]
fn a_conflict_is_shown_with_who_resolves_it_and_a_retry_opens_the_run_again() {
    let mut resolver = plan(&[(2, &[])]).nodes.remove(0);
    resolver.resolves = Some(node(1));
    let swarm = run(vec![
        accepted(&[(1, &[])]),
        begun(1, 1),
        returned(1, 1, FailureClass::Conflict),
        patched(PlanPatch {
            add: vec![resolver],
            ..PlanPatch::default()
        }),
    ]);
    assert_eq!(
        swarm.reason(&swarm.nodes[0]).unwrap(),
        "n2 resolves its conflict"
    );

    let nodes: &[(u8, &[u8])] = &[(1, &[]), (2, &[1])];
    let again = run(vec![
        accepted(nodes),
        over(1, NodeEnd::Failed),
        over(2, NodeEnd::Skipped),
        Event::Plan(PlanEvent::Closed),
        patched(PlanPatch {
            modify: plan(nodes).nodes.drain(..1).collect(),
            ..PlanPatch::default()
        }),
    ]);
    let then = [(node(1), NodeState::Ready), (node(2), NodeState::Waiting)];
    assert_eq!(
        (again.phase.clone(), states(&again)),
        (Phase::Running, then.to_vec())
    );
}

#[test]
fn a_node_that_is_begun_once_more_waits_for_nobody_who_planned_it_anew() {
    let mut planner = plan(&[(2, &[])]).nodes.remove(0);
    (planner.kind, planner.resolves) = (Kind::Plan, Some(node(1)));
    let mut events = vec![
        accepted(&[(1, &[])]),
        begun(1, 1),
        returned(1, 1, FailureClass::Check),
        patched(PlanPatch {
            add: vec![planner],
            ..PlanPatch::default()
        }),
        begun(2, 1),
    ];
    let says = |events: &[Event], what: &str| {
        let swarm = run(events.to_vec());
        let said = swarm.reason(&swarm.nodes[0]).unwrap_or_default();
        assert!(said.contains(what), "{said}");
    };
    says(
        &events,
        "n2 plans anew what it leaves undone; it came back: ",
    );
    events.push(over(2, NodeEnd::Done));
    says(
        &events,
        "waits for a change of the plan to be approved; it came back: ",
    );
    events.pop();
    events.extend([
        over(2, NodeEnd::Failed),
        over(1, NodeEnd::Failed),
        Event::Plan(PlanEvent::Closed),
        patched(PlanPatch {
            modify: plan(&[(1, &[])]).nodes,
            ..PlanPatch::default()
        }),
        begun(1, 2),
    ]);
    let swarm = run(events.clone());
    let said = swarm.reason(&swarm.nodes[0]).unwrap_or_default();
    assert!(!said.contains("plan"), "{said}");
    events.extend([over(1, NodeEnd::Done), Event::Plan(PlanEvent::Closed)]);
    assert_eq!(run(events).status(), RunStatus::Success);
}

#[test]
fn a_plan_that_makes_a_plan_is_planning_and_is_paid_for_but_is_no_node_of_the_plan() {
    let mut planning = plan(&[(7, &[])]);
    planning.nodes[0].kind = Kind::Plan;
    let first = Event::Plan(PlanEvent::Proposed {
        plan: planning.clone(),
        by: protocol::Planner::Fallback,
        remarks: Vec::new(),
    });
    assert_eq!(run(vec![first.clone()]).phase, Phase::Planning);
    let mut swarm = run(vec![
        first,
        Event::Plan(PlanEvent::Accepted { plan: planning }),
        begun(7, 1),
    ]);
    assert_eq!(swarm.phase, Phase::Planning);
    swarm.apply(&by(7, 9, replied(1, reply(vec![text_block("x")]))));
    let proposed = Event::Plan(PlanEvent::Proposed {
        plan: plan(&[(1, &[])]),
        by: protocol::Planner::Model,
        remarks: Vec::new(),
    });
    let mut record = by(1, 10, proposed);
    (record.agent, record.node) = (None, None);
    swarm.apply(&record);
    assert_eq!(
        (swarm.phase.clone(), swarm.nodes.len()),
        (Phase::Proposed, 1)
    );
    assert_eq!(swarm.totals().used.model_calls, 1);
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
    let path = swarm.critical_path();
    let path: Vec<&str> = path.iter().map(|node| node.name()).collect();
    assert_eq!(path, ["n1", "n4"]);
}

#[test]
fn nobody_without_an_agent_takes_in_what_strangers_did() {
    let mut swarm = run(vec![accepted(&[(1, &[])])]);
    swarm.apply(&by(1, 2, ended(TurnEnd::Completed)));
    assert_eq!(swarm.nodes[0].state, NodeState::Ready);
    assert_eq!(swarm.nodes[0].agent, None::<AgentId>);
}
