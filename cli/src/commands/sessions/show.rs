//! `formic sessions show`: a session's conversation, readable.

use actors::archive::{self, DataFolder};
use protocol::Seq;
use serde_json::json;
use views::{CallLine, FilesTouched, Item, Ledger, Summary, Transcript, TurnLines, View};

use super::list::ended;
use crate::args::sessions::SomeSession;
use crate::failure::Failure;
use crate::output;

/// Prints the conversation.
///
/// # Errors
/// When the session cannot be read.
pub fn run(data: &DataFolder, args: &SomeSession) -> Result<(), Failure> {
    let name = args.session.as_ref();
    let id = super::super::session(data, name).map_err(|failure| match archive::list(data) {
        Ok(all) if all.is_empty() && name.is_none() => super::none(),
        _ => failure,
    })?;
    let report = archive::read(data, id, Seq(1))?;
    let transcript = Transcript::fold(&report.records);
    let summary = Summary::fold(&report.records);
    let ledger = Ledger::fold(&report.records);
    let files = FilesTouched::fold(&report.records);
    if args.json {
        return output::json(&json!({
            "type": "session",
            "session_id": id,
            "summary": summary,
            "turns": transcript.turns,
            "ledger": ledger,
            "files": files,
        }));
    }
    let mut lines = vec![head(&summary, id)];
    for turn in &transcript.turns {
        lines.extend(lines_of(turn, &transcript));
    }
    if let Some(cut) = &report.cut {
        lines.push(format!("! the journal's end is not whole: {}", cut.reason));
    }
    output::line(&safe(&lines.join("\n")))
}

fn head(summary: &Summary, id: protocol::SessionId) -> String {
    let cwd = summary
        .cwd
        .as_deref()
        .map(super::super::short)
        .unwrap_or_default();
    let model = summary
        .model
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default();
    format!("session {}  {cwd}  {model}", id.digits())
}

fn lines_of(turn: &TurnLines, all: &Transcript) -> Vec<String> {
    let mut lines = vec![String::new()];
    if let Some(task) = turn.task {
        let calls = all.turns.iter().flat_map(|turn| &turn.items);
        let mut asked = calls.filter_map(|item| match item {
            Item::Call(line) if line.call == task => Some(line.about.as_str()),
            _ => None,
        });
        lines.push(format!("[sub-agent {}]", asked.next().unwrap_or_default()));
    }
    lines.extend(turn.items.iter().map(item));
    lines.push(match &turn.end {
        Some(end) => format!(
            "[{} {}]",
            ended(end),
            super::super::moment(turn.ended.unwrap_or_default())
        ),
        None => "[unfinished]".to_owned(),
    });
    lines
}

fn item(item: &Item) -> String {
    match item {
        Item::User(text) => format!("> {}", text.replace('\n', "\n> ")),
        Item::Assistant { text, .. } => text.clone(),
        Item::Nudge(text) => format!("! {text}"),
        Item::Call(line) => call(line),
        Item::Retry {
            attempt,
            message,
            wait_ms,
        } => {
            format!(
                "! model call failed ({message}); attempt {} after {wait_ms} ms",
                attempt + 1
            )
        }
        Item::TakenUp => "! taken up again".to_owned(),
        Item::Fault(text) => format!("! {text}"),
    }
}

fn call(line: &CallLine) -> String {
    let status = line.status.map_or("not ended", crate::run::status);
    let name = format!("{} {}", line.tool, line.about);
    let mut text = format!("* {} ({status})", name.trim_end());
    // A denied call's result tells the reason to the model; without a result only the judgement does.
    if let Some(reason) = line.denied.as_ref().filter(|_| line.lines.is_empty()) {
        text.push_str(&format!("\n  denied: {reason}"));
    }
    for line in &line.lines {
        text.push_str(&format!("\n  {line}"));
    }
    if line.more_lines > 0 {
        text.push_str(&format!("\n  ... {} more lines", line.more_lines));
    }
    text
}

/// What a model or a tool wrote may not steer the terminal.
fn safe(text: &str) -> String {
    let shown = |c: char| match c {
        '\n' | '\t' => c,
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    text.chars().map(shown).collect()
}
