//! Killed at any record, a run ends as if nothing had happened: no commit twice, no finished node again, no reply paid twice
//! but those nobody heard, and those are in the account. So it does when the machine itself stops, but for the account of
//! the moment before.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use protocol::{Event, Failure, ModelEvent, NodeEnd, NodeId, PlanEvent, Record, WorkspaceEvent};
use scripted::{Reply, Script, Step, Usage};
use serde_json::{Value, json};

use crate::stage::{Ended, Report, Stage, agent, integrated, node, plan};

/// Set to anything, every record is tried; else as many as [`TRIED`].
const ALL: &str = "FORMIC_TESTS_EVERY_RECORD";

/// How many records of a run are tried.
const TRIED: usize = 24;

/// Agents at work at once: as many replies may be under way when the process dies.
const LANES: u64 = 4;

/// Three levels of four nodes; each needs two of the level before.
fn nodes() -> Vec<(String, Vec<String>)> {
    let name = |level: usize, at: usize| format!("n{level}{}", at % 4);
    let all = (0..3).flat_map(|level| (0..4).map(move |at| (level, at)));
    let deps = |level: usize, at: usize| match level {
        0 => Vec::new(),
        _ => vec![name(level - 1, at), name(level - 1, at + 1)],
    };
    all.map(|(level, at)| (name(level, at), deps(level, at)))
        .collect()
}

fn the_plan() -> Value {
    let document = nodes().into_iter().map(|(name, deps)| {
        let deps: Vec<&str> = deps.iter().map(String::as_str).collect();
        let file = format!("{name}.txt");
        node(&name, &deps, &[&file], &format!("grep -q done {file}"))
    });
    let mut plan = plan(document);
    plan["gate"] = json!({"cmd": "! grep -rq broken --include=*.txt ."});
    plan["caps"] = json!({"max_parallel": LANES});
    plan
}

/// An edit that shows when it happens twice. No two replies of the script take equally many tokens, so that the journal
/// tells which were heard.
fn the_script() -> Script {
    let rules = nodes().into_iter().flat_map(|(name, _)| {
        let file = format!("{name}.txt");
        let edit = json!({"file_path": file, "old_string": "begun", "new_string": "begun, done"});
        let reading = Step::tool("read", json!({"file_path": file}));
        agent(
            &name,
            [
                Reply::steps([reading]),
                Reply::tool("edit", edit),
                Reply::text("Done."),
            ],
        )
    });
    let mut script = Script::new();
    script.rules = rules.collect();
    for (at, rule) in (0..).zip(&mut script.rules) {
        rule.reply.usage = Some(Usage {
            input: Some(1000 + at),
            output: Some(10),
            ..Usage::default()
        });
    }
    script
}

fn stage() -> Stage {
    let stage = Stage::new(the_script());
    nodes()
        .iter()
        .fold(stage, |stage, (name, _)| {
            stage.file(&format!("{name}.txt"), "begun\n")
        })
        .committed()
}

/// What a run leaves that may not depend on when it was killed.
#[derive(Debug, PartialEq)]
struct Left {
    tree: String,
    /// How often each subject occurs in the history.
    subjects: BTreeMap<String, usize>,
}

fn left(stage: &Stage) -> Left {
    let mut subjects = BTreeMap::new();
    for subject in stage.git(["log", "--format=%s"]).lines() {
        *subjects.entry(subject.to_owned()).or_default() += 1;
    }
    Left {
        tree: stage.git(["rev-parse", "HEAD^{tree}"]),
        subjects,
    }
}

/// The nodes that have come to their end in these records.
fn finished(records: &[Record]) -> BTreeSet<NodeId> {
    let ended = records.iter().flat_map(|record| match &record.event {
        Event::Plan(PlanEvent::NodeEnded {
            node,
            end: NodeEnd::Done,
            ..
        }) => vec![*node],
        Event::Workspace(WorkspaceEvent::Advanced { nodes, .. }) => {
            nodes.iter().map(|merged| merged.node).collect()
        }
        _ => Vec::new(),
    });
    ended.collect()
}

/// Why work was sent back: nothing in this run is.
fn returns(records: &[Record]) -> Vec<&Failure> {
    let failures = records.iter().filter_map(|record| match &record.event {
        Event::Plan(PlanEvent::NodeReturned { failure, .. }) => Some(failure),
        _ => None,
    });
    failures.collect()
}

