//! Moves of nodes: legal ones open the way for others, illegal ones change nothing.

use protocol::NodeEnd;
use scheduler::{Dag, IllegalMove, NodeState};

use crate::given::*;

fn done(dag: &mut Dag, n: usize) {
    dag.start(node(n)).unwrap();
    dag.end(node(n), NodeEnd::Done).unwrap();
}

#[test]
fn a_node_becomes_ready_when_the_last_of_what_it_needs_is_done() {
    let mut dag = dag(&[(1, &[]), (2, &[]), (3, &[1, 2]), (4, &[3])]).unwrap();
    done(&mut dag, 2);
    assert_eq!(dag.ready(), nodes(&[1]));
    dag.start(node(1)).unwrap();
    assert_eq!(
        (dag.ready(), dag.state(node(1))),
        (nodes(&[]), Some(NodeState::Running))
    );
    dag.end(node(1), NodeEnd::Done).unwrap();
    assert_eq!(dag.ready(), nodes(&[3]));
    done(&mut dag, 3);
    done(&mut dag, 4);
    assert!(dag.is_over() && dag.ready().is_empty());
}

#[test]
fn what_waits_for_a_failed_node_never_starts_and_the_plan_is_over_all_the_same() {
    let mut dag = dag(&[(1, &[]), (2, &[1]), (3, &[2]), (4, &[])]).unwrap();
    dag.start(node(1)).unwrap();
    dag.end(node(1), NodeEnd::Failed).unwrap();
    assert_eq!(dag.ready(), nodes(&[4]));
    assert!(!dag.is_over(), "node 4 can still run");
    dag.start(node(4)).unwrap();
    assert!(!dag.is_over(), "node 4 runs");
    dag.end(node(4), NodeEnd::Done).unwrap();
    assert!(dag.is_over());
    assert_eq!(dag.state(node(3)), Some(NodeState::Blocked));
}

#[test]
fn illegal_moves_say_why_and_change_nothing() {
    let mut dag = dag(&[(1, &[]), (2, &[1]), (3, &[]), (4, &[])]).unwrap();
    dag.start(node(3)).unwrap();
    done(&mut dag, 4);
    let ended = NodeState::Ended(NodeEnd::Done);
    for (n, state, starts, ends) in [
        (1, Some(NodeState::Ready), true, false),
        (2, Some(NodeState::Blocked), false, false),
        (3, Some(NodeState::Running), false, true),
        (4, Some(ended), false, false),
        (9, None, false, false),
    ] {
        let refused = |wanted| {
            Err(IllegalMove {
                node: node(n),
                wanted,
                state,
            })
        };
        if !starts {
            assert_eq!(dag.start(node(n)), refused("start"));
        }
        if !ends {
            assert_eq!(dag.end(node(n), NodeEnd::Failed), refused("end"));
        }
        assert_eq!(dag.state(node(n)), state);
    }
}
