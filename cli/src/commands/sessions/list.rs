//! `formic sessions list`: the newest first.

use std::path::Path;

use actors::archive::{self, DataFolder, SessionInfo};
use protocol::{InterruptCause, Limit, Timestamp, TurnEnd};
use serde_json::{Value, json};

use crate::args::sessions::ListArgs;
use crate::failure::Failure;
use crate::output;
use crate::resolve::environment::Environment;
use crate::resolve::place;

/// Prints the list.
///
/// # Errors
/// When the data folder cannot be read.
pub fn run(data: &DataFolder, args: &ListArgs) -> Result<(), Failure> {
    let here = args.cwd.as_deref().map(canonical).transpose()?;
    let is_here = |info: &SessionInfo| here.is_none() || info.facts.cwd == here;
    let mut sessions: Vec<SessionInfo> = archive::list(data)?.into_iter().filter(is_here).collect();
    sessions.sort_by_key(|info| std::cmp::Reverse((info.modified_ms, info.id)));
    sessions.truncate(args.limit.unwrap_or(usize::MAX));
    if args.json {
        return output::json(&Value::from_iter(sessions.iter().map(object)));
    }
    if sessions.is_empty() {
        return output::line("no sessions");
    }
    let rows: Vec<Vec<String>> = sessions.iter().map(row).collect();
    output::line(&output::table(&rows))
}

fn canonical(path: &Path) -> Result<std::path::PathBuf, Failure> {
    place::folder(&Environment::read(), "--cwd", path)
}

fn row(info: &SessionInfo) -> Vec<String> {
    let facts = &info.facts;
    let cwd = facts.cwd.as_deref().map(super::super::short);
    vec![
        info.id.digits(),
        super::super::moment(facts.last_at.unwrap_or(Timestamp(info.modified_ms))),
        state(info),
        cwd.unwrap_or_default(),
        facts.title.clone().unwrap_or_default(),
    ]
}

/// How far a session is, in a word or two.
fn state(info: &SessionInfo) -> String {
    let facts = &info.facts;
    if facts.problem.is_some() {
        return "damaged".to_owned();
    }
    if let Some(pid) = info.locked_by {
        return format!("open in process {pid}");
    }
    if let Some(outcome) = crate::swarm::outcome(info) {
        return format!("swarm: {outcome}");
    }
    match &facts.end {
        None if facts.turns == 0 => "fresh".to_owned(),
        None => "unfinished".to_owned(),
        Some(end) => ended(end).to_owned(),
    }
}

/// How a turn ended, in a word or two.
pub const fn ended(end: &TurnEnd) -> &'static str {
    match end {
        TurnEnd::Completed => "completed",
        TurnEnd::Refused => "refused",
        TurnEnd::Cut => "cut",
        TurnEnd::Limited(limit) => limited(*limit),
        TurnEnd::Looping => "looping",
        TurnEnd::Interrupted(InterruptCause::Timeout) => "timed out",
        TurnEnd::Interrupted(InterruptCause::User | InterruptCause::Terminate) => "interrupted",
        TurnEnd::Failed(_) => "failed",
    }
}

/// Which limit was reached.
const fn limited(limit: Limit) -> &'static str {
    match limit {
        Limit::Steps => "limit reached: model calls",
        Limit::Cost => "limit reached: money",
        Limit::Tokens => "limit reached: tokens",
        Limit::Time => "limit reached: time",
        Limit::SchemaMisses => "limit reached: tries at the schema",
    }
}

fn object(info: &SessionInfo) -> Value {
    let facts = &info.facts;
    json!({
        "session_id": info.id,
        "path": info.path,
        "bytes": info.bytes,
        "modified_ms": info.modified_ms,
        "locked_by": info.locked_by,
        "state": state(info),
        "cwd": facts.cwd,
        "opened_at": facts.opened_at,
        "last_at": facts.last_at,
        "records": facts.records,
        "turns": facts.turns,
        "title": facts.title,
        "forked": facts.forked,
        "swarm": facts.run,
        "problem": facts.problem,
    })
}