/// Every reply that was heard, by the tokens it took.
fn heard(records: &[Record]) -> BTreeMap<u64, u64> {
    let mut heard = BTreeMap::new();
    for record in records {
        if let Event::Model(ModelEvent::Replied { reply, .. }) = &record.event {
            let usage = reply.usage.expect("the script counts tokens");
            *heard.entry(usage.input).or_default() += 1;
        }
    }
    heard
}

/// Every reply that was given, by the tokens it took.
fn given(stage: &Stage) -> BTreeMap<u64, u64> {
    let mut given = BTreeMap::new();
    for request in stage.server().requests() {
        if let Some(counts) = request.answer.counts {
            *given.entry(counts.input).or_default() += 1;
        }
    }
    given
}

/// The run taken up where it was left. One that left no plan is begun, one that was over is looked at.
fn taken_up(stage: &Stage) -> Ended {
    let left = records(stage);
    let has = |is: fn(&Event) -> bool| left.iter().any(|record| is(&record.event));
    if is_over(&left) {
        stage.formic(["swarm", "show", "--json"]).run()
    } else if has(|event| matches!(event, Event::Plan(PlanEvent::Accepted { .. }))) {
        stage.formic(["swarm", "resume", "--json"]).run()
    } else {
        stage.swarm(&the_plan()).run()
    }
}

fn is_over(records: &[Record]) -> bool {
    let mut events = records.iter().map(|record| &record.event);
    events.any(|event| matches!(event, Event::Plan(PlanEvent::Closed)))
}

fn records(stage: &Stage) -> Vec<Record> {
    let of = |session: &protocol::SessionId| stage.records(*session);
    stage
        .sessions()
        .iter()
        .map(of)
        .max_by_key(Vec::len)
        .unwrap_or_default()
}

/// Whether it was killed at all: agents that run side by side need not leave equally many records each time.
fn killed_at(how: &Death, seq: usize, like: &Left) -> bool {
    let Death { variable, accounts } = how;
    let at = format!("{variable}={seq}");
    let stage = stage();
    let killed = stage
        .swarm(&the_plan())
        .env(variable, seq.to_string())
        .run();
    if !killed.was_killed() {
        assert_eq!(killed.code(), Some(0), "{at}: {killed}");
        return false;
    }
    let before = records(&stage);
    let ended = taken_up(&stage);
    assert_eq!(ended.code(), Some(0), "{at}: {ended}");
    assert_eq!(&left(&stage), like, "{at}: {ended}");
    let after = records(&stage);
    let landed = integrated(&after);
    let once: BTreeSet<NodeId> = landed.iter().copied().collect();
    assert_eq!(
        (landed.len(), once.len()),
        (12, 12),
        "{at}: each lands once"
    );
    let done = finished(&before);
    let again = after[before.len().min(after.len())..].iter().find(|record| {
        matches!(&record.event, Event::Plan(PlanEvent::NodeStarted { node, .. }) if done.contains(node))
    });
    assert!(again.is_none(), "{at}: {again:?}");
    accounts(&stage, &after, &ended, &at);
    true
}

/// How a run dies, and what its account is held to.
struct Death {
    variable: &'static str,
    accounts: fn(&Stage, &[Record], &Ended, &str),
}

/// Prompt and reply tokens that were charged for calls whose end nobody heard, a call each.
fn lost(records: &[Record]) -> Vec<(u64, u64)> {
    let charges = records.iter().filter_map(|record| match &record.event {
        Event::Model(ModelEvent::Lost { charge, .. }) => charge.usage,
        _ => None,
    });
    charges
        .map(|usage| (usage.prompt(), usage.output))
        .collect()
}

