//! A journal cut or flipped anywhere gives every whole record before the damage, and loses no byte.

use std::fs;

use proptest::prelude::*;
use store::{Cut, Damage, Journal, read};

use crate::given::{Disk, ends, said, session, small};

/// What lies in the set-aside pieces, in the order of their segments.
fn set_aside(disk: &Disk) -> Vec<u8> {
    let mut pieces: Vec<_> = fs::read_dir(disk.data.session(session()))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().contains(".torn-"))
        .collect();
    pieces.sort();
    pieces
        .iter()
        .flat_map(|path| fs::read(path).unwrap())
        .collect()
}

fn clear(disk: &Disk) {
    for entry in fs::read_dir(disk.data.session(session())).unwrap() {
        let path = entry.unwrap().path();
        if path.to_string_lossy().contains(".torn-") {
            fs::remove_file(path).unwrap();
        }
    }
}

/// Opens the damaged journal and checks that `whole` records came back, nothing was deleted, and it goes on.
fn opens_with(disk: &Disk, damaged: &[u8], whole: usize) {
    let records = small(3);
    let kept = ends(damaged).get(whole.wrapping_sub(1)).copied();
    let kept = if whole == 0 { 0 } else { kept.unwrap() };

    let seen = read(&disk.data, session(), protocol::Seq(1)).unwrap();
    assert_eq!(
        seen.records,
        records[..whole],
        "a reader sees the whole records"
    );
    assert_eq!(disk.bytes(1), damaged, "a reader changes nothing");

    let (mut journal, recovered) = Journal::open(&disk.data, session()).unwrap();
    assert_eq!(recovered.records, records[..whole]);
    assert_eq!(recovered.cut, seen.cut);
    match recovered.cut {
        None => assert_eq!(kept, damaged.len()),
        Some(Cut {
            at_byte,
            lost_bytes,
            ..
        }) => {
            assert_eq!(at_byte, kept as u64);
            assert_eq!(lost_bytes, (damaged.len() - kept) as u64);
        }
    }
    assert_eq!(
        [disk.bytes(1), set_aside(disk)].concat(),
        damaged,
        "no byte is lost"
    );

    journal.append(&[said(whole as u64 + 1, "on")]).unwrap();
    drop(journal);
    let (_journal, again) = Journal::open(&disk.data, session()).unwrap();
    assert_eq!(again.cut, None, "what was mended stays mended");
    assert_eq!(again.records.len(), whole + 1);
}

#[test]
fn a_journal_cut_at_any_byte_gives_every_whole_record_before() {
    let disk = Disk::holding(&small(3));
    let bytes = disk.bytes(1);
    for at in 0..=bytes.len() {
        clear(&disk);
        disk.put(1, &bytes[..at]);
        let whole = ends(&bytes).iter().filter(|end| **end <= at).count();
        opens_with(&disk, &bytes[..at], whole);
    }
}

#[test]
fn a_journal_with_any_byte_flipped_gives_every_whole_record_before() {
    let disk = Disk::holding(&small(3));
    let bytes = disk.bytes(1);
    for at in 0..bytes.len() {
        for mask in [0x01, 0x20, 0x80, 0xff] {
            clear(&disk);
            let mut damaged = bytes.clone();
            damaged[at] ^= mask;
            disk.put(1, &damaged);
            let whole = ends(&bytes).iter().filter(|end| **end <= at).count();
            opens_with(&disk, &damaged, whole);
        }
    }
}

#[test]
fn damage_in_an_early_segment_sets_the_later_ones_aside() {
    let disk = Disk::holding(&small(6));
    let bytes = disk.bytes(1);
    let cuts = ends(&bytes);
    let (first, second, third) = (
        &bytes[..cuts[1]],
        &bytes[cuts[1]..cuts[3]],
        &bytes[cuts[3]..],
    );
    disk.put(2, second);
    disk.put(3, third);
    disk.put(1, first);
    let whole = read(&disk.data, session(), protocol::Seq(4)).unwrap();
    assert_eq!(
        whole.records,
        small(6)[3..],
        "segments are read as one journal"
    );

    let mut flipped = second.to_vec();
    flipped[20] ^= 1;
    disk.put(2, &flipped);
    let (mut journal, recovered) = Journal::open(&disk.data, session()).unwrap();
    assert_eq!(recovered.records, small(2));
    let cut = recovered.cut.unwrap();
    assert_eq!(
        (cut.segment, cut.at_byte, cut.reason),
        (2, 0, Damage::Checksum)
    );
    assert_eq!(cut.lost_bytes, (second.len() + third.len()) as u64);
    assert_eq!(set_aside(&disk), [&flipped[..], third].concat());
    journal.append(&[said(3, "on")]).unwrap();
    drop(journal);
    let (_journal, again) = Journal::open(&disk.data, session()).unwrap();
    assert_eq!((again.records.len(), again.cut), (3, None));
}

