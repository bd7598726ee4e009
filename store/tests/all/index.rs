//! The index is a cache: it saves reading, and nothing that happens to it shows in a listing.

use std::fs::{self, File};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use store::{StoreError, list, rebuild_index};

use crate::given::{Disk, said, small};
use crate::sessions::{id, keep};

fn with_sessions() -> Disk {
    let disk = Disk::new();
    for n in 1..=3 {
        keep(&disk, id(n), vec![said(1, &format!("session {n}"))]);
    }
    disk
}

fn titles(disk: &Disk) -> Vec<String> {
    let listed = list(&disk.data).unwrap();
    listed
        .into_iter()
        .map(|info| info.facts.title.unwrap())
        .collect()
}

fn index_files(disk: &Disk) -> Vec<PathBuf> {
    let entries = fs::read_dir(disk.data.root().join("index")).unwrap();
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    files
}

/// Changes a title in session 1's journal, keeping its size, and sets the time of the change.
fn retell(disk: &Disk, to: &str, at: SystemTime) {
    let path = disk.data.session(id(1)).join("journal-00001.jsonl");
    let json = serde_json::to_string(&crate::sessions::of(id(1), vec![said(1, to)])[0]).unwrap();
    fs::write(&path, crate::given::line(&json)).unwrap();
    File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(at)
        .unwrap();
}

#[test]
fn a_journal_is_read_again_only_when_its_size_or_age_changed() {
    let disk = with_sessions();
    let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
    retell(&disk, "session 1", then);
    assert_eq!(titles(&disk)[0], "session 1");
    retell(&disk, "session X", then);
    assert_eq!(
        titles(&disk)[0],
        "session 1",
        "size and age are the same: the index answers"
    );
    retell(&disk, "session X", then + Duration::from_nanos(1_000));
    assert_eq!(titles(&disk)[0], "session X", "its age changed");
    retell(&disk, "session longer", then + Duration::from_nanos(1_000));
    assert_eq!(titles(&disk)[0], "session longer", "its size changed");
    assert_eq!(rebuild_index(&disk.data).unwrap(), 3);
    retell(&disk, "session", then);
    assert_eq!(rebuild_index(&disk.data).unwrap(), 3);
    assert_eq!(titles(&disk)[0], "session");
}

fn damaged(bytes: &[u8], how: &str) -> Vec<u8> {
    match how {
        "cut in half" => bytes[..bytes.len() / 2].to_vec(),
        "emptied" => Vec::new(),
        "overwritten" => vec![0xa5; bytes.len()],
        _ => bytes.iter().map(|byte| byte ^ 0x10).collect(),
    }
}

#[test]
fn a_damaged_index_is_moved_aside_and_built_anew() {
    let damages = ["cut in half", "emptied", "overwritten", "flipped"];
    let wanted = ["session 1", "session 2", "session 3"];
    let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
    let names = {
        let disk = with_sessions();
        list(&disk.data).unwrap();
        index_files(&disk).len()
    };
    assert!(names >= 2, "a database has several files");
    for how in damages {
        for nth in 0..names {
            let disk = with_sessions();
            retell(&disk, "session 1", then);
            assert_eq!(titles(&disk), wanted);
            let file = index_files(&disk).swap_remove(nth);
            let bytes = fs::read(&file).unwrap();
            fs::write(&file, damaged(&bytes, how)).unwrap();
            // What is cut off may look like a crash at first, and be found out when the index is opened again.
            for _ in 0..2 {
                assert_eq!(titles(&disk), wanted, "{} {how}", file.display());
            }
            retell(&disk, "session X", then);
            assert_eq!(
                titles(&disk),
                wanted,
                "{} {how}: the index answers again",
                file.display()
            );
            assert_eq!(
                rebuild_index(&disk.data).unwrap(),
                3,
                "{} {how}",
                file.display()
            );
            assert_eq!(titles(&disk)[0], "session X");
        }
    }
}

#[test]
fn a_half_written_snapshot_does_not_stop_the_index() {
    let disk = with_sessions();
    assert_eq!(titles(&disk).len(), 3);
    let planted = disk
        .data
        .root()
        .join("index/snap.0000000000000000.generating");
    fs::write(&planted, "half").unwrap();
    assert_eq!(titles(&disk).len(), 3);
    assert!(!planted.exists());
    let kept = fs::read_dir(disk.data.root()).unwrap();
    let damaged = kept.filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().contains("damaged")
    });
    assert_eq!(damaged.count(), 0, "the index itself was all right");
}

#[test]
fn while_another_uses_the_index_listing_works_and_rebuilding_says_who() {
    let disk = with_sessions();
    let lock = disk.data.root().join("index.lock");
    fs::write(&lock, "4711").unwrap();
    let held = File::open(&lock).unwrap();
    held.lock().unwrap();
    assert_eq!(titles(&disk).len(), 3);
    assert!(
        !disk.data.root().join("index").exists(),
        "the index was left alone"
    );
    let error = rebuild_index(&disk.data).unwrap_err();
    assert!(
        matches!(error, StoreError::IndexHeld { pid: Some(4711) }),
        "{error}"
    );
    drop(held);
    assert_eq!(rebuild_index(&disk.data).unwrap(), 3);
}

#[test]
fn a_session_that_is_gone_leaves_the_index_and_a_new_one_enters_it() {
    let disk = with_sessions();
    assert_eq!(titles(&disk).len(), 3);
    store::delete(&disk.data, id(2)).unwrap();
    keep(&disk, id(4), small(1));
    assert_eq!(titles(&disk), ["session 1", "session 3", "hi, \u{e9}"]);
    assert_eq!(titles(&disk), ["session 1", "session 3", "hi, \u{e9}"]);
}

#[test]
fn any_flipped_byte_of_the_index_shows_in_no_listing() {
    let disk = with_sessions();
    let wanted = titles(&disk);
    let files: Vec<_> = index_files(&disk)
        .into_iter()
        .map(|file| (fs::read(&file).unwrap(), file))
        .collect();
    let index = disk.data.root().join("index");
    for (bytes, file) in &files {
        for at in 0..bytes.len() {
            fs::remove_dir_all(&index).unwrap();
            fs::create_dir(&index).unwrap();
            for (bytes, file) in &files {
                fs::write(file, bytes).unwrap();
            }
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x40;
            fs::write(file, flipped).unwrap();
            assert_eq!(titles(&disk), wanted, "{} at {at}", file.display());
        }
    }
}
