//! Sessions at rest are listed, branched off, checked and removed.

use std::fs;
use std::path::Path;

use protocol::{
    AgentId, BULK_BYTES, BlobId, Event, Ground, Isolation, Limits, ModelRef, ModelTraits, NodeId,
    Opening, PermissionMode, Plan, PlanEvent, PlanPatch, Planner, Record, Seq, SessionEvent,
    SessionId, Timestamp, TurnEnd, TurnEvent, WorkspaceEvent,
};
use store::{Glance, Journal, RunStage, StoreError, check, delete, fork, glance, list, read};
use uuid::Uuid;

use crate::given::{Disk, broad, record, said, session, small};
use crate::lock::{child, wait_for};

pub(crate) fn id(n: u128) -> SessionId {
    SessionId::new(Uuid::from_u128(n))
}

fn opened() -> Event {
    Event::Session(SessionEvent::Opened(Box::new(Opening {
        cwd: "/w".into(),
        formic: "0.1.0".into(),
        mode: PermissionMode::Default,
        model: ModelRef {
            provider: "p".into(),
            model: "m".into(),
        },
        traits: ModelTraits {
            context_window: None,
            max_output: 1,
            vision: false,
            price: None,
        },
        system: "s".into(),
        tools: Vec::new(),
        limits: Limits::default(),
        tool_bytes: 0,
    })))
}

fn ended() -> Event {
    Event::Turn(TurnEvent::Ended {
        end: TurnEnd::Cut,
        state: BlobId::of(b""),
    })
}

/// `records` as those of another session.
pub(crate) fn of(id: SessionId, mut records: Vec<Record>) -> Vec<Record> {
    records.iter_mut().for_each(|record| record.session = id);
    records
}

pub(crate) fn keep(disk: &Disk, id: SessionId, records: Vec<Record>) {
    let mut journal = Journal::create(&disk.data, id).unwrap();
    journal.append(&of(id, records)).unwrap();
}

fn tree(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect();
    files.sort();
    files
}

#[test]
fn a_listing_tells_what_each_journal_says_oldest_first() {
    let disk = Disk::new();
    assert_eq!(list(&disk.data).unwrap(), []);
    assert!(!disk.data.root().exists(), "listing nothing makes nothing");
    let asked = said(2, "  fix\n the   bug ");
    keep(
        &disk,
        id(2),
        vec![record(1, opened()), asked.clone(), record(3, ended())],
    );
    keep(
        &disk,
        id(1),
        vec![
            record(1, opened()),
            asked,
            record(3, ended()),
            said(4, "more"),
        ],
    );
    let listed = list(&disk.data).unwrap();
    let [first, second] = &listed[..] else {
        panic!("{listed:?}");
    };
    assert_eq!((first.id, second.id), (id(1), id(2)));
    assert_eq!((first.facts.records, first.facts.turns), (4, 2));
    assert_eq!(first.facts.end, None, "its last turn has not ended");
    assert_eq!(second.facts.end, Some(TurnEnd::Cut));
    assert_eq!(second.facts.title.as_deref(), Some("fix the bug"));
    assert_eq!(second.facts.cwd.as_deref(), Some(Path::new("/w")));
    assert_eq!(second.facts.opened_at, Some(Timestamp(1_001)));
    assert_eq!(second.facts.last_at, Some(Timestamp(1_003)));
    assert_eq!(
        (second.facts.problem.as_ref(), second.locked_by),
        (None, None)
    );
    let bytes = fs::metadata(second.path.join("journal-00001.jsonl"))
        .unwrap()
        .len();
    assert_eq!(second.bytes, bytes);
}

