//! The plan board and the files touched.

use protocol::{BlobId, Event, Fact, Kind, Node, NodeEnd, Plan, PlanEvent};
use views::{FileTouch, FilesTouched, NodeState, PlanBoard, View};

use crate::given::*;

fn accepted(nodes: &[u8]) -> Event {
    let nodes = nodes
        .iter()
        .map(|n| Node::new(node(*n), Kind::Chat, format!("node {n}")));
    Event::Plan(PlanEvent::Accepted {
        plan: Plan {
            version: 1,
            goal: "g".into(),
            nodes: nodes.collect(),
            ..Plan::default()
        },
    })
}

fn node_started(n: u8) -> Event {
    Event::Plan(PlanEvent::NodeStarted {
        node: node(n),
        agent: agent(n),
        attempt: None,
    })
}

fn node_ended(n: u8, end: NodeEnd) -> Event {
    Event::Plan(PlanEvent::NodeEnded {
        node: node(n),
        end,
        why: None,
    })
}

#[test]
fn nodes_wait_run_and_end_and_keep_their_state_in_a_new_plan() {
    let board = PlanBoard::fold(&records(vec![
        accepted(&[1, 2, 3]),
        node_started(1),
        node_ended(1, NodeEnd::Done),
        node_started(2),
        accepted(&[2, 1, 4]),
    ]));
    let states: Vec<_> = board
        .nodes
        .iter()
        .map(|node| (node.id, node.state))
        .collect();
    let then = [
        (node(2), NodeState::Running),
        (node(1), NodeState::Done),
        (node(4), NodeState::Waiting),
    ];
    assert_eq!(states, then);
    assert_eq!(board.node(node(2)).unwrap().agent, Some(agent(2)));
    assert_eq!(board.node(node(3)), None);
}

#[test]
fn a_node_given_up_can_be_taken_again() {
    let mut events = vec![
        accepted(&[1]),
        node_started(1),
        node_ended(1, NodeEnd::Failed),
    ];
    let failed = PlanBoard::fold(&records(events.clone()));
    assert_eq!(failed.nodes[0].state, NodeState::Failed);
    assert!(failed.nodes[0].ended.is_some());
    events.push(node_started(1));
    let again = PlanBoard::fold(&records(events));
    assert_eq!(
        (again.nodes[0].state, again.nodes[0].ended),
        (NodeState::Running, None)
    );
}

#[test]
fn files_are_counted_as_read_or_changed_never_both_for_one_result() {
    let seen = |path: &str| Fact::FileSeen {
        path: path.into(),
        content: BlobId::of(b""),
    };
    let written = |path: &str| Fact::FileWritten {
        path: path.into(),
        added: 3,
        removed: 1,
    };
    let touched = FilesTouched::fold(&records(vec![
        finished(1, (0, 1), ok("").knowing(seen("/w/a"))),
        finished(
            2,
            (0, 1),
            ok("").knowing(written("/w/a")).knowing(seen("/w/a")),
        ),
        finished(
            4,
            (0, 1),
            ok("").knowing(written("/w/a")).knowing(seen("/w/b")),
        ),
    ]));
    let a = FileTouch {
        reads: 1,
        writes: 2,
        added: 6,
        removed: 2,
    };
    assert_eq!(touched.files[std::path::Path::new("/w/a")], a);
    assert_eq!(touched.files[std::path::Path::new("/w/b")].reads, 1);
    assert_eq!(touched.changed().count(), 1);
    assert_eq!(touched.lines(), (6, 2));
}
