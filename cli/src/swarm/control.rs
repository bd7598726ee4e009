//! `formic swarm cancel`, `pause`, `steer` and `retry`: what this process wants of a run that another one may have.

use std::time::Duration;

use actors::archive::{self, DataFolder, Illegal, RunStage, SessionInfo, StoreError};
use actors::{RejectError, Source, Swarm, SystemSource};
use protocol::{Seq, SessionId};
use serde_json::json;
use tokio::time::sleep;
use views::{NodeState, SwarmNode, View};

use super::choose::{self, Chosen, Reach};
use super::inbox::Inbox;
use super::list::is_open;
use super::want::{Want, by_name, node};
use crate::args::PlaceArgs;
use crate::args::swarm::{CancelArgs, PauseArgs, RetryArgs, SteerArgs};
use crate::failure::{Failure, Kind};
use crate::output;
use crate::resolve::ground::Ground;
use crate::resolve::secrets;

/// How long a run may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often the answer is looked for.
const LOOK: Duration = Duration::from_millis(50);

/// Gives a run up, or one node of it.
///
/// # Errors
/// When there is no such run or node, or the run refuses.
pub async fn cancel(data: &DataFolder, args: &CancelArgs) -> Result<(), Failure> {
    let (mut run, node) = choose::run_or_node(data, &args.named, Reach::Project)?;
    let (why, json) = (args.why.clone(), args.named.json);
    if node.is_none() && is_waiting(&run.info) {
        if turn_down(data, &run.info, &why)? {
            let said = "its plan is turned down; nothing of it was begun";
            return answer(&run, ("done", said), json);
        }
        // Somebody was faster.
        run = choose::again(data, run)?;
    }
    let want = match node {
        Some(node) => Want::End(node, why),
        None => Want::Cancel(why),
    };
    send(data, &run, &want, json).await
}

/// Whether a run is nothing but a plan that waits for approval in no process. What is damaged may have been more.
fn is_waiting(info: &SessionInfo) -> bool {
    let is_plan = info.facts.run == Some(RunStage::Proposed) && info.facts.problem.is_none();
    is_plan && info.locked_by.is_none()
}

/// Turns a plan down that waits; tells whether it still did.
fn turn_down(data: &DataFolder, info: &SessionInfo, why: &str) -> Result<bool, Failure> {
    let secrets = secrets::collect(&ground(info)?);
    let said = (info.id, why.to_owned());
    match Swarm::reject(data, (&SystemSource::new(), &secrets), said) {
        Ok(()) => {}
        Err(RejectError::Illegal(_) | RejectError::Store(StoreError::Locked { .. })) => {
            return Ok(false);
        }
        Err(RejectError::Store(error)) => return Err(error.into()),
    }
    let inbox = inbox(data, info.id);
    for letter in inbox.letters()? {
        inbox.answer(&letter, &Err("do that: its plan is turned down".to_owned()))?;
    }
    Ok(true)
}

/// The settings of a run's project, where its keys may be; if that is gone, those of this place.
fn ground(info: &SessionInfo) -> Result<Ground, Failure> {
    let mut there = PlaceArgs::default();
    there.cwd.clone_from(&info.facts.cwd);
    Ground::survey(&there, None).or_else(|_| Ground::survey(&PlaceArgs::default(), None))
}

/// What came of what was asked.
fn answer(run: &Chosen, (state, said): (&str, &str), json: bool) -> Result<(), Failure> {
    if json {
        let id = run.info.id;
        return output::json(&json!({"type": "swarm_control", "run_id": id, "state": state}));
    }
    output::line(&format!("{}: {said}", run.said()))
}

/// Lets nothing new start.
///
/// # Errors
/// As [`cancel`].
pub async fn pause(data: &DataFolder, args: &PauseArgs) -> Result<(), Failure> {
    let run = choose::run(data, args.run.as_deref(), Reach::Project)?;
    send(data, &run, &Want::Pause, args.json).await
}

/// Says something to a node's agent.
///
/// # Errors
/// As [`cancel`].
pub async fn steer(data: &DataFolder, args: &SteerArgs) -> Result<(), Failure> {
    const USAGE: &str = "write: formic swarm steer [ID] NODE \"TEXT\"";
    let (words, text) = match args.words.as_slice() {
        [] | [_] => return Err(Failure::usage("TEXT: missing", USAGE)),
        [words @ .., text] if words.len() < 3 => (words, text),
        _ => return Err(Failure::usage("TEXT: more than one word", USAGE)),
    };
    let (run, node) = choose::run_and_node(data, words)?;
    send(data, &run, &Want::Steer(node, text.clone()), args.json).await
}

/// Tries a node again.
///
/// # Errors
/// As [`cancel`].
pub async fn retry(data: &DataFolder, args: &RetryArgs) -> Result<(), Failure> {
    let (run, node) = choose::run_and_node(data, &args.words)?;
    send(data, &run, &Want::Retry(node), args.json).await
}

