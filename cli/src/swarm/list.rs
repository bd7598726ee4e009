//! `formic swarm ls` and `show`: the runs there are, and one of them as it stands.

use actors::archive::{self, DataFolder, RunStage, SessionInfo};
use actors::plans::forecast;
use protocol::{Seq, SessionId, Timestamp};
use serde_json::{Value, json};
use views::{Phase, Swarm, View};

use super::preview::Preview;
use super::report::Report;
use super::screen::Paper;
use super::words;
use crate::args::swarm::{LsArgs, ShowArgs};
use crate::commands::{moment, short};
use crate::failure::{Failure, Kind};
use crate::output;
use crate::resolve::environment::Environment;
use crate::resolve::place::folder;
use crate::resolve::session::named;

/// Prints the runs, newest first.
///
/// # Errors
/// When the data folder cannot be read.
pub fn ls(data: &DataFolder, args: &LsArgs) -> Result<(), Failure> {
    let environment = Environment::read();
    let here = args
        .cwd
        .as_deref()
        .map(|path| folder(&environment, "--cwd", path))
        .transpose()?;
    let mut runs = runs(data)?;
    runs.retain(|info| here.is_none() || info.facts.cwd == here);
    runs.truncate(args.limit.unwrap_or(usize::MAX));
    if args.json {
        return output::json(&Value::from_iter(runs.iter().map(object)));
    }
    if runs.is_empty() {
        return output::line("no runs");
    }
    let rows: Vec<Vec<String>> = runs.iter().map(row).collect();
    output::line(&output::fitted(&rows, Paper::find(&environment).room))
}

/// Every run, newest first.
///
/// # Errors
/// When the data folder cannot be read.
pub fn runs(data: &DataFolder) -> Result<Vec<SessionInfo>, Failure> {
    let mut runs = archive::list(data)?;
    runs.retain(|info| info.facts.run.is_some());
    runs.sort_by_key(|info| std::cmp::Reverse((info.modified_ms, info.id)));
    Ok(runs)
}

/// How far a run is, in a word or two.
fn state(info: &SessionInfo) -> String {
    match (info.locked_by, info.facts.run) {
        (Some(pid), _) => format!("runs in process {pid}"),
        (None, Some(stage)) => stage.name().to_owned(),
        (None, None) => "a chat".to_owned(),
    }
}

/// Whether a run can go on.
pub fn is_open(info: &SessionInfo) -> bool {
    !matches!(
        info.facts.run,
        None | Some(RunStage::Closed | RunStage::Rejected)
    )
}

fn row(info: &SessionInfo) -> Vec<String> {
    let facts = &info.facts;
    vec![
        info.id.to_string(),
        moment(facts.last_at.unwrap_or(Timestamp(info.modified_ms))),
        state(info),
        facts.cwd.as_deref().map(short).unwrap_or_default(),
        facts.title.clone().unwrap_or_default(),
    ]
}

fn object(info: &SessionInfo) -> Value {
    let facts = &info.facts;
    json!({
        "run_id": info.id,
        "stage": facts.run,
        "locked_by": info.locked_by,
        "goal": facts.title,
        "cwd": facts.cwd,
        "opened_at": facts.opened_at,
        "last_at": facts.last_at,
        "records": facts.records,
    })
}

/// Prints a run as it stands.
///
/// # Errors
/// When there is no such run, or it cannot be read.
pub fn show(data: &DataFolder, args: &ShowArgs) -> Result<(), Failure> {
    let id = match &args.run {
        Some(name) => named(data, name)?,
        None => newest(data)?,
    };
    let report = archive::read(data, id, Seq(1))?;
    let swarm = Swarm::fold(&report.records);
    if swarm.ground.is_none() && swarm.nodes.is_empty() {
        return Err(no_run(id));
    }
    let plan = swarm.plan();
    let expected = forecast(&plan, swarm.lanes(), &Default::default());
    let said = Report::new(&swarm, id, Some(expected));
    if args.json {
        return output::json(&said.json());
    }
    let environment = Environment::read();
    let paper = Paper::find(&environment);
    let preview = Preview::new(plan, Vec::new(), swarm.remarks.clone(), &Default::default());
    let text = match swarm.phase {
        Phase::Proposed => preview.text(paper),
        _ => whole(&swarm, &preview, &said, paper),
    };
    output::line(&text)
}

/// The drawing, the batches, the report.
fn whole(swarm: &Swarm, preview: &Preview, report: &Report, paper: Paper) -> String {
    let mut parts = Vec::new();
    parts.extend(preview.drawing(paper));
    if !swarm.batches.is_empty() {
        let lines = swarm.batches.iter().map(|batch| batch_line(swarm, batch));
        parts.push(lines.collect::<Vec<String>>().join("\n"));
    }
    parts.push(report.text(paper));
    parts.join("\n\n")
}

fn batch_line(swarm: &Swarm, batch: &views::Batch) -> String {
    let names: Vec<&str> = batch
        .nodes
        .iter()
        .filter_map(|id| Some(swarm.node(*id)?.name()))
        .collect();
    let end = match (&batch.landed, batch.is_red(), batch.conflicts.is_empty()) {
        (Some(to), ..) => format!("landed at {}", super::report::short(&to.to_string())),
        (None, true, _) => "red".to_owned(),
        (None, false, false) => "in conflict".to_owned(),
        (None, false, true) => "not landed".to_owned(),
    };
    format!("batch {}: {} ({end})", batch.number, words::list(&names, 8))
}

/// The newest run of the folder the command was typed in, else of all.
fn newest(data: &DataFolder) -> Result<SessionId, Failure> {
    let environment = Environment::read();
    let here = environment.cwd()?.to_owned();
    let runs = runs(data)?;
    let own = runs
        .iter()
        .find(|info| info.facts.cwd.as_ref() == Some(&here));
    own.or(runs.first()).map(|info| info.id).ok_or_else(|| {
        Failure::new(
            Kind::Session,
            "swarm: there is no run yet",
            "begin one with formic swarm \"GOAL\", or look at one: formic demo",
        )
    })
}

/// A chat is not a run.
pub fn no_run(id: SessionId) -> Failure {
    Failure::new(
        Kind::Session,
        format_args!("session {id}: it is a chat, not a run of a swarm"),
        "`formic swarm ls` shows the runs; `formic sessions show` shows a chat",
    )
}
