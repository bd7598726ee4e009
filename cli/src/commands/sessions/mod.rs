//! `formic sessions`: list, show, export, fork, delete and check recorded sessions.

mod list;
mod show;

use std::fs;
use std::process::ExitCode;

use actors::Source;
use actors::archive::{self, Condition, DataFolder, Reader};
use protocol::SessionId;
use serde_json::{Value, json};

use crate::args::sessions::{
    DeleteArgs, ExportArgs, FsckArgs, OneSession, SessionsArgs, SessionsCommand,
};
use crate::failure::{Failure, Kind};
use crate::output;
use crate::resolve::session::named;

/// Runs the subcommand.
///
/// # Errors
/// When a session or the data folder cannot be read or written.
pub fn run(args: &SessionsArgs) -> Result<ExitCode, Failure> {
    let data = super::data()?;
    match &args.command {
        SessionsCommand::List(args) => list::run(&data, args)?,
        SessionsCommand::Show(args) => show::run(&data, args)?,
        SessionsCommand::Export(args) => export(&data, args)?,
        SessionsCommand::Fork(args) => fork(&data, args)?,
        SessionsCommand::Delete(args) => delete(&data, args)?,
        SessionsCommand::Fsck(args) => return fsck(&data, args),
    }
    Ok(ExitCode::SUCCESS)
}

/// Bulky texts are written out, so that an export stands for itself.
fn export(data: &DataFolder, args: &ExportArgs) -> Result<(), Failure> {
    let mut reader = Reader::open(data, named(data, &args.session)?)?;
    let mut text = String::new();
    while let Some(record) = reader.next_record()? {
        let line = json!(record).to_string();
        match &args.output {
            Some(_) => {
                text.push_str(&line);
                text.push('\n');
            }
            None => output::line(&line)?,
        }
    }
    let Some(file) = &args.output else {
        return Ok(());
    };
    fs::write(file, text).map_err(|error| {
        Failure::usage(
            format_args!("--output: {}: {error}", file.display()),
            "give a file that you may write",
        )
    })
}

fn fork(data: &DataFolder, args: &OneSession) -> Result<(), Failure> {
    let id = SessionId::new(actors::SystemSource::new().uuid());
    let from = named(data, &args.session)?;
    let seq = archive::fork(data, from, None, id)?;
    if args.json {
        return output::json(&json!({"type": "fork", "session_id": id, "from": from, "seq": seq}));
    }
    output::line(&format!(
        "{} (a copy of {} up to record {seq})",
        id.digits(),
        from.digits()
    ))
}

fn delete(data: &DataFolder, args: &DeleteArgs) -> Result<(), Failure> {
    let sessions = args.sessions.iter().map(|name| named(data, name));
    let sessions = sessions.collect::<Result<Vec<SessionId>, Failure>>()?;
    for id in &sessions {
        archive::delete(data, *id)?;
        if !args.json {
            output::line(&format!("deleted {}", id.digits()))?;
        }
    }
    if args.json {
        return output::json(&json!({"type": "delete", "deleted": sessions}));
    }
    Ok(())
}

/// Checks one session or all; exit 1 when one is damaged.
fn fsck(data: &DataFolder, args: &FsckArgs) -> Result<ExitCode, Failure> {
    let asked = args
        .session
        .as_ref()
        .map(|name| named(data, name))
        .transpose()?;
    let sessions = match asked {
        Some(id) => vec![id],
        None => archive::list(data)?
            .into_iter()
            .map(|info| info.id)
            .collect(),
    };
    let mut damaged = 0;
    let mut objects = Vec::new();
    for id in sessions {
        // One that a newer formic wrote is told of like a damaged one, and the others are still checked.
        let checked = archive::check(data, id).map_err(|error| match asked {
            Some(_) => Err(Failure::from(error)),
            None => Ok(error.to_string()),
        });
        let (is_whole, said, object) = match checked {
            Ok(condition) => told(id, &condition),
            Err(Ok(problem)) => {
                let object = json!({"session_id": id, "whole": false, "problem": problem});
                (false, format!("could not {problem}"), object)
            }
            Err(Err(failure)) => return Err(failure),
        };
        damaged += u32::from(!is_whole);
        objects.push(object);
        if !args.json {
            output::line(&format!("{}  {said}", id.digits()))?;
        }
    }
    if args.json {
        output::json(&json!({"type": "fsck", "sessions": objects, "damaged": damaged}))?;
    } else if damaged > 0 {
        output::note(&format!(
            "{damaged} damaged: taking a session up sets the damaged end aside and goes on before it"
        ));
    }
    Ok(ExitCode::from(u8::from(damaged > 0)))
}

/// Whether a session is whole, and how to say it.
pub fn told(id: SessionId, condition: &Condition) -> (bool, String, Value) {
    let mut said = vec![format!("{} records", condition.records)];
    if let Some(cut) = &condition.cut {
        said.push(format!(
            "segment {} is not whole after byte {} ({} bytes behind it): {}",
            cut.segment, cut.at_byte, cut.lost_bytes, cut.reason
        ));
    }
    if !condition.lost.is_empty() {
        said.push(format!("{} bulky texts are lost", condition.lost.len()));
    }
    if !condition.set_aside.is_empty() {
        said.push(format!(
            "{} damaged ends were set aside earlier",
            condition.set_aside.len()
        ));
    }
    let cut = condition.cut.as_ref().map(|cut| {
        json!({
            "segment": cut.segment,
            "at_byte": cut.at_byte,
            "lost_bytes": cut.lost_bytes,
            "reason": cut.reason.to_string(),
        })
    });
    let object = json!({
        "session_id": id,
        "whole": condition.is_whole(),
        "records": condition.records,
        "cut": cut,
        "lost_texts": condition.lost.len(),
        "set_aside": condition.set_aside,
    });
    (condition.is_whole(), said.join("; "), object)
}

/// There is nothing to show.
fn none() -> Failure {
    Failure::new(
        Kind::Session,
        "sessions: there are none yet",
        "begin one with formic -p \"PROMPT\"",
    )
}
