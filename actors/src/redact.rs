//! Takes known secrets out of every text before it is decided on, journaled or shown.

use std::borrow::Cow;
use std::sync::Arc;

use protocol::{Block, DeltaBody, Fact, Intent, ModelFault, Reply, ResultBlock, Text, ToolResult};
use scheduler::run::RunCommand;

use crate::options::Secrets;

/// Shorter values are too common: taking them out would damage ordinary text.
const SHORTEST: usize = 6;

/// Knows the secrets of this run.
#[derive(Clone, Default)]
pub(crate) struct Redactor {
    values: Arc<[(String, String)]>,
}

impl Redactor {
    pub(crate) fn new(secrets: &Secrets) -> Self {
        let mut values = Vec::new();
        for (name, value) in &secrets.values {
            // Space around a value is how it was written down, not part of what a program shows of it.
            let value = value.trim();
            if value.len() < SHORTEST {
                continue;
            }
            // Arguments of calls are JSON text, where quotes and backslashes are spelled otherwise.
            let spelled = serde_json::Value::from(value).to_string();
            let spelled = spelled[1..spelled.len() - 1].to_owned();
            if spelled != value {
                values.push((name.clone(), spelled));
            }
            values.push((name.clone(), value.to_owned()));
        }
        // Longest first: a secret that contains another must not be left half visible.
        values.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
        Self {
            values: values.into(),
        }
    }

    /// The secrets that are long enough to be taken out, by name.
    pub(crate) fn secrets(&self) -> &[(String, String)] {
        &self.values
    }

    /// `text` with every known secret replaced by its name.
    pub(crate) fn clean<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        for (name, value) in self.values.iter() {
            if text.contains(value.as_str()) {
                text = Cow::Owned(text.replace(value.as_str(), &stand_in(name)));
            }
        }
        text
    }

    /// What stands for a secret, if `text` holds any of it.
    pub(crate) fn stand_in(&self, text: &str) -> Option<String> {
        let mut stand_ins = self.values.iter().map(|(name, _)| stand_in(name));
        stand_ins.find(|words| text.contains(words))
    }

    /// Cleans in place; true if anything was taken out.
    fn wipe(&self, text: &mut String) -> bool {
        let Cow::Owned(clean) = self.clean(text) else {
            return false;
        };
        *text = clean;
        true
    }

    /// The same for a text that may be bulky.
    pub(crate) fn clean_text(&self, text: &mut Text) -> bool {
        let Cow::Owned(clean) = self.clean(&text.as_str()) else {
            return false;
        };
        *text = clean.into();
        true
    }

    pub(crate) fn clean_result(&self, result: &mut ToolResult) {
        for block in &mut result.content {
            if let ResultBlock::Text(text) = block {
                self.clean_text(text);
            }
        }
        for fact in &mut result.facts {
            if let Fact::Instructions { text, .. } = fact {
                self.clean_text(text);
            }
        }
    }

    /// What is journaled of a write before it is done: its result shows lines of the file.
    pub(crate) fn clean_intent(&self, intent: &mut Intent) {
        match intent {
            Intent::File { done, .. } => self.clean_result(done),
            Intent::Command { command, .. } => {
                self.clean_text(command);
            }
        }
    }

    pub(crate) fn clean_blocks(&self, blocks: &mut [Block]) {
        for block in blocks {
            match block {
                Block::Text(text) => {
                    self.clean_text(text);
                }
                // The signature was for the words as they were; without one they are not sent back.
                Block::Thinking { text, signature } => {
                    if self.clean_text(text) {
                        *signature = None;
                    }
                }
                Block::ToolUse(call) => {
                    self.clean_text(&mut call.arguments);
                    if let Some(malformed) = &mut call.malformed {
                        self.clean_text(malformed);
                    }
                }
                Block::RedactedThinking(_)
                | Block::Image { .. }
                | Block::ToolResult { .. }
                | Block::Foreign(_) => {}
            }
        }
    }

    pub(crate) fn clean_reply(&self, reply: &mut Reply) {
        self.clean_blocks(&mut reply.content);
        for oddity in &mut reply.oddities {
            self.wipe(oddity);
        }
    }

    /// Cleans one piece of a reply as it streams by. A secret cut in two by the stream is not recognised
    /// here, but in the record that follows. The output of tools comes clean: they mask it across pieces.
    pub(crate) fn clean_piece(&self, piece: &mut DeltaBody) {
        match piece {
            DeltaBody::Text { text, .. }
            | DeltaBody::Thinking { text, .. }
            | DeltaBody::Arguments { json: text, .. } => {
                self.wipe(text);
            }
            DeltaBody::ReplyBegins { .. }
            | DeltaBody::BlockBegins { .. }
            | DeltaBody::BlockEnds { .. }
            | DeltaBody::ToolBegins { .. }
            | DeltaBody::ToolOutput { .. } => {}
        }
    }

    /// What somebody wants of a run, with why.
    pub(crate) fn clean_command(&self, command: &mut RunCommand) {
        match command {
            RunCommand::Reject { why }
            | RunCommand::Cancel { why }
            | RunCommand::End { why, .. }
            | RunCommand::Patch { why, .. } => {
                self.wipe(why);
            }
            RunCommand::Replan { refused, .. } => {
                if let Some(why) = refused {
                    self.wipe(why);
                }
            }
            RunCommand::Propose { .. }
            | RunCommand::Approve { .. }
            | RunCommand::Pause
            | RunCommand::Unpause
            | RunCommand::Limit { .. }
            | RunCommand::Retry { .. } => {}
        }
    }

    pub(crate) fn clean_fault(&self, fault: &mut ModelFault) {
        self.wipe(&mut fault.message);
    }
}

fn stand_in(name: &str) -> String {
    format!("[redacted: {name}]")
}