#[test]
fn a_session_with_a_problem_is_listed_with_it() {
    let disk = Disk::holding(&small(2));
    let bytes = disk.bytes(1);
    disk.put(1, &bytes[..bytes.len() - 1]);
    let listed = list(&disk.data).unwrap();
    assert_eq!(listed[0].facts.records, 1);
    assert!(listed[0].facts.problem.as_ref().unwrap().contains("no end"));

    let newer = crate::given::line(r#"{"v":99,"seq":1}"#);
    disk.put(1, &newer);
    let listed = list(&disk.data).unwrap();
    assert!(
        listed[0]
            .facts
            .problem
            .as_ref()
            .unwrap()
            .contains("version 99")
    );
}

#[test]
fn a_session_in_use_is_listed_with_its_process_and_not_deleted() {
    let disk = Disk::holding(&small(1));
    let mut holder = child("lock::child_holds", &disk).spawn().unwrap();
    wait_for(&mut holder, "holding");
    assert_eq!(list(&disk.data).unwrap()[0].locked_by, Some(holder.id()));
    let refused = delete(&disk.data, session()).unwrap_err();
    assert!(matches!(refused, StoreError::Locked { .. }), "{refused}");
    holder.kill().unwrap();
    holder.wait().unwrap();
    assert_eq!(
        list(&disk.data).unwrap()[0].locked_by,
        None,
        "the dead hold nothing"
    );
    // Signed by a process that lives but does not hold the lock, as after a crash and a reused id.
    let lock = disk.data.session(session()).join("lock");
    fs::write(lock, std::process::id().to_string()).unwrap();
    assert_eq!(list(&disk.data).unwrap()[0].locked_by, None);
}

#[test]
fn a_deleted_session_is_gone_with_what_earlier_removals_left() {
    let disk = Disk::holding(&small(1));
    keep(&disk, id(7), small(1));
    let trash = disk.data.root().join("trash");
    fs::create_dir_all(trash.join("left-by-a-crash/x")).unwrap();
    delete(&disk.data, session()).unwrap();
    assert_eq!(fs::read_dir(trash).unwrap().count(), 0);
    let ids: Vec<_> = list(&disk.data)
        .unwrap()
        .iter()
        .map(|info| info.id)
        .collect();
    assert_eq!(ids, [id(7)]);
    let missing = delete(&disk.data, session()).unwrap_err();
    assert!(matches!(missing, StoreError::Missing { .. }), "{missing}");
}

#[test]
fn a_fork_has_the_records_up_to_its_point_and_a_life_of_its_own() {
    let mut records = small(4);
    records[1] = said(2, &"x".repeat(BULK_BYTES + 1));
    let disk = Disk::holding(&records);
    let before = tree(&disk.data.session(session()));
    for (n, upto) in [(21, Some(1)), (22, Some(3)), (23, Some(4)), (24, None)] {
        let last = fork(&disk.data, session(), upto.map(Seq), id(n)).unwrap();
        assert_eq!(last, Seq(upto.unwrap_or(4)));
        let (mut journal, recovered) = Journal::open(&disk.data, id(n)).unwrap();
        assert_eq!(
            recovered.records,
            of(id(n), records[..last.0 as usize].to_vec())
        );
        assert_eq!(recovered.lost, [], "bulky texts are shared");
        let next = of(id(n), vec![said(last.0 + 1, "on")]);
        journal.append(&next).unwrap();
    }
    assert_eq!(tree(&disk.data.session(session())), before);
    assert_eq!(list(&disk.data).unwrap().len(), 5);
}

#[test]
fn a_fork_that_cannot_be_leaves_nothing_behind() {
    let disk = Disk::holding(&small(2));
    let beyond = fork(&disk.data, session(), Some(Seq(3)), id(9)).unwrap_err();
    assert!(
        matches!(beyond, StoreError::BeyondEnd { last: Seq(2), .. }),
        "{beyond}"
    );
    let exists = fork(&disk.data, session(), None, session()).unwrap_err();
    assert!(matches!(exists, StoreError::Exists { .. }), "{exists}");
    let missing = fork(&disk.data, id(8), None, id(9)).unwrap_err();
    assert!(matches!(missing, StoreError::Missing { .. }), "{missing}");
    assert_eq!(fs::read_dir(disk.data.sessions()).unwrap().count(), 1);
    // A fork that crashed half way is no session, and does not hinder the next.
    fs::create_dir(disk.data.sessions().join(format!("forking-{}", id(9)))).unwrap();
    assert_eq!(list(&disk.data).unwrap().len(), 1);
    fork(&disk.data, session(), None, id(9)).unwrap();
}

#[test]
fn a_check_finds_cuts_lost_blobs_and_set_aside_pieces() {
    let bulky = "x".repeat(BULK_BYTES + 1);
    let disk = Disk::holding(&[said(1, &bulky), said(2, "hi")]);
    assert!(check(&disk.data, session()).unwrap().is_whole());
    let blob = BlobId::of(bulky.as_bytes());
    fs::remove_file(disk.data.blobs().path(blob)).unwrap();
    let bytes = disk.bytes(1);
    disk.put(1, &bytes[..bytes.len() - 3]);
    let found = check(&disk.data, session()).unwrap();
    assert_eq!((found.records, found.lost[0].blob), (1, blob));
    assert!(found.cut.is_some() && !found.is_whole());
    drop(Journal::open(&disk.data, session()).unwrap());
    let mended = check(&disk.data, session()).unwrap();
    assert_eq!((mended.cut, mended.set_aside.len()), (None, 1));
    assert_eq!(
        read(&disk.data, session(), Seq(1)).unwrap().records.len(),
        1
    );
}

/// A run that is tried again, given up, and turned down: more than any one run lives through.
fn life_of_a_run() -> Vec<Record> {
    let plan = |event| record(0, Event::Plan(event));
    let why = || "enough".to_owned();
    let started = || PlanEvent::NodeStarted {
        node: NodeId::derived(&[b"n"]),
        agent: AgentId::derived(&[b"a"]),
        attempt: None,
    };
    vec![
        record(0, opened()),
        record(0, Event::Workspace(WorkspaceEvent::Begun(ground()))),
        plan(PlanEvent::Proposed {
            plan: Plan {
                goal: "go".to_owned(),
                ..Plan::default()
            },
            by: Planner::User,
            remarks: Vec::new(),
        }),
        plan(PlanEvent::Accepted {
            plan: Plan::default(),
        }),
        plan(started()),
        said(0, r#"of "event":{"plan":"closed"}"#),
        plan(PlanEvent::Closed),
        plan(PlanEvent::Patched {
            patch: PlanPatch::default(),
            why: why(),
        }),
        plan(started()),
        plan(PlanEvent::Cancelled {
            why: why(),
            is_failure: false,
        }),
        plan(PlanEvent::Closed),
        said(0, "after the end"),
        plan(PlanEvent::Rejected { why: why() }),
        plan(PlanEvent::Closed),
        broad(0),
    ]
}

#[test]
fn a_glance_tells_of_a_run_what_a_listing_does() {
    let life = life_of_a_run();
    for many in 0..=life.len() {
        let disk = Disk::new();
        let mut records = life[..many].to_vec();
        for (seq, record) in (1..).zip(&mut records) {
            record.seq = Seq(seq);
        }
        keep(&disk, id(1), records);
        let [listed] = &list(&disk.data).unwrap()[..] else {
            panic!("not one session");
        };
        let is_over = matches!(
            listed.facts.run,
            None | Some(RunStage::Closed | RunStage::Rejected)
        );
        let then = Glance {
            cwd: listed.facts.cwd.clone(),
            title: listed.facts.title.clone(),
            is_run: listed.facts.run.is_some(),
            is_open: !is_over,
            locked_by: None,
        };
        assert_eq!(glance(&disk.data, id(1)).unwrap(), then, "after {many}");
    }
}

fn ground() -> Ground {
    Ground {
        root: "/w".into(),
        isolation: Isolation::Shared,
        base: None,
        target: None,
        integration: None,
    }
}
