//! Shows a run as it happens: the model's words as they stream, each tool call with its outcome.

use std::collections::HashMap;
use std::io::{self, Write};

use protocol::{
    Block, CallId, DeltaBody, Event, ModelEvent, Notice, PermissionEvent, ResultBlock, ToolEvent,
    ToolResult, Verdict,
};

/// The most lines of a command's output that are shown.
const OUTPUT_LINES: usize = 12;

/// Remembers what is needed to show the next notice.
#[derive(Default)]
pub struct Show {
    calls: HashMap<CallId, (String, String)>,
    mid_line: bool,
}

impl Show {
    /// Shows one notice.
    ///
    /// # Errors
    /// The output's.
    pub fn notice(&mut self, notice: &Notice, out: &mut dyn Write) -> io::Result<()> {
        match notice {
            Notice::Delta(delta) => match &delta.body {
                DeltaBody::Text { text, .. } => {
                    self.mid_line = !text.ends_with('\n');
                    write!(out, "{text}")?;
                    out.flush()
                }
                DeltaBody::ReplyBegins { .. }
                | DeltaBody::BlockBegins { .. }
                | DeltaBody::Thinking { .. }
                | DeltaBody::Arguments { .. }
                | DeltaBody::BlockEnds { .. }
                | DeltaBody::ToolBegins { .. }
                | DeltaBody::ToolOutput { .. } => Ok(()),
            },
            Notice::Record(record) => self.event(&record.event, out),
        }
    }

    fn event(&mut self, event: &Event, out: &mut dyn Write) -> io::Result<()> {
        match event {
            Event::Model(ModelEvent::Replied { reply, .. }) => {
                if std::mem::take(&mut self.mid_line) {
                    writeln!(out)?;
                }
                for block in &reply.content {
                    if let Block::ToolUse(call) = block {
                        let about = views::about(&call.arguments.as_str());
                        self.calls.insert(call.id, (call.name.clone(), about));
                    }
                }
                Ok(())
            }
            Event::Model(ModelEvent::Retried { fault, wait_ms, .. }) => {
                writeln!(out, "  ! {}; trying again in {wait_ms} ms", fault.message)
            }
            Event::Permission(PermissionEvent::Decided {
                verdict: Verdict::Deny(why),
                ..
            }) => {
                writeln!(out, "  ! denied: {}", why.text)
            }
            Event::Tool(ToolEvent::Finished {
                call,
                result,
                began,
                ended,
            }) => {
                let (tool, about) = self.calls.remove(call).unwrap_or_default();
                let mark = if result.status.is_error() {
                    '✗'
                } else {
                    '✓'
                };
                writeln!(out, "  {mark} {tool} {about} ({} ms)", ended.since(*began))?;
                if tool == "bash" || result.status.is_error() {
                    output(result, out)?;
                }
                Ok(())
            }
            Event::Session(_)
            | Event::Turn(_)
            | Event::Model(_)
            | Event::Tool(_)
            | Event::Permission(_)
            | Event::Plan(_)
            | Event::Workspace(_)
            | Event::Memory(_)
            | Event::Fault(_) => Ok(()),
        }
    }
}

fn output(result: &ToolResult, out: &mut dyn Write) -> io::Result<()> {
    for block in &result.content {
        if let ResultBlock::Text(text) = block {
            let text = text.as_str();
            let lines: Vec<&str> = text
                .lines()
                .filter(|line| !line.trim().is_empty())
                .collect();
            let left = lines.len().saturating_sub(OUTPUT_LINES);
            if left > 0 {
                writeln!(out, "      ... {left} lines before")?;
            }
            for line in &lines[left..] {
                writeln!(out, "      {line}")?;
            }
        }
    }
    Ok(())
}
