//! The board in sled: found by words, kept over a reopening, and never believed against the journal.

use std::fs;

use protocol::{BoardEntry, EntryKind, MemoryId, Provenance};
use store::Board;
use uuid::Uuid;

use crate::given::Disk;
use crate::sessions::id;

fn entry(n: u128, key: &str, value: &str) -> BoardEntry {
    BoardEntry {
        id: MemoryId::new(Uuid::from_u128(n)),
        kind: EntryKind::Fact,
        key: key.into(),
        value: value.into(),
        origin: Provenance {
            node: None,
            agent: None,
            evidence: Vec::new(),
        },
        version: 1,
    }
}

fn open(disk: &Disk, entries: &[BoardEntry]) -> Board {
    Board::open(&disk.data, id(1), entries.iter()).unwrap()
}

fn keys(found: &[BoardEntry]) -> Vec<&str> {
    found.iter().map(|entry| entry.key.as_str()).collect()
}

#[test]
fn entries_are_found_by_their_words_best_first() {
    let disk = Disk::new();
    let board = open(&disk, &[]);
    board
        .put(&entry(1, "lexer", "reads its input twice"))
        .unwrap();
    board.put(&entry(2, "input", "is UTF-8")).unwrap();
    board.put(&entry(3, "names", "stay public")).unwrap();
    assert_eq!(
        keys(&board.search("INPUT, please", 9).unwrap()),
        ["input", "lexer"]
    );
    assert_eq!(keys(&board.search("input", 1).unwrap()), ["input"]);
    assert_eq!(
        keys(&board.search("", 9).unwrap()),
        ["input", "lexer", "names"]
    );
    assert!(board.search("nothing of the kind", 9).unwrap().is_empty());
}

#[test]
fn a_board_that_is_opened_again_says_what_the_journal_says() {
    let disk = Disk::new();
    let (old, new) = (entry(1, "k", "old"), entry(1, "k", "new"));
    let board = open(&disk, &[]);
    board.put(&old).unwrap();
    board.put(&entry(2, "never journaled", "v")).unwrap();
    drop(board);
    let board = open(&disk, &[old, new.clone()]);
    assert_eq!(
        board.all().unwrap().into_values().collect::<Vec<_>>(),
        [new]
    );
}

#[test]
fn a_damaged_board_is_built_anew_from_the_journal() {
    let disk = Disk::new();
    let kept = entry(1, "k", "v");
    drop(open(&disk, std::slice::from_ref(&kept)));
    let folder = disk.data.session(id(1)).join("board");
    for file in fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
    {
        if file.is_file() {
            fs::write(&file, b"not a database").unwrap();
        }
    }
    let board = open(&disk, std::slice::from_ref(&kept));
    assert_eq!(keys(&board.search("k", 9).unwrap()), ["k"]);
}
