//! Takes known secrets out of every text before it is decided on, journaled or shown.

use std::borrow::Cow;

use protocol::{Block, Fact, ModelFault, ResultBlock, Text, ToolResult};

use crate::options::Secrets;

/// Shorter values are too common: taking them out would damage ordinary text.
const SHORTEST: usize = 6;

/// Knows the secrets of this run.
#[derive(Clone, Default)]
pub(crate) struct Redactor {
    values: Vec<(String, String)>,
}

impl Redactor {
    pub(crate) fn new(secrets: &Secrets) -> Self {
        let long = |(_, value): &&(String, String)| value.trim().len() >= SHORTEST;
        let mut values: Vec<_> = secrets.values.iter().filter(long).cloned().collect();
        // Longest first: a secret that contains another must not be left half visible.
        values.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
        Self { values }
    }

    /// The secrets that are long enough to be taken out, by name.
    pub(crate) fn secrets(&self) -> &[(String, String)] {
        &self.values
    }

    /// `text` with every known secret replaced by its name.
    pub(crate) fn clean<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        for (name, value) in &self.values {
            if text.contains(value.as_str()) {
                text = Cow::Owned(text.replace(value.as_str(), &format!("[redacted: {name}]")));
            }
        }
        text
    }

    fn clean_text(&self, text: &mut Text) {
        if let Cow::Owned(clean) = self.clean(&text.as_str()) {
            *text = clean.into();
        }
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

    pub(crate) fn clean_blocks(&self, blocks: &mut [Block]) {
        for block in blocks {
            match block {
                Block::Text(text) | Block::Thinking { text, .. } => self.clean_text(text),
                Block::ToolUse(call) => self.clean_text(&mut call.arguments),
                Block::RedactedThinking(_)
                | Block::Image { .. }
                | Block::ToolResult { .. }
                | Block::Foreign(_) => {}
            }
        }
    }

    pub(crate) fn clean_fault(&self, fault: &mut ModelFault) {
        if let Cow::Owned(clean) = self.clean(&fault.message) {
            fault.message = clean;
        }
    }
}
