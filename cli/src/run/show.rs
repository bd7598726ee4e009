//! Shows a run in the wanted form: each record and delta as it comes, the result at the end.

use std::collections::BTreeMap;

use protocol::{
    Block, CallId, Delta, DeltaBody, Event, FaultEvent, ModelEvent, PlannedCall, Record, Reply,
    SessionEvent, ToolEvent, ToolStatus,
};
use serde_json::{Value, json};

use super::account::Account;
use super::ending::Ending;
use super::result;
use super::stream::Stream;
use crate::args::OutputFormat;
use crate::failure::{Failure, one_line};
use crate::output;

/// How a run is shown.
#[derive(Debug, Clone)]
pub struct Form {
    /// The form on stdout.
    pub format: OutputFormat,
    /// Whether partial messages are streamed.
    pub is_partial: bool,
    /// Whether stderr tells what goes on.
    pub is_verbose: bool,
    /// Where the key came from.
    pub key_source: String,
}

/// The one who shows.
pub struct Show {
    form: Form,
    stream: Stream,
    has_begun: bool,
    /// Calls that have not ended, as stderr names them.
    calls: BTreeMap<CallId, String>,
}

impl Show {
    /// Shows on a stream of one session.
    pub fn new(form: Form, stream: Stream) -> Self {
        Self {
            form,
            stream,
            has_begun: false,
            calls: BTreeMap::new(),
        }
    }

    /// Takes note of a record of an earlier process without showing it.
    pub fn remember(&mut self, record: &Record) {
        self.stream.learn(record);
    }

    /// Shows a record; `account` has already taken it in.
    ///
    /// # Errors
    /// When stdout is gone.
    pub fn record(&mut self, record: &Record, account: &Account) -> Result<(), Failure> {
        self.stream.learn(record);
        if let Some(warning) = warning(record) {
            output::note(&warning);
        }
        if self.form.is_verbose {
            self.tell(record);
        }
        match self.form.format {
            OutputFormat::Text | OutputFormat::Json => Ok(()),
            OutputFormat::Events => output::json(&json!(record)),
            OutputFormat::StreamJson => {
                if begins(record) {
                    self.begin(account)?;
                }
                self.stream.record(record).iter().try_for_each(output::json)
            }
        }
    }

    /// Shows what a stream begins with, once.
    ///
    /// # Errors
    /// When stdout is gone.
    pub fn begin(&mut self, account: &Account) -> Result<(), Failure> {
        match &account.opening {
            Some(opening) if self.form.format == OutputFormat::StreamJson && !self.has_begun => {
                self.has_begun = true;
                output::json(&self.stream.init(opening, &self.form.key_source))
            }
            _ => Ok(()),
        }
    }

    /// Shows a delta.
    ///
    /// # Errors
    /// When stdout is gone.
    pub fn delta(&mut self, delta: &Delta) -> Result<(), Failure> {
        if self.form.is_verbose
            && let DeltaBody::ToolBegins { call, tool } = &delta.body
        {
            let name = self.calls.get(call).unwrap_or(tool);
            output::note(&format!("{name} ..."));
        }
        if !(self.form.is_partial && self.form.format == OutputFormat::StreamJson) {
            return Ok(());
        }
        self.stream
            .delta(delta)
            .as_ref()
            .map_or(Ok(()), output::json)
    }

    /// Shows the end of a turn.
    ///
    /// # Errors
    /// When stdout is gone.
    pub fn result(&self, account: &Account, ending: &Ending) -> Result<(), Failure> {
        match self.form.format {
            OutputFormat::Text => {
                if ending.has_answer() {
                    output::line(&result::answer(account, ending))?;
                }
                if let Some((message, hint)) = &ending.trouble {
                    let message = one_line(message);
                    output::note(&format!("error: {message}\nhint: {hint}"));
                }
                Ok(())
            }
            OutputFormat::Json | OutputFormat::StreamJson => {
                let wires = |call| self.stream.wire(call);
                let object = result::object(account, ending, &wires);
                output::json(&self.stream.line(Value::Object(object)))
            }
            OutputFormat::Events => Ok(()),
        }
    }

    /// Whether several turns make several results, or only the last.
    pub fn has_result_each_turn(&self) -> bool {
        self.form.format != OutputFormat::Json
    }

    fn tell(&mut self, record: &Record) {
        // What a sub-agent does stands below the call that asked for it.
        let indent = if self.stream.is_called(record) {
            "  "
        } else {
            ""
        };
        match &record.event {
            Event::Model(ModelEvent::Replied { reply, calls, .. }) => {
                self.name_calls(indent, reply, calls);
            }
            Event::Model(ModelEvent::Retried {
                attempt,
                fault,
                wait_ms,
                ..
            }) => output::note(&format!(
                "{indent}model call failed ({}), attempt {} in {wait_ms} ms",
                fault.message,
                attempt + 1
            )),
            Event::Tool(ToolEvent::Finished { call, result, .. }) => {
                let name = self.calls.remove(call);
                if result.status != ToolStatus::Ok {
                    let name = name.as_deref().unwrap_or("tool call");
                    output::note(&format!("{name}: {}", status(result.status)));
                }
            }
            Event::Model(
                ModelEvent::Requested { .. }
                | ModelEvent::Failed { .. }
                | ModelEvent::Lost { .. }
                | ModelEvent::Resumed { .. },
            )
            | Event::Tool(ToolEvent::Started { .. } | ToolEvent::Reopened { .. })
            | Event::Session(_)
            | Event::Turn(_)
            | Event::Permission(_)
            | Event::Plan(_)
            | Event::Workspace(_)
            | Event::Memory(_)
            | Event::Fault(_) => {}
        }
    }

    /// Names calls by the tool that runs, whatever the model calls it.
    fn name_calls(&mut self, indent: &str, reply: &Reply, planned: &[PlannedCall]) {
        for block in &reply.content {
            if let Block::ToolUse(call) = block {
                let tool = planned.iter().find(|one| one.call == call.id);
                let tool = tool.map_or(&call.name, |one| &one.tool);
                let about = views::about(&call.arguments.as_str());
                let name = format!("{indent}{tool} {about}").trim_end().to_owned();
                self.calls.insert(call.id, name);
            }
        }
    }
}

/// What nobody may miss, wanted or not: that records were lost, or that a part of formic failed.
pub fn warning(record: &Record) -> Option<String> {
    let Event::Fault(fault) = &record.event else {
        return None;
    };
    Some(match fault {
        FaultEvent::JournalCut {
            at_byte,
            lost_bytes,
            reason,
        } => format!(
            "warning: the session's journal was not whole after byte {at_byte}: {reason}; \
             {lost_bytes} bytes were set aside, and the session goes on from there"
        ),
        FaultEvent::ActorFailed { actor, message } => format!(
            "warning: the {actor} failed and was taken up again from the journal: {message}"
        ),
    })
}

/// Whether a record says that a process opened or took up its session.
pub fn begins(record: &Record) -> bool {
    matches!(
        &record.event,
        Event::Session(SessionEvent::Opened(_) | SessionEvent::Resumed { .. })
    )
}

/// How a call ended, in a word.
pub const fn status(status: ToolStatus) -> &'static str {
    match status {
        ToolStatus::Ok => "ok",
        ToolStatus::Failed => "failed",
        ToolStatus::Denied => "denied",
        ToolStatus::Interrupted => "interrupted",
        ToolStatus::InDoubt => "in doubt",
    }
}
