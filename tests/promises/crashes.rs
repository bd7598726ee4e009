//! Killed at any record, a session ends as if nothing had happened: no change twice, no command twice, doubts said aloud.

use std::fs;

use protocol::{Event, FaultEvent, Intent, Record, SessionEvent, ToolEvent, ToolStatus, TurnEvent};
use scripted::{Rule, Script};
use serde_json::json;

use crate::stage::{Ended, Formic, Reply, Stage, Step, in_order};

const PROMPT: &str = "double it and build";
const ANSWER: &str = "Doubled and built.";

/// Reads, an edit that shows when it happens twice, a command that shows when it runs twice. Told of a doubt, the model
/// looks before it repeats the command.
fn script() -> Script {
    let looking = json!({"command": "test -e log.txt || echo built >> log.txt"});
    let doubt = Rule::new("doubt", Reply::tool("bash", looking)).last_result("in doubt");
    let edit = json!({"file_path": "a.txt", "old_string": "ant", "new_string": "ant ant"});
    let mut script = in_order([
        Reply::steps([
            Step::tool("read", json!({"file_path": "a.txt"})),
            Step::tool("read", json!({"file_path": "b.txt"})),
        ]),
        Reply::tool("edit", edit),
        Reply::tool("bash", json!({"command": "echo built >> log.txt"})),
        Reply::text(ANSWER),
    ]);
    script.rules.insert(0, doubt);
    script
}

fn stage() -> Stage {
    Stage::new(script())
        .file("a.txt", "one ant here\n")
        .file("b.txt", "none here\n")
}

/// The stage after an undisturbed run.
fn undisturbed() -> Stage {
    let stage = stage();
    assert_eq!(stage.prompt(PROMPT).succeed().answer(), ANSWER);
    stage
}

fn records(stage: &Stage) -> Vec<Record> {
    match stage.sessions()[..] {
        [session] => stage.records(session),
        _ => Vec::new(),
    }
}

fn was_asked(records: &[Record]) -> bool {
    let asked = |record: &Record| matches!(record.event, Event::Turn(TurnEvent::Submitted { .. }));
    records.iter().any(asked)
}

fn has_ended(record: &Record) -> bool {
    matches!(record.event, Event::Turn(TurnEvent::Ended { .. }))
}

/// Whether the newest thing known of the command is that it started.
fn left_a_doubt(records: &[Record]) -> bool {
    let command = records.iter().rev().find_map(|record| match &record.event {
        Event::Tool(ToolEvent::Started {
            call,
            intent: Intent::Command { .. },
        }) => Some(*call),
        _ => None,
    });
    let ended = |record: &Record| match &record.event {
        Event::Tool(ToolEvent::Finished { call, .. }) => Some(*call) == command,
        _ => false,
    };
    command.is_some() && !records.iter().any(ended)
}

fn doubts(records: &[Record]) -> usize {
    let doubt = |record: &&Record| match &record.event {
        Event::Tool(ToolEvent::Finished { result, .. }) => result.status == ToolStatus::InDoubt,
        _ => false,
    };
    records.iter().filter(doubt).count()
}

/// A run that takes the session up where it was left; what was never asked is asked.
fn taken_up(stage: &Stage) -> Formic {
    let before = records(stage);
    match stage.sessions()[..] {
        [session] if was_asked(&before) => stage
            .formic(["-p", "--resume", &session.to_string()])
            .arg("--dangerously-skip-permissions"),
        [session] if !before.is_empty() => stage
            .prompt(PROMPT)
            .args(["--resume", &session.to_string()]),
        _ => stage.prompt(PROMPT),
    }
}

fn ends_as_if_nothing_had_happened(stage: &Stage, like: &Stage, ended: &Ended, at: &str) {
    assert_eq!(ended.answer(), ANSWER, "{at}: {ended}");
    assert_eq!(stage.tree(), like.tree(), "{at}");
    for session in stage
        .sessions()
        .iter()
        .filter(|session| !stage.records(**session).is_empty())
    {
        let replayed = stage.formic(["replay", &session.to_string()]).run();
        assert_eq!(replayed.code(), Some(0), "{at}: {replayed}");
    }
}

fn killed_at_every_record(variable: &str) {
    let like = undisturbed();
    let total = records(&like).len();
    let mut doubtful = 0;
    for seq in 1..=total {
        let at = format!("{variable}={seq} of {total}");
        let stage = stage();
        let killed = stage.prompt(PROMPT).env(variable, seq.to_string()).run();
        assert!(killed.was_killed(), "{at}: {killed}");
        let left = records(&stage);
        let is_kept = left.iter().any(has_ended) || killed.answer().is_empty();
        assert!(is_kept, "{at}: told before it was kept: {killed}");
        let ended = taken_up(&stage).run();
        ends_as_if_nothing_had_happened(&stage, &like, &ended, &at);
        let told = doubts(&records(&stage));
        assert_eq!(
            told,
            usize::from(left_a_doubt(&left)),
            "{at}: a doubt is told exactly when there is one"
        );
        doubtful += told;
    }
    assert!(
        doubtful > 0,
        "no crash left a command in doubt: this proves too little"
    );
}