#[test]
fn a_gap_and_a_repeat_are_damage_where_they_stand() {
    for (given, expected, found) in [([1, 2, 4], 3, 4), ([1, 2, 2], 3, 2), ([1, 3, 4], 2, 3)] {
        let disk = Disk::holding(&small(1));
        let lines = given.map(|seq| {
            let json = serde_json::to_string(&said(seq, "hi")).unwrap();
            crate::given::line(&json)
        });
        disk.put(1, &lines.concat());
        let report = read(&disk.data, session(), protocol::Seq(1)).unwrap();
        let (expected, found) = (protocol::Seq(expected), protocol::Seq(found));
        assert_eq!(
            report.cut.unwrap().reason,
            Damage::Sequence { expected, found }
        );
        assert_eq!(report.records.len() as u64, expected.0 - 1);
    }
}

#[test]
fn a_missing_segment_is_a_gap() {
    let disk = Disk::holding(&small(4));
    let bytes = disk.bytes(1);
    let cuts = ends(&bytes);
    disk.put(3, &bytes[cuts[2]..]);
    disk.put(1, &bytes[..cuts[1]]);
    let (_journal, recovered) = Journal::open(&disk.data, session()).unwrap();
    assert_eq!(recovered.records, small(2));
    assert_eq!(recovered.cut.unwrap().segment, 3);
}

#[test]
fn a_line_longer_than_any_record_is_damage() {
    let disk = Disk::holding(&small(1));
    let mut bytes = disk.bytes(1);
    bytes.resize(bytes.len() + 64 * 1024 * 1024 + 2, b'x');
    disk.put(1, &bytes);
    let report = read(&disk.data, session(), protocol::Seq(1)).unwrap();
    assert_eq!(report.records, small(1));
    assert_eq!(report.cut.unwrap().reason, Damage::TooLong);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_splice_keeps_every_record_before_it(
        texts in prop::collection::vec(".{0,40}", 1..6),
        at in any::<prop::sample::Index>(),
        junk in prop::collection::vec(any::<u8>(), 1..30),
    ) {
        let records: Vec<_> = (1..).zip(&texts).map(|(seq, text)| said(seq, text)).collect();
        let disk = Disk::holding(&records);
        let bytes = disk.bytes(1);
        let at = at.index(bytes.len());
        disk.put(1, &[&bytes[..at], &junk, &bytes[at..]].concat());
        let whole = ends(&bytes).iter().filter(|end| **end <= at).count();
        let (_journal, recovered) = Journal::open(&disk.data, session()).unwrap();
        prop_assert!(recovered.records.len() >= whole);
        prop_assert_eq!(&recovered.records[..], &records[..recovered.records.len()]);
        prop_assert!(recovered.cut.is_some());
    }
}

#[test]
fn a_line_being_written_hides_nothing_acknowledged_and_a_flipped_one_does() {
    let disk = Disk::holding(&small(3));
    let bytes = disk.bytes(1);
    let ends = ends(&bytes);
    let beside = || read(&disk.data, session(), protocol::Seq(1)).unwrap();

    disk.put(1, &bytes[..ends[1] + 5]);
    assert_eq!(beside().acknowledged().unwrap(), small(3)[..2]);

    let mut flipped = bytes;
    flipped[ends[1] + 30] ^= 1;
    disk.put(1, &flipped);
    let cut = beside().acknowledged().unwrap_err();
    assert_eq!(cut.reason, Damage::Checksum);
}
