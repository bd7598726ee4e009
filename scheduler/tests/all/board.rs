//! The board: who may write what, what replaces what, what is shown to whom.

use std::collections::BTreeSet;

use protocol::{AgentId, BoardEntry, EntryKind, Note, Provenance, SessionId};
use scheduler::board::{About, Board, MOST_ENTRIES, Refused, worth_showing};
use uuid::Uuid;

const KINDS: [EntryKind; 5] = [
    EntryKind::Fact,
    EntryKind::Decision,
    EntryKind::Contract,
    EntryKind::Finding,
    EntryKind::Handoff,
];

fn run() -> SessionId {
    SessionId::new(Uuid::from_u128(1))
}

fn agent(n: u128) -> AgentId {
    AgentId::new(Uuid::from_u128(n))
}

fn of(n: u128) -> Provenance {
    Provenance {
        node: None,
        agent: Some(agent(n)),
        evidence: Vec::new(),
    }
}

fn note(kind: EntryKind, key: &str, value: &str) -> Note {
    Note {
        kind,
        key: key.into(),
        value: value.into(),
        evidence: Vec::new(),
    }
}

/// Puts notes of the coordinator on a board.
fn board(notes: &[(EntryKind, &str, &str)]) -> Board {
    let mut board = Board::default();
    for (kind, key, value) in notes {
        let entry = board.entry(run(), &note(*kind, key, value), of(9));
        board.put(entry.unwrap());
    }
    board
}

#[test]
fn agents_write_facts_and_findings_and_the_coordinator_everything() {
    let empty = Board::default();
    for kind in KINDS {
        let note = note(kind, "k", "v");
        let may = matches!(kind, EntryKind::Fact | EntryKind::Finding);
        assert_eq!(empty.note(run(), &note, of(1)).is_ok(), may, "{kind:?}");
        assert!(empty.entry(run(), &note, of(1)).is_ok(), "{kind:?}");
    }
}

#[test]
fn a_note_without_sense_is_refused_by_name() {
    let board = board(&[(EntryKind::Fact, "known", "v")]);
    let long = "x".repeat(8 * 1024 + 1);
    let refused = |key: &str, value: &str| {
        let note = note(EntryKind::Fact, key, value);
        board.note(run(), &note, of(1)).unwrap_err()
    };
    assert_eq!(refused("", "v"), Refused::Key(String::new()));
    assert_eq!(refused("a\nb", "v"), Refused::Key("a\nb".into()));
    assert!(matches!(refused(&"k".repeat(201), "v"), Refused::Key(_)));
    assert!(matches!(refused("k", ""), Refused::Value { bytes: 0, .. }));
    assert!(matches!(
        refused("k", &long),
        Refused::Value { bytes: 8193, .. }
    ));
    assert_eq!(refused(" known ", "v"), Refused::Known("known".into()));
}

#[test]
fn a_fact_replaces_the_fact_of_its_key_and_a_finding_replaces_nothing() {
    let noted = |kind| {
        board(&[(kind, "k", "one"), (kind, "k", "two")])
            .entries()
            .map(|entry| (entry.value.as_str().into_owned(), entry.version))
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(noted(EntryKind::Fact), BTreeSet::from([("two".into(), 2)]));
    let both = BTreeSet::from([("one".into(), 1), ("two".into(), 1)]);
    assert_eq!(noted(EntryKind::Finding), both);
}

#[test]
fn a_full_board_takes_new_versions_and_nothing_new() {
    let mut full = Board::default();
    for n in 0..MOST_ENTRIES {
        let entry = full.entry(run(), &note(EntryKind::Fact, &format!("k{n}"), "v"), of(1));
        full.put(entry.unwrap());
    }
    let new = full.note(run(), &note(EntryKind::Fact, "new", "v"), of(1));
    assert_eq!(new.unwrap_err(), Refused::Full("new".into()));
    assert!(
        full.note(run(), &note(EntryKind::Fact, "k1", "w"), of(1))
            .is_ok()
    );
}

fn shown(board: &Board, words: &str, most_bytes: u64) -> Vec<String> {
    let about = About {
        agent: agent(1),
        words,
        shown: &BTreeSet::new(),
        most_bytes,
    };
    let keys = worth_showing(board, &about).into_iter();
    keys.map(|entry: &BoardEntry| entry.key.clone()).collect()
}

#[test]
fn what_binds_is_shown_first_and_then_what_the_work_is_about() {
    let board = board(&[
        (EntryKind::Finding, "parser", "panics on empty input"),
        (EntryKind::Finding, "lexer", "reads twice"),
        (EntryKind::Decision, "errors", "are enums"),
        (EntryKind::Contract, "names", "stay"),
    ]);
    let keys = shown(&board, "mend the lexer so that it reads once", 10_000);
    assert_eq!(keys, ["names", "errors", "lexer", "parser"]);
}

#[test]
fn nothing_is_shown_twice_to_its_author_or_beyond_the_cap() {
    let mut board = board(&[(EntryKind::Fact, "a", "1"), (EntryKind::Fact, "b", "2")]);
    let own = board.entry(run(), &note(EntryKind::Fact, "own", "3"), of(1));
    board.put(own.unwrap());
    let mut keys = shown(&board, "", 10_000);
    keys.sort();
    assert_eq!(keys, ["a", "b"]);
    assert_eq!(shown(&board, "", 50).len(), 1);
    assert_eq!(shown(&board, "", 0).len(), 0);
    let all: BTreeSet<_> = board.entries().map(|entry| entry.id).collect();
    let about = About {
        agent: agent(1),
        words: "",
        shown: &all,
        most_bytes: 10_000,
    };
    assert!(worth_showing(&board, &about).is_empty());
}
