//! `formic replay`: folds a recorded session again and compares every recorded state.

use std::process::ExitCode;

use actors::archive::{self, Replayed};
use protocol::SessionId;
use serde_json::{Value, json};

use crate::args::sessions::SomeSession;
use crate::failure::Failure;
use crate::output;

/// Replays; exit 1 when a state came out differently.
///
/// # Errors
/// When the session cannot be read.
pub fn run(args: &SomeSession) -> Result<ExitCode, Failure> {
    let data = super::data()?;
    let id = super::session(&data, args.session.as_ref())?;
    let replayed = archive::replay(&data, id)?;
    if args.json {
        output::json(&object(id, &replayed))?;
    } else {
        output::line(&lines(id, &replayed))?;
    }
    Ok(match replayed.is_faithful() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

fn object(id: SessionId, replayed: &Replayed) -> Value {
    let checkpoints = replayed.checkpoints.iter().map(|point| {
        json!({
            "seq": point.seq,
            "recorded": point.recorded,
            "folded": point.folded,
            "equal": point.recorded == point.folded,
        })
    });
    json!({
        "type": "replay",
        "session_id": id,
        "records": replayed.records,
        "equal": replayed.is_faithful(),
        "checkpoints": Value::from_iter(checkpoints),
        "state": replayed.end,
        "cut": replayed.cut.as_ref().map(|cut| cut.reason.to_string()),
    })
}

fn lines(id: SessionId, replayed: &Replayed) -> String {
    let mut lines = vec![format!(
        "session {}: {} records folded",
        id.digits(),
        replayed.records
    )];
    for point in &replayed.checkpoints {
        let seq = point.seq;
        lines.push(match point.recorded == point.folded {
            true => format!("  record {seq}: equal ({})", point.recorded),
            false => format!(
                "  record {seq}: DIFFERENT: recorded {}, folded {}",
                point.recorded, point.folded
            ),
        });
    }
    if let Some(cut) = &replayed.cut {
        lines.push(format!("  the journal's end is not whole: {}", cut.reason));
    }
    lines.push(match replayed.is_faithful() {
        true => format!("equal: it ends in the state {}", replayed.end),
        false => "different: the journal does not lead to the recorded states".to_owned(),
    });
    lines.join("\n")
}
