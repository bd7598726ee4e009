//! Two journals never append to one session.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use store::{Journal, StoreError, read};

use crate::given::{Disk, session, small};

/// This test binary again, running one ignored test in the data folder of `disk`.
pub(crate) fn child(test: &str, disk: &Disk) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([
            "--exact",
            test,
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .env("STORE_TEST_DATA", disk.data.root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

/// The data folder a child was given.
pub(crate) fn given_data() -> store::DataFolder {
    store::DataFolder::at(std::env::var("STORE_TEST_DATA").unwrap())
}

/// Reads the child's output up to the line that is `wanted`.
pub(crate) fn wait_for(child: &mut Child, wanted: &str) {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.map(Result::unwrap).any(|line| line.ends_with(wanted)));
}

#[test]
#[ignore = "run as a child by the other tests"]
fn child_holds() {
    let (_journal, _) = Journal::open(&given_data(), session()).unwrap();
    let mut out = std::io::stdout();
    writeln!(out, "\nholding").unwrap();
    out.flush().unwrap();
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

#[test]
fn another_process_is_named_and_its_death_frees_the_session() {
    let disk = Disk::holding(&small(2));
    let mut holder = child("lock::child_holds", &disk).spawn().unwrap();
    wait_for(&mut holder, "holding");
    let error = Journal::open(&disk.data, session()).unwrap_err();
    let StoreError::Locked { pid, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(pid, Some(holder.id()));
    assert_eq!(
        read(&disk.data, session(), protocol::Seq(1))
            .unwrap()
            .records,
        small(2),
        "reading needs no lock"
    );
    holder.kill().unwrap();
    holder.wait().unwrap();
    Journal::open(&disk.data, session()).unwrap();
}

#[test]
fn the_same_process_cannot_take_a_session_twice() {
    let disk = Disk::new();
    let journal = Journal::create(&disk.data, session()).unwrap();
    let error = Journal::open(&disk.data, session()).unwrap_err();
    assert!(
        error.to_string().contains(&std::process::id().to_string()),
        "{error}"
    );
    drop(journal);
    Journal::open(&disk.data, session()).unwrap();
}
