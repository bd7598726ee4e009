//! The board in the life of a run: notes become entries, entries reach who is at work, once.

use protocol::{EntryKind, Event, Isolation, Kind, MemoryEvent, MemoryId, Node, TurnEnd};
use scheduler::run::{RunOutcome, Wish, follow};

use super::given_run::*;
use crate::given::node;

fn at_work(nodes: &[usize]) -> Sim {
    let plan = of(nodes.iter().map(|n| writer(*n, &[])).collect());
    let mut sim = Sim::of(plan, Isolation::Worktree);
    nodes.iter().for_each(|n| sim.begin(*n));
    sim
}

fn informs(sim: &Sim) -> Vec<(usize, Vec<MemoryId>)> {
    let told = sim.wishes().into_iter().filter_map(|wish| match wish {
        Wish::Inform { node, entries, .. } => Some((node.uuid().as_u128() as usize, entries)),
        _ => None,
    });
    told.collect()
}

fn board(sim: &Sim) -> Vec<(EntryKind, String, u32)> {
    let entries = sim.run.board().entries();
    let mut all: Vec<_> = entries
        .map(|entry| (entry.kind, entry.value.as_str().into_owned(), entry.version))
        .collect();
    all.sort();
    all
}

fn note(sim: &mut Sim, n: usize, kind: EntryKind, value: &str) {
    sim.agent_says(sim.speaker(n), noted(kind, "key", value));
    sim.settle();
}

#[test]
fn a_note_reaches_everybody_at_work_but_its_author_and_each_of_them_once() {
    let mut sim = at_work(&[1, 2, 3]);
    note(&mut sim, 1, EntryKind::Finding, "the lexer reads twice");
    let told = informs(&sim);
    assert_eq!(told.iter().map(|(n, _)| *n).collect::<Vec<_>>(), [2, 3]);
    let agent = sim.speaker(2).1;
    let entries = told[0].1.clone();
    let informed = RunOutcome::Informed { agent, entries };
    assert_eq!(sim.answer(informed.clone()), 1);
    assert_eq!(sim.answer(informed), 0, "it was told already");
    assert_eq!(
        informs(&sim).iter().map(|(n, _)| *n).collect::<Vec<_>>(),
        [3]
    );
}

#[test]
fn an_agent_is_told_so_much_and_then_no_more() {
    let mut sim = at_work(&[1, 2]);
    let (mut told, agent) = (0, sim.speaker(2).1);
    for n in 0..100 {
        let value = format!("{n} {}", "x".repeat(600));
        note(&mut sim, 1, EntryKind::Finding, &value);
        for (_, entries) in informs(&sim) {
            let values = entries.iter().map(|id| sim.run.board().get(*id).unwrap());
            told += values.map(|entry| entry.value.bytes()).sum::<u64>();
            sim.answer(RunOutcome::Informed { agent, entries });
        }
    }
    assert!((1..=8 * 2_048).contains(&told), "{told} bytes");
}

#[test]
fn an_agent_that_is_not_in_its_turn_is_not_told() {
    let mut sim = at_work(&[1, 2]);
    sim.end(2, TurnEnd::Completed);
    note(&mut sim, 1, EntryKind::Finding, "too late");
    assert!(informs(&sim).is_empty());
}

#[test]
fn notes_go_on_the_board_in_order_and_what_makes_no_sense_holds_up_nothing() {
    let mut sim = at_work(&[1, 2]);
    sim.agent_says(
        sim.speaker(1),
        noted(EntryKind::Contract, "key", "not for an agent to say"),
    );
    sim.agent_says(sim.speaker(1), noted(EntryKind::Fact, "key", "first"));
    sim.agent_says(sim.speaker(2), noted(EntryKind::Fact, "key", "second"));
    sim.agent_says(sim.speaker(2), noted(EntryKind::Fact, "key", "second"));
    sim.settle();
    assert_eq!(board(&sim), [(EntryKind::Fact, "second".into(), 2)]);
}

#[test]
fn many_notes_go_on_the_board_together_as_they_would_one_by_one() {
    let notes = [
        (EntryKind::Fact, "first"),
        (EntryKind::Finding, "a"),
        (EntryKind::Fact, "second"),
        (EntryKind::Fact, "first"),
        (EntryKind::Finding, "a"),
        (EntryKind::Finding, "b"),
    ];
    let (mut one_by_one, mut together) = (at_work(&[1, 2]), at_work(&[1, 2]));
    for (kind, value) in notes {
        note(&mut one_by_one, 1, kind, value);
        together.agent_says(together.speaker(1), noted(kind, "key", value));
    }
    assert_eq!(
        follow(&together.run).len(),
        2,
        "the first fact and the first finding"
    );
    together.settle();
    assert_eq!(board(&together), board(&one_by_one));
    let fact = (EntryKind::Fact, "first".to_owned(), 3);
    assert!(board(&together).contains(&fact), "{:?}", board(&together));
}

#[test]
fn nothing_is_looked_for_on_the_board_because_a_node_left_something_there() {
    let plan = of(vec![reader(1, &[]), writer(2, &[]), writer(3, &[])]);
    let mut sim = Sim::of(plan, Isolation::Worktree);
    [1, 2, 3].into_iter().for_each(|n| sim.begin(n));
    for n in ["a", "b"] {
        note(&mut sim, 2, EntryKind::Finding, &n.repeat(1_500));
    }
    let (agent, entries) = (sim.speaker(3).1, informs(&sim).remove(1).1);
    assert_eq!(entries.len(), 1, "only one of them is told at once");
    sim.answer(RunOutcome::Informed { agent, entries });
    let told = informs(&sim);
    sim.agent_says(sim.speaker(1), replied("report of 1", 1));
    sim.end(1, TurnEnd::Completed);
    assert_eq!(board(&sim).len(), 3);
    assert!(told.iter().all(|(n, _)| *n != 3), "{told:?}");
    assert!(informs(&sim).iter().all(|(n, _)| *n != 3));
}

#[test]
fn what_a_contract_node_says_binds_all_and_what_others_leave_can_be_found() {
    let contract = Node {
        kind: Kind::Contract,
        ..reader(1, &[])
    };
    let plan = of(vec![contract, reader(2, &[]), writer(3, &[1])]);
    let mut sim = Sim::of(plan, Isolation::Worktree);
    for n in [1, 2] {
        sim.begin(n);
        sim.agent_says(sim.speaker(n), replied(&format!("report of {n}"), 1));
        sim.end(n, TurnEnd::Completed);
    }
    assert_eq!(
        board(&sim),
        [
            (EntryKind::Contract, "report of 1".into(), 1),
            (EntryKind::Handoff, "report of 2".into(), 1)
        ]
    );
    let agent = sim.speaker(3).1;
    let told = sim.run.worth_telling(node(3), agent);
    let kinds = told.iter().map(|id| sim.run.board().get(*id).unwrap().kind);
    assert_eq!(kinds.collect::<Vec<_>>(), [EntryKind::Contract]);
    sim.say(Event::Memory(MemoryEvent::Shown {
        agent,
        entries: told,
    }));
    assert!(sim.run.worth_telling(node(3), agent).is_empty());
}

#[test]
fn a_flood_of_notes_ends() {
    let mut sim = at_work(&[1, 2]);
    for n in 0..1_000 {
        sim.agent_says(
            sim.speaker(1),
            noted(EntryKind::Finding, "key", &n.to_string()),
        );
    }
    sim.settle();
    assert_eq!(board(&sim).len(), 200, "those that were waiting at once");
}