/// Sends what a run's own process is to do, or keeps it for the next one.
async fn send(data: &DataFolder, run: &Chosen, want: &Want, json: bool) -> Result<(), Failure> {
    let info = &run.info;
    let (id, short) = (info.id, info.id.digits());
    refused(data, info, want)?;
    let mut kept = "kept";
    let outcome = if info.locked_by.is_none() && inbox(data, id).has(want)? {
        kept = "kept already";
        None
    } else {
        if info.locked_by.is_none() {
            unheard(data, id, want)?;
        }
        hand_over(data, (id, info.locked_by), want).await?
    };
    let said = match &outcome {
        Some(Ok(())) => told(want),
        Some(Err(why)) => return Err(could_not(data, (id, want), why)),
        None if info.locked_by.is_some() => "handed over; the run has not answered yet".to_owned(),
        None => format!(
            "{kept}: no process has the run; it takes effect with: formic swarm resume {short}"
        ),
    };
    let state = match (&outcome, info.locked_by) {
        (Some(_), _) => "done",
        (None, Some(_)) => "sent",
        (None, None) => "kept",
    };
    answer(run, (state, &said), json)
}

/// A run that is over takes nothing but another try, and what such a try that waits for it makes possible.
fn refused(data: &DataFolder, info: &SessionInfo, want: &Want) -> Result<(), Failure> {
    let is_retry = matches!(want, Want::Retry(_));
    if is_retry || is_open(info) || info.locked_by.is_some() || follows(data, info.id, want)? {
        return Ok(());
    }
    Err(Failure::new(
        Kind::Session,
        format_args!("run {}: it is over", info.id.digits()),
        format_args!(
            "`formic swarm retry {} NODE` tries a node again that was not done; `formic swarm ls` shows the runs",
            info.id.digits()
        ),
    ))
}

/// Whether something waits for the run that comes first and may change what it would say to this.
fn follows(data: &DataFolder, id: SessionId, want: &Want) -> Result<bool, Failure> {
    let letters = inbox(data, id).letters()?;
    let mut wants = letters.iter().flat_map(|letter| &letter.want);
    Ok(wants.any(|first| first.may_undo(want)))
}

/// A run that no process has would refuse when it is taken up what it would refuse now, unless something waits for it that
/// comes first and changes that.
fn unheard(data: &DataFolder, id: SessionId, want: &Want) -> Result<(), Failure> {
    if follows(data, id, want)? {
        return Ok(());
    }
    let records = archive::read(data, id, Seq(1))?.records;
    let swarm = views::Swarm::fold(&records);
    let why = match (want, want.command(&swarm)) {
        (_, Err(why)) => Some(why),
        (Want::Pause, _) => {
            Some("pause: no process has the run, and nothing of it goes on".to_owned())
        }
        (_, Ok(Some(command))) => {
            let refused = archive::refusal(id, &records, command);
            refused.map(|why| by_name(&swarm, &why.to_string()))
        }
        (Want::Steer(name, _), Ok(None)) => node(&swarm, name).map_or_else(Some, unhearing),
        (_, Ok(None)) => None,
    };
    why.map_or(Ok(()), |why| Err(could_not(data, (id, want), &why)))
}

/// Why nobody at a node could be told anything, if so.
fn unhearing(node: &SwarmNode) -> Option<String> {
    let (name, state) = (node.name(), node.state.name());
    let when = match node.attempt {
        0 => "; it can be spoken to once it has begun",
        _ => "",
    };
    (node.state != NodeState::Working)
        .then(|| format!("speak to node {name}: no agent of it is at work, it is {state}{when}"))
}

fn could_not(data: &DataFolder, (id, want): (SessionId, &Want), why: &str) -> Failure {
    let short = id.digits();
    let hint = match wants_more(data, id, want) {
        true => format!(
            "once no process has it: formic swarm resume {short} --max-budget-tokens N, or --max-budget-usd X"
        ),
        false => format!("`formic swarm show {short}` tells how the run stands"),
    };
    let why = format_args!("run {short}: could not {why}");
    Failure::new(Kind::Session, why, hint)
}

/// Whether a run refuses, as it stands, what it would do with more to use.
fn wants_more(data: &DataFolder, id: SessionId, want: &Want) -> bool {
    let records = archive::read(data, id, Seq(1)).map(|read| read.records);
    let records = records.unwrap_or_default();
    let command = want.command(&views::Swarm::fold(&records)).ok().flatten();
    let refused = command.and_then(|command| archive::refusal(id, &records, command));
    matches!(refused, Some(Illegal::UsedUp { .. }))
}

/// What a run did that was asked for.
fn told(want: &Want) -> String {
    match want {
        Want::Cancel(_) => "being cancelled; what landed stays".to_owned(),
        Want::End(node, _) => {
            format!("{node} is ended, and what needs it is skipped; `retry` tries it again")
        }
        Want::Pause => {
            "paused: what runs goes on, nothing new starts until `formic swarm resume`".to_owned()
        }
        Want::Unpause => "goes on".to_owned(),
        Want::Retry(node) => format!("{node} is tried again"),
        Want::Steer(node, _) => format!("{node} is told before its next step"),
    }
}

/// Puts the letter in and waits for its answer, if there is a process to give one.
///
/// # Errors
/// When the session's folder cannot be written.
pub async fn hand_over(
    data: &DataFolder,
    (id, process): (SessionId, Option<u32>),
    want: &Want,
) -> Result<Option<Result<(), String>>, Failure> {
    let source = SystemSource::new();
    let inbox = inbox(data, id);
    let name = inbox.put(&source, want)?;
    if process.is_none() {
        return Ok(None);
    }
    let begun = source.now();
    while source.now().since(begun) < PATIENCE.as_millis() as u64 {
        if let Some(answer) = inbox.answered(&name) {
            return Ok(Some(answer));
        }
        sleep(LOOK).await;
    }
    Ok(None)
}

/// The inbox of a run.
pub fn inbox(data: &DataFolder, id: SessionId) -> Inbox {
    Inbox::of(&data.session(id))
}
