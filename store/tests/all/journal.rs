//! Appending, reading and following a whole journal.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use protocol::{BULK_BYTES, Block, Event, Seq, Text, TurnEvent};
use store::{Journal, Reader, StoreError, read};

use crate::given::{Disk, ends, said, session, small};

#[test]
fn what_is_appended_is_read_again_in_order() {
    let disk = Disk::new();
    let mut journal = Journal::create(&disk.data, session()).unwrap();
    journal.append(&small(5)[..2]).unwrap();
    journal.append(&[]).unwrap();
    journal.append(&small(5)[2..]).unwrap();
    assert_eq!(journal.next_seq(), Seq(6));
    drop(journal);
    for from in 1..=6 {
        let report = read(&disk.data, session(), Seq(from)).unwrap();
        assert_eq!(report.records, small(5)[from as usize - 1..]);
        assert_eq!(report.cut, None);
    }
    let (journal, recovered) = Journal::open(&disk.data, session()).unwrap();
    assert_eq!(recovered.records, small(5));
    assert_eq!(journal.next_seq(), Seq(6));
}

#[test]
fn a_power_failure_takes_what_was_written_since_the_last_sync_and_nothing_else() {
    let disk = Disk::new();
    let mut journal = Journal::create(&disk.data, session()).unwrap();
    journal.append(&small(5)[..2]).unwrap();
    journal.write(&small(5)[2..3]).unwrap();
    journal.sync().unwrap();
    journal.write(&small(5)[3..]).unwrap();
    let seen = read(&disk.data, session(), Seq(1)).unwrap();
    assert_eq!(
        seen.records,
        small(5),
        "what is written is there to be read"
    );
    journal.syncer().lose().unwrap();
    let refused = journal.write(&[said(6, "after what is gone")]);
    assert!(
        matches!(refused, Err(StoreError::Poisoned { .. })),
        "no gap"
    );
    drop(journal);
    let (_, recovered) = Journal::open(&disk.data, session()).unwrap();
    assert_eq!(recovered.records, small(3));
}

#[test]
fn what_is_written_is_synced_from_elsewhere_until_something_fails() {
    let disk = Disk::new();
    let mut journal = Journal::create(&disk.data, session()).unwrap();
    let syncer = journal.syncer();
    journal.write(&small(5)[..2]).unwrap();
    let to = journal.at();
    assert!(!journal.has_synced(to));
    syncer.sync().unwrap();
    assert!(journal.has_synced(to));
    journal.write(&small(5)[2..]).unwrap();
    assert!(journal.has_synced(to) && !journal.has_synced(journal.at()));
    syncer.fail("a fault beside it".to_owned());
    let refusals = [syncer.sync(), journal.sync(), journal.write(&[])];
    for refused in refusals {
        let refused = refused.unwrap_err();
        assert!(
            refused.to_string().contains("a fault beside it"),
            "{refused}"
        );
    }
    drop(journal);
    let (_, recovered) = Journal::open(&disk.data, session()).unwrap();
    assert_eq!(recovered.records, small(5));
}

#[test]
fn a_batch_that_does_not_continue_the_journal_is_refused_whole() {
    let disk = Disk::holding(&small(2));
    let (mut journal, _) = Journal::open(&disk.data, session()).unwrap();
    let before = disk.bytes(1);
    let mut foreign = said(3, "x");
    foreign.session = protocol::SessionId::new(uuid::Uuid::from_u128(9));
    let mut newer = said(3, "x");
    newer.v += 1;
    let batches = [
        vec![said(4, "gap")],
        vec![said(2, "repeat")],
        vec![said(3, "fine"), said(5, "gap")],
        vec![foreign],
        vec![newer],
    ];
    for batch in batches {
        let refused = journal.append(&batch).unwrap_err();
        assert!(matches!(refused, StoreError::Illegal { .. }), "{refused}");
        assert_eq!(disk.bytes(1), before, "nothing was written");
    }
    journal.append(&[said(3, "fine")]).unwrap();
}

#[test]
fn bulky_texts_go_to_blobs_and_come_back() {
    let disk = Disk::new();
    let edge = "\u{e9}".repeat(BULK_BYTES / 2);
    let bulky = format!("{edge}!");
    let given = [said(1, &edge), said(2, &bulky), said(3, &bulky)];
    let mut journal = Journal::create(&disk.data, session()).unwrap();
    journal.append(&given).unwrap();

    let lines = disk.bytes(1);
    let lengths: Vec<_> = [&[0], &ends(&lines)[..]].concat();
    assert!(
        lengths[1] > BULK_BYTES,
        "a text at the limit stays in its record"
    );
    assert!(lengths[3] - lengths[1] < 4096, "longer ones leave it");
    let read = read(&disk.data, session(), Seq(1)).unwrap();
    assert_eq!(read.records, given, "and are whole again for a reader");

    let mut raw = Reader::open(&disk.data, session()).unwrap().without_bulk();
    raw.skip_to(Seq(2)).unwrap();
    let Event::Turn(TurnEvent::Submitted { content, .. }) =
        raw.next_record().unwrap().unwrap().event
    else {
        panic!("not the record that was appended");
    };
    let [Block::Text(Text::Stored(stored))] = &content[..] else {
        panic!("{content:?} is not stored");
    };
    assert_eq!(stored.bytes, bulky.len() as u64);
}

