//! What a planner answers about a node that failed, and the form of it as a JSON schema: flat, names as enums.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{MOST_PARTS, Replan};
use crate::draft::Size;

/// The longest brief, in characters.
pub(super) const LONGEST_TEXT: usize = 4_000;

/// What a planner answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Answer {
    /// Why this should go better, for people.
    #[serde(default)]
    pub why: String,
    /// What takes the node's place.
    pub parts: Vec<Part>,
    /// Nodes that are told something else.
    #[serde(default)]
    pub rewrite: Vec<Rewrite>,
    /// Nodes that need not be done any more.
    #[serde(default)]
    pub drop: Vec<String>,
}

/// A piece of work.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Part {
    pub title: String,
    pub brief: String,
    /// What it may change.
    #[serde(default)]
    pub writes: Vec<String>,
    /// Earlier pieces it waits for, by number, counted from 1.
    #[serde(default)]
    pub after: Vec<u32>,
    /// Whether the node's own check must hold for this piece alone.
    #[serde(default)]
    pub check: bool,
    #[serde(default)]
    pub size: Size,
}

/// Another brief for a node.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Rewrite {
    pub node: String,
    pub brief: String,
}

impl Answer {
    /// Takes a planner's answer, whatever it is.
    pub fn read(answer: &Value) -> Result<Self, Vec<String>> {
        serde_path_to_error::deserialize(answer).map_err(|error| {
            let why = error.inner();
            vec![format!("wrong-form: `{}`: {why}", error.path())]
        })
    }
}

impl Replan {
    /// The JSON schema of an answer. The same state of a run always gives the same schema.
    pub fn schema(&self) -> Value {
        let text =
            |what: &str| json!({"type": "string", "maxLength": LONGEST_TEXT, "description": what});
        let part = object(&fields([
            ("title", text("a few words for people")),
            ("brief", text("what its agent is to do, complete in itself")),
            (
                "writes",
                json!({
                    "type": "array", "items": {"type": "string"},
                    "description": "globs of what it may change, relative to the root",
                }),
            ),
            (
                "after",
                json!({
                    "type": "array", "items": {"type": "integer", "minimum": 1, "maximum": MOST_PARTS},
                    "description": "numbers of earlier parts it waits for, counted from 1",
                }),
            ),
            (
                "check",
                json!({
                    "type": "boolean", "description": "whether the node's own check must hold for this part alone",
                }),
            ),
            (
                "size",
                json!({
                    "type": "string", "enum": ["S", "M", "L"],
                    "description": "how much work it is: a minute, three, ten",
                }),
            ),
        ]));
        let least = if self.is_split { 2 } else { 1 };
        let mut all = fields([
            ("why", text("why this should go better than what was tried")),
            (
                "parts",
                json!({
                    "type": "array", "minItems": least, "maxItems": MOST_PARTS, "items": part,
                }),
            ),
        ]);
        self.of_others(
            &mut all,
            text("what its agent is to do now, complete in itself"),
        );
        object(&all)
    }

    /// What may be said of other nodes, where there are any.
    fn of_others(&self, all: &mut Map<String, Value>, brief: Value) {
        let open = self.others().filter(|node| self.is_open(node));
        let open: Vec<String> = open.map(|node| node.name.to_string()).collect();
        if open.is_empty() {
            return;
        }
        let rewrite = object(&fields([
            ("node", json!({"type": "string", "enum": open})),
            ("brief", brief),
        ]));
        all.insert(
            "rewrite".to_owned(),
            json!({"type": "array", "items": rewrite}),
        );
        let items = json!({"type": "string", "enum": open});
        all.insert(
            "drop".to_owned(),
            json!({
                "type": "array", "items": items,
                "description": "nodes that need not be done any more",
            }),
        );
    }
}

fn fields<const N: usize>(fields: [(&str, Value); N]) -> Map<String, Value> {
    let named = |(name, value): (&str, Value)| (name.to_owned(), value);
    fields.into_iter().map(named).collect()
}

/// An object with exactly these fields.
fn object(properties: &Map<String, Value>) -> Value {
    let names: Vec<String> = properties.keys().cloned().collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": names,
        "additionalProperties": false,
    })
}
