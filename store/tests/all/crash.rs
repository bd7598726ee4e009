//! A process killed while it appends, and a disk that refuses, cost no acknowledged record.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use protocol::Seq;
use store::{Journal, StoreError};

use crate::given::{Disk, said, session};
use crate::lock::{child, given_data};

/// Appends batches for ever and says after each which record is the last acknowledged one.
#[test]
#[ignore = "run as a child by the other tests"]
fn child_appends() {
    let (mut journal, _) = Journal::open(&given_data(), session()).unwrap();
    let mut out = std::io::stdout();
    let bulky = "b".repeat(protocol::BULK_BYTES + 1);
    loop {
        let first = journal.next_seq().0;
        let batch = [
            said(first, "small"),
            said(first + 1, &format!("{first}{bulky}")),
            said(first + 2, "small"),
        ];
        match journal.append(&batch) {
            Ok(()) => writeln!(out, "acknowledged {}", first + 2).unwrap(),
            Err(error) => {
                let again = journal.append(&batch).unwrap_err();
                let poisoned = matches!(again, StoreError::Poisoned { .. });
                writeln!(out, "\nrefused {poisoned} {error}").unwrap();
                return;
            }
        }
    }
}

fn acknowledged(line: &str) -> Option<u64> {
    line.split_once("acknowledged ")?.1.parse().ok()
}

#[test]
fn records_acknowledged_before_a_kill_are_there_after_it() {
    let disk = Disk::holding(&[]);
    let mut before = 0;
    for round in 0..12 {
        let mut writer = child("crash::child_appends", &disk).spawn().unwrap();
        let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines();
        let mut last = before;
        for line in lines.by_ref().map(Result::unwrap) {
            last = acknowledged(&line).unwrap_or(last);
            if last > before + 3 * round {
                break;
            }
        }
        writer.kill().unwrap();
        writer.wait().unwrap();
        // What it still acknowledged until the kill.
        last = lines
            .map_while(Result::ok)
            .filter_map(|line| acknowledged(&line))
            .last()
            .unwrap_or(last);

        let (_journal, recovered) = Journal::open(&disk.data, session()).unwrap();
        assert!(
            recovered.records.len() as u64 >= last,
            "{} of {last}",
            recovered.records.len()
        );
        assert_eq!(
            recovered.lost,
            [],
            "a record is never there before its blob"
        );
        before = recovered.records.len() as u64;
    }
    assert!(before > 0);
}

#[test]
fn a_full_disk_poisons_the_journal_and_costs_no_acknowledged_record() {
    let disk = Disk::holding(&[]);
    let exe = child("crash::child_appends", &disk);
    // With the signal ignored, growing a file beyond the limit is a plain write error, as on a full disk.
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "trap '' XFSZ; ulimit -f 128; exec \"$0\" \"$@\""])
        .arg(exe.get_program())
        .args(exe.get_args())
        .env("STORE_TEST_DATA", disk.data.root())
        .stderr(Stdio::null());
    let output = shell.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let last = text.lines().filter_map(acknowledged).next_back().unwrap();
    let refusal = text
        .lines()
        .find(|line| line.starts_with("refused"))
        .unwrap();
    assert!(refusal.starts_with("refused true append to "), "{refusal}");

    let (mut journal, recovered) = Journal::open(&disk.data, session()).unwrap();
    assert!(recovered.cut.is_some(), "the limit fell inside a line");
    assert!(recovered.records.len() as u64 >= last);
    let next = journal.next_seq();
    assert_eq!(next, Seq(recovered.records.len() as u64 + 1));
    journal
        .append(&[said(next.0, "there is room again")])
        .unwrap();
}