#[test]
fn killed_before_any_record_a_session_ends_as_if_undisturbed() {
    killed_at_every_record("FORMIC_CRASH_BEFORE");
}

#[test]
fn killed_after_any_record_a_session_ends_as_if_undisturbed() {
    killed_at_every_record("FORMIC_CRASH_AFTER");
}

#[test]
fn on_a_machine_that_stops_after_any_record_a_session_ends_as_if_undisturbed() {
    killed_at_every_record("FORMIC_CRASH_UNSYNCED");
}

#[test]
fn killed_again_and_again_a_session_still_ends_as_if_undisturbed() {
    let like = undisturbed();
    let stage = stage();
    let mut at = 2;
    let mut lives = 1;
    let ended = loop {
        let ended = taken_up(&stage)
            .env("FORMIC_CRASH_AFTER", at.to_string())
            .run();
        if !ended.was_killed() {
            break ended;
        }
        lives += 1;
        // Each life is a little longer than the one before, or the same crash could hit for ever.
        at = records(&stage).len() + lives;
        assert!(lives < 30, "it does not come to an end");
    };
    assert!(lives > 3, "this proves too little");
    ends_as_if_nothing_had_happened(&stage, &like, &ended, "again and again");
}

/// A session killed before the answer, with its journal changed by `damage`; gives what the next run says.
fn damaged(damage: impl FnOnce(&mut Vec<u8>)) -> (Stage, Ended) {
    let stage = stage();
    let last = records(&undisturbed()).len() - 3;
    let killed = stage
        .prompt(PROMPT)
        .env("FORMIC_CRASH_AFTER", last.to_string())
        .run();
    assert!(killed.was_killed(), "{killed}");
    let segment = stage.segment(stage.session());
    let mut bytes = fs::read(&segment).unwrap();
    damage(&mut bytes);
    fs::write(&segment, bytes).unwrap();
    let ended = taken_up(&stage).run();
    (stage, ended)
}

fn cuts(records: &[Record]) -> usize {
    let cut =
        |record: &&Record| matches!(record.event, Event::Fault(FaultEvent::JournalCut { .. }));
    records.iter().filter(cut).count()
}

#[test]
fn a_journal_with_a_torn_tail_is_reported_and_the_session_goes_on() {
    let (stage, ended) = damaged(|bytes| bytes.truncate(bytes.len() - 20));
    assert_eq!(ended.answer(), ANSWER, "{ended}");
    assert!(ended.stderr.contains("journal"), "it is said: {ended}");
    assert_eq!(cuts(&records(&stage)), 1, "it is recorded");
    assert_eq!(stage.content("a.txt"), "one ant ant here\n");
}

#[test]
fn a_journal_with_a_flipped_bit_keeps_every_whole_record_before_it() {
    let mut kept = 0;
    let (stage, ended) = damaged(|bytes| {
        let ends: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] == b'\n').collect();
        kept = ends.len() - 2;
        bytes[ends[kept - 1] + 40] ^= 1;
    });
    assert_eq!(ended.answer(), ANSWER, "{ended}");
    let all = records(&stage);
    assert!(
        matches!(all[kept].event, Event::Fault(FaultEvent::JournalCut { .. })),
        "{:?}",
        all[kept]
    );
    let resumed =
        |record: &Record| matches!(record.event, Event::Session(SessionEvent::Resumed { .. }));
    assert!(all[kept..].iter().any(resumed));
}

#[test]
fn replaying_a_session_asks_nobody_and_ends_in_the_same_state() {
    let stage = undisturbed();
    let session = stage.session().to_string();
    let asked = stage.server().requests().len();
    let (before, kept) = (
        stage.tree(),
        fs::read(stage.segment(stage.session())).unwrap(),
    );
    stage.server().shutdown();
    let replayed = stage.formic(["replay", &session]).succeed();
    assert!(replayed.stdout.contains("equal"), "{replayed}");
    stage
        .formic(["replay", &session, "--json"])
        .succeed()
        .json();
    assert_eq!(stage.server().requests().len(), asked);
    assert_eq!(stage.tree(), before);
    assert_eq!(
        fs::read(stage.segment(stage.session())).unwrap(),
        kept,
        "a replay writes nothing"
    );
}
