//! Shows a run while it goes on: a block that is drawn over itself on a terminal, plain lines elsewhere, streams for programs.

use std::collections::BTreeMap;

use actors::Source;
use protocol::{Event, ModelEvent, NodeId, Record};
use serde_json::{Value, json};
use views::{Doing, NodeState, Swarm, View};

use super::block::{self, Frame};
use super::painter::{self, Painter};
use super::screen::{self, Paper, Screen};
use super::{told, words};
use crate::args::OutputFormat;
use crate::failure::Failure;
use crate::output;
use crate::resolve::environment::Environment;
use crate::run::stream::Stream;
use crate::run::warning;

/// How a run is shown.
pub struct Show {
    /// The run as it stands.
    pub view: Swarm,
    format: OutputFormat,
    is_verbose: bool,
    screen: Screen,
    environment: Environment,
    painter: Painter,
    stream: Stream,
    states: BTreeMap<NodeId, NodeState>,
    has_begun: bool,
    /// A line that stands in the block until another one does.
    note: Option<String>,
    /// Lines that are to stay above the block and are not there yet.
    stays: Vec<String>,
    asked: Option<Asked>,
}

/// A question below what is shown.
struct Asked {
    text: &'static str,
    place: Place,
    /// Whether it is the last thing on the terminal, with the cursor behind it.
    is_last: bool,
}

/// Where a question stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Below what was said last: nothing is at work that a block would show.
    Alone,
    /// Below the block, which goes on.
    BelowBlock,
}

/// What decides how a run is shown.
#[derive(Clone)]
pub struct Form {
    /// The form on stdout.
    pub format: OutputFormat,
    /// Whether every call is told.
    pub is_verbose: bool,
    /// The terminal.
    pub screen: Screen,
    /// Where its size may be told.
    pub environment: Environment,
}

impl Show {
    /// Shows on this stream.
    pub fn new(form: Form, stream: Stream) -> Self {
        let Form {
            format,
            is_verbose,
            screen,
            environment,
        } = form;
        Self {
            view: Swarm::default(),
            format,
            is_verbose,
            screen,
            environment,
            painter: Painter::default(),
            stream,
            states: BTreeMap::new(),
            has_begun: false,
            note: None,
            stays: Vec::new(),
            asked: None,
        }
    }

    /// The form on stdout.
    pub fn format(&self) -> OutputFormat {
        self.format
    }

    /// The terminal.
    pub fn screen(&self) -> Screen {
        self.screen
    }

    /// Takes in a record of an earlier process without showing it.
    pub fn remember(&mut self, record: &Record) {
        self.view.apply(record);
        self.stream.learn(record);
    }

    /// Takes in and shows a record.
    ///
    /// # Errors
    /// When stdout is gone.
    pub fn record(&mut self, record: &Record) -> Result<(), Failure> {
        self.view.apply(record);
        self.stream.learn(record);
        if let Some(warning) = warning(record) {
            self.note(&warning);
        }
        match self.format {
            OutputFormat::Events => output::json(&json!(record))?,
            OutputFormat::StreamJson => self.streamed(record)?,
            OutputFormat::Text | OutputFormat::Json => {}
        }
        let line = told::line(record, &self.view);
        if self.screen.is_live {
            let stays = line.filter(|_| told::stays(record)).unwrap_or_default();
            self.stays.extend(stays.lines().map(str::to_owned));
        } else {
            line.iter().for_each(|line| self.note(line));
            self.calls(record);
        }
        Ok(())
    }

    /// Every call of a reply, for those who want to know everything.
    fn calls(&mut self, record: &Record) {
        let Event::Model(ModelEvent::Replied { .. }) = &record.event else {
            return;
        };
        let node = record.node.and_then(|id| self.view.node(id));
        if let (true, Some(node)) = (self.is_verbose, node)
            && let Doing::Using(tool, about) = node.doing()
        {
            let about = words::brief(about, 100);
            let call = format!("{}: {tool} {about}", node.name());
            self.note(&call);
        }
    }

