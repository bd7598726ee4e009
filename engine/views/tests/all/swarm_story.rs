//! The stories of nodes: every attempt with its check, its end and what it used; what was written on the board.

use protocol::{
    BoardEntry, EntryKind, Event, FailureClass, MemoryEvent, MemoryId, NodeEnd, PlanEvent,
    Provenance, Timestamp,
};
use views::{Stories, Swarm, View};

use crate::given::*;
use crate::given_swarm::*;

/// A reply without calls.
fn answer() -> Event {
    replied(0, reply(vec![text_block("hm")]))
}

fn noted(n: u8) -> Event {
    Event::Memory(MemoryEvent::Noted {
        entry: Box::new(BoardEntry {
            id: MemoryId::derived(&[&[n]]),
            kind: EntryKind::Finding,
            key: "k".to_owned(),
            value: "v".into(),
            origin: Provenance {
                node: Some(node(n)),
                agent: Some(agent(n)),
                evidence: Vec::new(),
            },
            version: 1,
        }),
    })
}

#[test]
fn each_attempt_has_its_own_check_use_time_and_end() {
    let records = journal(vec![
        (None, accepted(&[(1, &[]), (2, &[1])])),
        (None, begun(1, 1)),
        (Some(1), answer()),
        (None, noted(1)),
        (None, inspected(1, &["a"], 1)),
        (None, returned(1, 1, FailureClass::Check)),
        (None, begun(1, 2)),
        (Some(1), answer()),
        (Some(1), answer()),
        (None, inspected(1, &["a", "b"], 0)),
        (None, advanced(1, &[1])),
        (Some(1), answer()),
        (None, over(2, NodeEnd::Skipped)),
        (None, Event::Plan(PlanEvent::Closed)),
    ]);
    let stories = Stories::fold(&records);
    let story = stories.of(node(1)).unwrap();
    let [first, second] = &story.attempts[..] else {
        panic!("{story:#?}");
    };
    assert_eq!(
        (first.number, first.used.steps, first.files.len()),
        (1, 1, 1)
    );
    assert_eq!(first.check.as_ref().unwrap().exit, Some(1));
    assert_eq!(
        first.failure.as_ref().map(|failure| failure.class),
        Some(FailureClass::Check)
    );
    let between = |from: usize, to: usize| records[to].at.since(records[from].at);
    assert_eq!(first.wall_ms, between(1, 5));
    assert_eq!((second.number, second.files.len()), (2, 2));
    assert_eq!((&second.failure, second.wall_ms), (&None, between(6, 10)));
    assert_eq!(story.board.len(), 1);
    assert_eq!(stories.of(node(2)), None, "it was never begun");
    let later = |records: &[_]| Stories::fold(records).until(Timestamp(60_000));
    let now = later(&records[..8]);
    let open = &now.of(node(1)).unwrap().attempts;
    let since = |at: usize| 60_000 - records[at].at.0;
    assert_eq!(
        (open[0].wall_ms, open[1].wall_ms),
        (between(1, 5), since(6))
    );
    assert_eq!(later(&records), stories, "nothing of it goes on");
    let (a, b) = records.split_at(7);
    let mut parted = Stories::fold(a);
    b.iter().for_each(|record| parted.apply(record));
    assert_eq!(parted, stories);
}

#[test]
fn what_a_node_holds_up_is_all_that_is_behind_it_and_not_done() {
    let swarm: Swarm = run(vec![
        accepted(&[(1, &[]), (2, &[1]), (3, &[2]), (4, &[]), (5, &[4])]),
        over(4, NodeEnd::Done),
    ]);
    let behind = |n: u8| -> Vec<&str> {
        let node = swarm.node(node(n)).unwrap();
        swarm.blocked(node).iter().map(|one| one.name()).collect()
    };
    assert_eq!(behind(1), ["n2", "n3"]);
    assert_eq!(behind(2), ["n3"]);
    assert_eq!(behind(3), [""; 0]);
    assert_eq!(behind(4), ["n5"]);
}

#[test]
fn a_node_names_the_commands_of_which_nobody_knows_whether_they_ended() {
    let call = use_block(1, "Bash", r#"{"command":"make all"}"#);
    let doubt =
        protocol::ToolResult::with_status(protocol::ToolStatus::InDoubt, "in doubt: make all");
    let steps = vec![
        (None, accepted(&[(1, &[])])),
        (None, begun(1, 1)),
        (Some(1), replied(1, reply(vec![call]))),
        (Some(1), finished(1, (1, 2), doubt)),
    ];
    let swarm = Swarm::fold(&journal(steps));
    assert_eq!(swarm.nodes[0].in_doubt(), ["bash make all"]);
    assert_eq!(swarm.nodes[0].denied(), [""; 0]);
}
