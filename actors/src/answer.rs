//! The answer tool: takes the final answer of a run that wants JSON and checks it against the wanted schema.

use std::sync::Arc;

use protocol::{Fact, ToolDecl, ToolResult};
use serde_json::Value;
use serde_json::value::RawValue;

/// The most errors of one answer shown to the model.
const SHOWN: usize = 10;

/// Says what is wrong with an answer that fits the schema; `None` if nothing is.
pub(crate) type Judge = Arc<dyn Fn(&Value) -> Option<String> + Send + Sync>;

/// A compiled output schema.
pub(crate) struct AnswerSchema {
    judge: Option<Judge>,
    validator: jsonschema::Validator,
    schema: Box<RawValue>,
}

impl AnswerSchema {
    /// Compiles the schema.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn new(schema: &Value) -> Result<Self, String> {
        let validator = jsonschema::validator_for(schema).map_err(|error| error.to_string())?;
        let schema = serde_json::value::to_raw_value(schema).map_err(|error| error.to_string())?;
        Ok(Self {
            judge: None,
            validator,
            schema,
        })
    }

    /// The same schema, whose answers are looked at once more.
    pub(crate) fn judged(mut self, judge: Judge) -> Self {
        self.judge = Some(judge);
        self
    }

    /// The tool as declared to the model.
    pub(crate) fn declaration(&self) -> ToolDecl {
        ToolDecl {
            name: agent::ANSWER_TOOL.to_owned(),
            description:
                "Give your final answer. Call it exactly once, when the work is done; its \
                          arguments are the answer."
                    .to_owned(),
            schema: self.schema.clone(),
        }
    }

    /// The answer that a text is, if it fits: some models write it out in place of calling the tool.
    pub(crate) fn written(&self, text: &str) -> Option<Arc<str>> {
        let taken = self.take(unfenced(text.trim()));
        taken.facts.into_iter().find_map(|fact| match fact {
            Fact::Structured(answer) => Some(answer),
            _ => None,
        })
    }

    /// Takes an answer, or says what is wrong with it.
    pub(crate) fn take(&self, arguments: &str) -> ToolResult {
        let answer: Value = match serde_json::from_str(arguments) {
            Ok(answer) => answer,
            Err(error) => return ToolResult::failed(format!("the answer is not JSON: {error}")),
        };
        let describe = |error: jsonschema::ValidationError<'_>| {
            let path = error.instance_path().to_string();
            format!("{}: {error}", if path.is_empty() { "/" } else { &path })
        };
        let errors: Vec<String> = self
            .validator
            .iter_errors(&answer)
            .take(SHOWN)
            .map(describe)
            .collect();
        if errors.is_empty() {
            let objection = self.judge.as_ref().and_then(|judge| judge(&answer));
            if let Some(objection) = objection {
                return ToolResult::failed(objection);
            }
            let answer = Fact::Structured(answer.to_string().into());
            return ToolResult::ok("answer taken").knowing(answer);
        }
        let errors = errors.join("\n");
        ToolResult::failed(format!(
            "the answer does not fit the schema; call again:\n{errors}"
        ))
    }
}

/// What stands in a text that is one fenced block; any other text as it is.
fn unfenced(text: &str) -> &str {
    let inner = text.strip_prefix("```").and_then(|text| {
        let (_language, inner) = text.split_once('\n')?;
        inner.strip_suffix("```")
    });
    inner.map_or(text, str::trim)
}
