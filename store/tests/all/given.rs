//! Data folders, sessions and records to test with.

use std::fs;
use std::path::PathBuf;

use protocol::{Block, Draft, Event, Record, Seq, SessionId, Timestamp, TurnEvent, TurnId};
use store::{DataFolder, Journal};
use tempfile::TempDir;
use uuid::Uuid;

/// A data folder that vanishes with the test.
pub(crate) struct Disk {
    pub(crate) data: DataFolder,
    _folder: TempDir,
}

impl Disk {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            data: DataFolder::at(folder.path().join("data")),
            _folder: folder,
        }
    }

    /// A session whose journal holds `records`, closed again.
    pub(crate) fn holding(records: &[Record]) -> Self {
        let disk = Self::new();
        let mut journal = Journal::create(&disk.data, session()).unwrap();
        journal.append(records).unwrap();
        disk
    }

    pub(crate) fn segment(&self, number: u32) -> PathBuf {
        self.data
            .session(session())
            .join(format!("journal-{number:05}.jsonl"))
    }

    pub(crate) fn bytes(&self, number: u32) -> Vec<u8> {
        fs::read(self.segment(number)).unwrap()
    }

    /// Replaces the bytes of a segment behind the store's back.
    pub(crate) fn put(&self, number: u32, bytes: &[u8]) {
        fs::write(self.segment(number), bytes).unwrap();
    }
}

pub(crate) fn session() -> SessionId {
    SessionId::new(Uuid::from_u128(0x11))
}

pub(crate) fn turn() -> TurnId {
    TurnId::new(Uuid::from_u128(0x22))
}

pub(crate) fn said(seq: u64, text: &str) -> Record {
    let event = Event::Turn(TurnEvent::Submitted {
        turn: turn(),
        context: Vec::new(),
        content: vec![Block::Text(text.into())],
    });
    record(seq, event)
}

/// A record whose line is longer than a megabyte.
pub(crate) fn broad(seq: u64) -> Record {
    let block = || Block::Text("long ".repeat(3_000).into());
    let event = TurnEvent::Submitted {
        turn: turn(),
        context: Vec::new(),
        content: (0..100).map(|_| block()).collect(),
    };
    record(seq, Event::Turn(event))
}

pub(crate) fn record(seq: u64, event: Event) -> Record {
    let draft = Draft {
        agent: None,
        node: None,
        turn: None,
        cause: None,
        event,
    };
    draft.placed(session(), Seq(seq), Timestamp(1_000 + seq))
}

/// `count` small records, from the first place on.
pub(crate) fn small(count: u64) -> Vec<Record> {
    (1..=count).map(|seq| said(seq, "hi, \u{e9}\n")).collect()
}

/// A line as the journal writes it.
pub(crate) fn line(json: &str) -> Vec<u8> {
    format!("{:08x} {json}\n", crc32fast::hash(json.as_bytes())).into_bytes()
}

/// Where each line of `bytes` ends, behind its newline.
pub(crate) fn ends(bytes: &[u8]) -> Vec<usize> {
    let newlines = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    newlines.map(|(at, _)| at + 1).collect()
}
