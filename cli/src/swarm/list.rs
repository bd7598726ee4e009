//! `formic swarm ls`: the runs there are and what came of each.

use actors::archive::{self, DataFolder, RunStage, RunTally, SessionInfo};
use actors::{Source, SystemSource};
use protocol::Timestamp;
use serde_json::{Value, json};

use super::screen::Paper;
use super::words;
use crate::args::sessions::ListArgs;
use crate::commands::short;
use crate::failure::Failure;
use crate::output;
use crate::resolve::environment::Environment;
use crate::resolve::place::folder;

/// Prints the runs, newest first.
///
/// # Errors
/// When the data folder cannot be read.
pub fn ls(data: &DataFolder, args: &ListArgs) -> Result<(), Failure> {
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
    let heads = ["run", "age", "state", "branch", "folder", "goal"];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    let now = SystemSource::new().now();
    rows.extend(runs.iter().map(|info| row(info, now)));
    let table = output::fitted(&rows, Paper::find(&environment).room);
    output::line(&words::safe(&table))?;
    let is_resumable = |info: &SessionInfo| {
        matches!(
            Outcome::of(info),
            Some(Outcome::Interrupted | Outcome::Paused | Outcome::Live(_, RunStage::Paused))
        )
    };
    match runs.iter().any(is_resumable) {
        true => output::line("\ninterrupted and paused runs go on with: formic swarm resume RUN"),
        false => Ok(()),
    }
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

/// Whether a run can go on.
pub fn is_open(info: &SessionInfo) -> bool {
    !matches!(
        info.facts.run,
        None | Some(RunStage::Closed | RunStage::Rejected)
    )
}

/// What came of a run so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A process has it, which may wait for somebody.
    Live(u32, RunStage),
    /// Its plan waits to be approved.
    Proposed,
    /// No process has it, and it can be resumed.
    Interrupted,
    /// It was paused, and no process has it.
    Paused,
    /// Its plan was turned down.
    Rejected,
    /// All of it is done and on the user's branch.
    Landed,
    /// All of it is done; it is on a branch of its own, or there is no git.
    Done,
    /// Some of it is done.
    Partial,
    /// A budget kept some of it from being done.
    Limited,
    /// Somebody gave it up.
    Cancelled,
    /// Nothing of it is done, or it could not succeed.
    Failed,
}

impl Outcome {
    /// Of a run in a listing; `None` for a chat.
    pub fn of(info: &SessionInfo) -> Option<Self> {
        let stage = info.facts.run?;
        if let Some(pid) = info.locked_by {
            return Some(Self::Live(pid, stage));
        }
        Some(match stage {
            RunStage::Planning | RunStage::Running | RunStage::Ending => Self::Interrupted,
            RunStage::Proposed => Self::Proposed,
            RunStage::Paused => Self::Paused,
            RunStage::Rejected => Self::Rejected,
            RunStage::Closed => {
                let tally = info.facts.tally.as_ref();
                tally.map_or(Self::Done, Self::of_closed)
            }
        })
    }

    fn of_closed(tally: &RunTally) -> Self {
        match (tally.done, tally.nodes) {
            (1.., all) if tally.done == all && tally.is_landed => Self::Landed,
            (1.., all) if tally.done == all => Self::Done,
            _ if tally.is_cancelled => Self::Cancelled,
            _ if tally.is_limited => Self::Limited,
            (0, _) => Self::Failed,
            _ if tally.has_failed => Self::Failed,
            (1.., _) => Self::Partial,
        }
    }

    /// One word for programs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Live(..) => "live",
            Self::Proposed => "proposed",
            Self::Interrupted => "interrupted",
            Self::Paused => "paused",
            Self::Rejected => "rejected",
            Self::Landed => "landed",
            Self::Done => "done",
            Self::Partial => "partial",
            Self::Limited => "limit_reached",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }

    /// For people, with how much of it is done.
    pub fn said(self, tally: Option<&RunTally>) -> String {
        let counts = tally.map(|tally| (tally.done, tally.nodes));
        let (done, all) = counts.unwrap_or_default();
        let of = match all {
            0 => String::new(),
            _ => format!(" {done} of {all}"),
        };
        match self {
            Self::Live(pid, RunStage::Paused) => format!("paused{of} in process {pid}"),
            Self::Live(pid, RunStage::Proposed) => format!("waits for approval in process {pid}"),
            Self::Live(pid, _) => format!("runs{of} in process {pid}"),
            Self::Proposed => "waits for approval".to_owned(),
            Self::Interrupted => format!("interrupted{of}"),
            Self::Paused => format!("paused{of}"),
            Self::Rejected => "rejected".to_owned(),
            Self::Landed => "landed".to_owned(),
            Self::Done => "done".to_owned(),
            Self::Partial => format!("partial{of}"),
            Self::Limited => format!("at a limit{of}"),
            Self::Cancelled => format!("cancelled{of}"),
            Self::Failed if done > 0 => format!("failed{of}"),
            Self::Failed => "failed".to_owned(),
        }
    }
}

/// What came of a run, for people; `None` for a chat.
pub fn outcome(info: &SessionInfo) -> Option<String> {
    let tally = info.facts.tally.as_ref();
    Outcome::of(info).map(|outcome| outcome.said(tally))
}

fn row(info: &SessionInfo, now: Timestamp) -> Vec<String> {
    let facts = &info.facts;
    let last = facts.last_at.unwrap_or(Timestamp(info.modified_ms));
    let branch = facts.tally.as_ref().and_then(|tally| tally.branch.clone());
    vec![
        info.id.digits(),
        words::age(now.since(last)),
        outcome(info).unwrap_or_default(),
        branch.unwrap_or_else(|| "-".to_owned()),
        facts.cwd.as_deref().map(short).unwrap_or_default(),
        facts.title.clone().unwrap_or_default(),
    ]
}

fn object(info: &SessionInfo) -> Value {
    let facts = &info.facts;
    let tally = facts.tally.clone().unwrap_or_default();
    json!({
        "run_id": info.id,
        "short_id": info.id.digits(),
        "stage": facts.run,
        "outcome": Outcome::of(info).map(Outcome::word),
        "nodes": tally.nodes,
        "done": tally.done,
        "branch": tally.branch,
        "fast_forwarded": tally.is_landed,
        "locked_by": info.locked_by,
        "goal": facts.title,
        "cwd": facts.cwd,
        "opened_at": facts.opened_at,
        "last_at": facts.last_at,
        "records": facts.records,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_ended_itself_has_failed_whatever_of_it_is_done() {
        for (done, is_cancelled, has_failed, said) in [
            (0, false, true, "failed"),
            (1, false, true, "failed 1 of 2"),
            (1, true, false, "cancelled 1 of 2"),
            (1, false, false, "partial 1 of 2"),
            (2, false, true, "done"),
        ] {
            let tally = RunTally {
                nodes: 2,
                done,
                is_cancelled,
                has_failed,
                ..RunTally::default()
            };
            let outcome = Outcome::of_closed(&tally);
            assert_eq!(outcome.said(Some(&tally)), said);
        }
    }
}
