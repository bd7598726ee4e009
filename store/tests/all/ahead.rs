//! A journal long enough to be read by several threads at once says what it says line by line, also where it is damaged.

use std::sync::Arc;

use protocol::{Record, Seq};
use store::{Cut, Journal, Reader, StoreError};

use crate::given::{Disk, broad, ends, line, said, session};

/// What a reader finds: the records, the cut, and why it could not go on.
type Found = (Vec<Record>, Option<Cut>, Option<String>);

/// Some megabytes of lines of very different lengths, one of them longer than what a thread takes at once.
fn long() -> Vec<Record> {
    let text = |seq: u64| "wide ".repeat((seq * 7 % 900) as usize);
    let one = |seq| match seq {
        700 => broad(seq),
        _ => said(seq, &text(seq)),
    };
    (1..=1_500).map(one).collect()
}

fn at_once(disk: &Disk) -> Found {
    let mut reader = Reader::open(&disk.data, session()).unwrap();
    let mut records = Vec::new();
    let read = reader.each(|record| records.push(Arc::unwrap_or_clone(record)));
    (records, reader.cut().cloned(), why(read))
}

fn one_by_one(disk: &Disk) -> Found {
    let mut reader = Reader::open(&disk.data, session()).unwrap();
    let mut records = Vec::new();
    let read = loop {
        match reader.next_record() {
            Ok(Some(record)) => records.push(record),
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    (records, reader.cut().cloned(), why(read))
}

fn why(read: Result<(), StoreError>) -> Option<String> {
    read.err().map(|error| error.to_string())
}

/// Both ways of reading find the same, which is so many records.
fn both_find(disk: &Disk, many: usize) -> Found {
    let found = at_once(disk);
    assert!(found == one_by_one(disk), "{:?} {:?}", found.1, found.2);
    assert_eq!(found.0.len(), many);
    found
}

#[test]
fn a_long_journal_is_read_whole_and_in_order() {
    let records = long();
    let disk = Disk::holding(&records);
    assert!(disk.bytes(1).len() > 4 * 1024 * 1024);
    let (found, cut, _) = both_find(&disk, records.len());
    assert!(found == records && cut.is_none());
    let (mut journal, recovered) = Journal::open(&disk.data, session()).unwrap();
    assert_eq!(recovered.records.len(), records.len());
    journal.append(&[said(1_501, "and on")]).unwrap();
    both_find(&disk, records.len() + 1);
}

#[test]
fn a_bulky_text_of_a_long_journal_is_put_back() {
    let mut records = long();
    records.push(said(1_501, &"bulky".repeat(10_000)));
    records.extend((1_502..=1_600).map(|seq| said(seq, &"tail ".repeat(3_000))));
    let disk = Disk::holding(&records);
    assert!(both_find(&disk, records.len()).0 == records);
}

#[test]
fn bulky_texts_that_are_too_much_for_one_stretch_are_put_back() {
    let mut records = long();
    let bulky = |seq: u64| said(seq, &format!("{seq} bulky").repeat(30_000));
    records.extend((1_501..=1_540).map(bulky));
    records.extend((1_541..=1_640).map(|seq| said(seq, &"tail ".repeat(3_000))));
    let disk = Disk::holding(&records);
    assert!(both_find(&disk, records.len()).0 == records);
}

#[test]
fn damage_anywhere_in_a_long_journal_is_found_where_it_is() {
    let disk = Disk::holding(&long());
    let whole = disk.bytes(1);
    let ends = ends(&whole);
    for wound in [1, 350, 699, 1_100] {
        let mut flipped = whole.clone();
        flipped[ends[wound] - 5] ^= 1;
        disk.put(1, &flipped);
        let (_, cut, _) = both_find(&disk, wound);
        assert_eq!(cut.unwrap().at_byte, ends[wound - 1] as u64);
        disk.put(1, &whole[..ends[wound] - 3]);
        both_find(&disk, wound);
    }
}

#[test]
fn a_line_that_does_not_belong_in_a_long_journal_is_found_where_it_is() {
    let disk = Disk::holding(&long());
    let whole = disk.bytes(1);
    let (head, tail) = whole.split_at(ends(&whole)[899]);
    let other = |json: &str| [head, &line(json), tail].concat();
    let again = serde_json::to_string(&said(7, "again")).unwrap();
    disk.put(1, &other(&again));
    both_find(&disk, 900);
    for odd in [r#"{"v":99,"seq":901}"#, r#"{"v":1,"seq":901,"new":1}"#] {
        disk.put(1, &other(odd));
        assert!(both_find(&disk, 900).2.is_some());
    }
    let (mut seen, mut reader) = (0, Reader::open(&disk.data, session()).unwrap());
    reader.skip_to(Seq(500)).unwrap();
    let _ = reader.each(|_| seen += 1);
    assert_eq!(seen, 401, "it may begin in the middle");
}