    /// The lines a record makes for programs: those of its agent with the node's name, and each change of a state.
    fn streamed(&mut self, record: &Record) -> Result<(), Failure> {
        if let Event::Session(protocol::SessionEvent::Opened(opening)) = &record.event
            && !std::mem::replace(&mut self.has_begun, true)
        {
            output::json(&self.stream.init(opening, "none"))?;
        }
        for mut line in self.stream.record(record) {
            line["node"] = json!(self.name(record.node));
            line["agent_id"] = json!(record.agent);
            output::json(&line)?;
        }
        if let Some(text) = told::line(record, &self.view) {
            let line = json!({"type": "system", "subtype": "swarm", "message": text, "node": self.name(record.node)});
            output::json(&self.stream.line(line))?;
        }
        self.changes()
    }

    fn name(&self, node: Option<NodeId>) -> Option<&str> {
        let node = self.view.node(node?)?;
        Some(node.name())
    }

    fn changes(&mut self) -> Result<(), Failure> {
        for node in &self.view.nodes {
            if self.states.insert(node.id(), node.state) == Some(node.state) {
                continue;
            }
            let line = json!({
                "type": "system",
                "subtype": "swarm_node",
                "node": node.name(),
                "node_id": node.id(),
                "agent_id": node.agent,
                "state": node.state,
                "attempt": node.attempt,
            });
            output::json(&self.stream.line(line))?;
        }
        Ok(())
    }

    /// Draws the block and the question anew, if there is a terminal for them.
    pub fn paint(&mut self, source: &dyn Source) {
        if !self.has_block() {
            let asked = self.asked.as_mut();
            if let Some(asked) = asked.filter(|asked| !asked.is_last) {
                asked.is_last = true;
                output::ask(asked.text);
            }
            return;
        }
        let (width, height) = screen::size(&self.environment);
        let question = self.asked.as_ref().map(|asked| asked.text);
        let taken = question.map_or(0, |asked| painter::below(asked, width));
        let frame = Frame {
            width,
            height: height.saturating_sub(taken),
            strokes: self.screen.strokes,
            is_coloured: self.screen.is_coloured,
            now: source.now(),
        };
        let lines = block::lines(&self.view, self.note.as_deref(), &frame);
        let stays = std::mem::take(&mut self.stays);
        self.painter.paint(&lines, (&stays, question), width);
    }

    fn has_block(&self) -> bool {
        let is_alone = |asked: &Asked| asked.place == Place::Alone;
        self.screen.is_live && !self.asked.as_ref().is_some_and(is_alone)
    }

    /// Has a question stand below all that is shown from the next painting on, until it is answered or taken back.
    pub fn ask(&mut self, text: &'static str, place: Place) {
        self.unask();
        if place == Place::Alone {
            self.clear();
        }
        self.asked = Some(Asked {
            text,
            place,
            is_last: false,
        });
    }

    /// The question's line was entered.
    pub fn answered(&mut self) {
        if self.has_block() {
            let (width, _) = screen::size(&self.environment);
            self.painter.entered(width);
        }
        self.asked = None;
    }

    /// Takes the question away.
    pub fn unask(&mut self) {
        if self.asked.is_some() {
            self.clear();
            self.asked = None;
        }
    }

    /// Takes the block away and ends the question's line, so that something else can be written.
    pub fn clear(&mut self) {
        let (width, _) = screen::size(&self.environment);
        self.painter.clear(width);
        if let Some(asked) = &mut self.asked
            && std::mem::take(&mut asked.is_last)
        {
            output::note("");
        }
        let stays = std::mem::take(&mut self.stays);
        stays.iter().for_each(|line| output::note(line));
    }

    /// Says something beside the run.
    pub fn note(&mut self, text: &str) {
        self.clear();
        output::note(text);
    }

    /// Says something that stands in the block until it is over.
    pub fn hold(&mut self, text: &str) {
        if self.screen.is_live {
            self.note = Some(text.to_owned());
        } else {
            output::note(text);
        }
    }

    /// The last line of a stream, or the one object.
    ///
    /// # Errors
    /// When stdout is gone.
    pub fn object(&self, object: Value) -> Result<(), Failure> {
        match self.format {
            OutputFormat::StreamJson => output::json(&self.stream.line(object)),
            OutputFormat::Text | OutputFormat::Json => output::json(&object),
            OutputFormat::Events => Ok(()),
        }
    }

    /// What a text is laid out on.
    pub fn paper(&self) -> Paper {
        Paper::find(&self.environment)
    }
}