#[test]
fn a_lost_blob_leaves_its_text_stored_and_is_reported() {
    let bulky = "x".repeat(BULK_BYTES + 1);
    let disk = Disk::holding(&[said(1, &bulky), said(2, "after")]);
    let blob = protocol::BlobId::of(bulky.as_bytes());
    fs::write(disk.data.blobs().path(blob), "y").unwrap();
    let report = read(&disk.data, session(), Seq(1)).unwrap();
    assert_eq!(report.records.len(), 2);
    assert_eq!(report.lost.len(), 1);
    assert_eq!(report.lost[0].blob, blob);
    assert_eq!(report.cut, None);
}

#[test]
fn a_reader_follows_a_growing_journal_and_waits_at_a_torn_end() {
    let disk = Disk::new();
    let mut journal = Journal::create(&disk.data, session()).unwrap();
    let mut reader = Reader::open(&disk.data, session()).unwrap();
    assert_eq!(reader.next_record().unwrap(), None);
    journal.append(&small(2)).unwrap();
    assert_eq!(reader.next_record().unwrap(), Some(small(2)[0].clone()));
    let at = reader.at();

    let whole = disk.bytes(1);
    let third = crate::given::line(&serde_json::to_string(&said(3, "later")).unwrap());
    disk.put(1, &[&whole[..], &third[..30]].concat());
    assert_eq!(reader.next_record().unwrap(), Some(small(2)[1].clone()));
    assert_eq!(reader.next_record().unwrap(), None);
    assert!(reader.cut().is_some(), "the third record is not whole yet");
    disk.put(1, &[whole, third].concat());
    assert_eq!(reader.next_record().unwrap(), Some(said(3, "later")));
    assert_eq!(reader.cut(), None);

    let rest: Result<Vec<_>, _> = Reader::follow(&disk.data, session(), at).unwrap().collect();
    assert_eq!(rest.unwrap(), [small(2)[1].clone(), said(3, "later")]);
}

#[test]
fn a_full_segment_is_followed_by_another_and_a_reader_crosses_over() {
    let disk = Disk::new();
    let mut journal = Journal::create(&disk.data, session()).unwrap();
    let text = "x".repeat(BULK_BYTES);
    while fs::metadata(disk.segment(1)).unwrap().len() < 64 * 1024 * 1024 {
        let first = journal.next_seq().0;
        let batch: Vec<_> = (first..first + 64).map(|seq| said(seq, &text)).collect();
        journal.append(&batch).unwrap();
    }
    let last = journal.next_seq().0 - 1;
    let mut reader = Reader::open(&disk.data, session()).unwrap();
    reader.skip_to(Seq(last)).unwrap();
    assert_eq!(reader.at().segment, 1);
    assert_eq!(reader.next_record().unwrap().unwrap().seq, Seq(last));
    assert_eq!(reader.next_record().unwrap(), None);

    journal.append(&[said(last + 1, "rolled")]).unwrap();
    assert_eq!(
        reader.next_record().unwrap(),
        Some(said(last + 1, "rolled"))
    );
    assert_eq!(reader.at().segment, 2);
    assert_eq!(ends(&disk.bytes(2)).len(), 1);
    drop(journal);
    let (journal, _) = Journal::open(&disk.data, session()).unwrap();
    assert_eq!(journal.next_seq(), Seq(last + 2));
}

#[test]
fn only_the_user_may_look() {
    let disk = Disk::holding(&[said(1, &"x".repeat(BULK_BYTES + 1))]);
    let mut pending = vec![disk.data.root().to_owned()];
    let mut files = 0;
    while let Some(path) = pending.pop() {
        let metadata = fs::metadata(&path).unwrap();
        let wanted = if metadata.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(
            metadata.permissions().mode() & 0o777,
            wanted,
            "{}",
            path.display()
        );
        if metadata.is_dir() {
            pending.extend(
                fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        } else {
            files += 1;
        }
    }
    assert_eq!(files, 3, "a segment, a lock, a blob");
}

#[test]
fn there_is_one_session_of_an_id_or_none() {
    let disk = Disk::new();
    let missing = Journal::open(&disk.data, session()).unwrap_err();
    assert!(matches!(missing, StoreError::Missing { .. }), "{missing}");
    let missing = Reader::open(&disk.data, session()).unwrap_err();
    assert!(matches!(missing, StoreError::Missing { .. }), "{missing}");
    drop(Journal::create(&disk.data, session()).unwrap());
    let exists = Journal::create(&disk.data, session()).unwrap_err();
    assert!(matches!(exists, StoreError::Exists { .. }), "{exists}");
}

#[test]
fn a_session_that_died_before_its_first_record_can_be_taken_up() {
    let disk = Disk::new();
    drop(Journal::create(&disk.data, session()).unwrap());
    fs::remove_file(disk.segment(1)).unwrap();
    let (mut journal, recovered) = Journal::open(&disk.data, session()).unwrap();
    assert_eq!(recovered.records, []);
    journal.append(&small(1)).unwrap();
}
