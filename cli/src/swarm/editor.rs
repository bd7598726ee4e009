//! Has a person change a text in the editor of their choice.

use std::fs;
use std::path::Path;
use std::process::ExitStatus;

use protocol::InterruptCause;
use tokio::process::Command;

use crate::failure::{Failure, Kind};
use crate::resolve::environment::Environment;
use crate::run::signals::Stops;

/// What the shell's status is for a command that it did not find.
const NOT_FOUND: i32 = 127;

/// What came of opening the editor.
pub enum Edited {
    /// The text as it was left.
    Text(String),
    /// Nothing that counts: which editor was opened, and how it ended.
    Failed(String),
    /// It was opened, and something stopped the process meanwhile.
    Stopped(InterruptCause),
}

/// Opens `$VISUAL`, else `$EDITOR`, else vi with a text.
///
/// # Errors
/// When the text's file cannot be written or read.
pub async fn edit(text: &str, stops: &mut Stops) -> Result<Edited, Failure> {
    let folder = tempfile::Builder::new().prefix("formic-plan-").tempdir();
    let folder = folder.map_err(|error| unusable("a temporary folder", &error))?;
    let file = folder.path().join("plan.json");
    fs::write(&file, text).map_err(|error| unusable("the plan's file", &error))?;
    let environment = Environment::read();
    let chosen = ["VISUAL", "EDITOR"].map(|name| environment.get(name));
    let editor = chosen.into_iter().flatten().next().unwrap_or("vi");
    let (status, stopped) = run(editor, &file, stops).await?;
    if let Some(cause) = stopped {
        return Ok(Edited::Stopped(cause));
    }
    if !status.success() {
        return Ok(Edited::Failed(match status.code() {
            Some(NOT_FOUND) => {
                format!("{editor}: there is no such command; set EDITOR to an editor that is there")
            }
            Some(_) | None => format!("{editor}: it ended with {status}"),
        }));
    }
    let text = fs::read_to_string(&file);
    text.map(Edited::Text)
        .map_err(|error| unusable("the plan's file", &error))
}

/// Runs the editor on the terminal until it ends, with whatever was to stop this process meanwhile: two programs cannot
/// share the terminal. Ctrl-C is the editor's.
async fn run(
    editor: &str,
    file: &Path,
    stops: &mut Stops,
) -> Result<(ExitStatus, Option<InterruptCause>), Failure> {
    let mut command = Command::new("sh");
    command
        .args(["-c", &format!("{editor} \"$1\""), "sh"])
        .arg(file);
    let child = command.spawn();
    let mut child = child.map_err(|error| unusable(editor, &error))?;
    let mut stopped = None;
    loop {
        tokio::select! {
            biased;
            status = child.wait() => {
                let status = status.map_err(|error| unusable(editor, &error))?;
                return Ok((status, stopped));
            }
            cause = stops.next() => {
                if cause != InterruptCause::User {
                    stopped = stopped.or(Some(cause));
                }
            }
        }
    }
}

fn unusable(what: &str, error: &std::io::Error) -> Failure {
    Failure::new(
        Kind::Fault,
        format_args!("{what}: cannot be used: {error}"),
        "set EDITOR to an editor that is there, and TMPDIR to a folder you may write",
    )
}