/// The journal's spend is the server's. Replies that were under way when the process died are asked for again: each of them
/// is in the account too, at no less than the server counted, and no others are but those that were only just to be asked for.
fn paid_once(stage: &Stage, records: &[Record], ended: &Ended, at: &str) {
    heard_once(stage, records, ended, at);
    let (heard, given) = (heard(records), given(stage));
    let again: u64 = given.values().map(|times| times - 1).sum();
    let lost = lost(records);
    let calls = lost.len() as u64;
    assert!(
        again <= calls,
        "{at}: {again} replies were lost, {calls} charged"
    );
    assert!(calls <= LANES, "{at}: {calls} calls were lost");
    let (prompts, replies) = lost
        .iter()
        .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let took = Report::of(ended).took();
    let heard_prompts: u64 = heard.keys().sum();
    assert_eq!(took.tokens.0, heard_prompts + prompts, "{at}");
    assert_eq!(took.tokens.1, 10 * heard.len() as u64 + replies, "{at}");
    let server = stage.took();
    assert!(
        took.tokens.0 >= server.tokens.0 && took.tokens.1 >= server.tokens.1,
        "{at}: {took:?}, {server:?}"
    );
    let estimated = Report::of(ended).0["totals"]["estimated_tokens"].as_u64();
    assert_eq!(estimated.unwrap_or(0), prompts + replies, "{at}");
}

/// What the machine lost with its last moment is asked for again, and nobody knows any more what it took.
fn heard_once(stage: &Stage, records: &[Record], ended: &Ended, at: &str) {
    let (heard, given) = (heard(records), given(stage));
    let is_once = heard.values().all(|times| *times == 1);
    assert!(is_once, "{at}: {heard:?}, {:?}", returns(records));
    assert!(
        heard.keys().eq(given.keys()),
        "{at}: {heard:?} of {given:?}"
    );
    let took = Report::of(ended).took();
    assert_eq!(took.replies, heard.len() as u64, "{at}");
}

fn killed_at_every_record(how: &Death) {
    let undisturbed = stage();
    undisturbed.swarm(&the_plan()).succeed();
    let like = left(&undisturbed);
    let total = records(&undisturbed).len();
    let stride = match std::env::var_os(ALL) {
        Some(_) => 1,
        None => total.div_ceil(TRIED),
    };
    let seqs: Vec<usize> = (1..=total).step_by(stride).collect();
    let killed = AtomicUsize::new(0);
    // Two at a time: a run mostly waits for the disk and for git.
    std::thread::scope(|scope| {
        for half in seqs.chunks(seqs.len().div_ceil(2)) {
            let (like, killed) = (&like, &killed);
            scope.spawn(move || {
                let died = half.iter().filter(|seq| killed_at(how, **seq, like));
                killed.fetch_add(died.count(), Ordering::Relaxed);
            });
        }
    });
    let killed = killed.into_inner();
    assert!(
        killed * 10 >= seqs.len() * 9,
        "only {killed} of {} were killed",
        seqs.len()
    );
}

#[test]
fn killed_after_any_record_a_run_ends_as_if_undisturbed() {
    killed_at_every_record(&Death {
        variable: "FORMIC_CRASH_AFTER",
        accounts: paid_once,
    });
}

#[test]
fn killed_before_any_record_a_run_ends_as_if_undisturbed() {
    killed_at_every_record(&Death {
        variable: "FORMIC_CRASH_BEFORE",
        accounts: paid_once,
    });
}

#[test]
fn on_a_machine_that_stops_after_any_record_a_run_ends_as_if_undisturbed() {
    killed_at_every_record(&Death {
        variable: "FORMIC_CRASH_UNSYNCED",
        accounts: heard_once,
    });
}

#[test]
fn killed_again_and_again_a_run_still_ends_as_if_undisturbed() {
    let undisturbed = stage();
    undisturbed.swarm(&the_plan()).succeed();
    let like = left(&undisturbed);
    let stage = stage();
    let (mut at, mut lives) = (5, 0);
    let ended = loop {
        let left = records(&stage);
        let run = match left.len() {
            // It may have died with its last record.
            _ if is_over(&left) => break taken_up(&stage),
            0 => stage.swarm(&the_plan()),
            _ => stage.formic(["swarm", "resume", "--json"]),
        };
        let ended = run.env("FORMIC_CRASH_AFTER", at.to_string()).run();
        if !ended.was_killed() {
            break ended;
        }
        lives += 1;
        at = records(&stage).len() + 20 + lives;
        assert!(lives < 60, "it does not come to an end");
    };
    assert_eq!(ended.code(), Some(0), "{ended}");
    assert!(lives > 3, "this proves too little");
    assert_eq!(left(&stage), like);
    assert_eq!(integrated(&records(&stage)).len(), 12);
}
