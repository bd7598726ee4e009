//! `formic swarm cancel`, `pause`, `steer` and `retry`: what this process wants of a run that another one may have.

use std::time::Duration;

use actors::archive::{self, DataFolder, SessionInfo};
use actors::{Source, SystemSource};
use protocol::{NodeName, Seq, SessionId};
use serde_json::json;
use tokio::time::sleep;
use views::{Swarm, View};

use super::inbox::{Inbox, Want};
use super::list::{is_open, no_run};
use crate::args::swarm::{CancelArgs, OneRun, RetryArgs, SteerArgs};
use crate::failure::{Failure, Kind};
use crate::output;
use crate::resolve::session::named;

/// How long a run may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often the answer is looked for.
const LOOK: Duration = Duration::from_millis(50);

/// Gives a run up.
///
/// # Errors
/// When there is no such run, or it refuses.
pub async fn cancel(data: &DataFolder, args: &CancelArgs) -> Result<(), Failure> {
    send(data, &args.one, Want::Cancel(args.why.clone())).await
}

/// Lets nothing new start.
///
/// # Errors
/// As [`cancel`].
pub async fn pause(data: &DataFolder, args: &OneRun) -> Result<(), Failure> {
    send(data, args, Want::Pause).await
}

/// Says something to a node's agent.
///
/// # Errors
/// As [`cancel`]; or there is no such node.
pub async fn steer(data: &DataFolder, args: &SteerArgs) -> Result<(), Failure> {
    let node = node(data, &args.one, &args.node)?;
    send(data, &args.one, Want::Steer(node, args.text.clone())).await
}

/// Tries a node again.
///
/// # Errors
/// As [`steer`].
pub async fn retry(data: &DataFolder, args: &RetryArgs) -> Result<(), Failure> {
    let node = node(data, &args.one, &args.node)?;
    send(data, &args.one, Want::Retry(node)).await
}

/// A node of the run, by name.
fn node(data: &DataFolder, one: &OneRun, name: &str) -> Result<NodeName, Failure> {
    let id = named(data, &one.run)?;
    let report = archive::read(data, id, Seq(1))?;
    let swarm = Swarm::fold(&report.records);
    let found = swarm
        .nodes
        .iter()
        .find(|node| node.node.name.as_str() == name);
    found.map(|node| node.node.name.clone()).ok_or_else(|| {
        let names: Vec<&str> = swarm.nodes.iter().map(views::SwarmNode::name).collect();
        Failure::usage(
            format_args!("NODE: {name}: the run has no such node"),
            format_args!("name one of {}", super::words::list(&names, 12)),
        )
    })
}

/// Sends what a run's own process is to do, or keeps it for the next one.
async fn send(data: &DataFolder, one: &OneRun, want: Want) -> Result<(), Failure> {
    let id = named(data, &one.run)?;
    let info = archive::list(data)?.into_iter().find(|info| info.id == id);
    let info = info
        .filter(|info| info.facts.run.is_some())
        .ok_or_else(|| no_run(id))?;
    refused(&info, &want)?;
    let outcome = hand_over(data, &info, &want).await?;
    let said = match &outcome {
        Some(Ok(())) => told(&want),
        Some(Err(why)) => {
            return Err(Failure::new(
                Kind::Session,
                format_args!("run {id}: could not {why}"),
                "`formic swarm show` tells how the run stands",
            ));
        }
        None if info.locked_by.is_some() => "handed over; the run has not answered yet".to_owned(),
        None => {
            format!("kept: no process has the run; it takes effect with: formic swarm resume {id}")
        }
    };
    if one.json {
        let state = match (&outcome, info.locked_by) {
            (Some(_), _) => "done",
            (None, Some(_)) => "sent",
            (None, None) => "kept",
        };
        return output::json(&json!({"type": "swarm_control", "run_id": id, "state": state}));
    }
    output::line(&format!("run {id}: {said}"))
}

/// A run that is over takes nothing but another try.
fn refused(info: &SessionInfo, want: &Want) -> Result<(), Failure> {
    let is_retry = matches!(want, Want::Retry(_));
    if is_retry || is_open(info) || info.locked_by.is_some() {
        return Ok(());
    }
    Err(Failure::new(
        Kind::Session,
        format_args!("run {}: it is over", info.id),
        "`formic swarm retry ID NODE` tries a node again that was not done; `formic swarm ls` shows the runs",
    ))
}

/// What a run did that was asked for.
fn told(want: &Want) -> String {
    match want {
        Want::Cancel(_) => "being cancelled; what landed stays".to_owned(),
        Want::Pause => {
            "paused: what runs goes on, nothing new starts until `formic swarm resume`".to_owned()
        }
        Want::Unpause => "goes on".to_owned(),
        Want::Retry(node) => format!("{node} is tried again"),
        Want::Steer(node, _) => format!("{node} is told before its next step"),
    }
}

/// Puts the letter in and waits for its answer, if there is anybody to give one.
///
/// # Errors
/// When the session's folder cannot be written.
pub async fn hand_over(
    data: &DataFolder,
    info: &SessionInfo,
    want: &Want,
) -> Result<Option<Result<(), String>>, Failure> {
    let source = SystemSource::new();
    let inbox = inbox(data, info.id);
    let name = inbox.put(&source, want)?;
    if info.locked_by.is_none() {
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
